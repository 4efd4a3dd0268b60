"""Drift repaired by itself: whenever nf_tables changes, and now and then."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from segctl.apply.alone import alone
from segctl.apply.change import carry_out
from segctl.apply.drift import compared
from segctl.apply.job import Job, Wish
from segctl.apply.keeping import Reread
from segctl.apply.overlay import overlay
from segctl.apply.result import CannotApply, NotApplied
from segctl.apply.slots import read_slots
from segctl.kernel.errors import KernelError
from segctl.kernel.tables import generation
from segctl.model.moment import milliseconds
from segctl.runner import Runner, RunnerError
from segctl.store import Source, StoreError

_LOOK = 1.0  # seconds between two looks at the kernel's count of changes
_ALWAYS = 30.0  # seconds after which all is compared whether something changed or not


def watch(runner: Runner, reread: Reread, told: Callable[[str], None]) -> None:
    """For ever; each repair is told, and each that fails."""
    seen, when = -1, 0.0
    while True:
        try:
            now = generation(runner)
            if now != seen or time.monotonic() - when > _ALWAYS:
                for part in repair(runner, reread, told):
                    told(f"repaired on {runner.where}: {part}")
                seen, when = generation(runner), time.monotonic()
        except (CannotApply, NotApplied, KernelError, RunnerError, StoreError) as error:
            told(f"not repaired on {runner.where}: {error}")
        time.sleep(_LOOK)


def repair(runner: Runner, reread: Reread, told: Callable[[str], None]) -> tuple[str, ...]:
    """Bring the generation back that should be live, asleep and proved first; what was wrong, empty if nothing was."""
    at = datetime.now(UTC)
    with alone(runner, "apply --watch", wait=_ALWAYS) as state:
        kept, parts = compared(runner, state, read_slots(runner), at)
        if not parts:
            return ()
        about = kept.about
        meaning = overlay(kept.rules.side, state.overrides.active(milliseconds(at))).over(reread(kept))
        source = Source(about.site, about.source, kept.files, about.commit)
        job = Job(runner, meaning, kept.rules, at, Wish(), state, source, told, "repair", number=about.number)
        carry_out(job)
        return parts
