"""docs/language.md is what the tables say, whole, and its links lead somewhere."""

import os
import re
import subprocess
import sys

import pytest

from segctl.load.fields import TABLES
from segctl.load.grammar import types
from tests import tree
from tools.language import PAGE, WHOLE, page

TEXT = page()
KEYS = sorted({key for table in TABLES.values() for key in table.fields if table.name != "catalogue service"})


def test_the_page_is_fresh() -> None:
    if os.environ.get("SEGCTL_GOLDEN") == "write":
        PAGE.write_text(TEXT)
    assert PAGE.read_text() == TEXT, "SEGCTL_GOLDEN=write writes it anew"


def test_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z -]", "", line.lower()).strip().replace(" ", "-") for line in re.findall(r"^#+ (.*)$", TEXT, re.M)
    }
    links = set(re.findall(r"\]\(([^)]+)\)", TEXT))
    assert len(links) > 15
    assert not [link for link in links if link.startswith("#") and link[1:] not in headings]
    assert all((PAGE.parent / link).is_file() for link in links if not link.startswith("#"))


@pytest.mark.parametrize("key", KEYS)
def test_the_whole_site_has_every_key(key: str) -> None:
    assert re.search(rf"(^|[\s{{#]){key}:|`{key}`", WHOLE.read_text())


def test_every_type_that_is_named_is_explained() -> None:
    tables = TEXT.split("## Types")[0]
    named = {
        word for row in re.findall(r"^\| `[^|]*\|([^|]*)\|", tables, re.M) for word in re.findall(r"\b[A-Z]{3,}\b", row)
    }
    assert named <= types().keys()
    assert all(f"| {name} | " in TEXT for name in types())


def test_rows_have_four_cells() -> None:
    for line in TEXT.split("## Types")[0].splitlines():
        if line.startswith("| `") and "### " not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 9), line


def test_the_program_prints_it() -> None:
    command = [sys.executable, "-m", "tools.language"]
    assert subprocess.run(command, cwd=tree.ROOT, check=True, capture_output=True, text=True).stdout == TEXT


def test_the_page_has_the_whole_site() -> None:
    assert f"```yaml\n{WHOLE.read_text()}```\n" in TEXT
    assert WHOLE.is_relative_to(tree.ROOT)
