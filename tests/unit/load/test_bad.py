"""Every mistake gets its code at its place."""

from pathlib import Path

import pytest

from segctl.load import load_site
from segctl.model.codes import CODES
from tests.unit.load.cases import CASES, HEAD, WEB


@pytest.mark.parametrize(("text", "code", "line", "column"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_bad(tmp_path: Path, text: str, code: str, line: int, column: int) -> None:
    (tmp_path / "segctl.yaml").write_bytes((HEAD + text).encode())
    found = load_site(tmp_path).findings
    places = [(one.code, one.span.file, one.span.line, one.span.column) for one in found]
    assert places == [(code, "segctl.yaml", line, column)]
    assert found[0].what and found[0].help


@pytest.mark.parametrize(("text", "code", "line", "column"), [
    ("", "missing-key", 1, 1),
    ("# nothing\n", "missing-key", 1, 1),
    ("[]", "wrong-type", 1, 1),
    ("site", "wrong-type", 1, 1),
    ("version: 2\nsite: s", "version", 1, 10),
    ('version: "1"\nsite: s', "version", 1, 10),
    ("version: 1.0\nsite: s", "version", 1, 10),
    ("version: 1", "missing-key", 1, 1),
    ("version: 1\nsite: 1s", "name", 2, 7),
    ("version: 1\nsite: [s]", "wrong-type", 2, 7),
    ("version: 1\nsite: ", "no-value", 2, 6),
])  # fmt: skip
def test_bad_head(tmp_path: Path, text: str, code: str, line: int, column: int) -> None:
    (tmp_path / "segctl.yaml").write_text(text)
    loaded = load_site(tmp_path)
    assert loaded.site is None
    first = loaded.findings[0]
    assert (first.code, first.span.line, first.span.column) == (code, line, column)


@pytest.mark.parametrize(("data", "code", "line", "column"), [
    (b"version: 1\nsite: \xff", "encoding", 2, 7),
    (b"version: 1\n\xc3\xa4\xc0", "encoding", 2, 2),
    ("version: 1\nsite: s".encode("utf-16"), "encoding", 1, 1),
    (b"\xef\xbb\xbfversion: 1\nsite: s\x00", "character", 2, 8),
])  # fmt: skip
def test_bad_bytes(tmp_path: Path, data: bytes, code: str, line: int, column: int) -> None:
    (tmp_path / "segctl.yaml").write_bytes(data)
    found = load_site(tmp_path).findings
    assert [(one.code, one.span.line, one.span.column) for one in found] == [(code, line, column)]


def test_there_are_many_kinds() -> None:
    assert len({case[0] for case in CASES}) == len(CASES) >= 120
    assert {case[2] for case in CASES} <= CODES.keys()


def test_all_at_once(tmp_path: Path) -> None:
    """Problems of every part, in the order of the file."""
    (tmp_path / "segctl.yaml").write_text(
        HEAD + "segments:\n  web: {members: 10.0.0.1/24, strictness: opn, ownr: x}\n"
        "flows:\n  - {from: wbe, to: web, services: [htps], until: tomorrow}\n"
    )
    assert [(one.code, one.span.line) for one in load_site(tmp_path).findings] == [
        ("host-bits", 4), ("unknown-profile", 4), ("unknown-key", 4), ("unknown-name", 6), ("unknown-service", 6),
        ("time", 6),
    ]  # fmt: skip


def test_unknown_names_wait_for_broken_files(tmp_path: Path) -> None:
    """What a file that can't be read may declare is not told as unknown."""
    (tmp_path / "segctl.yaml").write_text(
        HEAD + "include: parts.yaml\n" + WEB + "flows: [{from: elsewhere, to: db, services: [mine]}]"
    )
    (tmp_path / "parts.yaml").write_text("segments: {")
    assert [one.code for one in load_site(tmp_path).findings] == ["yaml"]
