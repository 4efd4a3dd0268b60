"""Whole sites, good and bad, with every word that is said of them; `language` is the language's own page."""

import re
from pathlib import Path

import pytest

from segctl.load import load_site
from segctl.report.diagnostics import show_counts, show_findings

GOLDEN = Path(__file__).parents[2] / "golden" / "load"
SITES = sorted(path.name for path in GOLDEN.iterdir())


@pytest.mark.parametrize("name", SITES)
def test_findings(name: str) -> None:
    findings = load_site(GOLDEN / name).findings
    said = "\n".join([*show_findings(findings), show_counts(findings)]) + "\n"
    said = re.sub(r"(segctl/segments/\w+\.yaml):\d+", r"\1:LINE", said)  # the catalogue may grow
    assert said == (GOLDEN / name / "findings.txt").read_text()


def test_there_are_sites() -> None:
    assert {"language", "typos", "lists"} <= set(SITES)
