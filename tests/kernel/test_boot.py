"""boot: what was confirmed last and what remains of overrides, from nothing; else closed, and loud."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segctl.apply import CannotApply, Wish
from segctl.apply import apply as apply_rules
from segctl.apply.boot import boot
from segctl.apply.hold import holding
from segctl.apply.job import Proving
from segctl.apply.overrides import now, panic, quarantine, release
from segctl.apply.remove import remove
from segctl.apply.slots import read_slots
from segctl.apply.status import status
from segctl.apply.verify import differences
from segctl.store import state_of
from segctl.store.state import root
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, NEXT, OLD, Place, compiled
from tests.kernel.wrapped import only, reading, wrapped
from tests.odd import NOBODY
from tests.sites import AT

pytestmark = pytest.mark.kernel
HELD = (10 << 24 | 96 << 16 | 1 << 8 | 9).to_bytes(4, "big")
PANIC = {b"\x02", b"\x0a"}


class Booting(Place):
    """A place that is switched off and on again."""

    def boot(self) -> tuple[int | None, str]:
        """Without any table of ours; what is live then, and why it is closed."""
        self.nft("flush ruleset")
        return self.boot_as_it_is()

    def boot_as_it_is(self) -> tuple[int | None, str]:
        done = boot(self.runner, datetime.now(UTC))
        live = read_slots(self.runner).live
        assert bool(done.closed) == bool(self.held_back()["panic"])
        assert done.generation == (live.generation if live else None) or done.closed
        return done.generation, done.closed

    def held_back(self) -> dict[str, dict[bytes, int]]:
        return holding(self.runner, now())

    @property
    def folder(self) -> Path:
        return root() / self.runner.key


@pytest.fixture
def place(namespace: MakeNamespace) -> Booting:
    """Generation 1 is confirmed."""
    made = Booting(namespace())
    made.apply(OLD)
    return made


def test_what_was_confirmed_is_there_as_it_was(place: Booting) -> None:
    before = place.held()
    assert place.boot() == (1, "")
    after = place.held()
    assert before and after and not differences(before[1], after[1])
    assert place.boot_as_it_is() == (1, "")  # again: nothing changes
    assert place.held() == after
    assert status(place.runner, AT).drift == ()
    assert place.apply(NEW).generation == 2


def test_what_waited_for_its_confirmation_is_not(place: Booting) -> None:
    wish = Wish(proving=Proving.LEFT_OUT, confirm=3600)
    assert apply_rules(place.runner, *compiled(NEW), AT, wish).generation == 2
    with state_of(place.runner) as state:
        pending = state.standing().pending if state else None
    assert pending
    os.kill(pending.guard, 9)
    assert place.boot() == (1, "")
    with state_of(place.runner) as state:
        assert state and state.standing().pending is None
    assert place.apply(NEXT).generation == 3


def test_what_was_held_is_held_for_what_remains_of_it(place: Booting) -> None:
    end = now() + 3_600_000
    quarantine(place.runner, "10.96.1.9", end, "why")
    quarantine(place.runner, "10.96.1.10", 0, "for long")
    panic(place.runner, now() + 30, "soon over")
    assert place.boot() == (1, "")
    found = place.held_back()["held4"]
    assert len(found) == 2 and abs(found[HELD] - end) < 2000 and 0 in found.values()


def test_the_rest_of_the_state_is_not_needed(place: Booting) -> None:
    for name in ("journal", "lock", "hits"):
        (place.folder / name).unlink(missing_ok=True)
    assert place.boot() == (1, "")


def test_conntrack_is_not_needed(place: Booting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.nft("flush ruleset")
    monkeypatch.setenv("PATH", only(tmp_path / "bin", "nft", "cat"))
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    assert place.boot_as_it_is() == (1, "")


def test_where_nothing_ever_was_nothing_is(namespace: MakeNamespace) -> None:
    place = Booting(namespace())
    assert place.boot() == (None, "") and place.tables() == set() and not place.folder.exists()
    place.apply(OLD)
    remove(place.runner, closed=False, at=AT, why="moved")
    assert place.boot() == (None, "") and place.tables() == set()


def test_left_closed_it_stays_closed_until_rules_come(place: Booting) -> None:
    remove(place.runner, closed=True, at=datetime.now(UTC), why="moved")
    generation, why = place.boot()
    assert generation is None and "remove --leave closed" in why
    assert place.apply(NEW).generation == 2
    assert not any(place.held_back().values()) and place.boot() == (2, "")


# -- closed -----------------------------------------------------------------------------------------------------------

LOST: dict[str, Callable[[Path], object]] = {
    "its rules are gone": lambda folder: (folder / "generations/000001.rules").unlink(),
    "its few words are gone": lambda folder: (folder / "generations/000001.about").unlink(),
    "its side is gone": lambda folder: (folder / "generations/000001.side").unlink(),
    "no generation is left": lambda folder: emptied(folder / "generations"),
    "what is confirmed is empty": lambda folder: (folder / "standing").write_bytes(b""),
    "what is confirmed is a link": lambda folder: link(folder / "standing"),
    "what is confirmed is somebody else's": lambda folder: os.chown(folder / "standing", NOBODY, -1),
    "the overrides are cut off": lambda folder: (folder / "overrides").write_bytes(b"segctl overrides 1"),
    "all of it is another's": lambda folder: os.chown(folder, NOBODY, -1),
    "all of it is open to all": lambda folder: folder.chmod(0o755),
    "all of it is a link": lambda folder: link(folder),
    "its generations are open to all": lambda folder: (folder / "generations").chmod(0o755),
    "its generations are missing": lambda folder: shutil.rmtree(folder / "generations"),
    "its generations are a file": lambda folder: file_instead(folder / "generations"),
}


def emptied(folder: Path) -> None:
    for one in folder.iterdir():
        one.unlink()


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def file_instead(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.touch(0o600)


@pytest.fixture(scope="module")
def shared() -> Iterator[Booting]:
    """Generation 1 is confirmed, for all that damage its state and find it whole again."""
    name = f"segt{os.getpid()}-boot"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        made = Booting(name)
        made.apply(OLD)
        yield made
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.mark.parametrize("what", LOST)
def test_what_can_not_be_relied_on_closes(shared: Booting, what: str, tmp_path: Path) -> None:
    shutil.copytree(shared.folder, tmp_path / "whole")
    LOST[what](shared.folder)
    generation, why = shared.boot()
    assert generation is None and why
    assert {one.name for one in shared.tables()} == {"segctl_hold"} and set(shared.held_back()["panic"]) == PANIC
    for left in (shared.folder, shared.folder.with_name("elsewhere")):
        if left.is_symlink():
            left.unlink()
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(tmp_path / "whole", shared.folder)


def test_released_it_is_open(place: Booting) -> None:
    (place.folder / "generations/000001.rules").unlink()
    assert place.boot()[1]
    release(place.runner, "all", "looked at")
    assert place.tables() == set()


def test_rules_open_what_was_closed(place: Booting) -> None:
    (place.folder / "generations/000001.rules").unlink()
    assert place.boot()[1]
    assert place.apply(NEW).generation == 2
    assert [one.name for one in place.tables()] == ["segctl_a"] and place.boot() == (2, "")


@pytest.mark.parametrize(
    "act",
    [
        'grep -q "table inet segctl_a {" "$text" && kill -9 $$',
        'grep -q "table inet segctl_a {" "$text" && { echo "Error: no" >&2; exit 1; }',
        'grep -q "add table inet segctl_a" "$text" && kill -9 $$',
    ],
    ids=["it dies as it loads", "it says no", "it dies as it flips"],
)
def test_an_nft_that_can_not_load_closes(
    place: Booting, act: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.nft("flush ruleset")
    monkeypatch.setenv("PATH", wrapped(tmp_path / "bin", "nft", reading(tmp_path, act)))
    generation, why = place.boot_as_it_is()
    assert generation is None and ("nft" in why or "no" in why)
    assert set(place.held_back()["panic"]) == PANIC


def test_rules_that_say_no_generation_are_not_ours(place: Booting) -> None:
    """They are put to sleep, and what is kept closes: nobody knows what they are."""
    place.nft("delete chain inet segctl_a gen_00000001")
    generation, why = place.boot_as_it_is()
    assert generation is None and "says no generation" in why and read_slots(place.runner).live is None


def test_both_awake_closes(place: Booting) -> None:
    place.apply(NEW)
    place.nft("add table inet segctl_a")
    done = boot(place.runner, datetime.now(UTC))
    assert "are awake" in done.closed and set(place.held_back()["panic"]) == PANIC


def test_without_nft_it_is_said_that_everything_passes(
    place: Booting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.nft("flush ruleset")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    with pytest.raises(
        CannotApply, match=r"nft isn't installed.*can't be closed either.*NOTHING IS FILTERED"
    ) as failed:
        boot(place.runner, datetime.now(UTC))
    assert "apt install nftables" in failed.value.help
