"""The proof of a point: each family and way walked, each cell compared, each clash told with a packet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from segctl.listing.rule import Listing, name_span
from segctl.model.point import Point
from segctl.model.ranges import Ranges
from segctl.policy import Policy
from segctl.prove.alive import OURS, Alive, dead
from segctl.prove.axes import DADDR, FLAGS, HEAD, IIF, OIF, PROTO, SADDR, TAIL
from segctl.prove.clauses import FLAG_SETS, LOCAL, LOCALITY
from segctl.prove.compare import ClashAt, Comparison, Numbers
from segctl.prove.cuts import Cuts
from segctl.prove.effects import Effects
from segctl.prove.engine import evaluate
from segctl.prove.kinds import half, kinds
from segctl.prove.path import Stage, bridges, ways_of
from segctl.prove.result import Dead, Proof
from segctl.prove.second import by_diagrams
from segctl.prove.space import NeedsCut, Spans, merged
from segctl.prove.told_apart import address_sets, traffic_sets
from segctl.prove.unanswered import TooManyClasses
from segctl.prove.unheld import unheld
from segctl.prove.witness import told

Awake = dict[tuple[str, str], bool]
Engine = Literal["classes", "bdd"]
_MOST_RESTARTS = 50
MOST_CLASHES = 5_000
"""Where rules and intent clash more often, the comparison ends."""


@dataclass(frozen=True, slots=True)
class Compared:
    """All ways of all families compared. `never`: the numbers that the rules name and that no connection gets."""

    comparisons: tuple[Comparison, ...]
    clashes: tuple[tuple[Comparison, ClashAt], ...]
    never: Spans = ()


def compare(listing: Listing, policy: Policy, point: Point, at: datetime, awake: Awake | None = None) -> Compared:
    """Every packet of every family and way, rules against intent."""
    effects = Effects(policy, point, at)
    cuts = {family: intent_cuts(effects, family) for family in (4, 6)}
    for _ in range(_MOST_RESTARTS):
        try:
            walks = [evaluate(listing, way, family, cuts[family], awake) for family in (4, 6) for way in ways_of(point)]
            return _compared([Comparison(walk, effects) for walk in walks])
        except NeedsCut as need:
            for family in (4, 6):
                cuts[family].setdefault(need.axis, set()).update(need.sets)
    raise AssertionError("the classes don't settle")


def _compared(comparisons: list[Comparison]) -> Compared:
    """First what begins a connection, in both families: a number is alive where some connection got it."""
    numbers = Numbers()
    clashes = list(_most((one, clash) for one in comparisons for clash in one.beginnings(numbers)))
    if len(clashes) >= MOST_CLASHES:  # not all numbers are known
        return Compared(tuple(comparisons), tuple(clashes))
    alive = {family: numbers.spans(family) for family in (4, 6)}
    clashes += _most((one, clash) for one in comparisons for clash in one.others(alive[one.evaluated.family]))
    both = [span for held in alive.values() for spans in held.values() for span in spans]
    return Compared(
        tuple(comparisons), tuple(clashes), merged(s for one in comparisons for s in one.named_beside(both))
    )


def _most(clashes: Iterator[tuple[Comparison, ClashAt]]) -> Iterator[tuple[Comparison, ClashAt]]:
    """Rules that are wrong nearly everywhere are wrong: nobody reads on."""
    return islice(clashes, MOST_CLASHES)


def intent_cuts(effects: Effects, family: int) -> Cuts:
    """Every set of values that the site tells apart, and so the classes must."""
    addresses = {half(ranges, family) for ranges in set(address_sets(effects))}
    cuts: Cuts = {SADDR: addresses, DADDR: set(addresses), PROTO: set(), HEAD: set(), TAIL: set()}
    cuts[FLAGS] = {merged(spans) for spans in FLAG_SETS}
    for axis in (IIF, OIF):
        cuts[axis] = {(name_span(name),) for name in effects.point.interfaces}
    if effects.host:
        cuts |= {axis: {LOCAL} for axis in LOCALITY.values()}
    for some in set(traffic_sets(effects)):
        for axis, spans in _service_cuts(some, family):
            cuts[axis].add(spans)
    cuts["ip ttl" if family == 4 else "ip6 hoplimit"] = {((hops, hops),) for hops in _hops(effects)}
    return cuts


def _hops(effects: Effects) -> set[int]:
    rows = effects.policy.essentials
    return {row.hop_limit for row in rows if row.point == effects.point.name and row.hop_limit}


def _service_cuts(some: Ranges, family: int) -> Iterator[tuple[str, Spans]]:
    for kind in kinds(some, family):
        yield PROTO, kind.protocols
        if kind.ports is not None:
            yield HEAD, kind.ports
            yield TAIL, kind.ports
        if kind.icmp is not None:
            yield HEAD, tuple((first << 8, last << 8 | 0xFF) for first, last in kind.icmp)


def prove(
    listing: Listing,
    policy: Policy,
    point: Point,
    at: datetime,
    site: str = "",
    awake: Awake | None = None,
    engine: Engine | None = None,
) -> Proof:
    """Whether a point's rules are what the site means, for every packet. `site`: a hash of the site as loaded.

    `awake` overrides which tables sleep. Without an `engine` the classes are tried first, and the diagrams where those
    explode: TooLarge if they aren't installed, or if they don't hold it either. TooManyClasses of `classes` alone.
    """
    if engine == "bdd":
        return _by_diagrams(listing, policy, point, at, site, awake)
    try:
        return _by_classes(listing, policy, point, at, site, awake)
    except TooManyClasses:
        if engine == "classes":
            raise
    return _by_diagrams(listing, policy, point, at, site, awake)


def _by_classes(listing: Listing, policy: Policy, point: Point, at: datetime, site: str, awake: Awake | None) -> Proof:
    compared = compare(listing, policy, point, at, awake)
    wrong, doubtful = told(compared.clashes)
    packets = sum(one.evaluated.space.size(cube) for one in compared.comparisons for cube in one.evaluated.domain)
    return Proof(
        point=point.name,
        read=listing.digest,
        site=site,
        classes=sum(one.compared for one in compared.comparisons),
        packets=packets,
        engine="classes",
        differences=wrong,
        unproven=doubtful,
        dead=tuple(_dead(listing, compared, awake)),
        unheld=tuple(
            dict.fromkeys(
                unheld([stage for one in compared.comparisons for stage in one.evaluated.stages], policy.kept)
            )
        ),
        gaps=listing.gaps,
        outside=tuple(outside(listing)),
    )


def _stages(compared: Compared) -> list[Stage]:
    return [stage for one in compared.comparisons for stage in one.evaluated.stages]


def _dead(listing: Listing, compared: Compared, awake: Awake | None) -> Iterator[Dead]:
    """What of our tables that are awake no packet meets."""
    alive = Alive()
    for one in compared.comparisons:
        alive.add(one.evaluated.alive)
    ours = [table for table in listing.tables if table.name.startswith(OURS)]
    names = [table.name for table in ours if (awake or {}).get((table.family, table.name), not table.dormant)]
    return dead(listing, alive, names, compared.never)


def _by_diagrams(listing: Listing, policy: Policy, point: Point, at: datetime, site: str, awake: Awake | None) -> Proof:
    answer = by_diagrams(listing, policy, point, at, awake)
    return Proof(
        point=point.name,
        read=listing.digest,
        site=site,
        classes=answer.regions,
        packets=answer.packets,
        engine="bdd",
        differences=answer.told[0],
        unproven=answer.told[1],
        dead=(),
        unheld=tuple(dict.fromkeys(unheld(list(answer.stages), policy.kept))),
        gaps=listing.gaps,
        outside=tuple(outside(listing)),
    )


def outside(listing: Listing) -> Iterator[str]:
    """What was seen and is no part of the proof."""
    yield from listing.beside
    for table in bridges(listing.tables):
        yield f"table {table.family} {table.name} looks at bridged frames: a routed packet meets it on a bridge alone"
