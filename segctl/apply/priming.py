"""The first generation of a point: connections that were there before must be known before anything is enforced.

The sleeping table already makes the kernel track; what it picks up mid-stream may stand with its ends swapped. So
each tracked connection is decided in both directions, management first, and gets the number of the line that allows
it: both of its directions are live then, whatever conntrack takes for its beginning.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from segctl.apply.result import Lost
from segctl.compile import Ruleset
from segctl.kernel import conntrack
from segctl.kernel.conntrack import Connection
from segctl.kernel.routes import interfaces_towards
from segctl.model.decision import Decision, Effect, Step
from segctl.model.service import traffic
from segctl.policy import Policy, decide, judge_at_point
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


def adopt(runner: Runner, policy: Policy, rules: Ruleset, at: datetime) -> Adoption:
    """Decide every tracked connection; nothing is changed yet."""
    connections = list(conntrack.entries(runner))
    ends = (end for one in connections for end in (one.original.src, one.reply.src))
    where = interfaces_towards(runner, ends)
    numbers = {(meaning.kind, meaning.name, meaning.ways): number for number, meaning in rules.meanings.items()}
    numbered: list[tuple[Connection, int]] = []
    lost: list[Lost] = []
    for one in connections:
        if where.get(one.original.src) == "" and where.get(one.reply.src) == "":
            continue  # what a point says to itself passes by its interface, with no number that must be live
        number = next(_numbers(policy, numbers, where, one, at), None)
        if number is not None:
            numbered.append((one, number))
        elif not any(decision.step is Step.ESSENTIAL for decision, _ in _ways(policy, one, at)):
            lost.append(Lost(str(one)))
    return Adoption(tuple(numbered), tuple(lost))


def _numbers(
    policy: Policy,
    numbers: dict[tuple[str, str, tuple[str, ...]], int],
    where: dict[int, str | None],
    one: Connection,
    at: datetime,
) -> Iterator[int]:
    """The numbers that would let it live, the best first."""
    for decision, (source, destination) in sorted(_ways(policy, one, at), key=lambda way: way[0].step != "0d"):
        kind, name = _line(policy, decision, source, destination, _service(one, source == one.original.src), at)
        places = (where.get(source), where.get(destination))
        if None in places or not kind:
            continue
        way = tuple(place for place in places if place)
        if (number := numbers.get((kind, name, way))) is not None:
            yield number if source == one.original.src else number | SWAPPED


def _ways(policy: Policy, one: Connection, at: datetime) -> Iterable[tuple[Decision, tuple[int, int]]]:
    """The decision on the connection as tracked, and with its ends swapped (addresses as the filter hooks see them)."""
    for source, destination in ((one.original.src, one.reply.src), (one.reply.src, one.original.src)):
        service = _service(one, source == one.original.src)
        yield decide(policy, source, destination, service, at), (source, destination)


def _service(one: Connection, as_tracked: bool) -> int:
    if one.original.icmp is not None:
        return traffic(one.family, one.protocol, one.original.icmp[0])
    return traffic(one.family, one.protocol, one.reply.sport if as_tracked else one.original.sport)


def _line(
    policy: Policy, decision: Decision, source: int, destination: int, service: int, at: datetime
) -> tuple[str, str]:
    """Kind and name of the allowance that lets it pass; ("", "") if none does."""
    outcome = judge_at_point(policy, source, destination, service, at)
    if outcome.effect is not Effect.PASS:
        return "", ""
    if outcome.observed:
        return "observe", "observe"
    kind = _KINDS.get(decision.step, "")
    if decision.step is Step.INTRA:
        return kind, policy.segment_of(source) or ""
    return kind, decision.by or kind
