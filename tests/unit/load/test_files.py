"""What is opened and what isn't: links, devices, pipes, sizes, and as root what others may write."""

import os
import socket
import stat
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.load import load_site
from segctl.load.files import BIGGEST

HEAD = "version: 1\nsite: s\n"
ROOT = os.geteuid() == 0


def codes(site: Path, trusted: bool = True) -> list[str]:
    return [f"{one.span}: {one.code}" for one in load_site(site, trusted=trusted).findings]


def write(folder: Path, text: str = "include: [part.yaml]") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "segctl.yaml").write_text(HEAD + text)
    return folder


def test_no_site(tmp_path: Path) -> None:
    assert codes(tmp_path) == ["segctl.yaml:1:1: unreadable"]
    assert codes(tmp_path / "none") == ["none:1:1: unreadable"]
    assert codes(Path("/dev/null")) == ["null:1:1: unreadable"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside.yaml", "/dev/zero", "/proc/self/environ"])
def test_a_link_out_of_the_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.yaml").write_text("flows: []")
    site = write(tmp_path / "site")
    (site / "part.yaml").symlink_to(target)
    assert codes(site) == ["segctl.yaml:3:11: outside"]


def test_a_linked_folder_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "part.yaml").write_text("flows: []")
    site = write(tmp_path / "site", "include: [in/*.yaml]")
    (site / "in").symlink_to("../away")
    assert codes(site) == ["segctl.yaml:3:11: outside"]


def test_a_link_within_the_folder(tmp_path: Path) -> None:
    """Read once, though it has two names."""
    site = write(tmp_path / "site", "include: [part.yaml, same.yaml]")
    (site / "part.yaml").write_text("segments: {a: {members: 10.0.0.0/8}}")
    (site / "same.yaml").symlink_to("part.yaml")
    assert codes(site) == []


def test_a_link_to_the_site(tmp_path: Path) -> None:
    site = write(tmp_path / "site")
    (site / "part.yaml").write_text("flows: []")
    (tmp_path / "link").symlink_to(site)
    (tmp_path / "segctl.yaml").symlink_to(site / "segctl.yaml")
    assert codes(tmp_path / "link") == codes(tmp_path) == []


def test_links_in_a_ring(tmp_path: Path) -> None:
    site = write(tmp_path / "site")
    (site / "part.yaml").symlink_to("part.yaml")
    assert codes(site) == ["segctl.yaml:3:11: unreadable"]


def test_stars_follow_no_links(tmp_path: Path) -> None:
    """Two links to the folder itself would be 2**40 ways for whoever follows them."""
    site = write(tmp_path / "site", "include: ['**/*.yaml']")
    (site / "a").symlink_to(".")
    (site / "b").symlink_to(".")
    (site / "deep").mkdir()
    (site / "deep" / "part.yaml").write_text("segments: {a: {members: 10.0.0.300}}")
    (site / "deep" / ".hidden.yaml").write_text("nonsense")
    assert codes(site) == ["deep/part.yaml:1:25: address"]


def test_a_pipe_and_a_device(tmp_path: Path) -> None:
    """Neither is waited for."""
    site = write(tmp_path / "site", "include: [pipe.yaml, socket.yaml]")
    os.mkfifo(site / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(site / "socket.yaml"))
    assert codes(site) == ["segctl.yaml:3:11: unreadable", "segctl.yaml:3:22: unreadable"]


def test_a_device_node(tmp_path: Path) -> None:
    site = write(tmp_path / "site")
    try:
        os.mknod(site / "part.yaml", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        (site / "part.yaml").mkdir()  # we may not make one: a folder is no file either
    assert codes(site) == ["segctl.yaml:3:11: unreadable"]


def test_too_big(tmp_path: Path) -> None:
    """Refused by its size, before it is read: the file is a hole."""
    site = write(tmp_path / "site")
    with (site / "part.yaml").open("wb") as file:
        file.truncate(BIGGEST + 1)
    assert codes(site) == ["segctl.yaml:3:11: too-big"]


def spoilers(path: Path) -> list[tuple[Callable[[], None], Callable[[], None]]]:
    """Ways to make a path somebody else's, each with its way back."""
    mode = path.stat().st_mode
    back = partial(path.chmod, mode)
    ways = [(partial(path.chmod, mode | bit), back) for bit in (stat.S_IWGRP, stat.S_IWOTH)]
    return [*ways, (partial(os.chown, path, 65534, -1), partial(os.chown, path, 0, -1))] if ROOT else [*ways]


def test_what_others_may_write(tmp_path: Path) -> None:
    """Root refuses it, unless the user named the site; everybody else reads what they may read."""
    site = write(tmp_path / "site", "include: [in/part.yaml]")
    (site / "in").mkdir()
    part = site / "in" / "part.yaml"
    part.write_text("flows: []")
    top, included = "segctl.yaml:1:1", "segctl.yaml:3:11"
    places = {site: top, site / "in": included, site / "segctl.yaml": top, part: included}
    for path in places:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert codes(site, trusted=False) == []
    for path, place in places.items():
        for spoil, mend in spoilers(path):
            spoil()
            assert codes(site, trusted=False) == ([f"{place}: unsafe-file"] if ROOT else []), path
            assert codes(site) == []
            mend()
    assert codes(site, trusted=False) == []


LISTED = [  # what the site says, the file that it reads, where it names it
    ("segments: {a: {members: {file: x.txt}}}", "x.txt", "10.0.0.0/8\n", "segctl.yaml:3:32"),
    ("segments: {a: {members: {file: x.csv, column: net}}}", "x.csv", "net\n10.0.0.0/8\n", "segctl.yaml:3:32"),
    ("endpoints: {from: x.csv}", "x.csv", "name,addresses\na,10.0.0.1\n", "segctl.yaml:3:19"),
    ("include: x.yaml", "x.yaml", "flows: []\n", "segctl.yaml:3:10"),
    ("include: '*.yaml'", "x.yaml", "flows: []\n", "segctl.yaml:3:10"),
]


@pytest.mark.parametrize(("text", "name", "held", "place"), LISTED)
def test_lists_that_others_may_write(tmp_path: Path, text: str, name: str, held: str, place: str) -> None:
    """Whatever the site reads, by its own name or through a link within the folder."""
    site = write(tmp_path, text)
    site.chmod(0o755)
    (site / "segctl.yaml").chmod(0o644)
    for real in (site / name, site / "in" / "really"):
        real.parent.mkdir(exist_ok=True)
        real.parent.chmod(0o755)
        (site / name).unlink(missing_ok=True)
        if real != site / name:
            (site / name).symlink_to("in/really")
        real.write_text(held)
        real.chmod(0o644)
        assert codes(site, trusted=False) == []
        for path in {real, real.parent} - {site}:
            for spoil, mend in spoilers(path):
                spoil()
                assert codes(site, trusted=False) == ([f"{place}: unsafe-file"] if ROOT else [])
                assert codes(site) == []
                mend()


def test_a_part_of_a_part_that_others_may_write(tmp_path: Path) -> None:
    """The place is that of the file that names it."""
    site = write(tmp_path)
    site.chmod(0o755)
    (site / "part.yaml").write_text("include: deep.yaml\n")
    (site / "deep.yaml").write_text("flows: []\n")
    (site / "deep.yaml").chmod(0o666)
    assert codes(site, trusted=False) == (["part.yaml:1:10: unsafe-file"] if ROOT else [])


@pytest.mark.parametrize("name", ["segctl.yaml", "part.yaml", "list.txt"])
def test_a_hundred_megabytes(tmp_path: Path, name: str) -> None:
    """Of anything: nothing of it is read."""
    site = write(tmp_path, "include: part.yaml\nsegments: {a: {members: {file: list.txt}}}")
    (site / "part.yaml").write_text("flows: []")
    (site / "list.txt").write_text("10.0.0.1")
    with (site / name).open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    began = time.monotonic()
    (found,) = codes(site)
    assert found.endswith(": too-big")
    assert time.monotonic() - began < 1


def test_includes_in_a_ring(tmp_path: Path) -> None:
    """Who names what includes it is told so; a glob may find whatever it likes. Each is read once."""
    site = write(tmp_path)
    (site / "part.yaml").write_text("include: [segctl.yaml, part.yaml, '*.yaml']\nservices: {x: tcp/1}")
    (site / "more.yaml").write_text("include: [part.yaml]")
    assert codes(site) == ["part.yaml:1:11: cycle"]


@pytest.mark.parametrize("order", ["[b.yaml]", "[c.yaml]", "[b.yaml, c.yaml]", "[c.yaml, b.yaml]", "'?.yaml'"])
def test_a_ring_is_told_whatever_is_read_first(tmp_path: Path, order: str) -> None:
    site = write(tmp_path, f"include: {order}")
    (site / "b.yaml").write_text("include: [c.yaml]")
    (site / "c.yaml").write_text("include: [b.yaml]")
    assert codes(site) == ["b.yaml:1:11: cycle"]


@pytest.mark.parametrize(("words", "code"), [
    ([], Exit.WRONG_INPUT if ROOT else Exit.YES), (["--site", "."], Exit.YES),
])  # fmt: skip
def test_the_command_line_names_what_it_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: Exit
) -> None:
    site = write(tmp_path, "include: part.yaml")
    site.chmod(0o755)
    (site / "part.yaml").write_text("flows: []")
    (site / "part.yaml").chmod(0o664)
    monkeypatch.chdir(site)
    monkeypatch.delenv("SEGCTL_SITE", raising=False)
    assert run([*words, "validate"]) == code
    monkeypatch.setenv("SEGCTL_SITE", str(site))  # `su` keeps it: it makes nothing trusted
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert run([*words, "validate"]) == code
