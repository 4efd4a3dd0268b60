"""What `check` found, and the register of what a site declares."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from segctl.ask.result.answers import Part
from segctl.ask.result.called import Hop
from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level
from segctl.model.flow import Expectation, Flow, Guardrail, Management
from segctl.model.segment import Waiver


@dataclass(frozen=True, slots=True)
class Verified:
    """One expectation, whether it holds, and what shows that it doesn't: parts, or for `unreachable` a way."""

    expected: Expectation
    holds: bool
    parts: tuple[Part, ...] = ()
    way: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A finding of `check`.

    about: what it is found on, as "flow 'x'"; '' for the site. fingerprint: the same wherever its lines move. fails:
    whether it fails the check by itself, if it isn't `known` by the baseline.
    """

    finding: Diagnostic
    about: str
    fingerprint: str
    fails: bool
    known: bool = False

    @property
    def is_error(self) -> bool:
        """Whether its code is one."""
        return CODES[self.finding.code].level is Level.ERROR


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found, in order of place.

    Each waiver stands with what carries it, and whether it is void; `gone` are fingerprints of the baseline that fit
    nothing any more.
    """

    told: tuple[Told, ...]
    expectations: tuple[Verified, ...]
    waivers: tuple[tuple[str, Waiver, bool], ...]
    gone: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All of them."""
        return tuple(one.finding for one in self.told)

    @property
    def failing(self) -> tuple[Diagnostic, ...]:
        """Those that fail the check."""
        return tuple(one.finding for one in self.told if one.fails and not one.known)

    def knowing(self, known: Collection[str]) -> "Checked":
        """The same beside a baseline of these fingerprints. It never excuses an error."""
        told = tuple(replace(one, known=one.fingerprint in known and not one.is_error) for one in self.told)
        gone = tuple(sorted({*known} - {one.fingerprint for one in told}))
        return replace(self, told=told, gone=gone)

    def holds(self, *, strict: bool = False) -> bool:
        """Whether all is as it should be; `strict`: warnings and lint fail as well. What is known never fails."""
        found = any((one.fails or strict) and not one.known for one in self.told)
        return not found and all(one.holds for one in self.expectations)


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
