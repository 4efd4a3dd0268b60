"""What the questions answer."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.model.decision import Effect, Outcome
from segctl.model.diagnostic import Diagnostic
from segctl.model.flow import Expectation
from segctl.model.ranges import Ranges
from segctl.model.segment import Waiver
from segctl.model.strictness import Verdict


class Word(StrEnum):
    """*Allowed* means every pair of addresses of one family and each service; *denied* none; else *partly*."""

    ALLOWED = "allowed"
    DENIED = "denied"
    PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class Part:
    """All connections of a question that share one outcome: each of `sources` with some of `destinations`."""

    outcome: Outcome
    sources: Ranges
    destinations: Ranges
    traffic: Ranges

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
class Hop:
    """One step of a way: from and to as people write addresses, and what lets it pass."""

    source: str
    destination: str
    service: str
    outcome: Outcome


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
