"""What is done to a point, step by step: each list of steps of segctl.apply, where it begins, and how it ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from segctl.apply.overrides import HOLD, RELEASE
from segctl.apply.remove import REMOVE
from segctl.apply.rollback import ROLLBACK
from segctl.apply.step import Step
from segctl.apply.steps import APPLY, BOOT
from tests.fault.command import Act
from tests.fault.ground import BAD, NOTHING, TEXTS, Ground, Seen

LIVE, OTHER = "what was live", "the other"
"""Of the two sites: the one that is live as it begins, and the other one."""

NONE: frozenset[str] = frozenset()
HELD, CLOSED = frozenset({"0a600109"}), frozenset({"panic"})
Side = tuple[str, frozenset[str]]
"""What is live, and what is held."""


def other(name: str) -> str:
    """The other site."""
    return "new" if name == "old" else "old"


@dataclass(frozen=True)
class Doing:
    """One of them. `prepare`: brings any ground to where it begins; `act`: the command. `before`, `after`: what is live
    and held on both sides, `between`: closed, half-way. `again`: exit codes of the same command once it is done.
    """

    name: str
    steps: Sequence[Step[Any]]
    prepare: Callable[[Ground], None]
    act: Callable[[Ground], Act]
    before: Side
    after: Side
    between: Side | None = None
    again: tuple[int, ...] = (0,)

    def at(self, ground: Ground, seen: Seen) -> str:
        """On which side that is: before, after, closed between them, or "" for none of them."""
        names = {ground.base: LIVE, other(ground.base): OTHER}
        now = names.get(seen.live, seen.live), seen.held
        sides = {self.before: "before", self.after: "after", self.between: "closed"}
        return sides.get(now, "") if seen.holds else ""


def _nothing(ground: Ground) -> None:
    ground.begin()
    ground.base = "new"  # so that it is the old one that comes


def one(ground: Ground) -> None:
    """One is live and confirmed, nothing is held."""
    if ground.seen().held or ground.noted():
        ground.does(ground.typed("release", "all"))
    seen = ground.seen()
    standing = ground.standing()
    if seen.live not in TEXTS or standing is None or standing.confirmed != seen.number:
        ground.does(ground.apply("old"))
        seen = ground.seen()
    ground.base = seen.live


def two(ground: Ground) -> None:
    """One is live, the other one sleeps."""
    one(ground)
    if ground.sleeping() != other(ground.base):
        ground.does(ground.apply(other(ground.base)))
        ground.base = ground.seen().live


def _held(ground: Ground) -> None:
    one(ground)
    ground.does(ground.typed("quarantine", BAD, "--why", "a test"))


def _off(ground: Ground) -> None:
    """One is confirmed, and the machine has just been switched on."""
    standing = ground.standing()
    known = NOTHING if standing is None or standing.confirmed is None else ground.kept(standing.confirmed)
    if known not in TEXTS or ground.noted():
        one(ground)
        known = ground.base
    ground.base = known
    ground.reboot()


DOINGS = {
    doing.name: doing
    for doing in (
        Doing("apply", APPLY, one, lambda g: g.apply(other(g.base)), (LIVE, NONE), (OTHER, NONE)),
        Doing("first apply", APPLY, _nothing, lambda g: g.apply("old"), (NOTHING, NONE), (OTHER, NONE)),
        Doing("rollback", ROLLBACK, two, lambda g: g.typed("rollback"), (LIVE, NONE), (OTHER, NONE)),
        Doing("quarantine", HOLD, one, lambda g: g.typed("quarantine", BAD, "--why", "x"), (LIVE, NONE), (LIVE, HELD)),
        Doing("panic", HOLD, one, lambda g: g.typed("panic", "--why", "x"), (LIVE, NONE), (LIVE, CLOSED)),
        Doing("release", RELEASE, _held, lambda g: g.typed("release", BAD), (LIVE, HELD), (LIVE, NONE), again=(0, 3)),
        Doing("boot", BOOT, _off, lambda g: g.typed("boot"), (NOTHING, NONE), (LIVE, NONE), between=(NOTHING, CLOSED)),
        Doing("remove, open", REMOVE, one, lambda g: g.typed("remove", "--leave", "open"),
              (LIVE, NONE), (NOTHING, NONE)),
        Doing("remove, closed", REMOVE, one, lambda g: g.typed("remove", "--leave", "closed"),
              (LIVE, NONE), (NOTHING, CLOSED), between=(LIVE, CLOSED), again=(0, 3)),
    )
}  # fmt: skip
