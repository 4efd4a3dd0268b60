"""What runs the pages finds a page that is wrong."""

from pathlib import Path

import pytest

from tests.pages import runner

SITE = "`s.yaml`:\n\n```yaml\na:\n  b: 1\n  c: 2\n```\n"


def ran(block: str, folder: Path) -> runner.Ran:
    (one,) = runner.play(f"```console\n{block}```\n", folder)
    return one


@pytest.mark.parametrize(("block", "agrees"), [
    ("$ printf 'one\\ntwo \\n'\none\ntwo\n", True),
    ("$ printf 'one\\ntwo\\n'\none\n", False),  # more than is shown
    ("$ printf 'one\\n'\none\ntwo\n", False),  # less
    ("$ printf 'one\\n' >&2\none\n", True),  # both streams
    ("$ printf 'one\\ntwo\\nthree\\n'\none\n…\n", True),
    ("$ printf 'one\\ntwo\\nthree\\n'\n…\nthree\n", True),
    ("$ printf 'one\\ntwo\\nthree\\n'\n…\ntwo\n", False),
    ("$ printf 'one\\n'\n", True),  # nothing shown
    ("$ false\n", False),
    ("$ false  # exit 1\n", True),
    ("$ true  # not so: exit 1\n", False),
])  # fmt: skip
def test_output_and_exit_code(tmp_path: Path, block: str, agrees: bool) -> None:
    assert ran(block, tmp_path).agrees is agrees


@pytest.mark.parametrize(("edit", "becomes"), [
    ("In `s.yaml`, under `a:`, add:\n\n```yaml\n  x: 0\n```\n", "a:\n  x: 0\n  b: 1\n  c: 2\n"),
    ("In `s.yaml`, take out:\n\n```yaml\n  b: 1\n```\n", "a:\n  c: 2\n"),
    ("In `s.yaml`, change:\n\n```diff\n   b: 1\n-  c: 2\n+  c: 3\n+  d: 4\n```\n", "a:\n  b: 1\n  c: 3\n  d: 4\n"),
])  # fmt: skip
def test_edits(tmp_path: Path, edit: str, becomes: str) -> None:
    assert list(runner.play(SITE + edit, tmp_path)) == []
    assert (tmp_path / "s.yaml").read_text() == becomes


@pytest.mark.parametrize("edit", [
    "In `s.yaml`, under `z:`, add:\n\n```yaml\n  x: 0\n```\n",
    "In `s.yaml`, take out:\n\n```yaml\n  b: 2\n```\n",
    "In `s.yaml`, take out:\n\n```yaml\nb: 1\n```\n",  # no whole line
    "Just look:\n\n```yaml\n  b: 1\n```\n",  # nobody would run it
])  # fmt: skip
def test_an_edit_that_cannot_be_made_fails(tmp_path: Path, edit: str) -> None:
    with pytest.raises(AssertionError):
        list(runner.play(SITE + edit, tmp_path))


def test_renewed_keeps_what_is_right_and_mends_the_rest() -> None:
    page = "```console\n$ printf 'a\\nb\\n'\n…\nb\n$ echo c\nd\n```\n"
    assert runner.renewed(page) == page.replace("\nd\n", "\nc\n")


def test_a_lab_has_a_name_of_its_own(tmp_path: Path) -> None:
    page = "```console\n$ mkdir net\n$ cd net\n$ pwd | xargs basename\nnet\n```\n"
    *_, last = runner.play(page, tmp_path, "net")
    assert last.agrees
    assert not (tmp_path / "net").exists()
