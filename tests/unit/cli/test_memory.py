"""`can` remembers, and is never stale: whatever changes, the answer is that of a site read anew."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.cli import memory
from segctl.cli.main import run

MAIN = """\
version: 1
site: s
include: [parts/*.yaml, parts/flows.yaml, second.yaml]
segments:
  a: {members: {file: a.txt}}
  b: {members: 10.2.0.0/24}
"""
FLOW = "flows:\n  - {name: one, from: a, to: b, services: [ssh], why: x}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "parts").mkdir(parents=True)
    (site / "segctl.yaml").write_text(MAIN)
    (site / "a.txt").write_text("10.1.0.0/24\n")
    (site / "parts/flows.yaml").write_text(FLOW)
    (site / "second.yaml").symlink_to("parts/flows.yaml")  # a second name of a file that is read already
    (site / "third.yaml").write_text(MAIN.replace("10.2.0.0", "10.3.0.0"))
    return site


Can = Callable[..., tuple[int, str, bool]]


@pytest.fixture
def can(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Can:
    """Exit code, text, and whether the site had to be read."""
    read: list[Path] = []
    from segctl.load import read as reader

    real = reader.load_site

    def load_site(path: Path, **options: bool) -> object:
        read.append(path)
        return real(path, **options)

    monkeypatch.setattr(reader, "load_site", load_site)

    def ask(*words: str) -> tuple[int, str, bool]:
        read.clear()
        code = run(["--site", str(folder), "can", *(words or ("a", "b", "ssh"))])
        return code, capsys.readouterr().out, bool(read)

    return ask


def test_the_same_question_is_not_worked_out_again(can: Can) -> None:
    first, second = can(), can()
    assert first[:2] == second[:2] == (0, "allowed: flow 'one': x (parts/flows.yaml:2:5)\n")
    assert (first[2], second[2]) == (True, False)
    assert can("b", "a", "ssh")[0] == 1
    assert [can("b", "a", "ssh")[0], can()[0]] == [1, 0]


def test_each_way_of_asking_is_a_question_of_its_own(can: Can) -> None:
    assert can()[1].startswith("allowed")
    assert json.loads(can("a", "b", "ssh", "--format", "json")[1])["verdict"] == "allowed"
    assert can("a", "b", "ssh", "--effect")[2]


def keeping_times(path: Path, text: str) -> None:
    """Written with the same length and the times of before."""
    about = path.stat()
    assert len(text) == about.st_size
    path.write_text(text)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


CHANGES = {
    "a byte": lambda site: (site / "segctl.yaml").write_text(MAIN.replace("10.2.0.0", "10.3.0.0")),
    "a byte, with the times of before": lambda site: keeping_times(
        site / "parts/flows.yaml", FLOW.replace("[ssh]", "[dns]")
    ),
    "a member list": lambda site: (site / "a.txt").write_text("10.1.0.0/25\n"),
    "one file more": lambda site: (site / "parts/more.yaml").write_text(
        "guardrails: [{from: a, to: b, services: [ssh]}]"
    ),
    "one file less": lambda site: (site / "parts/flows.yaml").rename(site / "parts/flows.txt"),
    "another name": lambda site: (site / "parts/flows.yaml").rename(site / "parts/other.yaml"),
    "a link to another file": lambda site: (
        (site / "parts/flows.yaml").rename(site / "flows.txt"),
        (site / "parts/flows.yaml").symlink_to("../flows.txt"),
    ),
    "a file in a link's place": lambda site: (
        (site / "second.yaml").unlink(),
        (site / "second.yaml").write_text("guardrails: [{from: a, to: b, services: [ssh]}]"),
    ),
    "another main file": lambda site: (
        (site / "segctl.yaml").rename(site / "old.yaml"),
        (site / "new.yaml").write_text(MAIN.replace("10.2.0.0", "10.3.0.0")),
        (site / "segctl.yaml").symlink_to("new.yaml"),
    ),
    "a main link led elsewhere": lambda site: (
        (site / "segctl.yaml").unlink(),
        (site / "segctl.yaml").symlink_to("third.yaml"),
    ),
    "a broken file": lambda site: (site / "segctl.yaml").write_text("["),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_site_that_changed_is_read(can: Can, folder: Path, change: Callable[[Path], object]) -> None:
    can()
    assert not can()[2]
    change(folder)
    assert can()[2]


def test_a_segctl_that_changed_answers_anew(can: Can, monkeypatch: pytest.MonkeyPatch) -> None:
    can()
    monkeypatch.setattr(memory, "code", lambda: "another")
    assert can()[2] and not can()[2]


def test_the_code_that_answers_is_all_of_it() -> None:
    """A file of the package that is touched is another code."""
    lines = list(memory._files(Path(memory.__file__).parent.parent))
    assert any("policy/decide.py" in line for line in lines) and any("load/events.py" in line for line in lines)
    assert memory.code() == memory.code()


def test_an_answer_ends_where_a_flow_does(can: Can, folder: Path) -> None:
    (folder / "parts/flows.yaml").write_text(
        "flows:\n  - {name: one, from: a, to: b, services: [ssh], since: 2026-01-01T00:00:00Z, "
        "until: 2026-02-01T00:00:00Z}\n"
    )

    def at(time: str) -> tuple[int, bool]:
        code, _, read = can("a", "b", "ssh", "--at", time)
        return code, read

    assert at("2026-01-01T00:00:00Z") == (0, True)
    assert at("2026-01-31T23:59:59Z") == (0, False)
    assert at("2026-02-01T00:00:00Z") == (1, True)
    assert at("2030-01-01T00:00:00Z") == (1, False)
    assert at("2025-12-31T23:59:59Z") == (1, True)


DAMAGE = [
    ('"from": null', '"from": "x"'), ('"until": null', '"until": []'), ('"exit": 0', '"exit": 7'),
    ('"exit": 0', '"exit": "q"'), ('"text": "', '"text": 5, "was": "'), ('"files": {', '"files": "file", "were": {'),
    ('"globs": {', '"globs": 3, "were": {'), ('"real": {', '"real": null, "were": {'),
]  # fmt: skip


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def kept() -> Path:
    (found,) = (Path(os.environ["XDG_CACHE_HOME"]) / "segctl/answers").iterdir()
    return found


def test_what_is_kept_is_ours_alone(can: Can) -> None:
    can()
    assert kept().stat().st_mode & 0o777 == 0o600
    assert kept().parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text("{"),
        lambda path: path.write_text('{"stamp": 1, "answers": {}}'),
        lambda path: path.write_text('{"stamp": {}, "answers": {"a": 1}}'),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_bytes(b"\xff"),
        *(lambda path, old=old, new=new: path.write_text(replaced(path.read_text(), old, new)) for old, new in DAMAGE),
        lambda path: path.chmod(0o666),
        lambda path: os.chown(path, 65534, 65534),
        lambda path: (path.rename(path.with_suffix(".old")), path.symlink_to(path.with_suffix(".old"))),
        lambda path: (path.unlink(), subprocess.run(["mkfifo", "-m", "600", path], check=True)),
    ],
    ids=[
        "cut",
        "no-stamp",
        "no-answer",
        "deep",
        "no-text",
        *(new for _, new in DAMAGE),
        "others-write",
        "others-own",
        "link",
        "fifo",
    ],
)
def test_what_cannot_be_relied_on_is_passed_over(can: Can, spoil: Callable[[Path], object]) -> None:
    can()
    spoil(kept())
    assert can() == (0, "allowed: flow 'one': x (parts/flows.yaml:2:5)\n", True)


def test_no_place_to_remember_is_no_error(can: Can, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert can()[0] == can()[0] == 0
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/dev/null/none")
    assert can()[0] == 0


def test_as_root_a_file_that_others_may_write_is_no_longer_answered_from(
    can: Can, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert run(["can", "a", "b", "ssh"]) == run(["can", "a", "b", "ssh"]) == 0
    (folder / "a.txt").chmod(0o666)
    assert run(["can", "a", "b", "ssh"]) == 2
    assert "error[unsafe-file]" in capsys.readouterr().err


def test_root_makes_no_folder_in_a_home_of_somebody_else(
    can: Can, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a folder of root's in it, the user could keep nothing there any more."""
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(home))
    assert can()[0] == can()[0] == 0
    assert list(home.iterdir()) == []


def test_the_border_of_an_answer_is_exact(can: Can, folder: Path) -> None:
    (folder / "parts/flows.yaml").write_text(
        "flows:\n  - {name: one, from: a, to: b, services: [ssh], until: 9999-12-31T23:59:59.000005Z}\n"
    )
    assert can("a", "b", "ssh", "--at", "9999-12-31T23:59:59.000001Z")[0] == 0
    assert can("a", "b", "ssh", "--at", "9999-12-31T23:59:59.000004Z")[2] is False
    assert can("a", "b", "ssh", "--at", "9999-12-31T23:59:59.000005Z")[0] == 1


def test_a_file_that_goes_while_it_is_looked_at_is_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".#x.py").symlink_to("nowhere")
    monkeypatch.setattr(memory, "_PACKAGE", tmp_path)
    assert memory.code() != memory.code()
