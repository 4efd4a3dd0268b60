"""What is live on a point now, told from the kernel and not from what was meant."""

import platform
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from segctl.apply.confirm import now as boottime
from segctl.apply.confirm import waiting
from segctl.apply.drift import compared
from segctl.apply.history import version
from segctl.apply.hits import hits
from segctl.apply.result import CannotApply, Status, Version, Waiting
from segctl.apply.slots import Slots, read_slots
from segctl.apply.surroundings import look_around
from segctl.kernel import nft
from segctl.kernel.errors import KernelError
from segctl.model.moment import milliseconds, moment
from segctl.runner import Runner
from segctl.store import State, StoreError, state_of
from segctl.store.overrides import Override


def status(runner: Runner, at: datetime) -> Status:
    """All of it. KernelError where the kernel can't be asked; what is kept and can't be read says so in `drift`."""
    slots = read_slots(runner)
    live = slots.live
    with state_of(runner, make=False) as state:
        about = _about(state, live.generation if live is not None else None)
        return Status(
            runner.where,
            live.generation if live is not None else None,
            live.name if live is not None else "",
            about,
            state.standing().confirmed if state is not None else None,
            _waiting(state, runner),
            tuple(_drift(runner, state, slots, at)),
            tuple((*line, count) for line, count in sorted(hits(runner, state).items())) if state is not None else (),
            tuple(map(words, state.overrides.active(milliseconds(at)))) if state is not None else (),
            look_around(runner).concerns(),
            platform.release(),
            ".".join(map(str, nft.version(runner))),
            _tracked(runner),
        )


def _about(state: State | None, generation: int | None) -> Version | None:
    with suppress(StoreError):
        about = state.generations.about(generation) if state is not None and generation is not None else None
        return version(about, "live") if about is not None else None
    return None


def _waiting(state: State | None, runner: Runner) -> Waiting | None:
    pending = waiting(state, runner) if state is not None else None
    if pending is None:
        return None
    left = max(0, pending.deadline - boottime()) / 1000
    return Waiting(pending.generation, left, bool(pending.guard) and Path(f"/proc/{pending.guard}").exists())


def _drift(runner: Runner, state: State | None, slots: Slots, at: datetime) -> Iterator[str]:
    if state is None and slots.live is None:
        return
    try:
        yield from compared(runner, state, slots, at)[1]
    except (CannotApply, StoreError, KernelError) as error:
        if slots.live is not None or not isinstance(error, CannotApply):
            yield str(error)


def _tracked(runner: Runner) -> tuple[int, int]:
    """nf_conntrack-sysctl(kernel documentation): count and max; 0 where nothing is tracked."""
    found = []
    with runner.inside():
        for name in ("nf_conntrack_count", "nf_conntrack_max"):
            value = ""
            with suppress(OSError):
                value = Path(f"/proc/sys/net/netfilter/{name}").read_text().strip()
            found.append(int(value) if value.isdigit() else 0)
    return found[0], found[1]


def words(one: Override) -> str:
    """An override in a line."""
    end = f"until {moment(one.until):%Y-%m-%dT%H:%M:%SZ}" if one.until else "until it is released"
    return f"{one.id}: {' '.join((str(one.kind), *one.words[:3]))} {end} ({one.who}: {one.why})"
