"""The README is a test: its policy goes to a folder, its commands are run there, their output is what it shows."""

import re
from pathlib import Path

import pytest

from tests.pages import runner

README = (runner.ROOT / "README.md").read_text()

pytestmark = pytest.mark.packets


def test_the_first_policy_does_what_the_readme_says(tmp_path: Path) -> None:
    ran = []
    try:
        for one in runner.play(runner.section(README, "A first policy in ten lines"), tmp_path, "first"):
            assert one.agrees, one
            ran.append(one)
    finally:
        runner.outside("segctl lab down", tmp_path)
    assert len(ran) == 8


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (runner.ROOT / target).exists(), target
