"""What the law answers for one new connection."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.model.span import Span
from segctl.model.strictness import Verdict


class Step(StrEnum):
    """The steps of the law, first match decides (design, section 2)."""

    ESSENTIAL = "0a"
    SPECIAL = "0b"
    CUT_OFF = "0c"  # quarantined at run time
    MANAGEMENT = "0d"
    GUARDRAIL = "1"
    QUARANTINE = "2"
    FLOW = "3"
    INTRA = "4"
    DEFAULTS = "5"
    REFUSED = "6"


class Effect(StrEnum):
    """What the packet meets."""

    PASS = "pass"
    DROP = "drop"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Decision:
    """Verdict, the step that gave it, the words and the place of what decided.

    `by` is the name of the flow, guardrail, management entry or essential that decided, where one did.
    `refusing` are the segments whose default is deny (steps 4 and 6; source before destination).
    """

    verdict: Verdict
    step: Step
    reason: str
    span: Span | None = None
    by: str | None = None
    refusing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision with what the packet meets.

    `observed`: a deny that only is logged. `uncovered`: no point stands between, so nothing enforces it.
    `unbound`: an end's segment is on no interface of any gateway, so its packets die there.
    """

    decision: Decision
    effect: Effect
    observed: bool = False
    uncovered: bool = False
    unbound: bool = False
