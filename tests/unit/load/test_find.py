"""Which site is meant."""

import os
from pathlib import Path

import pytest

from segctl.load import find_site
from segctl.load.find import choose_site
from segctl.model.diagnostic import SiteError


def test_upwards(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_site(tmp_path / "a" / "b") == find_site(tmp_path) == tmp_path


def test_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "segctl.yaml").touch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "segctl.yaml").touch()
    monkeypatch.chdir(tmp_path / "a")
    assert find_site() == tmp_path / "a"


def test_none(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as raised:
        find_site(tmp_path)
    assert raised.value.findings[0].code == "not-found"


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    (tmp_path / "a").rmdir()
    with pytest.raises(SiteError):
        find_site()


def test_choice(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").touch()
    named, wished = tmp_path / "named", tmp_path / "wished"
    found = choose_site(named, {"SEGCTL_SITE": str(wished), "SUDO_UID": "1000"}, tmp_path)
    assert (found.path, found.trusted) == (named, True)
    found = choose_site(None, {"SEGCTL_SITE": str(wished)}, tmp_path)
    assert (found.path, found.trusted) == (wished, False)
    found = choose_site(None, {"SEGCTL_SITE": ""}, tmp_path)
    assert (found.path, found.trusted, found.word) == (tmp_path, False, "")


def test_not_through_sudo(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").touch()
    found = choose_site(None, {"SEGCTL_SITE": "/elsewhere", "SUDO_UID": "1000"}, tmp_path)
    if os.geteuid() == 0:
        assert (found.path, found.trusted) == (tmp_path, False)
        assert "SEGCTL_SITE" in found.word
    else:  # sudo -u: no privilege is gained by it
        assert (found.path, found.trusted, found.word) == (Path("/elsewhere"), False, "")


def test_a_working_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SiteError):
        choose_site(Path("x"), {})
    assert choose_site(tmp_path, {}).path == tmp_path
