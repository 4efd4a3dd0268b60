"""The proof of a point: each family and way walked, each cell compared, each clash told with a packet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from segctl.listing.rule import Listing, name_span
from segctl.model.point import Point
from segctl.model.service import ICMP, ICMP6, TCP, UDP
from segctl.policy import Policy
from segctl.prove.axes import DADDR, HEAD, IIF, OIF, PROTO, SADDR, TAIL
from segctl.prove.compare import ClashAt, Comparison, Numbers
from segctl.prove.cuts import Cuts
from segctl.prove.effects import Effects, address_sets, half, kinds, traffic_sets
from segctl.prove.engine import evaluate
from segctl.prove.packet import Way
from segctl.prove.space import NeedsCut, Spans

Awake = dict[tuple[str, str], bool]


@dataclass(frozen=True, slots=True)
class Compared:
    """All ways of all families compared."""

    comparisons: tuple[Comparison, ...]
    clashes: tuple[tuple[Comparison, ClashAt], ...]


def compare(listing: Listing, policy: Policy, point: Point, at: datetime, awake: Awake | None = None) -> Compared:
    """Every packet of every family and way, rules against intent."""
    found: list[tuple[Comparison, ClashAt]] = []
    every: list[Comparison] = []
    for family in (4, 6):
        cuts = intent_cuts(policy, point, family)
        while True:
            try:
                made, clashes = _family(listing, Effects(policy, point, at), family, cuts, awake)
                break
            except NeedsCut as need:
                cuts.setdefault(need.axis, set()).update(need.sets)
        every += made
        found += clashes
    return Compared(tuple(every), tuple(found))


def _family(
    listing: Listing, effects: Effects, family: int, cuts: Cuts, awake: Awake | None
) -> tuple[list[Comparison], list[tuple[Comparison, ClashAt]]]:
    comparisons = [Comparison(evaluate(listing, way, family, cuts, awake), effects) for way in Way]
    numbers = Numbers()
    clashes = [(one, clash) for one in comparisons for clash in one.beginnings(numbers)]
    alive = numbers.spans()
    clashes += [(one, clash) for one in comparisons for clash in one.others(alive)]
    return comparisons, clashes


def intent_cuts(policy: Policy, point: Point, family: int) -> Cuts:
    """Every set of values that the site tells apart, and so the classes must."""
    addresses = {half(ranges, family) for ranges in set(address_sets(policy))}
    cuts: Cuts = {SADDR: addresses, DADDR: set(addresses), PROTO: set(), HEAD: set(), TAIL: set()}
    for axis in (IIF, OIF):
        cuts[axis] = {(name_span(name),) for name in point.interfaces}
    for some in set(traffic_sets(policy)):
        for axis, spans in _service_cuts(some, family):
            cuts[axis].add(spans)
    cuts["ip ttl" if family == 4 else "ip6 hoplimit"] = {((hops, hops),) for hops in _hops(policy, point)}
    return cuts


def _hops(policy: Policy, point: Point) -> set[int]:
    return {row.hop_limit for row in policy.essentials if row.point == point.name and row.hop_limit}


def _service_cuts(some: object, family: int) -> Iterator[tuple[str, Spans]]:
    from segctl.model.ranges import Ranges

    assert isinstance(some, Ranges)
    for kind in kinds(some, family):
        yield PROTO, kind.protocols
        if kind.ports is not None:
            yield HEAD, kind.ports
            yield TAIL, kind.ports
        if kind.icmp is not None:
            yield HEAD, tuple((first << 8, last << 8 | 0xFF) for first, last in kind.icmp)


__all__ = ["ICMP", "ICMP6", "TCP", "UDP"]
