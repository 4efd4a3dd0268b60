"""Strictness profiles, modes and classifications: what a segment falls back to and what it demands."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from segctl.model.ranges import NOTHING, Ranges


class Verdict(StrEnum):
    """What the policy says."""

    ALLOW = "allow"
    DENY = "deny"


class Answer(StrEnum):
    """What the sender of a denied packet gets: silence, or TCP reset and ICMP administratively prohibited."""

    DROP = "drop"
    REJECT = "reject"


class Log(IntEnum):
    """How much is logged; a louder one is greater."""

    NONE = 0
    DENIES = 1
    DENIES_NEW = 2
    ALL = 3


LOG_WORDS = {"none": Log.NONE, "denies": Log.DENIES, "denies+new": Log.DENIES_NEW, "all": Log.ALL}


class Wide(IntEnum):
    """What `any`, `world` or a block of the world at the other end of a flow is; a stricter one is greater."""

    ALLOW = 0
    WARN = 1
    ERROR = 2


class Tightening(StrEnum):
    """What happens to live connections that a new generation denies."""

    KEEP = "keep"
    CUT = "cut"


class Classification(IntEnum):
    """How sensitive data is; `ANY` only as what a profile holds."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3
    ANY = 4


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of the strictness table (design, section 2): the defaults of a segment and its demands on flows."""

    name: str
    intra: Verdict
    ingress: Verdict
    egress: Verdict
    answer: Answer
    log: Log
    wide: Wide
    why_required: bool
    tightening: Tightening
    holds: Classification
    quarantine: bool

    def at_least_as_strict_as(self, other: "Profile") -> bool:
        """The law's order: in each of intra, ingress, egress, wide, why, tightening, quarantine."""
        return (
            all(
                mine is Verdict.DENY or theirs is Verdict.ALLOW
                for mine, theirs in (
                    (self.intra, other.intra),
                    (self.ingress, other.ingress),
                    (self.egress, other.egress),
                )
            )
            and self.wide >= other.wide
            and self.why_required >= other.why_required
            and (self.tightening is Tightening.CUT or other.tightening is Tightening.KEEP)
            and self.quarantine >= other.quarantine
        )


class ModeKind(StrEnum):
    """Enforce; observe: decide and log, but let through; selective: enforce some services inbound, observe the rest."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    SELECTIVE = "selective"


@dataclass(frozen=True, slots=True)
class Mode:
    """How a segment carries its denies out; `services` is the enforced traffic of a selective one."""

    kind: ModeKind = ModeKind.ENFORCE
    services: Ranges = NOTHING
    names: tuple[str, ...] = ()  # as written, for showing

    def __str__(self) -> str:
        return f"enforce {', '.join(self.names)}" if self.kind is ModeKind.SELECTIVE else self.kind.value


ENFORCE = Mode()
OBSERVE = Mode(ModeKind.OBSERVE)
