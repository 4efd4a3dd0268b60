"""One change at a time: the lock dies with its owner, however that dies, and says who has it."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segctl.runner import Here
from segctl.runner.here import start
from segctl.store import Busy, StoreError, locked
from segctl.store.files import Folder, open_folder
from tests.odd import ODD


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = open_folder(tmp_path / "state")
    assert made is not None
    yield made
    made.close()


def holding(folder: Folder, within: Callable[[], object] = lambda: None) -> int:
    """A process that holds the lock until it is killed; by its number, once it has it."""
    mine, its = os.pipe()
    child = os.fork()
    if not child:
        with locked(folder, "apply"):
            within()
            os.write(its, b"x")
            signal.pause()
    assert os.read(mine, 1) == b"x"
    os.close(mine)
    os.close(its)
    return child


def end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_the_second_is_told_who_is_first(folder: Folder) -> None:
    child = holding(folder)
    try:
        with pytest.raises(Busy, match=f"`segctl apply` since .* \\(process {child}\\)") as told, locked(folder, "x"):
            raise AssertionError
        assert told.value.exit_code == 3 and str(folder.path / "lock") in told.value.help
    finally:
        end(child)
    with locked(folder, "rollback"):
        pass


def test_it_is_free_again_after_a_failure(folder: Folder) -> None:
    with pytest.raises(KeyError), locked(folder, "apply"):
        raise KeyError
    with locked(folder, "apply"), pytest.raises(Busy), locked(folder, "apply"):
        raise AssertionError


def test_programs_that_its_owner_started_do_not_hold_it(folder: Folder) -> None:
    """A nft that outlives a killed segctl keeps nobody out."""
    left: list[int] = []
    mine, its = os.pipe()

    def begin() -> None:
        process = start(["sleep", "60"], None, Here().where)
        os.write(its, process.pid.to_bytes(4, "big"))

    child = holding(folder, begin)
    left.append(int.from_bytes(os.read(mine, 4), "big"))
    end(child)
    os.kill(left[0], 0)  # it lives
    with locked(folder, "apply"):
        pass
    os.kill(left[0], signal.SIGKILL)
    os.close(mine)
    os.close(its)


def test_who_waits_gets_it(folder: Folder) -> None:
    child = holding(folder)
    threading.Timer(0.1, lambda: end(child)).start()
    with locked(folder, "quarantine", wait=10):
        assert b"quarantine" in (folder.path / "lock").read_bytes()


def test_who_waits_in_vain_is_told(folder: Folder) -> None:
    with locked(folder, "apply"):
        begun = time.monotonic()
        with pytest.raises(Busy), locked(folder, "panic", wait=0.2):
            raise AssertionError
        assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b"7", b"\xff", b'{"user": "x"}', b"[" * 4096])
def test_whatever_stands_in_it(folder: Folder, said: bytes) -> None:
    """Who holds it may have been killed while he wrote his name there."""
    child = holding(folder)
    try:
        (folder.path / "lock").write_bytes(said)
        with pytest.raises(Busy, match="somebody is changing this point"), locked(folder, "x"):
            raise AssertionError
    finally:
        end(child)


@pytest.mark.parametrize("what", sorted(ODD))
def test_a_lock_that_is_not_ours_alone(folder: Folder, what: str) -> None:
    """Else somebody else could keep us out."""
    ODD[what](folder.path / "lock")
    with pytest.raises(StoreError, match="lock") as failed, locked(folder, "x"):
        raise AssertionError
    assert failed.value.help
