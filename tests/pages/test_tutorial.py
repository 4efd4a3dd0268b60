"""docs/tutorial.md is a test: an empty folder, every command line and every edit, real packets, nothing left behind."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from segctl.kernel.namespaces import named
from tests.pages import runner

PAGE = (runner.ROOT / "docs" / "tutorial.md").read_text()
LAB = "firm"

pytestmark = pytest.mark.packets


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty one; a lab of the site that is made in it ends with the test."""
    yield tmp_path
    if named(f"sg-{LAB}{os.getpid()}-"):  # the page stopped half-way
        runner.outside(f"segctl --site {LAB}{os.getpid()} lab down", tmp_path)


def test_from_an_empty_folder_to_a_probed_lab(folder: Path) -> None:
    for one in runner.play(PAGE, folder, LAB):
        assert one.agrees, f"{one}: python -m tests.pages.runner docs/tutorial.md {LAB} writes it"
    assert named(f"sg-{LAB}{os.getpid()}-") == (), "the page cleans up itself"


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (runner.ROOT / "docs" / target).exists(), target
