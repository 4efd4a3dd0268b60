"""`segctl graph --format html`, from YAML to the file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from segctl.cli.graph import graph
from segctl.cli.options import Settings

YAML = """\
version: 1
site: tiny
segments:
  web: {members: [10.0.1.0/24], labels: {zone: dmz}}
  db: {strictness: strict, members: [10.0.2.0/24]}
endpoints:
  web1: {addresses: [10.0.1.10]}
flows:
  - {from: web, to: db, services: [tcp/443], why: orders}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "segctl.yaml").write_text(YAML)
    (tmp_path / "after").mkdir()
    (tmp_path / "after" / "segctl.yaml").write_text(YAML.replace("tcp/443", "tcp/5432"))
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(graph, arguments, obj=Settings(site=folder / "before", verbosity=-1))


def data(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found, text[:300]
    made: dict[str, Any] = json.loads(found[1])
    return made


def test_a_name_that_ends_so_is_a_page(folder: Path) -> None:
    assert run(folder, "--output", str(folder / "site.html")).exit_code == 0
    made = data((folder / "site.html").read_text("utf-8"))
    assert made["schema"] == "segctl/page/1" and made["changes"] is None and made["start"] == ""
    (flow,) = [one for one in made["statements"] if one["kind"] == "flow"]
    assert flow["line"] == "- {from: web, to: db, services: [tcp/443], why: orders}"


def test_a_change(folder: Path) -> None:
    told = run(folder, "--format", "html", "--diff", str(folder / "before"), str(folder / "after")).stdout
    changes = data(told)["changes"]
    assert changes["before"] == "tiny (before)"
    ways = {row["way"]: row for row in changes["rows"]}
    assert ways["opens"]["services"] == "tcp/5432" and "tcp/5432" in ways["opens"]["line"]
    assert ways["closes"]["services"] == "tcp/443"
    assert ways["closes"]["line"] == "- {from: web, to: db, services: [tcp/443], why: orders}"


def test_a_question_is_what_it_opens_with(folder: Path) -> None:
    assert data(run(folder, "--format", "html", "--blast", "web1").stdout)["start"] == "a=web&blast=1"
    asked = run(folder, "--format", "html", "--path", "web1", "10.0.2.7", "--through-world", "--group", "label:zone")
    made = data(asked.stdout)
    assert made["start"] == "by=label%3Azone&a=web&b=db" and made["through_world"] is True


def test_of_many_at_once_there_is_no_page(folder: Path) -> None:
    asked = run(folder, "--format", "html", "--blast", "any")
    assert asked.exit_code == 2 and "name one of it" in asked.stderr


def test_a_theme(folder: Path) -> None:
    assert 'data-theme="light"' in run(folder, "--format", "html", "--theme", "light").stdout
