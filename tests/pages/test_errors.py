"""docs/errors.md and the table of codes say the same, and every example on the page does what the page says."""

import os
import re

import pytest

from segctl.model.codes import CODES
from tests.pages.errors import Section, page

SECTIONS = page()
ROOTS_ALONE = {"unsafe-file"}  # another user may read what others can write


@pytest.mark.parametrize("section", [pytest.param(one, id=code) for code, one in SECTIONS.items()])
def test_wrong_and_right(section: Section) -> None:
    """The wrong example gets what is printed below it, all of it this code; the right one gets nothing."""
    told = re.findall(r"^\S+:\d+:\d+: (\w+)\[([a-z0-9-]+)\]: ", section.wrong.said, re.MULTILINE)
    assert set(told) == {(section.level, section.code)}
    seen = section.code not in ROOTS_ALONE or os.geteuid() == 0
    assert section.wrong.findings() == (section.wrong.said if seen else ""), "python -m tests.pages.errors writes it"
    assert section.right.findings() == ""


def test_every_code_has_its_section() -> None:
    assert {code: (one.level, one.title) for code, one in SECTIONS.items()} == {
        code: (str(row.level), row.title) for code, row in CODES.items()
    }


def test_each_says_why() -> None:
    """More than the title again: two sentences at least."""
    assert not [code for code, one in SECTIONS.items() if len(re.findall(r"[.:]\s|\.$", one.paragraph)) < 2]


def test_a_wrong_example_is_near_the_right_one() -> None:
    assert not [code for code, one in SECTIONS.items() if one.wrong == one.right]
    assert not [code for code, one in SECTIONS.items() if one.right.said]
