"""What `can`, `explain` and `check` answer, and the register."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.model.decision import Effect, Outcome, Step
from segctl.model.diagnostic import Diagnostic
from segctl.model.flow import Expectation, Flow, Guardrail
from segctl.model.ranges import Ranges
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
