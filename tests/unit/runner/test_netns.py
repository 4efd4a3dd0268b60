"""Where commands run: the namespace is the child's, and the caller's thread comes back to its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.runner import Completed, Here, Netns, NoSuchPlace, NoSuchTool, NotAllowed, Runner, TookTooLong
from tests.conftest import MakeNamespace


def own(whose: str = "thread-self") -> str:
    return str(Path(f"/proc/{whose}/ns/net").readlink())


@pytest.fixture
def there(namespace: MakeNamespace) -> Netns:
    return Netns(namespace("runner"))


@pytest.mark.kernel
def test_a_child_is_in_the_namespace_and_we_are_not(there: Netns) -> None:
    before = own()
    seen = there.run(["readlink", "/proc/self/ns/net"])
    assert seen == Completed(("readlink", "/proc/self/ns/net"), 0, seen.stdout, "")
    assert seen.stdout.strip() != before == own()


@pytest.mark.kernel
def test_sockets_opened_inside_stay_there(there: Netns) -> None:
    with there.inside():
        theirs = socket.socket()
    with theirs, socket.socket() as ours:
        ours.bind(("127.0.0.1", 0))
        ours.listen()
        with pytest.raises(ConnectionRefusedError):  # their loopback, where nobody listens
            theirs.connect(ours.getsockname())


@pytest.mark.kernel
def test_only_the_calling_thread_moves(there: Netns) -> None:
    before, seen = own(), list[str]()
    asked, moved = threading.Event(), threading.Event()

    def look() -> None:
        asked.set()
        assert moved.wait(5)
        seen.append(own())

    other = threading.Thread(target=look)  # begun before: a child of the moved thread would inherit its place
    other.start()
    assert asked.wait(5)
    with there.inside():
        assert own() != before
        moved.set()
        other.join()
    assert own() == before == seen[0]


@pytest.mark.kernel
def test_an_exception_inside_still_comes_home(there: Netns) -> None:
    before = own()
    with pytest.raises(KeyError), there.inside():
        raise KeyError
    assert own() == before


def test_a_missing_namespace() -> None:
    with pytest.raises(NoSuchPlace, match="no-such-place-at-all"):
        Netns("no-such-place-at-all").run(["true"])


@pytest.mark.parametrize("name", ["", "..", "../net", "a/b", "a\0b"])
def test_no_name_of_a_namespace(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        Netns(name)


@pytest.mark.kernel
def test_without_the_way_back_nobody_leaves() -> None:
    """In a bare user namespace the machine's network namespace can be left, but not entered again."""
    script = (
        "import subprocess; from segctl.runner import netns, NotAllowed\n"
        "import os, pathlib\n"
        "netns._open = lambda name: os.open('/proc/self/ns/net', os.O_RDONLY)\n"
        "try:\n    netns.Netns('x').run(['true'])\n"
        "except NotAllowed as error:\n    print(error)\n"
    )
    said = subprocess.run(["unshare", "-r", sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("no privilege to return from namespace x")


@pytest.mark.kernel
def test_without_root() -> None:
    """In a user namespace with a /run of its own, namespaces are made and entered as root would."""
    script = (
        "from segctl.runner import Netns; import os\n"
        "seen = Netns('mine').run(['readlink', '/proc/self/ns/net']).stdout.strip()\n"
        "print(seen.startswith('net:') and seen != os.readlink('/proc/self/ns/net'))\n"
    )
    prepared = 'mount -t tmpfs none /run && ip netns add mine && exec "$@"'
    command = ["unshare", "-rnm", "sh", "-c", prepared, "sh", sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.stdout == "True\n", said.stderr


@pytest.mark.parametrize("stdin", [b"h\xc3\xa9llo", "h\u00e9llo"])
def test_stdin_stdout_stderr_and_code(stdin: bytes | str) -> None:
    assert Here().run(["cat"], stdin=stdin).stdout == "h\u00e9llo"
    failed = Here().run(["ls", "--no-such-option"])
    assert failed.code == 2 and failed.stdout == "" and "no-such-option" in failed.stderr


def test_without_stdin_a_command_reads_nothing() -> None:
    assert Here().run(["cat"]) == Completed(("cat",), 0, "", "")


def test_no_shell_between() -> None:
    assert Here().run(["echo", "$HOME; `id` > x"]).stdout == "$HOME; `id` > x\n"


def test_a_signal_is_a_negative_code() -> None:
    assert Here().run(["sh", "-c", "kill -ABRT $$"]).code == -6


def test_a_missing_tool_and_a_slow_one() -> None:
    with pytest.raises(NoSuchTool, match="no-such-tool isn't installed on this host"):
        Here().run(["no-such-tool"])
    with pytest.raises(TookTooLong, match=r"within 0\.1 seconds"):
        Here().run(["sleep", "5"], timeout=0.1)


def test_system_tools_are_found_with_an_ordinary_users_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert Here().run(["nft", "--version"]).code == 0


def test_both_are_runners() -> None:
    runners: list[Runner] = [Here(), Netns("x")]
    assert [runner.where for runner in runners] == ["this host", "namespace x"]


def test_not_allowed_is_said_of_a_file_that_is_no_program(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    with pytest.raises(NotAllowed, match="may not be executed"):
        Here().run([str(plain)])


@pytest.mark.parametrize("size", [1, 4096, 100_000, 5_000_000])
def test_a_command_gets_all_of_its_input_though_its_caller_is_killed(tmp_path: Path, size: int) -> None:
    """Else nft would read the first part of a transaction, and might take it for the whole."""
    script = f"echo > {tmp_path}/begun; while test -d /proc/$PPID/task; do sleep 0.01; done; wc -c > {tmp_path}/new"
    script += f"; mv {tmp_path}/new {tmp_path}/read"
    child = os.fork()
    if not child:
        Here().run(["sh", "-c", script], stdin="x" * size)
        os._exit(0)
    until(lambda: (tmp_path / "begun").exists())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    until(lambda: (tmp_path / "read").exists())
    assert (tmp_path / "read").read_text().strip() == str(size)


def until(there: Callable[[], bool]) -> None:
    for _ in range(2000):
        if there():
            return
        time.sleep(0.005)
    raise AssertionError
