"""The journal: a line each, and what can't be read of it is left out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from segctl.store.files import Folder, open_folder
from segctl.store.journal import Journal


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = open_folder(tmp_path / "state")
    assert made is not None
    yield made
    made.close()


def test_lines_in_order(folder: Folder) -> None:
    journal = Journal(folder)
    assert journal.lines() == []
    journal.write("apply", "begun", generation=3, replace="", unproven=None)
    journal.write("apply", "done", generation=3, why="two\nlines")
    begun, done = journal.lines()
    assert (begun["doing"], begun["state"], begun["generation"]) == ("apply", "begun", 3)
    assert done["why"] == "two\nlines" and begun["at"] < done["at"]
    assert begun["who"]["user"] and not begun.keys() & {"replace", "unproven"}


@pytest.mark.parametrize("length", range(0, 90, 7))
def test_a_torn_line_takes_no_other_with_it(folder: Folder, length: int) -> None:
    journal = Journal(folder)
    for number in (1, 2):
        journal.write("apply", "begun", generation=number)
    data = folder.read("journal")
    assert data
    lines = data.splitlines(keepends=True)
    folder.write("journal", lines[0] + lines[1][:length])
    journal.write("apply", "begun", generation=3)
    assert [line["generation"] for line in journal.lines()] == [1, 3]


@pytest.mark.parametrize(
    "line", [b"\0" * 50, b"\xff\xfe", b"[" * 100_000, b"7", b"null", b'{"a": ', b"1e400", b"9" * 5000]
)
def test_no_line_of_ours(folder: Folder, line: bytes) -> None:
    whole = json.dumps({"doing": "apply"}).encode()
    folder.write("journal", b"\n".join((whole, line, whole, b"")))
    assert Journal(folder).lines() == [{"doing": "apply"}] * 2
