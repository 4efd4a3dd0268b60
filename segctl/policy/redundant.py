"""Flows that open nothing: others, or what segments do by default, allow all of it already. Exact, by the law.

What is told can all be taken out together, and nothing is allowed or denied otherwise from now on; of what stays no
flow more can. So of two equal flows the later one is told, of three that cover each other in a ring one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.flow import Flow
from segctl.policy.boxes import Box, boxes
from segctl.policy.covering import BEGINNING, END, Lasting, covered
from segctl.policy.match import Statement
from segctl.policy.meeting import meeting
from segctl.policy.policy import Policy
from segctl.policy.settled import Settled
from segctl.policy.waive import waived

CODE = "already-allowed"
_MANY = 8  # flows with a common end pair, of each: from there on services are swept, too
_TOLD = 5  # names in a sentence

Flows = Sequence[Statement[Flow]]


def redundant_flows(policy: Policy, at: datetime) -> Iterator[Diagnostic]:
    """Each with what allows it."""
    for one, coverers in redundant(policy, at):
        yield _told(one, coverers)


def redundant(policy: Policy, at: datetime) -> list[tuple[Statement[Flow], list[Statement[Flow]]]]:
    """Flows that can be taken out together, each with those that allow all of it: none if it is allowed by default.

    In the order of the site. Flows whose time is over are left out, and a waived one stays.
    """
    flows = [
        one for one in policy.flows.items
        if one.source and one.destination and (one.said.until or END) > at
    ]  # fmt: skip
    flows.sort(key=lambda one: (one.said.span, one.said.name))
    found = _Search(policy, at, flows).run()
    return [(flows[place], [flows[other] for other in coverers]) for place, coverers in sorted(found.items())]


@dataclass(slots=True)
class _Search:
    """The later flow goes first, and who needs one other alone before who needs several: that keeps the fewest."""

    policy: Policy
    at: datetime
    flows: Flows
    settled: Settled = field(init=False)
    left: int = field(init=False)  # flows that stay, as bits
    near: list[int] = field(init=False)
    _parts: dict[int, tuple[Box, ...]] = field(default_factory=dict)
    _before: dict[int, list[Lasting]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settled = Settled(self.policy)
        self.left = (1 << len(self.flows)) - 1
        self.near = _near(self.flows)

    def run(self) -> dict[int, list[int]]:
        """Of each that can go, what covers it."""
        some = [
            place for place, one in reversed(list(enumerate(self.flows)))
            if (self.near[place] or self.settled.concerns(one)) and not waived(one.said.waive, CODE)
        ]  # fmt: skip
        found: dict[int, list[int]] = {}
        for look in (self._alone, self._together):
            for place in some:
                if place not in found and (coverers := look(place)) is not None:
                    found[place] = coverers
                    self.left &= ~(1 << place)
        return found

    def _alone(self, place: int) -> list[int] | None:
        """By default, or by one other flow."""
        whole = self._boxes(place)
        if not whole or self._denied(place):
            return None  # it allows nothing anyway: told otherwise
        if self._covered(place, ()):
            return []
        return next(([other] for other in self._others(place) if self._covered(place, [other])), None)

    def _together(self, place: int) -> list[int] | None:
        others = list(self._others(place))
        if len(others) < 2 or not self._boxes(place) or not self._covered(place, others):
            return None
        if self._denied(place):
            return None
        for other in list(others) if len(others) < 4 * _MANY else ():  # no more than are needed
            fewer = [one for one in others if one != other]
            if self._covered(place, fewer):
                others = fewer
        return others

    def _covered(self, place: int, others: Iterable[int]) -> bool:
        """Whether these allow what is left of it."""
        held = [
            Lasting(box, self.flows[other].said.since or BEGINNING, self.flows[other].said.until or END)
            for other in others
            for box in self._boxes(other)
        ]
        doubtful = self.settled.refused(self.flows[place])
        return covered(self._boxes(place), *self._time(place), [*self._settled(place), *held], doubtful)

    def _denied(self, place: int) -> bool:
        """Whether guardrails and quarantine take all of it, whatever else is said."""
        one = self.flows[place]
        return covered(self._boxes(place), *self._time(place), _always(self.settled.denied(one)))

    def _others(self, place: int) -> Iterator[int]:
        """Flows that share connections with it and count where it does: those that stay, in the site's order."""
        remediation = self.flows[place].said.remediation
        for other in _members(self.near[place] & self.left):
            if self.flows[other].said.remediation or not remediation:
                yield other

    def _settled(self, place: int) -> list[Lasting]:
        if place not in self._before:
            one = self.flows[place]
            by_law = (*self.settled.denied(one), *self.settled.allowed(one)) if self.settled.concerns(one) else ()
            self._before[place] = _always(by_law)
        return self._before[place]

    def _boxes(self, place: int) -> tuple[Box, ...]:
        if place not in self._parts:
            one = self.flows[place]
            self._parts[place] = boxes(one.source, one.destination, one.traffic)
        return self._parts[place]

    def _time(self, place: int) -> tuple[datetime, datetime]:
        said = self.flows[place].said
        return max(said.since or BEGINNING, self.at), said.until or END


def _always(some: Iterable[Box]) -> list[Lasting]:
    return [Lasting(box) for box in some if box]


def _near(flows: Flows) -> list[int]:
    """Of each flow the others that may share connections with it, as bits; no is certain.

    By one sweep for each end. Services are swept only if many flows have both ends in common: else it is quicker to
    look at each pair.
    """
    sources = meeting([one.source for one in flows])
    destinations = meeting([one.destination for one in flows])
    near = [sources[place] & destinations[place] & ~(1 << place) for place in range(len(flows))]
    if sum(bits.bit_count() for bits in near) > _MANY * len(flows):
        return [bits & services for bits, services in zip(near, meeting([o.traffic for o in flows]), strict=True)]
    return [
        sum(1 << other for other in _members(bits) if flows[other].traffic.meets(flows[place].traffic))
        for place, bits in enumerate(near)
    ]


def _members(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _told(one: Statement[Flow], coverers: list[Statement[Flow]]) -> Diagnostic:
    said = [other.said for other in coverers]
    if not coverers:
        what = "the segments at its ends let all of this pass already"
    elif len(coverers) == 1:
        what = f"flow '{said[0].name}' allows all of it already"
    else:
        names = ", ".join(f"'{other.name}'" for other in said[:_TOLD])
        more = f" and {len(said) - _TOLD} more" if len(said) > _TOLD else ""
        what = f"flows {names}{more} together allow all of it already"
    notes = tuple(Note(other.span, f"flow '{other.name}'") for other in said)
    return Diagnostic(one.said.span, CODE, f"flow '{one.said.name}' opens nothing: {what}", "", notes)
