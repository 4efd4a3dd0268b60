"""The evaluator under test, behind one small function: what it says becomes of a packet under a listing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from segctl.kernel.tables import tables
from segctl.listing.nft_json import parse
from segctl.listing.rule import Ending, Listing
from segctl.prove import Packet, follow
from segctl.runner import Netns
from tests.packets.truth.eye import OURS


@dataclass(frozen=True, slots=True)
class Said:
    """The evaluator's verdict; None if it is uncertain, for these reasons. `met`: the rules that matched, in words."""

    ending: Ending | None
    doubts: tuple[str, ...] = ()
    met: tuple[str, ...] = ()


Model = Callable[[Listing, Packet], Said]


def modelled(listing: Listing, packet: Packet) -> Said:
    """What segctl's evaluator says."""
    trace = follow(listing, packet)
    met = (
        f"{one.table.family} {one.table.name} {one.chain.name}: {one.rule.text if one.rule else 'policy'}"
        for one in trace.met
    )
    return Said(trace.ending, trace.doubts, tuple(met))


def listing_of(document: Mapping[str, Any], router: Netns, interfaces: Mapping[int, str]) -> Listing:
    """What nft said of all tables but those that watch, as segctl reads it."""
    kept = [one for one in document["nftables"] if not any(_ours(kind, about) for kind, about in one.items())]
    dormant = {(one.family, one.name): one.dormant for one in tables(router)}
    return parse({"nftables": kept}, None, dormant, interfaces)


def _ours(kind: str, about: Mapping[str, Any]) -> bool:
    return about.get("name" if kind == "table" else "table") in OURS
