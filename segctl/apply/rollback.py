"""Back to an earlier generation: by one flip to the one that sleeps, or loaded asleep, proved and flipped to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from segctl.apply.alone import alone
from segctl.apply.change import applied, carry_out
from segctl.apply.flip import flip, put_to_sleep
from segctl.apply.job import Job, Wish
from segctl.apply.keeping import Reread
from segctl.apply.overlay import overlay
from segctl.apply.result import CannotApply, NotApplied, RolledBack, Unsettled
from segctl.apply.slots import Slots, read_slots
from segctl.apply.step import Step, nothing, run
from segctl.kernel.errors import KernelError, KernelRefused
from segctl.model.moment import milliseconds
from segctl.runner import Runner, RunnerError
from segctl.store import Source, Standing, State, StoreError


@dataclass(slots=True)
class Return:
    """One flip backwards under way. `there`: the generation that is to be live, None for nothing of ours."""

    runner: Runner
    state: State
    slots: Slots
    there: int | None
    flipped: bool = False
    found: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        self.found = self.state.standing_as_it_is()


def begin(job: Return) -> None:
    """Written down."""
    job.state.journal.write("rollback", "begun", generation=job.there)


def flip_there(job: Return) -> None:
    """One transaction."""
    live, sleeping = job.slots.live, job.slots.sleeping
    assert live is not None
    job.flipped = True
    try:
        if job.there is None or sleeping is None:
            put_to_sleep(job.runner, live.name)
        else:
            flip(job.runner, job.state, sleeping.name, job.there, live.name)
    except KernelRefused:
        job.flipped = False
        raise


def flip_forth(job: Return) -> None:
    """What was live is live again."""
    live, sleeping = job.slots.live, job.slots.sleeping
    if not job.flipped or live is None or live.generation is None:
        return
    old = sleeping.name if sleeping is not None and job.there is not None else None
    try:
        flip(job.runner, job.state, live.name, live.generation, old)
    except (KernelError, RunnerError) as error:
        raise Unsettled(
            f"the rollback failed, and generation {live.generation} can't be woken again: {error}",
            "look at our tables (`nft list ruleset`), then apply again",
        ) from error


def record(job: Return) -> None:
    """From now on it is loaded at boot."""
    job.state.stand(Standing(job.there))


def unrecord(job: Return) -> None:
    """As it stood."""
    job.state.put_back(job.found)


ROLLBACK: tuple[Step[Return], ...] = (
    Step("begin", begin, nothing),
    Step("flip", flip_there, flip_forth),
    Step("record", record, unrecord),
)


def roll_back(runner: Runner, *, to_nothing: bool = False, told: Callable[[str], None] = nothing) -> RolledBack:
    """Flip back to the generation that sleeps; with `to_nothing` and none there, ours goes to sleep.

    CannotApply, StoreError: nothing was done. NotApplied: it was tried, and what was live before is live.
    """
    with alone(runner, "rollback") as state:
        slots = read_slots(runner)
        live = slots.live.generation if slots.live is not None else None
        if live is None:
            raise CannotApply(f"no generation of ours is live on {runner.where}", "`segctl apply` makes one live")
        there = slots.sleeping.generation if slots.sleeping is not None else None
        if there is None and not to_nothing:
            raise CannotApply(
                f"generation {live} is the first on {runner.where}: there is none to go back to",
                "`--to-nothing` puts it to sleep, and nothing is enforced then",
            )
        _carried_out(Return(runner, state, slots, there), told)
        return RolledBack(runner.where, live, there)


def _carried_out(job: Return, told: Callable[[str], None]) -> None:
    try:
        run(ROLLBACK, job, told)
    except (KernelError, RunnerError, StoreError) as error:
        if job.flipped:
            raise NotApplied(str(error), getattr(error, "help", "")) from error
        raise
    with suppress(StoreError):  # it is live, and says so itself
        job.state.journal.write("rollback", "done", generation=job.there)


def roll_back_to(
    runner: Runner, number: int, at: datetime, wish: Wish, reread: Reread, told: Callable[[str], None] = nothing
) -> RolledBack:
    """Make a kept generation live again: by a flip if it sleeps, else loaded asleep, proved and flipped to.

    CannotApply, StoreError: nothing was done. NotApplied: it was tried, and what was live before is live.
    """
    with alone(runner, f"rollback {number}") as state:
        slots = read_slots(runner)
        live = slots.live.generation if slots.live is not None else None
        if live == number:
            raise CannotApply(f"generation {number} is live on {runner.where} already", "`segctl history` lists others")
        if live is not None and slots.sleeping is not None and slots.sleeping.generation == number:
            _carried_out(Return(runner, state, slots, number), told)
            return RolledBack(runner.where, live, number)
        kept = state.generations.read(number)
        if kept is None:
            known = ", ".join(map(str, state.generations.numbers())) or "none"
            raise CannotApply(f"generation {number} isn't kept for {runner.where}; kept are: {known}")
        about = kept.about
        source = Source(about.site, about.source, kept.files, about.commit)
        meaning = overlay(kept.rules.side, state.overrides.active(milliseconds(at))).over(reread(kept))
        job = Job(runner, meaning, kept.rules, at, wish, state, source, told, "rollback", number=number)
        carry_out(job)
        return RolledBack(runner.where, live, applied(job).generation)
