"""apply --confirm, and then: segctl killed at each step, its guard killed, the clock a year off, the machine off."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from segctl.apply.steps import APPLY
from tests.fault import judge
from tests.fault.command import At, command, dismiss, is_guard
from tests.fault.doings import DOINGS, other
from tests.fault.ground import UNLOOKED, Ground
from tests.fault.lab import Lab
from tests.fault.pool import runs
from tests.fault.record import Run, keep

pytestmark = pytest.mark.kernel
Done = Callable[[], None]
NAMES = [step.name for step in APPLY]
POSTED = NAMES.index("post guard")
SOON, LATE = 2.0, 300.0
YEAR = 366 * 86_400


def ground_of(lab: Lab) -> Ground:
    return lab.prepared(replace(DOINGS["apply"], name="guarded"))


def guard_of(ground: Ground) -> int:
    """The guard's process, once it has said so; 0 for none."""
    standing = ground.standing()
    return standing.pending.guard if standing is not None and standing.pending is not None else 0


def ends(guard: int) -> None:
    """It ends by itself (it is our child since whoever started it has ended); 0: it has."""
    for _ in range(1000 if guard else 0):
        if os.waitpid(guard, os.WNOHANG)[0] == guard:
            return
        time.sleep(0.01)
    assert not guard, "the guard stands for ever"


def killed_with_a_guard(lab: Lab, at: int) -> None:
    """Once the guard stands, it takes back whatever segctl had done when it was killed."""
    ground = ground_of(lab)
    before = ground.seen()
    run = Run("killed, with a guard", "apply --confirm", f"before `{NAMES[at]}`" if at < len(NAMES) else "afterwards")
    ended = command(ground.apply(other(ground.base), replace(UNLOOKED, confirm=SOON)), at=At(at))
    assert ended.killed == 9, ended
    ends(guard_of(ground))
    seen = ground.seen()
    assert seen == before and guard_of(ground) == 0, seen
    assert judge.on_disk(ground)[0] == (ground.base, False)
    after = command(ground.apply(other(ground.base)))
    assert after.code == 0, after
    run.found, run.side, run.next, run.good = str(seen), "before", after.code, True
    keep(run)


def guard_killed(lab: Lab, then: str) -> None:
    """Nobody takes it back: status says so, and it is confirmed or taken back by hand."""
    ground = ground_of(lab)
    site = other(ground.base)
    ended = command(ground.apply(site, replace(UNLOOKED, confirm=LATE)))
    assert ended.code == 0, ended
    guard = guard_of(ground)
    assert is_guard(guard)
    dismiss(guard)
    status = command(ground.typed("status"))
    assert status.code == 0 and "ITS GUARD IS GONE" in status.out, status
    refused = command(ground.apply(ground.base))
    assert refused.code == 3 and "waits for its confirmation" in refused.err, refused
    run = Run("guard killed", "apply --confirm", f"then {then}")
    if then == "the machine is off":
        judge.boots(ground)
        assert ground.seen().live == ground.base
    else:
        after = command(ground.typed(then))
        assert after.code == 0, after
        assert ground.seen().live == (site if then == "confirm" else ground.base)
        assert judge.on_disk(ground)[0] == (ground.seen().live, False)
    run.found, run.next, run.good = str(ground.seen()), 0, True
    assert command(ground.apply(site)).code == 0
    keep(run)


def clock(lab: Lab, years: int) -> None:
    """The deadline is one of a clock that nobody sets; what is confirmed in time by that is confirmed."""
    ground = ground_of(lab)
    site = other(ground.base)
    assert command(ground.apply(site, replace(UNLOOKED, confirm=LATE))).code == 0
    guard = guard_of(ground)
    words = [sys.executable, "-m", "segctl", "--quiet", "confirm", "--netns", ground.runner.name]
    settings = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
    done = subprocess.run(
        ["faketime", "-f", f"{years * YEAR:+d}s", *words],
        env={**os.environ, **settings},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done
    ends(guard)
    assert ground.seen().live == site and judge.on_disk(ground)[0] == (site, False)
    run = Run("clock set", "apply --confirm, confirm", f"{years:+d} year", str(ground.seen()), "after", 0)
    with_year = [line["at"][:4] for line in ground.journal() if line["doing"] == "confirm"]
    assert with_year[-1] != time.strftime("%Y")  # the clock was off, indeed
    judge.boots(ground)
    run.next = command(ground.apply(ground.base)).code
    assert run.next == 0
    run.good = True
    keep(run)


def clock_of_guard(lab: Lab, years: int) -> None:
    """A guard whose wall clock is off takes back in its time, and not before."""
    ground = ground_of(lab)
    before = ground.seen()
    settings = {"FAKETIME": f"{years * YEAR:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "LD_PRELOAD": library()}

    def off() -> None:
        os.environ.update(settings)  # for what it starts

    begun = time.monotonic()
    ended = command(ground.apply(other(ground.base), replace(UNLOOKED, confirm=SOON)), off)
    assert ended.code == 0, ended
    ends(guard_of(ground))
    assert time.monotonic() - begun >= SOON and ground.seen() == before
    last = [line["at"][:4] for line in ground.journal() if line["doing"] == "guard"][-1]
    assert last != time.strftime("%Y")
    keep(Run("clock set", "apply --confirm, the guard", f"{years:+d} year", str(before), "before", 0, good=True))


def library() -> str:
    """What faketime(1) has its command load."""
    said = subprocess.run(
        ["faketime", "-f", "+1d", "sh", "-c", "echo $LD_PRELOAD"], capture_output=True, text=True, check=True
    )
    return said.stdout.strip()


@runs(killed_with_a_guard)
@pytest.mark.parametrize("at", range(POSTED + 1, len(NAMES) + 1), ids=[*NAMES[POSTED + 1 :], "afterwards"])
def test_killed_with_a_guard(done: Done, at: int) -> None:
    done()


@runs(guard_killed)
@pytest.mark.parametrize("then", ["confirm", "rollback", "the machine is off"])
def test_the_guard_killed(done: Done, then: str) -> None:
    done()


@runs(clock)
@pytest.mark.parametrize("years", [-1, 1])
def test_the_clock_a_year_off_when_it_is_confirmed(done: Done, years: int) -> None:
    done()


@runs(clock_of_guard)
@pytest.mark.parametrize("years", [-1, 1])
def test_the_clock_a_year_off_for_the_guard(done: Done, years: int) -> None:
    done()
