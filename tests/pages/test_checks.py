"""docs/checks.md and docs/ci.md: what they list is what there is, and what they show is what is printed."""

import re
from pathlib import Path

import pytest

from segctl.model.codes import CODES
from segctl.model.diagnostic import Level
from tests import tree
from tests.pages.checks import ON, PAGE, table
from tests.pages.runner import play
from tests.unit.policy.test_warnings import WARNED

CI = tree.ROOT / "docs" / "ci.md"


def test_the_table_is_that_of_the_codes() -> None:
    assert "\n".join(table()) in PAGE.read_text(), "python -m tests.pages.checks writes it"
    assert {name for names in ON.values() for name in names} <= {*CODES}


def test_what_is_waived_is_waived_there() -> None:
    """The sites with one finding each carry their waiver where the table says."""
    for one in WARNED:
        on = next((on for on, names in ON.items() if one.code in names), "flow")
        line = next(line for line in one.text.splitlines() if "{}" in line)
        kind = "flow" if line.startswith("  - ") else "interface" if line.startswith("points") else "segment"
        assert kind in on or (on == "`points`" and "points: {owner" in line), one.code


def test_every_error_stays_out() -> None:
    rows = re.findall(r"^\| \[`([a-z-]+)`\]", PAGE.read_text(), re.M)
    assert {*rows} == {name for name, row in CODES.items() if row.level is not Level.ERROR and not row.of_audit}


def test_the_files_that_the_page_names_are_there() -> None:
    for name in re.findall(r"\]\(\.\./(examples/[\w./-]+)\)", CI.read_text()):
        assert (tree.ROOT / name).exists(), name


@pytest.mark.parametrize("page", [PAGE, CI], ids=lambda path: path.name)
def test_what_is_shown_is_what_is_printed(page: Path, tmp_path: Path) -> None:
    ran = list(play(page.read_text(), tmp_path))
    assert [one for one in ran if not one.agrees] == [], f"python -m tests.pages.runner docs/{page.name} writes it"
