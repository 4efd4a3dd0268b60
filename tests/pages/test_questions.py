"""docs/questions.md is a test: every command prints what it shows."""

from pathlib import Path

from tests.pages import runner

PAGE = (runner.ROOT / "docs" / "questions.md").read_text()


def test_every_answer_is_what_the_page_shows(tmp_path: Path) -> None:
    ran = list(runner.play(PAGE, tmp_path, run=runner.inside))
    assert [one for one in ran if not one.agrees] == [], "python -m tests.pages.runner docs/questions.md writes it"
    assert len(ran) == 6 and all(one.shown for one in ran)
