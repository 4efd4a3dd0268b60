"""What a change of a point comes to."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.model.packet import Packet
from segctl.model.rule_said import RuleSaid


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
class Lost:
    """A connection that no line of the policy allows: it ends with the flip."""

    connection: str


@dataclass(frozen=True, slots=True)
class Applied:
    """A generation that is live. `primed` seconds; `adopted` connections got a number before the first flip.

    `proof`: what was found while it slept, among all that others hold: proven, different, unproven, or "" if nobody
    looked; `doubts`: the first differences. `concerns`: what others have there that bears on our rules.
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
    concerns: tuple[Concern, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do on a point now. `live`: the generation there, None for none; `refused`: why it would do
    nothing, in words. `rules`, `elements`: how many before and after. `cut`: connections that would end; `first`: what
    stays silent for longer than the priming ends as well, and can't be listed. `proof` and `doubts` as in Applied.
    `same`: rules and elements are those that are live.
    """

    point: str
    where: str
    live: int | None
    refused: tuple[str, ...]
    rules: tuple[int, int]
    elements: tuple[int, int]
    same: bool
    cut: tuple[Lost, ...]
    first: bool
    proof: str
    doubts: tuple[str, ...]
    concerns: tuple[Concern, ...]
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What is live now: a generation, or nothing of ours (None); and what was."""

    where: str
    left: int | None
    generation: int | None


@dataclass(frozen=True, slots=True)
class Version:
    """A generation that is kept. `mark`: whether it is live, confirmed, waits; `commit` ends with + if changes weren't
    committed; `at`: RFC 3339, UTC.
    """

    number: int
    mark: str
    at: str
    by: str
    site: str
    commit: str
    proof: str
    elements: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Where the kernel isn't as `generation` was applied: `parts` in words of rules and elements; `connections`: what
    passes or doesn't because of that. Both empty: there is none.
    """

    where: str
    generation: int
    parts: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A generation that is taken back unless it is confirmed: in how many seconds; whether its guard is there."""

    generation: int
    seconds: float
    guarded: bool


@dataclass(frozen=True, slots=True)
class Status:
    """What is live on a point and what bears on it. `live` None: nothing of ours. `hits`: kind, name, connections that
    the line let through, over all generations. `confirmed`: what is loaded at boot. `drift`: where the kernel isn't as
    applied. `concerns`: what others have there that bears on our rules. `tracked`: connections, and how many fit.
    `closed`: all but management is shut, and no override says so; `closed_at_boot`: the next boot shuts it.
    """

    where: str
    live: int | None
    slot: str
    about: Version | None
    confirmed: int | None
    waiting: Waiting | None
    drift: tuple[str, ...]
    hits: tuple[tuple[str, str, int], ...]
    overrides: tuple[str, ...]
    concerns: tuple[Concern, ...]
    kernel: str
    nft: str
    tracked: tuple[int, int]
    closed: bool = False
    closed_at_boot: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """Connections that passed for their ends only observe."""

    source: str
    destination: str
    service: str
    packets: int


@dataclass(frozen=True, slots=True)
class WouldDeny:
    """What a generation noted of them; `overflow`: packets that found no room."""

    where: str
    generation: int
    observed: tuple[Observed, ...]
    overflow: int


@dataclass(frozen=True, slots=True)
class History:
    """All that are kept of a point, the newest first."""

    where: str
    generations: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Booted:
    """What is live after `boot`. `closed`: why all but management is shut ("" if it isn't); `managed`: whether
    anything that is kept said who manages the point.
    """

    where: str
    generation: int | None
    closed: str = ""
    managed: bool = True


@dataclass(frozen=True, slots=True)
class Removed:
    """Our tables are gone; `generation` was live. `closed`: all but management is shut."""

    where: str
    generation: int | None
    closed: bool


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The generation that stays."""

    where: str
    generation: int


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


@dataclass(frozen=True, slots=True)
class Carried:
    """What a point's kernel does with a packet. `rules`: the one that chose, and the one that ended its way.

    `ending`: its last word, None where nobody can say, for the reasons in `doubts`. `hits`: how often that of which
    `counts` tells was met: connections of a line of the site over all generations, or packets of a chain since it was
    loaded; None where nothing counts.
    """

    packet: Packet
    ending: str | None
    rules: tuple[RuleSaid, ...]
    hits: int | None
    counts: str
    doubts: tuple[str, ...] = ()
    wanted: str = ""

    @property
    def otherwise(self) -> bool:
        """Whether the kernel does something else than the site says (`wanted`: pass, drop or reject)."""
        return bool(self.wanted and self.ending) and (self.wanted == "pass") != (self.ending == "accept")
