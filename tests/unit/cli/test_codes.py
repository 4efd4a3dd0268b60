"""`segctl codes`: the list, one code with its examples, and a code that there isn't."""

import json
import subprocess
import sys

import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.model.codes import CODES
from tests import tree

Capture = pytest.CaptureFixture[str]


def test_the_list(capsys: Capture) -> None:
    """Every code in one line with level and title: errors first, then by name."""
    assert run(["codes"]) == Exit.YES
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert sorted(map(tuple, lines)) == sorted((row.level.value, row.name, row.title) for row in CODES.values())
    order = [(["error", "warning", "lint"].index(level), name) for level, name, _ in lines]
    assert order == sorted(order)


def test_the_list_as_json(capsys: Capture) -> None:
    assert run(["codes", "--format", "json"]) == Exit.YES
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "segctl/codes/1"
    assert {row["code"] for row in answer["codes"]} == CODES.keys()
    assert [row["waivable"] for row in answer["codes"] if row["code"] == "overlap"] == [False]


@pytest.mark.parametrize("written", ["overlap", "error[overlap]", "error[overlap]:", " overlap ", "[overlap]"])
def test_one(written: str, capsys: Capture) -> None:
    """As it is typed, or pasted from a finding."""
    assert run(["codes", written]) == Exit.YES
    out, err = capsys.readouterr()
    title, empty, paragraph, *rest = out.splitlines()
    assert (title, empty, err) == ("error[overlap]: Two segments claim one address", "", "")
    assert paragraph.startswith("Every address is in exactly one segment")
    assert "Wrong:" in rest and "Right:" in rest
    assert "      lab: {members: 10.1.7.0/24, within: office}" in rest
    assert "```" not in out


@pytest.mark.parametrize("code", CODES)
def test_each_is_explained(code: str, capsys: Capture) -> None:
    """On a terminal of 80 columns, but for what a site or a finding says."""
    assert run(["codes", code]) == Exit.YES
    out = capsys.readouterr().out
    assert out.startswith(f"{CODES[code].level}[{code}]: {CODES[code].title}\n\n")
    assert "\nWrong:\n" in out and "\nRight:\n" in out and "```" not in out and "\n\n\n" not in out
    assert not [line for line in out.splitlines()[1:] if len(line) > 79 and not line.startswith("    ")]


def test_one_as_json(capsys: Capture) -> None:
    assert run(["codes", "wide", "--format", "json"]) == Exit.YES
    (row,) = json.loads(capsys.readouterr().out)["codes"]
    assert (row["code"], row["level"], row["waivable"]) == ("wide", "warning", True)
    assert "```yaml" in row["explanation"] and row["help"]


@pytest.mark.parametrize(("written", "help"), [
    ("ovrlap", "did you mean 'overlap'?"), ("UNCOVERED", "did you mean 'uncovered'?"),
    ("error[unkown-key]", "did you mean 'unknown-key'?"), ("xyzzy", "`segctl codes` lists them all"),
    ("", "lists them"), ("../../etc/passwd", "lists them"),
])  # fmt: skip
def test_none_of_that_name(written: str, help: str, capsys: Capture) -> None:
    assert run(["codes", written]) == Exit.WRONG_INPUT
    assert help in capsys.readouterr().err


def test_it_needs_no_site_and_nothing_heavy() -> None:
    """Explained where there is no site, by a process that holds neither the YAML parser nor numpy."""
    program = (
        "from segctl.cli.main import run; run(['codes', 'overlap']); import sys; print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd="/", env={"PYTHONPATH": str(tree.ROOT)},
                          capture_output=True, text=True)  # fmt: skip
    assert done.stdout.startswith("error[overlap]")
    assert not {"yaml", "numpy", "networkx", "rich", "pyroute2", "segctl.load"}.intersection(done.stderr.split())
