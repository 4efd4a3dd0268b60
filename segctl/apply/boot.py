"""Before the network comes up: what was confirmed last, and what remains of the overrides. Else closed, and loud.

No site and no YAML: what is loaded is what was kept, read back and compared with it. Where it can't be relied on, all
but management is shut, as far as anything that is kept still says who that is.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime

from segctl.apply import hold
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
from segctl.runner import Runner, RunnerError
from segctl.store import Busy, Kept, NotWritten, Source, Standing, State, StoreError, Unsafe, locked, state_of
from segctl.store.overrides import Override, OverrideKind
from segctl.store.state import root

_PATIENCE = 10.0  # seconds for whoever changes the point now
_CLOSED = "closed: segctl's rules couldn't be loaded"


def boot(runner: Runner, at: datetime, told: Callable[[str], None] = nothing) -> Booted:
    """Load what was confirmed last; nothing where nothing ever was. `closed` says why all but management is shut.

    Busy: somebody else changes the point. CannotApply: it could neither be loaded nor closed, and says so.
    """
    with ExitStack() as opened:
        try:
            state = _opened(runner, opened)
            if state is None:
                return Booted(runner.where, None)
        except Busy:
            raise
        except StoreError as error:
            return _close(runner, None, at, error)
        try:
            return _booted(runner, state, at, told)
        except Exception as error:  # whatever it is: what can't be loaded doesn't leave the point open
            return _close(runner, state, at, error)


def _opened(runner: Runner, opened: ExitStack) -> State | None:
    """What is kept, while nobody else changes it; None where nothing ever was.

    A disk that takes nothing (full, or mounted read-only) keeps nobody from loading what lies on it, and neither does
    a lock that isn't ours.
    """
    if not os.path.lexists(root() / runner.key):
        return None
    state = opened.enter_context(state_of(runner))
    if state is not None:
        with suppress(NotWritten, Unsafe):
            opened.enter_context(locked(state.folder, "boot", _PATIENCE))
    return state


def _booted(runner: Runner, state: State, at: datetime, told: Callable[[str], None]) -> Booted:
    standing = state.standing()
    if standing.closed:
        raise CannotApply("it was left so by `segctl remove --leave closed`")
    if standing.confirmed is None:
        return Booted(runner.where, None)
    kept = state.generations.read(standing.confirmed)
    if kept is None:
        raise CannotApply(f"generation {standing.confirmed} isn't kept any more")
    return _load(runner, state, kept, at, told)


def _load(runner: Runner, state: State, kept: Kept, at: datetime, told: Callable[[str], None]) -> Booted:
    number, about = kept.about.number, kept.about
    live = read_slots(runner).live
    if live is not None and live.generation == number:
        hold.sync(
            runner, kept.rules.side, state.overrides.all(), milliseconds(at), whole=True
        )  # or closed, if that was
        return Booted(runner.where, number)
    source = Source(about.site, about.source, kept.files, about.commit)
    carry_out(Job(runner, None, kept.rules, at, Wish(), state, source, told, "boot", number=number), BOOT)
    with suppress(StoreError):  # what waited for a confirmation waits no more: it isn't live
        state.stand(Standing(number))
    return Booted(runner.where, number)


def _close(runner: Runner, state: State | None, at: datetime, why: Exception) -> Booted:
    """All but management is shut, by the table that holds."""
    side = _newest_side(state) if state is not None else None
    now = milliseconds(at)
    held: tuple[Override, ...] = ()
    with suppress(StoreError):
        held = state.overrides.all() if state is not None else ()
    shut = Override(0, OverrideKind.PANIC, (), _CLOSED, "boot", now)
    try:
        hold.sync(runner, side or Side(no_exceptions()), (*held, shut), now)
    except (KernelError, RunnerError, NotApplied) as error:
        raise CannotApply(
            f"{runner.where} can't be loaded: {why}; and can't be closed either: {error}: NOTHING IS FILTERED there",
            getattr(error, "help", "") or getattr(why, "help", ""),
        ) from error
    with suppress(CannotApply, KernelError, RunnerError):  # it is shut whatever sleeps or wakes below
        live = read_slots(runner).live
        if live is not None and live.generation is None:
            put_to_sleep(runner, live.name)
    with suppress(StoreError):
        if state is not None:
            state.journal.write("boot", "failed", why=str(why))
    return Booted(runner.where, None, str(why), side is not None)


def _newest_side(state: State) -> Side | None:
    """Who manages this point, as the newest generation says that can be read."""
    for number in reversed(state.generations.numbers()):
        with suppress(StoreError):
            if (side := state.generations.side(number)) is not None:
                return side
    return None
