"""`segctl check`: exit codes, the baseline, how far ahead it looks, and a waiver's last day."""

import json
from pathlib import Path
from typing import Any

import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run

Capture = pytest.CaptureFixture[str]
AT = "2027-01-20T12:00:00Z"
SITE = """\
version: 1
site: net
segments:
  a: {members: 10.1.0.0/24, owner: x}
  b: {members: 10.2.0.0/24, owner: x}
points:
  gw: {kind: gateway, interfaces: {e0: {segments: world}, e1: {segments: [a, b]}}}
flows:
  - {from: a, to: b, services: ftp, until: 2027-03-01T00:00:00Z}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "segctl.yaml").write_text(SITE)
    return tmp_path


def check(site: Path, *words: str) -> int:
    return run(["--site", str(site), "check", "--at", AT, *words])


def codes(site: Path, capsys: Capture, *words: str) -> list[str]:
    """Of what isn't known."""
    return [one["code"] for one in answer(site, capsys, *words)["findings"] if not one["known"]]


def answer(site: Path, capsys: Capture, *words: str) -> Any:
    capsys.readouterr()
    check(site, "--format", "json", *words)
    return json.loads(capsys.readouterr().out)


def test_how_far_ahead(site: Path, capsys: Capture) -> None:
    """To the second: the last day counts whole days from now."""
    assert codes(site, capsys) == ["uncovered", "helper"]
    assert codes(site, capsys, "--expiring", "39") == ["uncovered", "helper"]
    assert codes(site, capsys, "--expiring", "40") == ["uncovered", "expiring", "helper"]
    assert run(["--site", str(site), "check", "--expiring", "-1"]) == Exit.WRONG_INPUT


def test_what_is_known_fails_no_more(site: Path, capsys: Capture, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    assert check(site) == Exit.NO
    assert check(site, "--write-baseline", str(known)) == Exit.YES  # beside what it has just made
    assert check(site, "--baseline", str(known), "--warnings-as-errors") == Exit.YES
    capsys.readouterr()
    check(site, "--baseline", str(known))
    assert (
        capsys.readouterr().out == "0 of 0 expectations hold, 0 findings (0 fail), 2 known by the baseline, 0 waivers\n"
    )
    written = json.loads(known.read_text())
    assert [(one["code"], one["about"].split(" ")[0]) for one in written["findings"]] == [
        ("helper", "flow"), ("uncovered", "segment"),
    ]  # fmt: skip


def test_only_what_is_known(site: Path, capsys: Capture, tmp_path: Path) -> None:
    """Moved lines are known; the same mistake elsewhere, or more of it, is not; what is mended is told."""
    known = str(tmp_path / "known.json")
    check(site, "--write-baseline", known)
    main = site / "segctl.yaml"
    main.write_text("# a comment\n" + SITE)
    assert codes(site, capsys, "--baseline", known) == []
    main.write_text(SITE + "  - {from: b, to: a, services: ftp}\n")
    assert codes(site, capsys, "--baseline", known) == ["helper"]
    main.write_text(
        SITE.replace("[a, b]", "[a, b, d]").replace("points:", "  d: {members: 10.4.0.0/24, owner: x}\npoints:")
    )
    assert codes(site, capsys, "--baseline", known) == ["uncovered"]
    assert check(site, "--baseline", known) == Exit.NO
    main.write_text(SITE.replace("ftp", "ssh"))
    found = answer(site, capsys, "--baseline", known)
    assert len(found["gone"]) == 1 and check(site, "--baseline", known) == Exit.YES
    capsys.readouterr()
    check(site, "--baseline", known)
    assert "1 of the baseline is found no more: `--write-baseline` takes them out\n" in capsys.readouterr().out


def test_the_same_twice_is_known_once(site: Path, capsys: Capture, tmp_path: Path) -> None:
    """One flow with two services of a kind has two findings that read alike."""
    known = str(tmp_path / "known.json")
    check(site, "--write-baseline", known)
    (site / "segctl.yaml").write_text(SITE.replace("services: ftp", "name: old, services: ftp"))
    check(site, "--write-baseline", known)
    (site / "segctl.yaml").write_text(SITE.replace("services: ftp", "name: old, services: [ftp, tcp/21]"))
    assert codes(site, capsys, "--baseline", known) == ["helper"]


def test_a_baseline_excuses_no_error_and_no_expectation(site: Path, capsys: Capture, tmp_path: Path) -> None:
    known = str(tmp_path / "known.json")
    main = site / "segctl.yaml"
    main.write_text(SITE + "expect:\n  - {from: a, to: b, services: ftp, is: denied}\n")
    assert check(site, "--write-baseline", known) == Exit.NO
    assert check(site, "--baseline", known) == Exit.NO
    sealed = SITE.replace("owner: x}", "owner: x, strictness: sealed}").replace(
        "services: ftp", "why: x, from: any, services: ftp, waive: {wide: {why: x, until: 2027-01-01}}"
    ).replace("{from: a, ", "{")  # fmt: skip
    main.write_text(sealed)
    assert "wide-flow" in codes(site, capsys)  # its waiver is past its day
    assert check(site, "--write-baseline", known) == Exit.NO
    assert "wide-flow" in codes(site, capsys, "--baseline", known)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "other/1", "findings": []}', '{"findings": [1]}', "[" * 9999]
)
def test_no_baseline(site: Path, tmp_path: Path, text: str, capsys: Capture) -> None:
    """Nothing is taken for known by mistake."""
    (tmp_path / "known.json").write_text(text)
    assert check(site, "--baseline", str(tmp_path / "known.json")) == Exit.WRONG_INPUT
    assert "no baseline" in capsys.readouterr().err


def test_a_baseline_that_is_not_there(site: Path, tmp_path: Path) -> None:
    assert check(site, "--baseline", str(tmp_path / "none.json")) == Exit.WRONG_INPUT
    assert check(site, "--write-baseline", str(tmp_path / "no" / "where.json")) == Exit.WRONG_INPUT


def test_a_root_that_the_site_is_not_below(site: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert check(site, "--format", "sarif", "--root", str(tmp_path / "other")) == Exit.WRONG_INPUT
