"""Packet by packet, the rules that the model meets are those that the kernel's own trace names, in its order."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from segctl.kernel.nftrace import rule_handles
from segctl.kernel.nftrace_gather import Seen
from segctl.kernel.nftrace_packet import packet_of
from segctl.listing.rule import Listing
from segctl.model.packet import Packet, Way
from segctl.model.sought import Sought
from segctl.prove import follow
from segctl.prove.result import Live
from segctl.prove.sidebyside import beside
from tests.packets.tracing import TABLE, Tracer, told_of, traced
from tests.packets.truth.eye import OURS
from tests.packets.truth.model import ReaderCrashed
from tests.packets.truth.rounds import Ring
from tests.packets.truth.shots import Shot
from tests.packets.truth.verdicts import Answered
from tests.packets.truth.wire import transport, wire
from tests.packets.truth.world import NAMES, standing
from tests.packets.truth.wrong import WRONG, rewritten

pytestmark = pytest.mark.packets
WATCHING = {*OURS, TABLE}
A_VOLLEY = 30
Key = tuple[bytes, bytes]


@pytest.fixture(scope="module")
def ring() -> Iterator[Ring]:
    with standing("t") as world, wire(world) as opened:
        yield Ring(opened)


@pytest.fixture(scope="module")
def tracer(ring: Ring) -> Iterator[Tracer]:
    with traced(ring.wire.world.router, NAMES) as opened:
        yield opened
        ring.clear()


Pair = tuple[Shot, Seen]
Fought = tuple[Listing, dict[tuple[str, str, str], tuple[int, ...]], list[Pair]]


def key_of(network: bytes, rest: bytes) -> Key:
    """Addresses and ports: each packet of a volley has its own."""
    return network[12:20] if network[0] >> 4 == 4 else network[8:40], rest[:4]


def fought(ring: Ring, tracer: Tracer, seed: int, tally: Counter[str]) -> Fought | None:
    """Send a volley through its rules: what was read of them, and each packet with its trace."""
    volley = ring.drawn(seed, A_VOLLEY)
    if "nftrace" in volley.rules.text:
        tally["rule sets that switch tracing off"] += 1
        return None
    tracer.seen()
    answered = ring.answered(volley)
    held = rule_handles(ring.wire.world.router)
    tables = tuple(table for table in answered.listing.tables if table.name not in WATCHING)
    return replace(answered.listing, tables=tables), held, list(pairs(tracer, answered, tally))


def pairs(tracer: Tracer, answered: Answered, tally: Counter[str]) -> Iterator[Pair]:
    """The last trace with a packet's ends is its own: what was said before on its connection came before."""
    by_key = {key_of(seen.first.network, seen.first.transport): seen for seen in tracer.seen()}
    for shot in answered.shots:
        body = shot.frames[-1].body
        if len(shot.frames) > 1:
            tally["in fragments that are joined"] += 1
        elif shot.kind.startswith("piece") and not shot.kind.startswith("piece 0"):
            tally["later fragments, whose ports no trace shows"] += 1
        else:
            yield shot, by_key[key_of(body, body[transport(body)[1] :])]


def compared(listing: Listing, packet: Packet, seen: Seen, held: dict[tuple[str, str, str], tuple[int, ...]]) -> Live:
    return beside(listing, follow(listing, packet), told_of(seen, WATCHING), seen.ending, held, ())


def sought(packet: Packet) -> Sought:
    return Sought(packet.iif, packet.oif, packet.source, packet.destination, packet.protocol)


def test_the_model_meets_the_rules_that_the_kernel_traces(ring: Ring, tracer: Tracer) -> None:
    """1,000 packets under random rules; those of an example: test_trace_example.py."""
    tally, differing, lengths = Counter[str](), [], Counter[int]()
    for seed in range(90):  # how many volleys it takes is chance: some rule sets switch tracing off
        if tally["packets"] >= 1000:
            break
        try:
            found = fought(ring, tracer, seed, tally)
        except ReaderCrashed:
            tally["rule sets that nft can't list"] += 1
            continue
        if found is None:
            continue
        listing, held, shots = found
        for shot, seen in shots:
            live = compared(listing, shot.packet, seen, held)
            tally["packets"] += 1
            tally["with rules met now and then"] += any(note.startswith("met now") for note in live.notes)
            lengths[len(live.lines)] += 1
            if not live.agrees:
                differing.append((seed, shot.number, shot.kind, live))
    print(f"\n{dict(tally)}; rules and policies met: {dict(sorted(lengths.items()))}")
    assert not differing, differing[:3]
    assert tally["packets"] >= 1000
    assert tally["with rules met now and then"] <= 0.02 * tally["packets"]
    assert sum(often for length, often in lengths.items() if length > 1) > 0.3 * tally["packets"]


def test_what_the_trace_tells_of_a_packet_is_what_was_sent(ring: Ring, tracer: Tracer) -> None:
    interfaces = ring.wire.world.interfaces
    told = Counter[str]()
    for seed in range(200, 206):
        with suppress(ReaderCrashed):
            found = fought(ring, tracer, seed, Counter())
            for shot, seen in found[2] if found is not None else ():
                sent = shot.packet
                got = packet_of(seen, sought(sent), interfaces)
                for name in ("source", "destination", "protocol", "head", "tail", "flags", "iif", "oif", "way", "mark"):
                    assert getattr(got, name) == getattr(sent, name), (seed, shot, name)
                for name in got.fields.keys() & dict(sent.fields).keys():
                    where = (seed, shot.number, shot.kind, name)
                    changing = sent.way is Way.OUTPUT and name.endswith(("checksum", "ip id", "length"))
                    assert changing or got.fields[name] == sent.fields[name], where
                    told[name] += 1
    assert len(told) >= 30 and told.total() > 1000, told


@pytest.fixture(scope="module")
def rounds(ring: Ring, tracer: Tracer) -> list[Fought]:
    found = []
    for seed in range(100, 118):
        with suppress(ReaderCrashed):
            found.append(fought(ring, tracer, seed, Counter()))
    return [one for one in found if one is not None]


@pytest.mark.parametrize("name", ["negation is overlooked", "goto is a jump", "maps of verdicts miss",
                                  "sets lose an element", "policies accept"])  # fmt: skip
def test_a_wrong_model_is_noticed(rounds: list[Fought], name: str) -> None:
    noticed = 0
    for listing, held, found in rounds:
        wrong = rewritten(listing, WRONG[name])
        if wrong != listing:
            noticed += sum(not compared(wrong, shot.packet, seen, held).agrees for shot, seen in found)
    assert noticed
