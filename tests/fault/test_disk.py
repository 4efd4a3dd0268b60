"""The disk is full, or can't be written, from any write on: what is live is what was, or what was to be; it is said."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.fault import judge
from tests.fault.command import Ended, command
from tests.fault.disk import Disk, from_write
from tests.fault.doings import DOINGS, Doing
from tests.fault.ground import Ground
from tests.fault.lab import Lab
from tests.fault.pool import runs
from tests.fault.record import Run, keep

pytestmark = pytest.mark.kernel
Done = Callable[[], None]
HOW: dict[str, tuple[Callable[[Disk], None], Callable[[Disk], None]]] = {
    "disk full": (Disk.fill, Disk.free),
    "disk not to be written": (Disk.freeze, Disk.thaw),
}


def at_each_write(lab: Lab, name: str, how: str) -> None:
    """One write after another, until the command has none left."""
    doing, (break_, mend) = DOINGS[name], HOW[how]
    disk, ground = lab.on_a_disk(name)
    reached = lab.folder / "reached"
    for number in range(1, 40):
        lab.prepared(doing, ground)
        before = judge.on_disk(ground)
        reached.unlink(missing_ok=True)
        ended = command(doing.act(ground), partial(from_write, number, partial(break_, disk), reached))
        mend(disk)
        if not reached.exists():
            assert ended.code == 0 and number > 2
            return
        if ended.code:
            assert judge.on_disk(ground) == before, ended
        _judged(Run(how, name, f"write {number}: {reached.read_text()}"), doing, ground, ended)
    raise AssertionError("no end of writes")


def _judged(run: Run, doing: Doing, ground: Ground, ended: Ended) -> None:
    judge.no_surprise(ended)
    run.code, run.said = ended.code, ended.err.splitlines()[0] if ended.err else ""
    seen, run.side = judge.side(doing, ground)
    run.found = str(seen)
    assert run.side == ("before" if ended.code else "after"), ended
    if ended.code:
        assert (
            ended.code in (3, 4) and "can't be written" in ended.err and "what was there before is there" in ended.err
        )
    again = command(doing.act(ground))
    assert again.code in (doing.again if run.side == "after" else (0,)), again
    run.next, run.good = again.code, True
    keep(run)


def read_only(lab: Lab, name: str) -> None:
    """From the beginning, as after an error of the file system."""
    doing = DOINGS[name]
    disk, ground = lab.on_a_disk(name)
    lab.prepared(doing, ground)
    disk.read_only()
    ended = command(doing.act(ground))
    status = command(ground.typed("status"))
    disk.writable()
    assert status.code == 0, status
    run = Run("disk read-only", name)
    judge.no_surprise(ended)
    assert (ended.code == 0) == (name == "boot"), ended
    assert ended.code in (0, 3) and ("Read-only file system" in ended.err) == bool(ended.code), ended
    run.code, run.said = ended.code, ended.err.splitlines()[0] if ended.err else ""
    seen, run.side = judge.side(doing, ground)
    run.found = str(seen)
    assert run.side == ("before" if ended.code else "after")
    again = command(doing.act(ground))
    assert again.code == 0, again
    run.next, run.good = again.code, True
    keep(run)


FROZEN = ("quarantine", "boot")


@runs(at_each_write)
@pytest.mark.parametrize(
    ("how", "name"),
    [
        *(("disk full", name) for name in DOINGS if name != "apply"),
        *(("disk not to be written", name) for name in FROZEN),
    ],
)
def test_from_each_write_on(done: Done, how: str, name: str) -> None:
    done()


@runs(at_each_write)
@pytest.mark.soak
@pytest.mark.parametrize("name", DOINGS)
@pytest.mark.parametrize("how", HOW)
def test_from_each_write_on_all_of_it(done: Done, how: str, name: str) -> None:
    """With old generations that are thrown away, too."""
    done()


@runs(read_only)
@pytest.mark.parametrize("name", [name for name in DOINGS if name != "first apply"])
def test_read_only(done: Done, name: str) -> None:
    done()
