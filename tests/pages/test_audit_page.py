"""docs/audit.md: the example answers what is printed below it, and the tables are those of the program."""

import re
from pathlib import Path

from segctl.draft.result import CODES
from tests import tree
from tests.pages.runner import inside, play

PAGE = (tree.ROOT / "docs" / "audit.md").read_text()


def test_the_example(tmp_path: Path) -> None:
    assert [one for one in play(PAGE, tmp_path, run=inside) if not one.agrees] == []


def test_every_finding_is_listed() -> None:
    listed = re.findall(r"`([a-z0-9-]+)`", "".join(re.findall(r"^\| (`\w+-\S+.*?) \|", PAGE, re.MULTILINE)))
    assert sorted(listed) == sorted(CODES)
