"""Every mistake gets its code at its place."""

from pathlib import Path

import pytest

from segctl.load import load_site
from segctl.model.codes import CODES
from tests.unit.load.cases import CASES, HEAD, WEB
from tests.unit.load.several import SEVERAL
from tests.unit.policy.mistakes import MISTAKES


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


@pytest.mark.parametrize(("files", "place", "code", "note"), [pytest.param(*case[1:], id=case[0]) for case in SEVERAL])
def test_bad_together(tmp_path: Path, files: dict[str, str | bytes], place: str, code: str, note: str) -> None:
    for name, text in files.items():
        path = tmp_path / (name or "segctl.yaml")
        path.parent.mkdir(exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(data if name else HEAD.encode() + data)
    found = load_site(tmp_path).findings
    assert [(str(one.span), one.code) for one in found] == [(place, code)]
    assert [str(other.span) for other in found[0].notes] == ([note] if note else [])
    assert found[0].what and found[0].help


def test_there_are_many_kinds() -> None:
    """Of one file, of several, and of sites that read well and can't be meant."""
    names = [case[0] for case in (*CASES, *SEVERAL, *MISTAKES)]
    assert len(set(names)) == len(names) >= 350
    assert {*(case[2] for case in CASES), *(case[3] for case in SEVERAL)} <= CODES.keys()


def test_what_a_line_cannot_show(tmp_path: Path) -> None:
    """An alias bomb is not followed: each of its lines is told, at once."""
    lines = ["a0: &a0 [web]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20))]
    (tmp_path / "segctl.yaml").write_text(HEAD + "\n".join(lines))
    found = load_site(tmp_path).findings
    assert {one.code for one in found} == {"anchor", "unknown-key"}
    assert len([one for one in found if one.code == "anchor"]) == 20 + 19 * 9


def test_a_template_that_was_not_filled_in(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").write_text(HEAD + "segments:\n  {{ name }}: {members: []}")
    found = load_site(tmp_path).findings
    assert {(one.code, one.span.line) for one in found} == {("key-type", 4)}
    assert "variable" in found[0].help


@pytest.mark.parametrize(("text", "words"), [
    ("segments: {w\u0435b: {members: []}}", "character 2 is U+0435 CYRILLIC SMALL LETTER IE, which is not 'e'"),
    ("segments: {\u039fffice: {members: []}}", "character 1 is U+039F GREEK CAPITAL LETTER OMICRON, which is not 'O'"),
    ("segments: {\uff57eb: {members: []}}", "character 1 is U+FF57 FULLWIDTH LATIN SMALL LETTER W, which is not 'w'"),
    ("fl\u043ews: []", "character 3 is U+043E CYRILLIC SMALL LETTER O, which is not 'o'"),
    (WEB + "flows: [{from: web, to: db, services: \u0455sh}]", "U+0455 CYRILLIC SMALL LETTER DZE, which is not 's'"),
    ('segments: {a: {members: "10.0.0.1\u201310.0.0.9"}}', "character 9 is U+2013 EN DASH, which is not '-'"),
    ('segments: {"a\\u202eb": {members: []}}', "character 2 is U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("# \u2066", "U+2066 LEFT-TO-RIGHT ISOLATE"),
    ("# \x1b[2K", "U+001B escape"),
])  # fmt: skip
def test_a_strange_letter_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "segctl.yaml").write_text(HEAD + text)
    (one,) = load_site(tmp_path).findings
    assert words in one.what


@pytest.mark.parametrize(("text", "help"), [
    (WEB + "flows: [{from: wbe, to: db, services: ssh}]", "did you mean 'web'?"),
    (WEB + "flows: [{from: all, to: db, services: ssh}]", "did you mean 'any'?"),
    (WEB + "flows: [{from: '*', to: db, services: ssh}]", "did you mean 'any'?"),
    (WEB + "flows: [{from: internet, to: db, services: ssh}]", "did you mean 'world'?"),
    (WEB + "flows: [{from: web, to: firewall, services: ssh}]", "did you mean 'points'?"),
    (WEB + "flows: [{from: web, to: db, services: any}]", "did you mean 'all'?"),
    (WEB + "flows: [{from: web, to: db, services: htps}]", "did you mean 'https'?"),
    (WEB + "flows: [{from: web, to: db, services: tcp}]", "write 'tcp/any' for every port of it, or 'tcp/PORT'"),
    (WEB + "flows: [{from: web, to: db, services: 443}]", "a port needs its protocol: 'tcp/443' or 'udp/443'"),
    (WEB + "flows: [{from: web, to: db, service: ssh}]", "did you mean 'services'?"),
    ("segments: {a: {members: 10.0.0.0/24, strictness: Strict}}", "did you mean 'strict'?"),
    ("segments: {a: {members: 10.0.0.0/255.255.252.0}}", "write its length: '/22'"),
    ("segments: {a: {members: 10.0.0.9-10.0.0.1}}", "write 10.0.0.1-10.0.0.9"),
    ("segments: {a: {members: 10.0.0.0/24, waive: {unbond: x}}}", "did you mean 'unbound'?"),
    ("services: {x: tcp/90-80}", "write 'tcp/80-90'"),
    ("services: {x: icmp/8}", "write 'icmp4/8' or 'icmp6/8', or 'icmp/NAME' for both"),
])  # fmt: skip
def test_help_says_what_was_meant(tmp_path: Path, text: str, help: str) -> None:
    (tmp_path / "segctl.yaml").write_text(HEAD + text)
    (one,) = load_site(tmp_path).findings
    assert one.help == help


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
