"""`check` as SARIF, JUnit and workflow commands: what other people's programs read, against their own words."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import jsonschema
import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level
from tests import tree
from tests.unit.policy.test_warnings import IDS, WARNED, Warned, write

Capture = pytest.CaptureFixture[str]
AT = "2027-01-20T12:00:00Z"
SITE = """\
version: 1
site: net
segments:
  a: {members: 10.1.0.0/24, owner: x}
  b: {members: 10.2.0.0/24, owner: x, budget: 7}
  "c": {members: 10.3.0.0/24, owner: x}
points:
  gw: {kind: gateway, interfaces: {e0: {segments: world}, e1: {segments: [a, "c"]}, e2: {segments: b}}}
flows:
  - {from: a, to: b, services: ftp, why: "100% <sure>, & soon: ok"}
  - {from: b, to: a, services: ssh, name: back}
expect:
  - {from: a, to: b, services: ssh, is: denied}
  - {from: b, to: a, services: ssh, is: denied}
  - {from: b, to: a, services: ssh, is: denied}
  - {from: a, to: b, is: unreachable}
"""


@cache
def schema() -> Any:
    return json.loads((tree.ROOT / "tests/schemas/sarif-schema-2.1.0.json").read_text())


def said(site: Path, capsys: Capture, *words: str, code: int | None = None) -> str:
    capsys.readouterr()
    ended = run(["--site", str(site), "check", "--at", AT, *words])
    assert code is None or ended == code
    return capsys.readouterr().out


def sarif(site: Path, capsys: Capture, *words: str, code: int | None = None) -> Any:
    """One run, that the published schema takes."""
    answer = json.loads(said(site, capsys, "--format", "sarif", *words, code=code))
    kind = jsonschema.validators.validator_for(schema())
    kind(schema(), format_checker=jsonschema.FormatChecker()).validate(answer)
    (one,) = answer["runs"]
    return one


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Below a git repository."""
    folder = tmp_path / "repo" / "my net"
    folder.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    (folder / "segctl.yaml").write_text(SITE)
    return folder


def test_the_schema_would_refuse_nonsense() -> None:
    kind = jsonschema.validators.validator_for(schema())
    bad: Any = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {}}]}]}
    assert not kind(schema()).is_valid(bad) and not kind(schema()).is_valid({"version": "2.1.0"})


@pytest.mark.parametrize("one", [pytest.param(one, id=name) for one, name in zip(WARNED, IDS, strict=True)])
def test_sarif_of_each_finding(tmp_path: Path, capsys: Capture, one: Warned) -> None:
    """It opens at the place that the text says; its fingerprint stays when lines move, and in another file."""
    folder = write(tmp_path, one)
    (plain,) = json.loads(said(folder, capsys, "--format", "json"))["findings"]
    (result,) = sarif(folder, capsys)["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "segctl.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": plain["line"], "startColumn": plain["column"]}
    fails = one.code in ("uncovered", "over-budget")
    assert result["level"] == ("error" if fails else {"warning": "warning", "lint": "note"}[plain["level"]])
    text = (folder / "segctl.yaml").read_text()
    (folder / "segctl.yaml").write_text("# moved\n\n\n" + text.replace("flows:\n", "\n\nflows:\n# moved\n"))
    (moved,) = sarif(folder, capsys)["results"]
    assert moved["partialFingerprints"] == result["partialFingerprints"]
    assert moved["locations"] != result["locations"] or one.code == "no-points"
    head, _, rest = text.partition("site: s\n")
    (folder / "segctl.yaml").write_text(f"{head}site: s\ninclude: [more.yaml]\n")
    (folder / "more.yaml").write_text(rest)
    (elsewhere,) = sarif(folder, capsys)["results"]
    assert elsewhere["partialFingerprints"] == result["partialFingerprints"]


def test_sarif(site: Path, capsys: Capture) -> None:
    """Rules, levels, paths below the repository, related places, and expectations that fail."""
    one = sarif(site, capsys, code=Exit.NO)
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    found = [(each["ruleId"], each["level"]) for each in one["results"]]
    assert found == [
        ("over-budget", "error"), ("uncovered", "error"), ("helper", "note"), *[("expectation", "error")] * 3,
    ]  # fmt: skip
    assert all(rules[each["ruleIndex"]] == each["ruleId"] for each in one["results"])
    places = {e["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for e in one["results"]}
    assert places == {"my%20net/segctl.yaml"}
    assert [r["defaultConfiguration"]["level"] for r in one["tool"]["driver"]["rules"] if r["id"] == "helper"] == [
        "note"
    ]
    last = one["results"][-1]["message"]["text"]
    assert last.startswith("expected, and not so: a to b over anything is unreachable\n") and "segctl.yaml:10:5" in last
    one = sarif(site, capsys, "--root", str(site), "--warnings-as-errors", code=Exit.NO)
    assert {each["level"] for each in one["results"]} == {"error"}
    places = {e["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for e in one["results"]}
    assert places == {"segctl.yaml"}


def test_a_known_finding_is_suppressed(site: Path, capsys: Capture, tmp_path: Path) -> None:
    known = str(tmp_path / "known.json")
    said(site, capsys, "--write-baseline", known)
    one = sarif(site, capsys, "--baseline", known, code=Exit.NO)  # of expectations nothing is known
    assert ["suppressions" in each for each in one["results"]] == [True] * 3 + [False] * 3


def test_errors_of_a_site_are_reported_as_well(site: Path, capsys: Capture) -> None:
    """Where a pull request breaks the site, the pipeline shows it at its line; exit 2 all the same."""
    (site / "segctl.yaml").write_text(SITE.replace("to: a,", "to: nobody,"))
    one = sarif(site, capsys, code=Exit.WRONG_INPUT)
    assert [each["ruleId"] for each in one["results"]] == ["unknown-name"] * 3
    suite = fromstring(said(site, capsys, "--format", "junit", code=Exit.WRONG_INPUT))
    assert suite.get("failures") == "3"
    lines = said(site, capsys, "--format", "github", code=Exit.WRONG_INPUT).splitlines()
    assert sum(line.startswith("::error file=my net/segctl.yaml,line=1") for line in lines) == 3
    (site / "segctl.yaml").write_text(SITE.replace("why:", "waive: {helper: x}, until: 2020-01-01T00:00:00Z, from"))
    assert sarif(site, capsys, code=Exit.WRONG_INPUT)["results"]


def test_junit_has_one_case_for_each_expectation(site: Path, capsys: Capture) -> None:
    root = fromstring(said(site, capsys, "--format", "junit", code=Exit.NO))
    expectations, findings = root
    cases = [(case.get("name"), case.get("line"), case.find("failure") is not None) for case in expectations]
    assert cases == [
        ("a to b ssh is denied", "13", False),
        ("b to a ssh is denied", "14", True),
        ("b to a ssh is denied (2)", "15", True),
        ("a to b over anything is unreachable", "16", True),
    ]
    assert {case.get("file") for case in expectations} == {"my net/segctl.yaml"}
    failure = expectations[1].find("failure")
    assert failure is not None and "flow 'back'" in str(failure.text)
    assert [case.get("name", "").split(":")[0] for case in findings] == ["over-budget", "uncovered"]
    counted(root)
    root = fromstring(said(site, capsys, "--format", "junit", "--warnings-as-errors", code=Exit.NO))
    assert [case.get("name", "").split(":")[0] for case in root[1]] == ["over-budget", "uncovered", "helper"]
    counted(root)


def counted(root: Element) -> None:
    """The numbers are those of the cases."""
    for suite in root:
        assert suite.get("tests") == str(len(suite))
        assert suite.get("failures") == str(sum(case.find("failure") is not None for case in suite))
    assert root.get("tests") == str(sum(len(suite) for suite in root))


def test_workflow_commands(site: Path, capsys: Capture) -> None:
    """One line each, with nothing in it that a runner would read otherwise."""
    lines = said(site, capsys, "--format", "github", code=Exit.NO).splitlines()
    words = [line.split(" ")[0] for line in lines[:-1]]
    assert words == ["::error", "::error", "::notice", "::error", "::error", "::error"]
    assert lines[0].startswith("::error file=my net/segctl.yaml,line=5,col=3,title=segctl over-budget::from 'b' an")
    assert "%0Ahelp: " in lines[0]
    assert "100%25 <sure>, & soon: ok" in said_of(lines, "is unreachable")
    assert lines[-1] == "1 of 4 expectations hold, 3 findings (2 fail), 0 waivers"
    (site / "segctl.yaml").rename(site / "a,b:c.yaml")
    line = said(site / "a,b:c.yaml", capsys, "--format", "github").splitlines()[0]
    assert line.startswith("::error file=my net/a%2Cb%3Ac.yaml,line=5")


def said_of(lines: list[str], text: str) -> str:
    (found,) = [line for line in lines if text in line]
    return found


def test_every_level_has_its_word() -> None:
    assert {row.level for row in CODES.values()} == set(Level)
