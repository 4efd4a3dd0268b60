"""Before the network comes up: what was confirmed last, and what remains of the overrides. Else closed, and loud.

No site and no YAML: what is loaded is what was kept, read back and compared with it. Where it can't be relied on, all
but management is shut, as far as anything that is kept still says who that is.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from segctl.apply import hold
from segctl.apply.alone import alone
from segctl.apply.change import carry_out
from segctl.apply.flip import put_to_sleep
from segctl.apply.job import Job, Wish
from segctl.apply.result import Booted, CannotApply, NotApplied
from segctl.apply.slots import read_slots
from segctl.apply.step import nothing
from segctl.apply.steps import BOOT
from segctl.compile import no_exceptions
from segctl.kernel.errors import KernelError
from segctl.model.generation import Side
from segctl.model.moment import milliseconds
from segctl.runner import Runner
from segctl.store import Kept, Source, Standing, State, StoreError
from segctl.store.overrides import Override, OverrideKind

_CLOSED = "closed: segctl's rules couldn't be loaded"


def boot(runner: Runner, at: datetime, told: Callable[[str], None] = nothing) -> Booted:
    """Load what was confirmed last; nothing where nothing ever was. `closed` says why all but management is shut.

    StoreError, KernelError: not even that could be done.
    """
    with alone(runner, "boot") as state:
        try:
            standing = state.standing()
        except StoreError as error:
            return _close(runner, state, at, str(error))
        if standing.closed:
            return _close(runner, state, at, "it was left so by `segctl remove --leave closed`")
        if standing.confirmed is None:
            return Booted(runner.where, None)
        try:
            kept = state.generations.read(standing.confirmed)
            if kept is None:
                return _close(runner, state, at, f"generation {standing.confirmed} isn't kept any more")
            return _load(runner, state, kept, at, told)
        except (StoreError, KernelError, NotApplied, CannotApply) as error:
            return _close(runner, state, at, str(error))


def _load(runner: Runner, state: State, kept: Kept, at: datetime, told: Callable[[str], None]) -> Booted:
    number, about = kept.about.number, kept.about
    live = read_slots(runner).live
    if live is not None and live.generation == number:
        hold.sync(runner, kept.rules.side, state.overrides.all(), milliseconds(at))  # or closed, if that was
        return Booted(runner.where, number)
    source = Source(about.site, about.source, kept.files, about.commit)
    carry_out(Job(runner, None, kept.rules, at, Wish(), state, source, told, "boot", number=number), BOOT)
    with suppress(StoreError):  # what waited for a confirmation waits no more: it isn't live
        state.stand(Standing(number))
    return Booted(runner.where, number)


def _close(runner: Runner, state: State, at: datetime, why: str) -> Booted:
    """All but management is shut, by the table that holds."""
    side = _newest_side(state)
    now = milliseconds(at)
    held: tuple[Override, ...] = ()
    with suppress(StoreError):
        held = state.overrides.all()
    shut = Override(0, OverrideKind.PANIC, (), _CLOSED, "boot", now)
    hold.sync(runner, side or Side(no_exceptions()), (*held, shut), now)
    live = read_slots(runner).live
    if live is not None and live.generation is None:
        put_to_sleep(runner, live.name)
    with suppress(StoreError):
        state.journal.write("boot", "failed", why=why)
    return Booted(runner.where, None, why, side is not None)


def _newest_side(state: State) -> Side | None:
    """Who manages this point, as the newest generation says that can be read."""
    for number in reversed(state.generations.numbers()):
        with suppress(StoreError):
            if (side := state.generations.side(number)) is not None:
                return side
    return None
