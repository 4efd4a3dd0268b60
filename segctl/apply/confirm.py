"""A generation that is taken back by itself unless somebody confirms it: the guard, and the confirmation.

The guard outlives the session that began the change. It counts by a clock that no setting of the time moves and that
goes on in suspend (clock_gettime(2), CLOCK_BOOTTIME), and begins before the flip: whoever is killed in between leaves a
guard that finds nothing to take back.
"""

import os
import select
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from segctl.apply.alone import alone
from segctl.apply.flip import flip, put_to_sleep
from segctl.apply.job import Job
from segctl.apply.result import CannotApply, Confirmed, NotApplied
from segctl.apply.slots import read_slots
from segctl.runner import Runner
from segctl.runner.detached import detach
from segctl.store import Pending, Standing, State, StoreError, locked, state_of

_TICK = 0.2
_READY = 20.0  # seconds in which the guard must stand
_PATIENCE = 5.0  # seconds for which it waits for who holds the lock; then it goes on without: a flip is whole anyway


def now() -> int:
    """Milliseconds of CLOCK_BOOTTIME."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot() -> str:
    """Which boot this is (random(4), /proc/sys/kernel/random/boot_id)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def waiting(standing: Standing, runner: Runner) -> Pending | None:
    """What waits for its confirmation: nothing that isn't live, as after a reboot, or a death before the flip."""
    pending = standing.pending
    if pending is None or pending.boot != boot():
        return None
    live = read_slots(runner).live
    return pending if live is not None and live.generation == pending.generation else None


def demand_settled(standing: Standing, runner: Runner) -> None:
    """CannotApply while a generation waits: what follows would be taken back with it, or instead of it."""
    if (pending := waiting(standing, runner)) is not None:
        raise CannotApply(
            f"generation {pending.generation} on {runner.where} waits for its confirmation",
            "`segctl confirm` keeps it, `segctl rollback` takes it back",
        )


def post_guard(job: Job) -> None:
    """Start the guard and wait until it stands, before the flip."""
    if job.wish.confirm is None:
        return
    before = job.slots.live.generation if job.slots.live else None
    deadline = now() + int(1000 * job.wish.confirm)
    pending = Pending(job.generation, before, deadline, boot())
    job.state.stand(replace(job.standing, pending=pending))
    words = [*_us(), *_place(job.runner), str(job.generation), str(deadline)]
    detach(words, f"segctl-guard-{job.runner.key}-{job.generation}-{os.getpid()}")
    end = time.monotonic() + _READY
    while time.monotonic() < end:
        standing = job.state.standing()
        if standing.pending is not None and standing.pending.guard:
            return
        time.sleep(0.02)
    raise NotApplied(f"no guard that could take generation {job.generation} back came up within {_READY:g} s")


def demand_guarded(job: Job) -> None:
    """The guard still waits: where all took longer than it had, it has found nothing to take back, and has gone."""
    pending = job.state.standing().pending
    if pending is None or (pending.generation, pending.guard) == (job.generation, 0) or not _lives(pending.guard):
        raise NotApplied(
            f"the guard of generation {job.generation} has gone: it took longer than {job.wish.confirm:g} s",
            "give it more time: `--confirm 5m`",
        )


def _lives(guard: int) -> bool:
    return Path(f"/proc/{guard}").exists()


def _us() -> list[str]:
    return [sys.executable, "-m", "segctl", "--quiet", "guard"]


def _place(runner: Runner) -> list[str]:
    """How the guard names the same place."""
    name = runner.key.removeprefix("netns-")
    return ["--here"] if name == runner.key else ["--netns", name]


def dismiss(job: Job) -> None:
    """The change failed: the guard has nothing to do any more."""
    if job.wish.confirm is not None:
        job.state.put_back(job.found)


def confirm(runner: Runner) -> Confirmed:
    """What is live stays, and is loaded at boot from now on. CannotApply if nothing waits for that."""
    with alone(runner, "confirm", wait=_PATIENCE) as state:
        standing = state.standing()
        pending = waiting(standing, runner)
        if pending is None:
            live = read_slots(runner).live
            if live is not None and live.generation is not None and live.generation != standing.confirmed:
                return _confirmed(state, runner, live.generation)  # a change that died before it wrote down its end
            _demand_in_time(state, runner)
            if live is not None and live.generation is not None:
                return Confirmed(runner.where, live.generation)  # it is confirmed already
            raise CannotApply(
                f"nothing waits for a confirmation on {runner.where}", "`segctl status` says what is live"
            )
        return _confirmed(state, runner, pending.generation)


def taken_back(journal: Iterable[Mapping[str, Any]], number: int) -> str:
    """When its guard took a generation back, if nobody went there by its number since; else ""."""
    since = ""
    for line in journal:
        if line.get("state") == "done":
            if line.get("doing") == "guard" and line.get("left") == number:
                since = str(line.get("at", ""))
            elif line.get("generation") == number:
                since = ""
    return since


def _demand_in_time(state: State, runner: Runner) -> None:
    """Who comes too late must not hear that all is well: the guard's was the last change that was made."""
    done = [line for line in state.journal.lines() if line.get("state") == "done"]
    last = done[-1] if done else {}
    if last.get("doing") == "guard":
        raise CannotApply(
            f"too late: on {runner.where}, generation {last.get('why', '')}, and was taken back",
            "`segctl status` says what is live; apply again, with more time if it needs that (`--confirm 5m`)",
        )


def _confirmed(state: State, runner: Runner, generation: int) -> Confirmed:
    state.journal.write("confirm", "begun", generation=generation)
    state.stand(Standing(generation))
    with suppress(StoreError):
        state.journal.write("confirm", "done", generation=generation)
    return Confirmed(runner.where, generation)


def stand_guard(runner: Runner, generation: int, deadline: int) -> str:
    """Wait for the confirmation until the deadline, then flip back. In words what came of it."""
    with state_of(runner, make=False) as state:
        if state is None:
            return "nothing is kept of this point"
        mine = state.standing().pending
        if mine is None or (mine.generation, mine.deadline) != (generation, deadline):
            return "nothing waits for this guard"
        mine = replace(mine, guard=os.getpid())
        state.stand(replace(state.standing(), pending=mine))
        while now() < deadline:
            select.select([], [], [], min(_TICK, max(0.0, (deadline - now()) / 1000)))  # so long, whatever clocks say
            if not _still(state, mine):
                return "it was confirmed, or taken back"
        return _in_time(state, runner, mine)


def _in_time(state: State, runner: Runner, mine: Pending) -> str:
    """The deadline is over: back, alone if that can be had soon; what fails is written down, as nobody hears us."""
    with ExitStack() as held:
        with suppress(StoreError, OSError):  # whoever holds the lock, whatever the disk says: the session is lost
            held.enter_context(locked(state.folder, "guard", _PATIENCE))
        try:
            return _take_back(state, runner, mine)
        except Exception as error:
            with suppress(StoreError):
                state.journal.write("guard", "failed", generation=mine.before, why=str(error))
            raise


def _still(state: State, mine: Pending) -> bool:
    """Whether it waits for us. What can't be read confirms nothing."""
    try:
        return state.standing().pending == mine
    except StoreError:
        return True


def _take_back(state: State, runner: Runner, mine: Pending) -> str:
    if not _still(state, mine):
        return "it was confirmed, or taken back"
    slots = read_slots(runner)
    if slots.live is not None and slots.live.generation == mine.generation:
        sleeping = slots.sleeping
        there = sleeping.generation if sleeping is not None else None
        if mine.before is None:
            put_to_sleep(runner, slots.live.name)
        elif sleeping is None or there != mine.before:
            raise CannotApply(f"generation {mine.before} doesn't sleep on {runner.where}: nothing to go back to")
        else:
            flip(runner, state, sleeping.name, mine.before, slots.live.name)
    with suppress(StoreError):
        state.stand(Standing(state.standing().confirmed))
    with suppress(StoreError):
        why = f"{mine.generation} was not confirmed"
        state.journal.write("guard", "done", generation=mine.before, left=mine.generation, why=why)
    return f"generation {mine.generation} was taken back"
