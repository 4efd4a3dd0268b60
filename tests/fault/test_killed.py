"""kill -9 of segctl at every step of whatever it does: before the step, at random instants within it, after the last.

What the kernel holds is then what it was or what it was to be, whole; the same command again does it. Or the machine
is off in that instant: `segctl boot` brings back what is confirmed, and the next command works.
"""

import os
import random
from collections.abc import Callable

import pytest

from tests.fault import judge
from tests.fault.command import At, command
from tests.fault.doings import DOINGS, Doing, other
from tests.fault.ground import TEXTS, Ground
from tests.fault.lab import Lab
from tests.fault.pool import runs
from tests.fault.record import Run, keep

pytestmark = pytest.mark.kernel
SEED = int(os.environ.get("SEGCTL_FAULT_SEED", "7"))
POINTS = [(name, at) for name, doing in DOINGS.items() for at in range(len(doing.steps) + 1)]
WITHIN = [(name, at) for name, doing in DOINGS.items() for at in range(len(doing.steps))]
TWINS = ("panic", "remove, open")
"""They take the steps of others: of quarantine, and of removal that leaves it closed. They are for the long runs."""
EACH = [point for point in POINTS if point[0] not in TWINS]
OFTEN = [point for point in WITHIN if point[0] not in (*TWINS, "first apply")]
SPREAD, PARTS = 300, 10
Done = Callable[[], None]
NAMES_OF_APPLY = [step.name for step in DOINGS["apply"].steps]


def named(point: tuple[str, int]) -> str:
    name, at = point
    steps = DOINGS[name].steps
    return f"{name}: {steps[at].name if at < len(steps) else 'after the last'}"


def killed_and_off(lab: Lab, point: tuple[str, int]) -> None:
    doing = DOINGS[point[0]]
    ground = lab.prepared(doing)
    run = Run("killed, and the machine rebooted", doing.name, named(point).partition(": ")[2])
    ended = command(doing.act(ground), at=At(point[1]))
    assert ended.killed == 9, ended
    _, run.side = judge.side(doing, ground)
    judge.boots(ground)
    seen = ground.seen()
    run.found = str(seen)
    wanted = other(seen.live) if seen.live in TEXTS else "old"
    after = command(ground.apply(wanted))
    assert after.code == 0 and ground.seen().live == wanted, after
    run.next, run.good = after.code, True
    keep(run)


def killed_within(lab: Lab, point: tuple[str, int], times: int = 1, seed: str = "") -> None:
    """At random instants of that step, as long as it took undisturbed; each time the same command again."""
    doing, at = DOINGS[point[0]], point[1]
    rng = random.Random(f"{SEED} {seed} {point}")
    for _ in range(times):
        ground = lab.prepared(doing)
        later = rng.uniform(0, 1.1 * durations(lab, ground, doing)[at])
        run = Run("killed", doing.name, doing.steps[at].name, more={"later": later})
        ended = command(doing.act(ground), at=At(at, later))
        run.code = ended.code
        if not ended.killed:
            judge.no_surprise(ended)
        seen, run.side = judge.side(doing, ground)
        run.found = str(seen)
        again = command(doing.act(ground))
        judge.no_surprise(again)
        assert again.code in (doing.again if run.side == "after" else (0,)), again
        _, then = judge.side(doing, ground)
        assert then == ("before" if doing.name == "rollback" and run.side == "after" else "after")
        run.next, run.good = again.code, True
        keep(run)


def killed_anywhere(lab: Lab, part: int) -> None:
    rng = random.Random(f"{SEED} anywhere {part}")
    for number, point in enumerate(sorted(rng.choices(WITHIN, k=SPREAD // PARTS))):
        killed_within(lab, point, seed=f"anywhere {part} {number}")


def durations(lab: Lab, ground: Ground, doing: Doing) -> tuple[float, ...]:
    """Of each step, as it goes when nothing is the matter; seconds."""
    if doing.name not in lab.durations:
        ended = command(doing.act(ground))
        assert ended.code == 0 and len(ended.times) == len(doing.steps), ended
        assert judge.side(doing, ground)[1] == "after"
        ends = (*ended.times[1:], ended.times[-1] + 0.02)
        lab.durations[doing.name] = tuple(end - begin for begin, end in zip(ended.times, ends, strict=True))
        lab.prepared(doing)
    return lab.durations[doing.name]


@runs(killed_and_off)
@pytest.mark.parametrize("point", EACH, ids=named)
def test_killed_before_each_step_and_off(done: Done, point: tuple[str, int]) -> None:
    """The power goes: what is on disk then is what is loaded, and the next command works."""
    done()


@runs(killed_and_off)
@pytest.mark.soak
@pytest.mark.parametrize("point", [point for point in POINTS if point not in EACH], ids=named)
def test_killed_before_each_step_and_off_the_rest(done: Done, point: tuple[str, int]) -> None:
    done()


@runs(killed_within)
@pytest.mark.parametrize("point", OFTEN, ids=named)
def test_killed_within_each_step(done: Done, point: tuple[str, int]) -> None:
    done()


@runs(killed_within)
@pytest.mark.soak
@pytest.mark.parametrize("point", WITHIN, ids=named)
@pytest.mark.parametrize("times", [5])
def test_killed_within_each_step_five_times(done: Done, point: tuple[str, int], times: int) -> None:
    done()


@runs(killed_anywhere)
@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_killed_anywhere(done: Done, part: int) -> None:
    done()


@runs(killed_within)
@pytest.mark.soak_long
@pytest.mark.parametrize("point", WITHIN, ids=named)
@pytest.mark.parametrize("times", [50])
def test_killed_within_each_step_fifty_times(done: Done, point: tuple[str, int], times: int) -> None:
    done()
