"""docs/policy.md is a test: its site is written and changed as it says, and every command prints what it shows."""

import re
from pathlib import Path

import yaml

from segctl.model.decision import Step
from tests.pages import runner

PAGE = (runner.ROOT / "docs" / "policy.md").read_text()


def test_every_answer_is_what_the_page_shows(tmp_path: Path) -> None:
    ran = list(runner.play(PAGE, tmp_path, run=runner.inside))
    assert [one for one in ran if not one.agrees] == [], "python -m tests.pages.runner docs/policy.md writes it"
    assert [one.command for one in ran if not one.shown] == [], "each shows its answer"


def test_every_step_of_the_law_has_its_row_and_its_section() -> None:
    rows = re.findall(r"^\| (\d\w?) \|", PAGE, re.MULTILINE)
    assert rows == [step.value for step in Step if step is not Step.CUT_OFF]  # no run-time quarantine yet
    for step in rows:
        assert re.search(rf"^## .*\bsteps? .*\b{step}\b|^\*\*Step {step}\*\*", PAGE, re.MULTILINE), step


WORDS = {  # key: what the page calls it, and its values where they aren't the same
    "answer": ("refused packets get", {}),
    "log": ("logged", {"none": "nothing", "denies+new": "denies, and new connections"}),
    "wide": ("a flow with `any` or `world`", {"allow": "fine", "warn": "warning"}),
    "why": ("a flow needs a `why`", {"optional": "no", "required": "yes"}),
    "tightening": ("when a line goes, live connections", {"keep": "stay", "cut": "are cut"}),
    "holds": ("holds data up to", {}),
}


def test_the_tables_of_strictness_are_the_built_in_ones() -> None:
    text = (runner.ROOT / "segments" / "strictness.yaml").read_text()
    profiles = yaml.load(text, yaml.BaseLoader)["strictness"]
    for name, profile in profiles.items():
        row = " | ".join(profile[key] for key in ("intra", "ingress", "egress"))
        assert re.search(rf"^\| `{name}`( \(`\w+`\))? \| {row}\b", PAGE, re.MULTILINE), name
    assert f"| | {' | '.join(profiles)} |" in PAGE
    for key, (called, words) in WORDS.items():
        values = (profile[key] for profile in profiles.values())
        assert f"| {called} | {' | '.join(words.get(value, value) for value in values)} |" in PAGE, key


def test_links_lead_somewhere() -> None:
    """Other pages, and headings of this one as a forge names them."""
    headings = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in re.findall(r"^#+ (.*)$", PAGE, re.M)}
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        page, _, heading = target.partition("#")
        assert (runner.ROOT / "docs" / page).exists(), target
        assert page or heading in headings, target
