"""examples/ci in a real git repository, with a pull request that opens a hole, a harmless one, and a broken one."""

import json
import re
import subprocess
from pathlib import Path
from shutil import copytree

import pytest

from tests.pipelines.runner import Machine, read, run_action, run_job
from tests.sites import EXAMPLES

CI = EXAMPLES / "ci"
HOLE = '  - {name: look, from: web, to: db, services: [postgres], why: "a quick look at the orders", owner: shop}\n'
HARMLESS = "# reviewed by the network team\n"
BROKEN = "  - {from: nobody, to: db, services: [postgresql]}\n"


def git(folder: Path, *words: str) -> str:
    """With nobody's own settings."""
    who = ["-c", "user.name=dev", "-c", "user.email=dev@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def change(folder: Path, line: str) -> int:
    """A line more in the flows; where it stands."""
    path = folder / "net" / "parts" / "flows.yaml"
    lines = path.read_text().splitlines(keepends=True)
    at = lines.index("flows:\n") + 1
    path.write_text("".join((*lines[:at], line, *lines[at:])))
    return at + 1


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The shop in `net/`, on main."""
    folder = tmp_path / "repository"
    folder.mkdir()
    copytree(EXAMPLES / "shop" / "site", folder / "net")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "the shop")
    return folder


def pull_request(repository: Path, line: str) -> tuple[Path, str, int]:
    """A clone with the branch checked out; the base it started from; where the line stands."""
    base = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "-q", "-b", "change")
    at = change(repository, line)
    git(repository, "commit", "-q", "-a", "-m", "a change")
    clone = repository.parent / "clone"
    git(repository.parent, "clone", "-q", "--branch", "change", str(repository), str(clone))
    return clone, base, at


def machine(clone: Path, tmp_path: Path) -> Machine:
    found = Machine(clone, tmp_path / "tools", {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")})
    found.stand_in("pip", "gh", "curl")
    return found


def test_the_action_on_a_hole(repository: Path, tmp_path: Path) -> None:
    """It fails at the check, shows the line, and the comment says who may reach whom now."""
    clone, base, at = pull_request(repository, HOLE)
    runner = machine(clone, tmp_path)
    inputs = {"site": "net", "base": base, "number": "7"}
    ran, noted = run_action(read(CI / "github/action.yml"), inputs, runner)
    assert [(one.name, one.code) for one in ran] == [
        ("Install", 0), ("What is wrong, at its lines", 1), ("What the change opens", 0),
    ], ran  # fmt: skip
    assert [name.split("@")[0] for name in noted] == ["github/codeql-action/upload-sarif"]
    annotations = [line for line in ran[1].said.splitlines() if line.startswith("::error")]
    assert annotations and all("title=segctl expectation" in line for line in annotations)
    assert f"flow 'look': a quick look at the orders (parts/flows.yaml:{at}:5)" in ran[1].said
    (sarif,) = json.loads((clone / "segctl.sarif").read_text())["runs"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in sarif["results"]}
    assert uris == {"net/parts/flows.yaml"} and (clone / uris.pop()).is_file()
    assert runner.called("gh") == ["pr", "comment", "7", "--edit-last", "--create-if-none", "--body-file", "segctl.md"]
    comment = (runner.tools / "segctl.md").read_text()
    assert comment == (tmp_path / "summary.md").read_text()
    assert "web" in comment and "db" in comment and "tcp/5432" in comment and "look" in comment
    assert re.search("opens", comment, re.IGNORECASE)


def test_the_action_on_a_harmless_change(repository: Path, tmp_path: Path) -> None:
    clone, base, _ = pull_request(repository, HARMLESS)
    runner = machine(clone, tmp_path)
    ran, _ = run_action(read(CI / "github/action.yml"), {"site": "net", "base": base, "number": "8"}, runner)
    assert [one.code for one in ran] == [0, 0, 0]
    assert "::" not in ran[1].said
    assert "tcp/5432" not in (runner.tools / "segctl.md").read_text()


def test_the_action_on_a_broken_site(repository: Path, tmp_path: Path) -> None:
    """The line that is wrong is shown; there is nothing to compare."""
    clone, base, at = pull_request(repository, BROKEN)
    runner = machine(clone, tmp_path)
    ran, _ = run_action(read(CI / "github/action.yml"), {"site": "net", "base": base, "number": "9"}, runner)
    assert [one.code for one in ran] == [0, 2, 2]
    assert f"::error file=net/parts/flows.yaml,line={at},col=12,title=segctl unknown-name::" in ran[1].said
    assert runner.called("gh") == []


def test_without_a_base_or_a_number(repository: Path, tmp_path: Path) -> None:
    """On a push there is no pull request, and nobody to tell."""
    clone, base, _ = pull_request(repository, HARMLESS)
    runner = machine(clone, tmp_path)
    ran, _ = run_action(read(CI / "github/action.yml"), {"site": "net"}, runner)
    assert [one.code for one in ran] == [0, 0, 0] and runner.called("gh") == []
    ran, _ = run_action(read(CI / "github/action.yml"), {"site": "net", "base": base}, runner)
    assert [one.code for one in ran] == [0, 0, 0] and runner.called("gh") == []


def test_the_workflow_calls_the_action() -> None:
    """With inputs that it has, and with the history that it compares with."""
    workflow = read(CI / "github/workflow.yml")
    steps = workflow["jobs"]["policy"]["steps"]
    assert {*steps[-1]["with"]} <= {*read(CI / "github/action.yml")["inputs"]}
    assert steps[0]["with"]["fetch-depth"] == 0
    assert "pull_request" in workflow[True]  # YAML 1.1 reads `on` so; no pull_request_target, which has secrets


VARIABLES = {
    "CI_API_V4_URL": "https://gitlab.example/api/v4", "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "5",
}  # fmt: skip


@pytest.mark.parametrize("token", ["", "secret"])
def test_the_gitlab_job_on_a_hole(repository: Path, tmp_path: Path, token: str) -> None:
    """The note is posted before the check fails; the report has a case for each expectation."""
    clone, base, _ = pull_request(repository, HOLE)
    runner = machine(clone, tmp_path)
    job = read(CI / "gitlab/segctl.gitlab-ci.yml")["segctl"]
    more = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "SEGCTL_NOTE_TOKEN": token}
    ran = run_job(job, VARIABLES | more, runner)
    assert ran.code == 1, ran.said
    called = runner.called("curl")
    assert bool(called) is bool(token)
    if token:
        assert called[-1] == "https://gitlab.example/api/v4/projects/3/merge_requests/5/notes"
        assert "look" in (runner.tools / "segctl.md").read_text()
    report = (clone / job["artifacts"]["reports"]["junit"]).read_text()
    assert report.count("<testcase ") >= 8 and "<failure " in report
    assert all((clone / path).is_file() for path in job["artifacts"]["paths"])


def test_the_gitlab_job_on_a_harmless_change(repository: Path, tmp_path: Path) -> None:
    clone, base, _ = pull_request(repository, HARMLESS)
    runner = machine(clone, tmp_path)
    ran = run_job(
        read(CI / "gitlab/segctl.gitlab-ci.yml")["segctl"],
        VARIABLES | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "SEGCTL_NOTE_TOKEN": ""}, runner,
    )  # fmt: skip
    assert ran.code == 0, ran.said
    assert "<failure" not in (clone / "segctl.xml").read_text()


def test_the_hook_refuses_a_commit(repository: Path, tmp_path: Path) -> None:
    """As pre-commit would call it: its entry, no file names, only if the site is touched."""
    (hook,) = read(CI / "pre-commit/.pre-commit-config.yaml")["repos"][0]["hooks"]
    assert hook["pass_filenames"] is False and hook["language"] == "system"
    runner = machine(repository, tmp_path)
    touched = f"git diff --cached --name-only | grep -qE '{hook['files']}' || exit 0"
    path = repository / ".git" / "hooks" / "pre-commit"
    path.write_text(f"#!/bin/sh\n{touched}\nexec {hook['entry']}\n")
    path.chmod(0o755)
    commit = "git -c user.name=dev -c user.email=dev@example.org commit -q -a -m change"
    change(repository, HOLE)
    refused = runner.shell(commit)
    assert refused.returncode == 1 and "failed: parts/flows.yaml" in refused.stdout + refused.stderr
    git(repository, "checkout", "-q", ".")
    change(repository, HARMLESS)
    assert runner.shell(commit).returncode == 0
    assert git(repository, "log", "--oneline").count("\n") == 1
