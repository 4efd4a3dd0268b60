"""The site's own tests: each `expect` entry held against the law."""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime

from segctl.ask.can import asked_addresses, can
from segctl.ask.cuts import address_sets, mode_sets, pieces, statement_cuts
from segctl.ask.result import Hop, Verified
from segctl.model.decision import Effect, Outcome, Step
from segctl.model.flow import Expectation, Expected, traffic_of
from segctl.model.ranges import ALL_ADDRESSES, Ranges, show_addresses
from segctl.model.selector import WORLD
from segctl.model.service import ALL_TRAFFIC, ICMP, ICMP6, of_family, protocol_of, show_traffic
from segctl.policy import Policy, judge


def judge_expectations(policy: Policy, at: datetime) -> tuple[Verified, ...]:
    """Every expectation in the order of the site; one that says no time is asked for `at`."""
    return tuple(_verify(policy, expected, expected.at or at) for expected in policy.site.expectations)


def _verify(policy: Policy, said: Expectation, at: datetime) -> Verified:
    if said.expected is Expected.UNREACHABLE:
        way = find_way(policy, said, at)
        return Verified(said, not way, way=way)
    inner = said.expected is Expected.DENIED
    if inner and not all(asked_addresses(policy, end, inner=True) for end in (said.source, said.destination)):
        return Verified(said, True)  # a segment that may be empty: nobody is denied everything
    answer = can(policy, said.source, said.destination, traffic_of(said.services), at, inner=inner)
    wrong = tuple(part for part in answer.parts if part.holds(by_effect=False) is inner)
    return Verified(said, not wrong, parts=wrong)


def find_way(policy: Policy, said: Expectation, at: datetime) -> tuple[Hop, ...]:
    """A shortest way by effect, over any service, in any number of hops; empty if there is none.

    A hop leads to where an intruder can take over: over TCP, UDP, SCTP or a whole protocol, never over ICMP alone, nor
    by what a point needs to live (docs/decisions/readings.md). The world begins and ends ways, it continues none
    (design, section 2, Hops).
    """
    starts = asked_addresses(policy, said.source, inner=True)
    goals = asked_addresses(policy, said.destination, inner=True)
    sets = [*address_sets(policy), starts, goals]
    everywhere = [half for half in _halves(pieces(ALL_ADDRESSES - policy.special, sets))]
    services = _Services(policy, everywhere)
    before: dict[int, tuple[int, Hop] | None] = {n: None for n, p in enumerate(everywhere) if p.meets(starts)}
    queue = deque(before)
    while queue:
        here = queue.popleft()
        if before[here] is not None and policy.segment_of(everywhere[here].first()) == WORLD:
            continue
        for there, piece in enumerate(everywhere):
            if there in before or _family(piece) != _family(everywhere[here]):
                continue
            hop = _hop(policy, everywhere[here], piece, services.between(here, there), at)
            if hop is None:
                continue
            before[there] = here, hop
            if piece.meets(goals):
                return _trace(before, there)
            queue.append(there)
    return ()


def _trace(before: dict[int, tuple[int, Hop] | None], last: int) -> tuple[Hop, ...]:
    way: list[Hop] = []
    while (step := before[last]) is not None:
        last, hop = step
        way.append(hop)
    return tuple(reversed(way))


def _hop(policy: Policy, source: Ranges, target: Ranges, services: Iterable[int], at: datetime) -> Hop | None:
    for place in services:
        outcome: Outcome = judge(policy, source.first(), target.first(), place, at)
        if outcome.effect is Effect.PASS and outcome.decision.step is not Step.ESSENTIAL:
            return Hop(show_addresses(source, 2), show_addresses(target, 2), show_traffic(place), outcome)
    return None


class _Services:
    """Which services have to be tried between two places: one of each kind that some statement on the two tells apart.

    A statement is one bit; two places with the same statements between them need the same services.
    """

    def __init__(self, policy: Policy, everywhere: list[Ranges]) -> None:
        self._policy, self._everywhere = policy, everywhere
        self._cuts = list(statement_cuts(policy))
        self._from = [_bits(place, [cut.source for cut in self._cuts]) for place in everywhere]
        self._to = [_bits(place, [cut.destination for cut in self._cuts]) for place in everywhere]
        self._known: dict[tuple[int, int], list[int]] = {}

    def between(self, here: int, there: int) -> list[int]:
        """One service of each kind over which somebody can take over, TCP and UDP first."""
        bits, family = self._from[here] & self._to[there], _family(self._everywhere[here])
        if (known := self._known.get((bits, family))) is None:
            known = self._known[bits, family] = self._tried(bits, family)
        return known

    def _tried(self, bits: int, family: int) -> list[int]:
        said = [cut.traffic for number, cut in enumerate(self._cuts) if bits >> number & 1]
        found = pieces(ALL_TRAFFIC & of_family(family), [*said, *mode_sets(self._policy), *_protocols(family)])
        places = [place for place in (piece.first() for piece in found) if protocol_of(place) not in (ICMP, ICMP6)]
        return sorted(places, key=lambda place: (protocol_of(place) not in (6, 17), place))


def _bits(place: Ranges, sets: list[Ranges]) -> int:
    """One bit for each set that holds the place; none holds a part of it."""
    first = place.first()
    return sum(1 << number for number, one in enumerate(sets) if first in one)


def _protocols(family: int) -> Iterator[Ranges]:
    """ICMP apart from all else, so that no piece holds both."""
    for number in (ICMP, ICMP6):
        base = (1 << 24 if family == 6 else 0) | number << 16
        yield Ranges.span(base, base | 0xFFFF)


def _halves(found: Iterable[Ranges]) -> Iterator[Ranges]:
    for piece in found:
        yield from (half for half in (piece.v4(), piece.v6()) if half)


def _family(piece: Ranges) -> int:
    return 6 if piece.v6() else 4
