"""The first generation of a point: connections that were there before must be known before anything is enforced.

The sleeping table already makes the kernel track; what it picks up mid-stream may stand with its ends swapped. So
each tracked connection is decided in both directions, management first, and gets the number of the line that allows
it: both of its directions are live then, whatever conntrack takes for its beginning.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from segctl.apply.result import Lost
from segctl.kernel import conntrack
from segctl.kernel.conntrack import Connection
from segctl.kernel.routes import interfaces_towards
from segctl.model.decision import Effect, Outcome, Step
from segctl.model.generation import Loadable
from segctl.model.point import PointKind
from segctl.model.ranges import ALL_ADDRESSES
from segctl.policy import Policy, judge_at_point
from segctl.policy.coverage import behind, bound
from segctl.policy.effect import lenient, loose
from segctl.policy.numbers import SWAPPED
from segctl.runner import Runner

_KINDS = {
    Step.MANAGEMENT: "management",
    Step.FLOW: "flow",
    Step.INTRA: "intra",
    Step.DEFAULTS: "default",
}


@dataclass(frozen=True, slots=True)
class Adoption:
    """Connections with the number each gets, and those that nothing allows."""

    numbered: tuple[tuple[Connection, int], ...]
    lost: tuple[Lost, ...]


def adopt(runner: Runner, policy: Policy, rules: Loadable, at: datetime) -> Adoption:
    """Decide every tracked connection; nothing is changed yet."""
    host = policy.site.points[rules.point].kind is PointKind.HOST
    connections, where = _tracked(runner, policy, rules.point)
    numbers = {(meaning.kind, meaning.name, meaning.ways): number for number, meaning in rules.meanings.items()}
    numbered: list[tuple[Connection, int]] = []
    lost: list[Lost] = []
    for one in connections:
        ways = tuple(_ways(policy, one, at))
        number = next(_numbers(policy, numbers, None if host else where, ways), None)
        if number is not None:
            numbered.append((one, number))
        elif not any(way.outcome.decision.step is Step.ESSENTIAL for way in ways):
            lost.append(Lost(str(one)))
    return Adoption(tuple(numbered), tuple(lost))


def would_cut(runner: Runner, policy: Policy, rules: Loadable, at: datetime) -> tuple[Connection, ...]:
    """The connections that new rules end: those whose number isn't live any more, decided again as each will be at its
    next packet, in its own direction where it has a number already. What panic shuts isn't ended by the rules: it goes
    on once that is released.
    """
    lost = []
    policy = replace(policy, panic=False)
    connections, where = _tracked(runner, policy, rules.point)
    for one in connections:
        if one.mark & ~SWAPPED in rules.meanings:
            continue
        ways = list(_ways(policy, one, at))
        if one.mark & ~SWAPPED:
            ways = [way for way in ways if way.swapped == bool(one.mark & SWAPPED)]
        passing = _in_place(policy, rules.point, one, where) and any(way.outcome.effect is Effect.PASS for way in ways)
        if not passing and not any(way.outcome.decision.step is Step.ESSENTIAL for way in ways):
            lost.append(one)
    return tuple(lost)


def _in_place(policy: Policy, point: str, one: Connection, where: Mapping[int, str | None]) -> bool:
    """Whether a gateway's binding lets it pass: each end lives behind the interface by which it is reached."""
    gateway = policy.site.points[point]
    if gateway.kind is PointKind.HOST:
        return True
    ends = one.original.src, one.reply.src
    for end in ends:
        place = where.get(end)
        interface = gateway.interfaces.get(place) if place else None
        if not place or place in behind(policy, gateway, end) or (interface is not None and loose(policy, interface)):
            continue
        nowhere = not bound(policy.site, policy.segment_of(end) or "")
        if not (nowhere and lenient(policy, policy.segment_of(ends[0]), policy.segment_of(ends[1]))):
            return False
    return True


def _tracked(runner: Runner, policy: Policy, point: str) -> tuple[list[Connection], dict[int, str | None]]:
    """The connections that the point's rules look at, and behind which interface each end lives: not what a host
    forwards, nor what a point says to itself, which passes with no number that must be live.
    """
    host = policy.site.points[point].kind is PointKind.HOST
    own = policy.hosts[point] if host else ALL_ADDRESSES
    found = [one for one in conntrack.entries(runner) if one.original.src in own or one.reply.src in own]
    where = interfaces_towards(runner, (end for one in found for end in (one.original.src, one.reply.src)))
    return [one for one in found if not where.get(one.original.src) == where.get(one.reply.src) == ""], where


@dataclass(frozen=True, slots=True)
class _Way:
    """One reading of a connection: who opened it to whom, and what the law says of that."""

    source: int
    destination: int
    swapped: bool
    outcome: Outcome


def _ways(policy: Policy, one: Connection, at: datetime) -> Iterator[_Way]:
    """As tracked, and with its ends swapped (addresses and ports as the filter hooks see them).

    Of ICMP a question alone begins a connection, so that it is never picked up by its answer.
    """
    for swapped in (False,) if one.original.icmp is not None else (False, True):
        source, destination, asked = one.asks(swapped)
        outcome = judge_at_point(policy, source, destination, asked, at)
        yield _Way(source, destination, swapped, outcome)


def _numbers(
    policy: Policy,
    numbers: dict[tuple[str, str, tuple[str, ...]], int],
    where: dict[int, str | None] | None,
    ways: Iterable[_Way],
) -> Iterator[int]:
    """The numbers that would let it live, management first. `where`: None on a host, where interfaces don't count."""
    for way in sorted(ways, key=lambda way: way.outcome.decision.step is not Step.MANAGEMENT):
        places = () if where is None else (where.get(way.source), where.get(way.destination))
        if None in places:
            continue
        kind, name = _line(policy, way)
        number = numbers.get((kind, name, tuple(place for place in places if place)))
        if number is not None:
            yield number | SWAPPED if way.swapped else number


def _line(policy: Policy, way: _Way) -> tuple[str, str]:
    """Kind and name of the allowance that lets it pass; ("", "") if none does, or none that has a number to be live."""
    decision = way.outcome.decision
    if way.outcome.effect is not Effect.PASS:
        return "", ""
    if way.outcome.observed:
        return "observe", "observe"
    kind = _KINDS.get(decision.step, "")
    if decision.step is Step.INTRA:
        return kind, policy.segment_of(way.source) or ""
    return kind, decision.by or kind
