"""Lists of hosts and the sites that are drafted from them, side by side; `SEGCTL_GOLDEN=write` writes them anew.

tests/golden/init/CASE/ holds the input and, in written/, every file of the draft but the schema. What is written is
also loaded, checked, and loaded once more with every example in its comments switched on.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from segctl.ask.check import check_site
from segctl.draft import make, put
from segctl.draft.start import SCHEMA
from segctl.load import load_site
from segctl.load.schema import show_schema
from segctl.model.diagnostic import Level
from segctl.policy import examine
from segctl.report.diagnostics import level_of
from tests.sites import AT, meant, read

GOLDEN = Path(__file__).parents[2] / "golden" / "init"
CASES = sorted(path.name for path in GOLDEN.iterdir())
NOTHING = "nothing"  # the case without a list
_EXAMPLE = re.compile(r"^#(?=\w+:|  )", re.MULTILINE)


def draft_into(case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Draft as a user in the case's folder would; what was doubtful."""
    monkeypatch.chdir(GOLDEN / case)
    sources = [path for path in Path().iterdir() if path.is_file()]
    assert len(sources) == (case != NOTHING)
    draft = make(folder, sources[0] if sources else None, name="shop")
    assert put(draft, folder, AT) == list(draft.files)
    return draft.doubts


def texts(folder: Path) -> dict[str, str]:
    """Every file by its path, but for the schema."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SCHEMA)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


@pytest.mark.parametrize("case", CASES)
def test_what_is_written(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doubts = draft_into(case, tmp_path, monkeypatch)
    assert (tmp_path / SCHEMA).read_text() == show_schema()
    (tmp_path / SCHEMA).unlink()
    (tmp_path / "doubts.txt").write_text("".join(f"{doubt}\n" for doubt in doubts))
    golden = GOLDEN / case / "written"
    if os.environ.get("SEGCTL_GOLDEN") == "write":
        shutil.rmtree(golden, ignore_errors=True)
        shutil.copytree(tmp_path, golden)
    assert texts(tmp_path) == texts(golden)


@pytest.mark.parametrize("case", CASES)
def test_it_validates_and_passes_check(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a finding, but that a site from a list has no points yet."""
    draft_into(case, tmp_path, monkeypatch)
    loaded = load_site(tmp_path)
    assert not loaded.findings
    site = read(tmp_path)
    want = [] if case == NOTHING else ["no-points"]
    assert [finding.code for finding in examine(site, AT).findings] == want
    assert check_site(site, loaded.findings, AT).holds()


@pytest.mark.parametrize("case", CASES)
def test_every_example_in_a_comment_works(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them at once: the next thing to try is never an error, and what a comment says to expect holds."""
    draft_into(case, tmp_path, monkeypatch)
    main = tmp_path / "segctl.yaml"
    text = main.read_text()
    tried = _EXAMPLE.sub("", text)
    assert tried.count("\n") == text.count("\n")
    assert tried != text
    lines = tried.splitlines(keepends=True)
    main.write_text("".join(line for at, line in enumerate(lines) if not _said_again(lines, at)))
    site = read(tmp_path)
    findings = examine(site, AT).findings
    assert not [one for one in findings if level_of(one) is Level.ERROR], findings
    assert check_site(site, (), AT).holds()
    assert site.points
    assert site.flows


def _said_again(lines: list[str], at: int) -> bool:
    """A member list that stands again, wider, on the next line."""
    return at + 1 < len(lines) and all(line.startswith("    members:") for line in lines[at : at + 2])


@pytest.mark.parametrize("case", sorted({*CASES} - {NOTHING}))
def test_it_loses_nothing_as_it_stands(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every segment observes, nothing is forbidden: an operator may load it and look."""
    draft_into(case, tmp_path, monkeypatch)
    site = meant(read(tmp_path)).site
    assert not site.guardrails
    assert not site.flows
    assert {str(segment.mode) for segment in site.segments.values() if not segment.built_in} == {"observe"}


@pytest.mark.parametrize("case", CASES)
def test_no_secret_and_no_variable_is_copied(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft_into(case, tmp_path, monkeypatch)
    written = "".join(texts(tmp_path).values())
    assert not [word for word in ("hunter2", "s3cret", "ANSIBLE_VAULT", "deploy", "/etc/keys") if word in written]
