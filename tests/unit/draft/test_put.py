"""All files or none, and nothing of the user's without his word."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.draft import Draft, make, put
from segctl.draft.put import Exists, NotAFolder
from segctl.draft.start import SCHEMA, draft_from_nothing
from segctl.model.diagnostic import SiteError
from tests.sites import AT

FILES = [SCHEMA, "segctl.yaml"]


def inside(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert sorted(put(draft_from_nothing("x"), folder, AT)) == FILES
    assert inside(folder) == FILES


def test_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    put(draft_from_nothing("x"), tmp_path, AT)
    assert inside(tmp_path) == [SCHEMA, "notes", "segctl.yaml"]


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(Exists, match=name):
        put(draft_from_nothing("x"), tmp_path, AT)
    assert inside(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_force_overwrites(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").write_text("mine")
    assert sorted(put(draft_from_nothing("x"), tmp_path, AT, force=True)) == FILES
    assert inside(tmp_path) == FILES
    assert "mine" not in (tmp_path / "segctl.yaml").read_text()


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    draft = draft_from_nothing("x")
    put(draft, tmp_path, AT)
    assert put(draft, tmp_path, AT) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Neither without the user's word nor with it: the link goes, what it leads to stays."""
    other = tmp_path / "other"
    other.write_text("theirs")
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "segctl.yaml").symlink_to(other)
    with pytest.raises(Exists):
        put(draft_from_nothing("x"), folder, AT)
    put(draft_from_nothing("x"), folder, AT, force=True)
    assert other.read_text() == "theirs"
    assert not (folder / "segctl.yaml").is_symlink()


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_parts_that_leads_elsewhere_is_refused(force: bool, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "parts").symlink_to(tmp_path / "elsewhere")
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 a\n")
    with pytest.raises(NotAFolder):
        put(make(folder, hosts), folder, AT, force=force)
    assert inside(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("at", ["segctl.yaml", "parts/endpoints.yaml"])
def test_half_way_is_no_way(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can't get to its place: what was there before is back, byte for byte."""
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 a\n")
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "segctl.yaml").write_text("mine")

    def failing(real: Callable[..., None]) -> Callable[..., None]:
        def call(new: Path, place: Path, **options: bool) -> None:
            if place == folder / at:
                raise OSError(28, "No space left on device", str(place))
            real(new, place, **options)

        return call

    monkeypatch.setattr(os, "link", failing(os.link))
    monkeypatch.setattr(os, "replace", failing(os.replace))
    with pytest.raises(NotAFolder, match="No space left"):
        put(make(folder, hosts), folder, AT, force=True)
    assert inside(folder) == ["segctl.yaml"]
    assert (folder / "segctl.yaml").read_text() == "mine"


def test_a_draft_with_an_error_is_never_written(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    with pytest.raises(SiteError):
        put(
            Draft("x", {"segctl.yaml": b"version: 1\nsite: x\nflows: [{from: a, to: b, services: [ssh]}]\n"}),
            folder,
            AT,
        )
    assert not folder.exists()


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(NotAFolder):
        put(draft_from_nothing("x"), tmp_path / "site", AT)


def test_a_csv_in_the_folder_is_named_and_one_elsewhere_copied(tmp_path: Path) -> None:
    text = "name,addresses,zone\na,10.0.0.1,x\nb,10.0.1.1,y\n"
    (tmp_path / "list.csv").write_text(text)
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "my list.csv").write_text(text)
    here = make(tmp_path / "in", tmp_path / "in" / "my list.csv")
    assert sorted(put(here, tmp_path / "in", AT)) == FILES
    assert 'endpoints: {from: "my list.csv"}' in (tmp_path / "in" / "segctl.yaml").read_text()
    there = make(tmp_path / "out", tmp_path / "list.csv")
    assert sorted(put(there, tmp_path / "out", AT)) == [SCHEMA, "hosts.csv", "segctl.yaml"]
    assert (tmp_path / "out" / "hosts.csv").read_text() == text
