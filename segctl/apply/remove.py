"""Our tables away. What is left is said by whoever asks: open, or closed but for management."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from segctl.apply import hold
from segctl.apply.alone import alone
from segctl.apply.flip import side_of
from segctl.apply.hits import put_by
from segctl.apply.result import CannotApply, NotApplied, Removed
from segctl.apply.slots import SLOTS, read_slots
from segctl.apply.step import Step, nothing, run
from segctl.compile import render_delete
from segctl.kernel import netlink, nft
from segctl.kernel.errors import KernelError
from segctl.model.generation import Side
from segctl.model.moment import milliseconds
from segctl.runner import Runner, RunnerError
from segctl.store import Damaged, Standing, State, StoreError
from segctl.store.overrides import Override, OverrideKind


@dataclass(slots=True)
class Removal:
    """One under way. `side`: of the generation that is live, for what stays open to management. `found`, `noted`: what
    stood on disk, of whatever form; `overrides`: what of it could be read.
    """

    runner: Runner
    state: State
    closed: bool
    side: Side | None
    at: datetime
    why: str
    touched: bool = False
    found: bytes | None = field(init=False)
    noted: bytes | None = field(init=False)
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        self.found = self.state.standing_as_it_is()
        self.noted = self.state.overrides.as_they_are()
        with suppress(Damaged):
            self.overrides = self.state.overrides.all()


def begin(job: Removal) -> None:
    """Written down."""
    job.state.journal.write("remove", "begun", leave="closed" if job.closed else "open", why=job.why)


def record(job: Removal) -> None:
    """Nothing of ours is loaded at boot any more, or only what keeps it closed."""
    job.touched = True
    job.state.stand(Standing(None, None, job.closed))


def unrecord(job: Removal) -> None:
    """As it stood."""
    job.state.put_back(job.found)


def forget_overrides(job: Removal) -> None:
    """The last of it: what a disk doesn't let go is held again by the next apply."""
    with suppress(StoreError):
        if job.noted is not None:
            job.state.overrides.write(())


def shut(job: Removal) -> None:
    """Closed first, where it is to be left so: there is no moment in between."""
    if job.closed and job.side is not None:
        now = milliseconds(job.at)
        made = Override(0, OverrideKind.PANIC, (), job.why, "remove", now)
        hold.sync(job.runner, job.side, (*job.overrides, made), now)


def unshut(job: Removal) -> None:
    """What is held is what was held."""
    if job.side is not None:
        hold.sync(job.runner, job.side, job.overrides, milliseconds(job.at))


def take_away(job: Removal) -> None:
    """Both slots in one transaction, and the hold table where it is left open."""
    there = [one.name for one in netlink.tables(job.runner) if one.family == "inet"]
    gone = [*SLOTS, *([] if job.closed else [hold.TABLE])]
    for slot in SLOTS:
        if slot in there:
            put_by(job.runner, job.state, slot)
    text = "\n".join(render_delete(name) for name in gone if name in there)
    if text:
        nft.load(job.runner, text)


REMOVE: tuple[Step[Removal], ...] = (
    Step("begin", begin, nothing),
    Step("record", record, unrecord),
    Step("shut", shut, unshut),
    Step("take away", take_away, nothing),
    Step("forget overrides", forget_overrides, nothing),
)


def _closed_already(runner: Runner, state: State) -> bool:
    with suppress(Damaged):
        return state.standing().closed and bool(hold.holding(runner, hold.clock())["panic"])
    return False


def remove(runner: Runner, *, closed: bool, at: datetime, why: str, told: Callable[[str], None] = nothing) -> Removed:
    """Take our tables away. CannotApply, StoreError: nothing was done. NotApplied: it is as it was."""
    with alone(runner, "remove") as state:
        slots = read_slots(runner)
        live = slots.live.generation if slots.live is not None else None
        side = side_of(state, live)
        if closed and live is None and _closed_already(runner, state):
            raise CannotApply(
                f"{runner.where} is closed already", "`segctl release all` or `segctl remove --leave open` opens it"
            )
        if closed and side is None:
            raise CannotApply(
                f"nothing kept says who manages {runner.where}: closed would be closed for everybody",
                "`segctl apply` first, or `--leave open`",
            )
        job = Removal(runner, state, closed, side, at, why)
        try:
            run(REMOVE, job, told)
        except (KernelError, RunnerError, StoreError) as error:
            if job.touched:
                raise NotApplied(str(error), getattr(error, "help", "")) from error
            raise
        with suppress(StoreError):
            state.journal.write("remove", "done")
        return Removed(runner.where, live, closed)
