"""Back to an earlier generation: by one flip to the one that sleeps, or loaded asleep, proved and flipped to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from segctl.apply.alone import alone
from segctl.apply.change import applied, carry_out
from segctl.apply.confirm import taken_back
from segctl.apply.flip import flip, put_to_sleep
from segctl.apply.gone import way_on
from segctl.apply.job import Job, Wish
from segctl.apply.keeping import Reread
from segctl.apply.overlay import overlay
from segctl.apply.permits import known, with_permits
from segctl.apply.result import CannotApply, NotApplied, RolledBack, Unsettled
from segctl.apply.slots import Slot, Slots, awake, demand_back, generation_of, read_slots
from segctl.apply.step import Step, nothing, run
from segctl.apply.verify import differences, held, meant
from segctl.kernel.errors import KernelError, KernelRefused, NoPrivilege, ToolMissing
from segctl.model.moment import milliseconds
from segctl.runner import Runner, RunnerError
from segctl.store import Source, Standing, State, StoreError


@dataclass(slots=True)
class Return:
    """One flip backwards under way. `there`: the generation that is to be live, None for nothing of ours. `tried`: the
    flip was, `flipped`: it may have gone through.
    """

    runner: Runner
    state: State
    slots: Slots
    there: int | None
    tried: bool = False
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
    job.tried = job.flipped = True
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
        if awake(job.runner) != (live.name,):
            flip(job.runner, job.state, live.name, live.generation, old)
        job.flipped = False
    except (KernelError, RunnerError) as error:
        raise Unsettled(
            f"the rollback failed, and generation {live.generation} can't be woken again: {error}",
            "look at our tables (`nft list ruleset`), then apply again",
        ) from error


def read_awake(job: Return) -> None:
    """What is awake is what was to be, and nothing else of ours."""
    sleeping = job.slots.sleeping
    there = (sleeping.name,) if sleeping is not None and job.there is not None else ()
    now = awake(job.runner)
    if now != there or (there and generation_of(job.runner, there[0]) != job.there):
        told = " and ".join(now) or "nothing of ours"
        raise NotApplied(f"awake on {job.runner.where}: {told}: somebody else changes our tables", "`segctl status`")


def record(job: Return) -> None:
    """From now on it is loaded at boot."""
    job.state.stand(Standing(job.there))


def unrecord(job: Return) -> None:
    """As it stood."""
    job.state.put_back(job.found)


ROLLBACK: tuple[Step[Return], ...] = (
    Step("begin", begin, nothing),
    Step("flip", flip_there, flip_forth),
    Step("read back awake", read_awake, nothing),
    Step("record", record, unrecord),
)


def roll_back(runner: Runner, *, to_nothing: bool = False, told: Callable[[str], None] = nothing) -> RolledBack:
    """Flip back to the generation that sleeps, if it is as it was applied; with `to_nothing`, if none does, to nothing.

    CannotApply, StoreError: nothing was done. NotApplied: it was tried, and what was live before is live.
    """
    with alone(runner, "rollback") as state:
        slots = read_slots(runner)
        live = slots.live.generation if slots.live is not None else None
        if live is None:
            raise CannotApply(f"no generation of ours is live on {runner.where}", way_on(state))
        there = slots.sleeping.generation if slots.sleeping is not None else None
        if there is None and not to_nothing:
            raise CannotApply(
                f"generation {live} is the first on {runner.where}: there is none to go back to",
                "`--to-nothing` puts it to sleep, and nothing is enforced then",
            )
        if there is not None and (since := taken_back(state.journal.lines(), there)):
            raise CannotApply(
                f"generation {there}, which sleeps on {runner.where}, was taken back at {since}: nobody confirmed it",
                f"`segctl rollback {there}` goes there all the same; `segctl history` lists others",
            )
        if slots.sleeping is not None and (parts := _edited(runner, state, slots.sleeping)):
            raise CannotApply(
                f"generation {there} sleeps on {runner.where}, but isn't as it was applied: {'; '.join(parts)}",
                f"`segctl rollback {there}` loads it anew",
            )
        _carried_out(Return(runner, state, slots, there), told)
        return RolledBack(runner.where, live, there)


def _edited(runner: Runner, state: State, sleeping: Slot) -> tuple[str, ...]:
    """Where what sleeps differs from what was applied; nothing where that can't be known any more."""
    number, at = sleeping.generation, datetime.now(UTC)
    with suppress(StoreError, KernelError, RunnerError):  # who goes back in need isn't kept from it by that
        kept = state.generations.read(number) if number is not None else None
        if kept is not None and number is not None:
            now = milliseconds(at)
            rules = with_permits(kept.rules, known(kept.rules.side, state.overrides.active(now)), now)
            return differences(meant(rules, sleeping.name, number, at), held(runner, sleeping.name))
    return ()


def _carried_out(job: Return, told: Callable[[str], None]) -> None:
    try:
        run(ROLLBACK, job, told)
    except (KernelError, RunnerError, StoreError, NotApplied, Unsettled) as error:
        with suppress(StoreError):
            job.state.journal.write("rollback", "failed", generation=job.there, why=str(error))
        if job.tried:
            demand_back(job.runner, job.slots, error)
        if not job.tried or isinstance(error, NotApplied | Unsettled | ToolMissing | NoPrivilege):
            raise
        raise NotApplied(str(error), getattr(error, "help", "")) from error
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
        sleeping = slots.sleeping
        if (
            live is not None
            and sleeping is not None
            and sleeping.generation == number
            and not _edited(runner, state, sleeping)
        ):
            _carried_out(Return(runner, state, slots, number), told)
            return RolledBack(runner.where, live, number)
        kept = state.generations.read(number)
        if kept is None:
            others = ", ".join(map(str, state.generations.numbers())) or "none"
            raise CannotApply(f"generation {number} isn't kept for {runner.where}; kept are: {others}")
        about = kept.about
        source = Source(about.site, about.source, kept.files, about.commit)
        meaning = overlay(kept.rules.side, state.overrides.active(milliseconds(at))).over(reread(kept))
        job = Job(runner, meaning, kept.rules, at, wish, state, source, told, "rollback", number=number)
        carry_out(job)
        return RolledBack(runner.where, live, applied(job).generation)
