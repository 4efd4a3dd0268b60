"""Who changes a point, and from which commit: asked of the real git, as the folder's owner."""

import os
import subprocess
from pathlib import Path

import pytest

from segctl.store.origin import Commit, Who, commit_of, descends, who
from tests.odd import NOBODY

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")


class Repository:
    """A real one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        settings = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *settings, *words], cwd=self.folder, check=True, capture_output=True, text=True, env=ENVIRONMENT
        )
        return done.stdout.strip()

    def commit(self, text: str) -> str:
        (self.folder / "segctl.yaml").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")


ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "site")


def test_a_commit_and_what_is_not_committed(repository: Repository) -> None:
    assert commit_of(repository.folder) == Commit()  # none yet
    first = repository.commit("one")
    assert commit_of(repository.folder) == Commit(first, False)
    (repository.folder / "segctl.yaml").write_text("two")
    assert commit_of(repository.folder) == Commit(first, True)
    second = repository.commit("two")
    assert commit_of(repository.folder) == Commit(second, False)
    (repository.folder / "more.csv").write_text("")
    assert commit_of(repository.folder) == Commit(second, True)


def test_only_the_sites_own_folder_makes_it_dirty(repository: Repository) -> None:
    (repository.folder / "site").mkdir()
    (repository.folder / "site" / "a").write_text("")
    first = repository.commit("one")
    (repository.folder / "elsewhere").write_text("")
    assert commit_of(repository.folder / "site") == Commit(first, False)


def test_who_descends_from_whom(repository: Repository) -> None:
    first, second = repository.commit("one"), repository.commit("two")
    assert descends(repository.folder, first) and descends(repository.folder, second)
    repository.git("checkout", "-q", "-b", "side", first)
    assert descends(repository.folder, first) and not descends(repository.folder, second)
    side = repository.commit("side")
    repository.git("merge", "-q", "-s", "ours", "-m", "merged", "main")
    assert descends(repository.folder, second) and descends(repository.folder, side)
    assert not descends(repository.folder, "0" * 40)
    assert not descends(repository.folder, "--help") and not descends(repository.folder, "")


def test_no_repository_and_no_folder(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == Commit() and not descends(tmp_path, "HEAD")
    assert commit_of(tmp_path / "none") == Commit()


def test_no_git(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = repository.commit("one")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    assert commit_of(repository.folder) == Commit() and not descends(repository.folder, first)


@needs_root
def test_git_runs_as_the_folders_owner(repository: Repository, tmp_path: Path) -> None:
    """A repository's settings may name programs (core.fsmonitor): root doesn't run what somebody else wrote there."""
    first = repository.commit("one")
    ran = tmp_path / "ran"
    ran.mkdir(mode=0o777)
    ran.chmod(0o777)
    hook = tmp_path / "monitor"
    hook.write_text(f"#!/bin/sh\nid -u > {ran}/as\n")
    hook.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(hook))
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    for path in (repository.folder, *repository.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    assert commit_of(repository.folder) == Commit(first, False)
    assert (ran / "as").read_text() == f"{NOBODY}\n"


def test_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    plain = who()
    assert plain.user and plain.ssh == "" and plain.sudo == ""
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.9 5555 10.0.0.1 22")
    monkeypatch.setenv("SUDO_USER", "ann")
    behind = who()
    assert behind.ssh == "10.0.0.9" and behind.sudo == ("ann" if os.geteuid() == 0 else "")
    monkeypatch.setenv("SSH_CONNECTION", " ")
    assert who().ssh == ""


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (Who("root"), "root"),
        (Who("root", "ann"), "ann as root"),
        (Who("root", "root", "bob"), "bob as root"),
        (Who("ann", "ann"), "ann"),
    ],
)
def test_a_person_in_words(person: Who, said: str) -> None:
    assert str(person) == said
