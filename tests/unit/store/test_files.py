"""A folder of ours: files whole or not at all, of us alone, and never through a link."""

import os
import random
import resource
import signal
import stat
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segctl.store import Damaged, NotWritten, StoreError, Unsafe
from segctl.store.files import Folder, open_folder
from tests.odd import NOBODY, ODD

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = open_folder(tmp_path / "state")
    assert made is not None
    yield made
    made.close()


def there(folder: Folder) -> list[str]:
    """All that lies in it, what hides too."""
    return [one.name for one in folder.path.iterdir()]


def in_a_child(act: Callable[[], None], bytes_each: int | None = None) -> int:
    """In a process of its own, its files limited to some bytes each (setrlimit(2)); its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        if bytes_each is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_each, bytes_each))
        act()
        os._exit(0)
    finally:
        os._exit(1)


def fails(act: Callable[[], object], kind: type[StoreError]) -> Callable[[], None]:
    def tried() -> None:
        with pytest.raises(kind):
            act()

    return tried


# -- whole or not at all ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read(folder: Folder) -> None:
    assert folder.read("standing") is None
    folder.write("standing", b"one")
    folder.write("standing", b"two")
    assert folder.read("standing") == b"two"
    assert folder.names() == ["standing"]
    folder.remove("standing")
    folder.remove("standing")
    assert folder.read("standing") is None and folder.names() == []


@pytest.mark.parametrize("umask", [0, 0o022])
def test_for_us_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        made = open_folder(tmp_path / "state")
        assert made is not None
        made.write("a", b"x")
        made.append("b", b"x")
    finally:
        os.umask(before)
    modes = [(tmp_path / "state" / name).stat().st_mode & 0o077 for name in (".", "a", "b")]
    made.close()
    assert modes == [0, 0, 0]


def test_on_disk_before_it_has_its_name_and_the_name_before_we_go_on(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    flush, rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        flush(descriptor)

    def renamed(old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        done.append("rename")
        rename(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", renamed)
    folder.write("standing", b"one")
    assert done == ["file", "rename", "folder"]
    del done[:]
    folder.append("journal", b"one")
    folder.append("journal", b"two")
    folder.remove("standing")
    assert done == ["file", "folder", "file", "folder"]


def test_killed_while_it_writes_the_old_or_the_new_is_there(folder: Folder) -> None:
    contents = [bytes([letter]) * size for letter, size in zip(b"abc", (10, 70_000, 300), strict=True)]
    folder.write("rules", contents[0])
    rng = random.Random(7)

    def write_on() -> None:
        while True:
            for one in contents:
                folder.write("rules", one)

    for _ in range(12):
        child = os.fork()
        if not child:
            write_on()
        time.sleep(rng.uniform(0, 0.004))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert folder.read("rules") in contents
    assert folder.names() == ["rules"]  # what was half written hides
    folder.write("rules", b"next")
    assert folder.read("rules") == b"next" and there(folder) == ["rules"]


def test_a_disk_that_takes_no_more_leaves_the_old(folder: Folder) -> None:
    folder.write("rules", b"old" * 10)
    with pytest.raises(NotWritten):  # a name that no file can have
        folder.write("x" * 300, b"new")
    assert in_a_child(fails(lambda: folder.write("rules", b"new" * 100), NotWritten), bytes_each=100) == 0
    assert folder.read("rules") == b"old" * 10
    assert there(folder) == ["rules"]


def test_a_line_that_does_not_fit_is_not_there_in_part(folder: Folder) -> None:
    folder.append("journal", b"one")
    assert in_a_child(fails(lambda: folder.append("journal", b"two" * 100), NotWritten), bytes_each=50) == 0
    assert folder.read("journal") == b"one\n"


def test_what_a_power_cut_left_of_a_line_is_ended_first(folder: Folder) -> None:
    folder.write("journal", b'{"at": 1}\n{"at"')
    folder.append("journal", b'{"at": 2}')
    assert folder.read("journal") == b'{"at": 1}\n{"at"\n{"at": 2}\n'


# -- of us alone ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ODD)
def test_what_somebody_may_have_put_there_is_not_read(folder: Folder, what: str) -> None:
    ODD[what](folder.path / "standing")
    with pytest.raises(Unsafe, match="standing") as failed:
        folder.read("standing")
    assert failed.value.exit_code == 3 and failed.value.help


@pytest.mark.parametrize("what", ODD)
def test_and_no_line_is_added_to_it(folder: Folder, what: str) -> None:
    ODD[what](folder.path / "journal")
    with pytest.raises(StoreError):
        folder.append("journal", b"line")


def test_a_link_is_replaced_and_what_it_leads_to_stays(folder: Folder, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"theirs")
    for name in ("standing", "standing.new"):
        (folder.path / name).symlink_to(theirs)
    folder.write("standing", b"ours")
    assert theirs.read_bytes() == b"theirs"
    assert folder.read("standing") == b"ours" and not (folder.path / "standing").is_symlink()


@pytest.mark.parametrize(
    "what", ["a link", "a file", "readable for the group", pytest.param("somebody else's", marks=needs_root)]
)
def test_a_folder_that_is_not_ours_alone(tmp_path: Path, what: str) -> None:
    path = tmp_path / "state"
    match what:
        case "a link":
            (tmp_path / "real").mkdir(mode=0o700)
            path.symlink_to(tmp_path / "real")
        case "a file":
            path.write_bytes(b"")
        case "readable for the group":
            path.mkdir(mode=0o750)
        case _:
            path.mkdir(mode=0o700)
            os.chown(path, NOBODY, -1)
    with pytest.raises(Unsafe, match="state"):
        open_folder(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert open_folder(tmp_path / "a" / "state", make=False) is None
    assert not (tmp_path / "a").exists()
    with pytest.raises(NotWritten):
        open_folder(Path("/proc/no/such"))


# -- reading ----------------------------------------------------------------------------------------------------------


def test_a_small_file_takes_little_memory(folder: Folder) -> None:
    folder.write("standing", b"x" * 1000)
    tracemalloc.start()
    assert folder.read("standing") == b"x" * 1000
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 20


def test_a_disk_that_can_not_be_read_is_told() -> None:
    """Our own memory at address 0, as a file: EIO (proc(5), /proc/pid/mem)."""
    descriptor = os.open("/proc/self", os.O_RDONLY | os.O_DIRECTORY)
    try:
        with pytest.raises(Damaged, match="mem can't be read: Input/output error"):
            Folder(Path("/proc/self"), descriptor).read("mem")
    finally:
        os.close(descriptor)
