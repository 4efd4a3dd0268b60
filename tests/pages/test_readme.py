"""The README is a test: its policy goes to a folder, its commands are run there, their output is what it shows."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()

pytestmark = pytest.mark.packets


def block(kind: str, after: str) -> str:
    """The first block of that kind behind a heading."""
    found = re.search(rf"```{kind}\n(.*?)```", README[README.index(after) :], re.DOTALL)
    assert found, f"no {kind} block behind {after!r}"
    return found[1]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each `$ command` with the output that is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def test_the_first_policy_does_what_the_readme_says(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").write_text(block("yaml", "## A first policy"))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    environment.pop("SEGCTL_SITE", None)
    ran = []
    try:
        for command, shown in commands(block("console", "## A first policy")):
            done = subprocess.run(shlex.split(command), cwd=tmp_path, env=environment, capture_output=True, text=True)
            ran.append(command)
            assert done.returncode == (1 if shown.startswith("denied") else 0), (command, done.stdout, done.stderr)
            if shown:
                assert done.stdout == shown, command
    finally:
        subprocess.run(["segctl", "lab", "down"], cwd=tmp_path, env=environment, capture_output=True)
    assert len(ran) == 8


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
