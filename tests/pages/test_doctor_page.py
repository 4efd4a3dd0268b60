"""docs/doctor.md lists every fact that is tried, in the words of the table that is run."""

from segctl.apply.trials import TRIALS
from tests import tree


def test_the_page_lists_the_facts() -> None:
    page = (tree.ROOT / "docs" / "doctor.md").read_text()
    rows = [line for line in page[page.index("## The facts") :].splitlines() if line.startswith("| ")]
    assert rows[1:] == [f"| {one.name} | {one.fact} | {one.without} | {one.mends} |" for one in TRIALS]
