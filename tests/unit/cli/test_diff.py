"""diff: between folders and between revisions of a real repository."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from segctl.cli.exits import Exit
from segctl.cli.main import run

Capture = pytest.CaptureFixture[str]
SITE = """
version: 1
site: small
segments:
  a: {strictness: strict, members: 10.1.0.0/24}
  b: {strictness: strict, members: 10.2.0.0/24}
  c: {strictness: strict, members: 10.3.0.0/24}
points:
  gw:
    kind: gateway
    interfaces:
      e1: {segments: [a], addresses: [10.1.0.254/24]}
      e2: {segments: [b], addresses: [10.2.0.254/24]}
      e3: {segments: [c], addresses: [10.3.0.254/24]}
flows:
  - {name: ab, from: a, to: b, services: [https], why: "pages"}
"""
BC = '  - {name: bc, from: b, to: c, services: [ssh], why: "| <b>x</b> @all #1 `y`"}\n'
TIMES = 'since: "2027-01-01T00:00:00Z", until: "2027-02-01T00:00:00Z"'
LATER = f'  - {{name: late, from: a, to: c, services: [ssh], why: "x", {TIMES}}}\n'
AT = ["--at", "2026-12-01T00:00:00Z"]


def put(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "segctl.yaml").write_text(text)
    return folder


@pytest.fixture
def said(tmp_path: Path, capsys: Capture) -> Callable[..., tuple[int, str]]:
    """What diff says of two texts."""

    def ask(before: str, after: str, *words: str) -> tuple[int, str]:
        sides = [str(put(tmp_path / name, text)) for name, text in (("was", before), ("now", after))]
        code = run(["diff", *sides, *AT, *words])
        return code, capsys.readouterr().out

    return ask


def test_what_opens_and_how_far(said: Callable[..., tuple[int, str]]) -> None:
    code, text = said(SITE, SITE + BC, "--exit-code")
    assert code == Exit.NO
    assert text == (
        "opens:\n"
        "  + b -> c  tcp/22  by flow 'bc' (segctl.yaml:17)\n"
        "can be reached now in several hops:\n"
        "  + a -> c (2 hops)\n"
        f"      {text.splitlines()[4].strip()}\n"
        "blast radius:\n"
        "  + a: 507 -> 761\n"
        "  + b: 253 -> 507\n"
    )
    assert "by ab (segctl.yaml:16)" in text and "by bc (segctl.yaml:17)" in text


def test_what_closes_fails_nothing(said: Callable[..., tuple[int, str]]) -> None:
    code, text = said(SITE + BC, SITE, "--exit-code")
    assert code == Exit.YES
    assert "closes:\n  - b -> c  tcp/22\n" in text and "can't be reached any more:\n  - a -> c (2 hops)" in text
    assert said(SITE, SITE.replace("pages", "sheets"), "--exit-code") == (0, "no connection opens or closes\n")


def test_what_opens_later_is_found_today(said: Callable[..., tuple[int, str]]) -> None:
    code, text = said(SITE, SITE + LATER, "--exit-code")
    assert code == Exit.NO
    assert "opens at 2027-01-01:\n  + a -> c  tcp/22  by flow 'late'" in text
    assert "2027-02-01: flow 'late' ends" in text
    assert said(SITE + LATER, SITE + LATER, "--exit-code")[0] == Exit.YES
    longer = LATER.replace("2027-02-01", "2027-03-01")
    code, text = said(SITE + LATER, SITE + longer, "--exit-code")
    assert code == Exit.NO and "opens at 2027-02-01:" in text


def test_json(said: Callable[..., tuple[int, str]]) -> None:
    found = json.loads(said(SITE, SITE + BC + LATER, "--format", "json")[1])
    assert found["schema"] == "segctl/diff/1"
    assert [row["after"]["by"] for row in found["opens"]] == ["bc"]
    assert [(row["to"]["names"], row["hops"]) for row in found["appear"]] == [(["c"], 2)]
    assert {one["segment"]: (one["before"], one["after"]) for one in found["radius"]}["a"] == (507, 761)
    assert [(turn["flow"], turn["begins"]) for turn in found["turns"]] == [("late", True), ("late", False)]
    assert [row["after"]["by"] for later in found["opens_later"] for row in later["opens"]] == ["late"]


def test_markdown_is_loud_and_folds_and_shows_text_as_it_is(said: Callable[..., tuple[int, str]]) -> None:
    many = "".join(
        f'  - {{name: m{at}, from: 10.1.0.{at}, to: 10.3.0.{at}, services: [tcp/{1000 + at}], why: "x"}}\n'
        for at in range(1, 41)
    )
    text = said(SITE, SITE + BC + many, "--format", "markdown")[1]
    assert "> [!CAUTION]" in text and "#### Opens (41)" in text
    loud, folded = text.split("<summary>11 more</summary>", 1)
    assert loud.count("allowed by flow") == 30 and folded.count("allowed by flow") >= 11
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<b>" not in html and "@all" not in html and "#1 " not in html
    calm = said(SITE + BC, SITE, "--format", "markdown")[1]
    assert "> [!NOTE]" in calm and "opens nothing" in calm and calm.index("<details>") < calm.index("Closes") + 99


def git(folder: Path, *words: str) -> str:
    identity = {
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@x",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@x",
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True, env={**os.environ, **identity}
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The site in a folder of it; main, and a branch that opens something."""
    top = tmp_path / "top"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    put(top / "net", SITE)
    git(top, "add", ".")
    git(top, "commit", "-qm", "one")
    git(top, "checkout", "-qb", "hole")
    put(top / "net", SITE + BC)
    git(top, "commit", "-qam", "two")
    return top / "net"


@pytest.mark.parametrize(
    ("range_", "says"),
    [
        ("main..hole", "+ b -> c"),
        ("main..", "+ b -> c"),
        ("hole..main", "- b -> c"),
        ("main...hole", "+ b -> c"),
        ("main", "+ b -> c"),
        ("HEAD", "no connection opens or closes"),
    ],
)
def test_revisions(repository: Path, range_: str, says: str, capsys: Capture) -> None:
    assert run(["--site", str(repository), "diff", "--git", range_, *AT]) == 0
    assert says in capsys.readouterr().out
    assert git(repository, "status", "--porcelain") == ""  # nothing was touched


def test_from_where_both_begin(repository: Path, capsys: Capture) -> None:
    """Three dots: what main did meanwhile is none of the branch's."""
    git(repository, "checkout", "-q", "main")
    put(repository, SITE + BC.replace("bc", "other").replace("ssh", "smtp"))
    git(repository, "commit", "-qam", "three")
    assert run(["--site", str(repository), "diff", "--git", "main...hole", *AT]) == 0
    assert "smtp" not in (out := capsys.readouterr().out) and "- " not in out
    assert run(["--site", str(repository), "diff", "--git", "main..hole", *AT]) == 0
    assert "- b -> c  tcp/25" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--git", "nowhere..main"], "there is no revision 'nowhere'"),
        (["--git", "--output=/tmp/x"], "there is no revision"),
        (["--git", "main~1..main"], "there is no revision 'main~1'"),
        (["--git", ""], "names no revision"),
        (["--git", "..HEAD"], "names no revision"),
        (["--git", "...HEAD"], "names no revision"),
        (["--site", "no/such", "--git", "main..HEAD"], "there is no folder"),
        ([], "what is compared?"),
        (["a", "b", "--git", "main"], "what is compared?"),
        (["nowhere", "."], "there is no file 'nowhere'"),
    ],
)
def test_wrong_input(
    repository: Path, words: list[str], says: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    site = words[:2] if words[:1] == ["--site"] else []
    assert run([*site, "diff", *words[len(site) :]]) == Exit.WRONG_INPUT
    assert says in capsys.readouterr().err


def test_an_invalid_side_is_told_with_its_name(repository: Path, capsys: Capture) -> None:
    put(repository, SITE.replace("strict,", "strange,"))
    git(repository, "commit", "-qam", "broken")
    assert run(["--site", str(repository), "diff", "--git", "main..HEAD"]) == Exit.WRONG_INPUT
    assert "HEAD:segctl.yaml:5:" in capsys.readouterr().err


def test_a_site_that_was_not_there(repository: Path, capsys: Capture) -> None:
    put(repository.parent / "new", SITE)
    git(repository.parent, "add", ".")
    git(repository.parent, "commit", "-qm", "new")
    assert run(["--site", str(repository.parent / "new"), "diff", "--git", "main..HEAD"]) == Exit.WRONG_INPUT
    assert "'new' is not in revision 'main'" in capsys.readouterr().err


def test_no_repository(tmp_path: Path, capsys: Capture) -> None:
    put(tmp_path / "site", SITE)
    assert run(["--site", str(tmp_path / "site"), "diff", "--git", "main"]) == Exit.WRONG_INPUT


def test_without_git(repository: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    assert run(["--site", str(repository), "diff", "--git", "main"]) == Exit.CANNOT
    assert "git is not installed" in capsys.readouterr().err


def test_a_link_in_a_revision_leads_nowhere(repository: Path, capsys: Capture) -> None:
    (repository / "more.yaml").symlink_to("/etc/passwd")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "link")
    assert run(["--site", str(repository), "diff", "--git", "main..HEAD"]) == Exit.WRONG_INPUT
    assert "can't be taken out" in capsys.readouterr().err
