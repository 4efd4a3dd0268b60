"""What a change of a point comes to."""

from dataclasses import dataclass


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
    applied. `foreign`: other tables on the same hooks. `tracked`: connections, and how many fit.
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
    foreign: tuple[str, ...]
    kernel: str
    nft: str
    tracked: tuple[int, int]


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
