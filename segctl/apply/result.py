"""What a change of a point comes to."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Lost:
    """A connection that no line of the policy allows in either direction: it ends with the first flip."""

    connection: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A generation that is live. `primed` seconds; `adopted` connections got a number before the first flip.

    `proof`: what was found while it slept, among all that others hold: proven, different, unproven, or "" if nobody
    looked; `doubts`: the first differences.
    """

    point: str
    where: str
    generation: int
    slot: str
    elements: int
    digest: str
    first: bool
    primed: float = 0.0
    adopted: int = 0
    lost: tuple[Lost, ...] = ()
    proof: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What is live now: a generation, or nothing of ours (None)."""

    where: str
    left: int
    generation: int | None


class Fitness(StrEnum):
    """What came of trying a fact of the kernel; only the first is one to build on."""

    HOLDS = "holds"
    FAILS = "fails"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Tried:
    """A fact that our rules rely on, tried on this machine: `said` is what was seen, or why nothing could be.

    `without`: what becomes of us if it doesn't hold. `mends`: what to do then.
    """

    name: str
    fact: str
    found: Fitness
    said: str
    without: str
    mends: str


@dataclass(frozen=True, slots=True)
class Part:
    """Something that segctl can use and does without: whether it is here, what it is for, what brings it."""

    name: str
    there: bool
    what_for: str
    brings: str


class Level(StrEnum):
    """How grave a concern is: REFUSES stops a change before it is begun, WARNS names a danger, TELLS a fact."""

    REFUSES = "refuses"
    WARNS = "warns"
    TELLS = "tells"


@dataclass(frozen=True, slots=True)
class Concern:
    """Something at a point that bears on our rules, and isn't ours to change. `help` says what somebody can do."""

    level: Level
    what: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a machine and one place on it are fit for. `unseen`: why the place could not be looked at; else empty."""

    where: str
    tried: tuple[Tried, ...]
    parts: tuple[Part, ...]
    concerns: tuple[Concern, ...]
    unseen: str = ""

    @property
    def fit(self) -> bool:
        """Whether `apply` can work there: every fact holds, and nothing that is there refuses."""
        refused = any(concern.level is Level.REFUSES for concern in self.concerns)
        return not self.unseen and not refused and all(one.found is Fitness.HOLDS for one in self.tried)


class NotApplied(Exception):
    """It was tried and failed, and what was there before is live as it was. `help` says what to do."""

    exit_code = 4

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.help = help


class CannotApply(Exception):
    """The machine can't, or isn't as it must be; nothing was done."""

    exit_code = 3

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.help = help


class Unsettled(Exception):
    """It was tried and failed, and so did taking it back: the message says what is live. `help` says what to do."""

    exit_code = 5

    def __init__(self, what: str, help: str = "") -> None:
        super().__init__(what)
        self.help = help
