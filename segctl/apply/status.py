"""What is live on a point now, told from the kernel and not from what was meant."""

import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from segctl.apply import hold
from segctl.apply.confirm import now as boottime
from segctl.apply.confirm import waiting
from segctl.apply.drift import compared
from segctl.apply.history import version
from segctl.apply.hits import Line, hits
from segctl.apply.result import CannotApply, Concern, Status, Waiting
from segctl.apply.slots import Slots, read_slots
from segctl.apply.surroundings import look_around
from segctl.kernel import nft
from segctl.kernel.errors import KernelError
from segctl.model.moment import milliseconds, moment
from segctl.runner import Runner
from segctl.store import About, Standing, State, StoreError, state_of
from segctl.store.overrides import Override, OverrideKind

T = TypeVar("T")


def status(runner: Runner, at: datetime) -> Status:
    """All of it. KernelError where the kernel can't be asked; what is kept and can't be read says so in `drift`."""
    slots = read_slots(runner)
    live, number = slots.live, slots.live.generation if slots.live is not None else None
    with ExitStack() as opened:
        kept = _Kept()
        state = kept.read(lambda: opened.enter_context(state_of(runner, make=False)), None)
        standing = kept.read(state.standing, Standing()) if state is not None else Standing()
        holding: tuple[Override, ...] = ()
        if state is not None:
            holding = kept.read(partial(state.overrides.active, milliseconds(at)), holding)
        shut_at_boot = standing.closed or bool(kept.troubles)  # boot closes where it can't read these
        counted: dict[Line, int] = {}
        about = None
        if state is not None:
            kept.read(state.hits, counted)
            counted = kept.read(partial(hits, runner, state), counted)
            about = kept.read(partial(_about, state, number), about)
        shut = kept.read(partial(_shut, runner, holding), False)
        around: tuple[Concern, ...] = ()
        around = kept.read(lambda: look_around(runner).concerns(), around)
        return Status(
            runner.where,
            number,
            live.name if live is not None else "",
            version(about, "live") if about is not None else None,
            standing.confirmed,
            _waiting(standing, runner),
            tuple(dict.fromkeys((*_drift(runner, state, slots, at), *kept.troubles))),
            tuple((*line, count) for line, count in sorted(counted.items())),
            tuple(map(words, holding)),
            around,
            platform.release(),
            _nft_version(runner),
            _tracked(runner),
            shut,
            shut_at_boot,
        )


def _shut(runner: Runner, holding: tuple[Override, ...]) -> bool:
    """By `remove --leave closed`, or by a boot that could load nothing: no override says so."""
    panic = any(one.kind is OverrideKind.PANIC for one in holding)
    return not panic and bool(hold.holding(runner, hold.clock())["panic"])


def _about(state: State, number: int | None) -> About | None:
    return state.generations.about(number) if number is not None else None


class _Kept:
    """What is kept and what stands there, as far as it can be read; `troubles` says where it can't."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def read(self, ask: Callable[[], T], otherwise: T) -> T:
        try:
            return ask()
        except (StoreError, KernelError) as error:
            help = getattr(error, "help", "")
            self.troubles.append(f"{error} ({help})" if help else str(error))
            return otherwise


def _waiting(standing: Standing, runner: Runner) -> Waiting | None:
    pending = waiting(standing, runner)
    if pending is None:
        return None
    left = max(0, pending.deadline - boottime()) / 1000
    return Waiting(pending.generation, left, bool(pending.guard) and Path(f"/proc/{pending.guard}").exists())


def _nft_version(runner: Runner) -> str:
    try:
        return ".".join(map(str, nft.version(runner)))
    except KernelError as error:
        return f"unknown: {error}"


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
