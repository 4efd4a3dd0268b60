"""The evaluator under test and the readers before it, behind small functions."""

import json
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from segctl.kernel.tables import tables
from segctl.listing import nft_json, nft_text
from segctl.listing.rule import Ending, Listing
from segctl.prove import Packet, follow
from tests.packets.truth.eye import OURS
from tests.packets.truth.world import World


class ReaderCrashed(Exception):
    """nft itself doesn't survive listing these rules (traps.md): there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Said:
    """The evaluator's verdict; None if it is uncertain, for these reasons. `met`: the rules that matched, in words.

    `fault`: what it raised instead of an answer.
    """

    ending: Ending | None
    doubts: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    fault: str = ""


Model = Callable[[Listing, Packet], Said]


def modelled(listing: Listing, packet: Packet) -> Said:
    """What segctl's evaluator says."""
    try:
        trace = follow(listing, packet)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Said(None, fault=f"{error!r} ({Path(last.filename).name}:{last.lineno})")
    met = (
        f"{one.table.family} {one.table.name} {one.chain.name}: {one.rule.text if one.rule else 'policy'}"
        for one in trace.met
    )
    return Said(trace.ending, trace.doubts, tuple(met))


def read_json(world: World) -> Listing:
    """What nft says of the router as JSON, as segctl reads it. It leaves out devices: they come from the text."""
    document: dict[str, Any] = json.loads(_listed(world, "-j"))
    chains = [about for one in document["nftables"] for kind, about in one.items() if kind == "chain"]
    if any(about.get("hook") in ("ingress", "egress") for about in chains if about["table"] not in OURS):
        known = _devices(_listed(world))
        for about in chains:
            about |= known.get((about["family"], about["table"], about["name"]), {})
    dormant = {(one.family, one.name): one.dormant for one in tables(world.router)}
    return _others(nft_json.parse(document, None, dormant, world.interfaces))


def read_text(world: World) -> Listing:
    """The same from what nft says as text."""
    return _others(nft_text.parse(_listed(world)))


READERS: tuple[Callable[[World], Listing], ...] = (read_json, read_text)


def _listed(world: World, *options: str) -> str:
    done = world.router.run(["nft", *options, "list", "ruleset"])
    if done.code:
        raise ReaderCrashed(done.stderr.strip().rpartition("\n")[2] or f"signal {-done.code}")
    return done.stdout


def _others(listing: Listing) -> Listing:
    """Without the tables that watch: they accept all."""
    return replace(listing, tables=tuple(table for table in listing.tables if table.name not in OURS))


_HEAD = re.compile(r"^(?:table (\w+) (\w+)|\tchain (\w+)|.* devices? (?:= \{ (.*?) \}|(\S+)) priority)", re.M)


def _devices(text: str) -> dict[tuple[str, str, str], dict[str, list[str]]]:
    """Family, table and chain: what JSON would call its `dev`."""
    found: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    family = table = chain = ""
    for one in _HEAD.finditer(text):
        if one[1]:
            family, table = one[1], one[2]
        elif one[3]:
            chain = one[3]
        else:
            found[family, table, chain] = {"dev": [name.strip(' "') for name in (one[4] or one[5]).split(",")]}
    return found
