"""What the questions answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from segctl.model.decision import Effect, Outcome, Step
from segctl.model.diagnostic import Diagnostic
from segctl.model.flow import Expectation, Flow, Guardrail, Management
from segctl.model.ranges import Ranges
from segctl.model.segment import Waiver
from segctl.model.span import Span
from segctl.model.strictness import Verdict


class Word(StrEnum):
    """*Allowed* means every pair of addresses of one family and each service; *denied* none; else *partly*."""

    ALLOWED = "allowed"
    DENIED = "denied"
    PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class Extent:
    """Some connections: each of `sources` with some of `destinations`, over some of `traffic`."""

    sources: Ranges
    destinations: Ranges
    traffic: Ranges


@dataclass(frozen=True, slots=True)
class Part:
    """All connections of a question that share one outcome: each of `sources` with some of `destinations`."""

    outcome: Outcome
    sources: Ranges
    destinations: Ranges
    traffic: Ranges

    @property
    def extent(self) -> Extent:
        return Extent(self.sources, self.destinations, self.traffic)

    def holds(self, *, by_effect: bool) -> bool:
        """Whether it is allowed; `by_effect`: whether it passes."""
        if by_effect:
            return self.outcome.effect is Effect.PASS
        return self.outcome.decision.verdict is Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Answer:
    """A question's parts, in the order of the law's steps."""

    parts: tuple[Part, ...]

    def word(self, *, by_effect: bool = False) -> Word:
        """Allowed, denied or partly."""
        holding = sum(part.holds(by_effect=by_effect) for part in self.parts)
        if holding == len(self.parts):
            return Word.ALLOWED
        return Word.PARTLY if holding else Word.DENIED


@dataclass(frozen=True, slots=True)
class Bearing:
    """One rule that bears on a question: at which step, what it says, and on what of the question.

    `idle` says why it has no say now (it ended, has not begun, is not for remediation). `decides` is the part that it
    decides: None if an earlier rule always does. `whole`: it bears on all of the question.
    """

    step: Step
    name: str
    says: str
    verdict: Verdict
    span: Span | None
    bears_on: Extent
    whole: bool
    decides: Extent | None = None
    idle: str = ""


class Action(StrEnum):
    """What a change does with its line."""

    ADD_FLOW = "add a flow"
    REPLACE_FLOW = "replace a flow"
    REMOVE_FLOW = "remove a flow"
    ADD_GUARDRAIL = "add a guardrail"


@dataclass(frozen=True, slots=True)
class Change:
    """The nearest change that would turn an answer.

    line: what is written (for REMOVE_FLOW: taken out); instead_of: the place of the line that it replaces or removes.
    turned: what of the question gets the other verdict; left: what of it no such line can turn, by who stands against
    it. beyond: what gets another verdict or effect though nobody asked. passing: what is denied then, and passes all
    the same, as it only is observed or nothing enforces it. findings: what `validate` would say of the line. broken:
    expectations that hold now, and would not then.
    """

    action: Action
    line: Flow | Guardrail
    instead_of: Span | None
    turned: tuple[Extent, ...]
    left: tuple[Part, ...]
    beyond: tuple[Extent, ...]
    passing: tuple[Extent, ...]
    findings: tuple[Diagnostic, ...]
    broken: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A question's answer, every rule that bears on it in the law's order, and what would turn it.

    `to_allow` is None where nothing of the question is denied or no line can allow it; `to_deny` likewise.
    """

    answer: Answer
    bearings: tuple[Bearing, ...]
    points: tuple[str, ...]
    to_allow: Change | None
    to_deny: Change | None


@dataclass(frozen=True, slots=True)
class Called:
    """A set of addresses as people call it.

    wholes: segments and endpoints that lie in it with all their addresses, or `any`. parts: of other segments what they
    hold of the rest; special addresses under no name. halved: of some that are whole it has all addresses of one
    family, and none of the other.
    """

    wholes: tuple[str, ...]
    parts: tuple[tuple[str, Ranges], ...] = ()
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Passing:
    """Some services, and what lets them pass."""

    traffic: Ranges
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a way: from and to as people write them, over what, and what lets each service pass."""

    source: str
    destination: str
    services: tuple[Passing, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """One expectation, whether it holds, and what shows that it doesn't: parts, or for `unreachable` a way."""

    expected: Expectation
    holds: bool
    parts: tuple[Part, ...] = ()
    way: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found.

    `failing` are the findings that fail it; each waiver stands with what carries it, and whether it is void.
    """

    findings: tuple[Diagnostic, ...]
    failing: tuple[Diagnostic, ...]
    expectations: tuple[Verified, ...]
    waivers: tuple[tuple[str, Waiver, bool], ...]

    def holds(self, *, strict: bool = False) -> bool:
        """Whether all is as it should be; `strict`: warnings and lint fail as well."""
        return not self.failing and all(one.holds for one in self.expectations) and not (strict and self.findings)


class State(StrEnum):
    """Where a flow stands at a time."""

    ACTIVE = "active"
    ENDED = "ended"
    LATER = "not yet"


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow in the register; `overdue`: its day of review is past; each waiver with whether it is void."""

    flow: Flow
    state: State
    overdue: bool
    waivers: tuple[tuple[Waiver, bool], ...]


@dataclass(frozen=True, slots=True)
class Register:
    """What a site declares, in the order of its files, as it stands `at` a time; waivers as in Checked."""

    site: str
    at: datetime
    flows: tuple[Entry, ...]
    guardrails: tuple[Guardrail, ...]
    management: tuple[Management, ...]
    waivers: tuple[tuple[str, Waiver, bool], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """New connections that a change treats otherwise, all in one way: from each of `sources` to each of `destinations`
    of the same family, over each service in `traffic` of that family.

    So it is where `whole`. Else each source is there with some destination, each destination with some source, each
    service for some pair; `pairs` counts the pairs of addresses exactly in either case, and no pair is in two rows that
    differ in their ends or services alone. `before` and `after` say of all of them who decides.
    """

    sources: Ranges
    destinations: Ranges
    traffic: Ranges
    before: Outcome
    after: Outcome
    from_: Called
    to: Called
    pairs: int
    whole: bool

    @property
    def opens(self) -> bool:
        """Allowed, or passing, only after the change."""
        return _lets(self.after, self.before)

    @property
    def closes(self) -> bool:
        """Allowed, or passing, only before the change. It may open by verdict and close by effect, or the reverse."""
        return _lets(self.before, self.after)


def _lets(one: Outcome, other: Outcome) -> bool:
    """Whether the one allows what the other denies, or lets pass what the other stops."""
    allows = one.decision.verdict is Verdict.ALLOW and other.decision.verdict is Verdict.DENY
    return allows or (one.effect is Effect.PASS and other.effect is not Effect.PASS)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does at a time: everywhere, or to what one point sees."""

    at: datetime
    point: str | None
    rows: tuple[Row, ...]

    @property
    def opens(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.opens)

    @property
    def closes(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.closes)

    @property
    def otherwise(self) -> tuple[Row, ...]:
        """As closed as before, with another answer: silence instead of a refusal, or the reverse."""
        return tuple(row for row in self.rows if not row.opens and not row.closes)


@dataclass(frozen=True, slots=True)
class Direct:
    """What is reached in one hop, and what lets it pass: each of `to` in the same way."""

    to: Called
    services: tuple[Passing, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """What is reached first in so many hops; `machines` are endpoints and gateways, by name."""

    hops: int
    reached: Called
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blast:
    """What an intruder reaches who has taken over any one machine of `start`.

    radius: how many addresses he reaches, his own machine's and the world's left out; a /64 counts as 256 at most.
    addresses: the same by family, counted out. machines: how many of them have names. segments: in which he reaches
    somebody, with the least hops; his own is there only for others in it. world: the least hops to it, 0 for none.
    observed, uncovered: how many he reaches only because somebody observes, or because nothing enforces a deny.
    """

    start: Called
    direct: tuple[Direct, ...]
    rings: tuple[Ring, ...]
    radius: int
    addresses: tuple[int, int]
    machines: int
    segments: Mapping[str, int]
    world: int
    observed: int
    uncovered: int


@dataclass(frozen=True, slots=True)
class Reached:
    """Who of some others is reached from any one machine of `start`: by the least hops, and who never is."""

    start: Called
    by_hops: tuple[tuple[int, Called], ...]
    never: Called | None


@dataclass(frozen=True, slots=True)
class Severed:
    """Flows without which there is no way: as few as could be found; fewer than `least` can't do.

    `without` is a way that needs no flow: where there is one, no flows sever, and `flows` is empty.
    """

    flows: tuple[Flow, ...]
    least: int
    without: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A shortest way, and what all ways have in common; all is empty where there is no way.

    segments: through which each way leads, apart from its ends; flows: each of which every way needs.
    """

    way: tuple[Hop, ...] = ()
    segments: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()
    severed: Severed | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """How far a segment lies open: from how many of the other segments, the world and the points among them, somebody
    gets to somebody in it, in one hop and in any number; `others` is how many there are that have addresses.

    radius: that of the machine in it that reaches most (see Blast). world: the least hops from there, 0 for none.
    """

    segment: str
    radius: int
    direct: int
    any: int
    others: int
    world: int

    @property
    def share(self) -> float:
        """0 (nobody gets there) to 1 (everybody)."""
        return self.any / self.others if self.others else 0.0


@dataclass(frozen=True, slots=True)
class FarRow:
    """Who reaches whom in so many hops at the least, only before or only after a change; a way of one of them,
    where there aren't too many rows.
    """

    from_: Called
    to: Called
    hops: int
    way: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Radius:
    """A segment's blast radius; None where there is no such segment."""

    segment: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Far:
    """What a change does beyond one hop, by effect: ways of several hops that appear and vanish, and blast radii."""

    appear: tuple[FarRow, ...]
    vanish: tuple[FarRow, ...]
    radii: tuple[Radius, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """When a flow begins or ends that a change adds or takes away, or whose times it changes (then it is both)."""

    at: datetime
    flow: Flow
    begins: bool
    added: bool


@dataclass(frozen=True, slots=True)
class Later:
    """What a change turns after now, and what opens by it at such a time, and at none before."""

    turns: tuple[Turn, ...]
    opens: tuple[tuple[datetime, tuple[Row, ...]], ...]


@dataclass(frozen=True, slots=True)
class Review:
    """All of a change: what it opens and closes now, in any number of hops, and later."""

    before: str
    after: str
    now: Difference
    far: Far
    later: Later

    @property
    def opens(self) -> bool:
        """Whether it lets anybody reach more, by verdict or effect, in however many hops, now or later."""
        return bool(self.now.opens or self.far.appear or self.later.opens)
