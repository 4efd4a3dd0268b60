"""The page on imports: its example does what it says, and it names each difference on purpose."""

import re
from pathlib import Path

import pytest

from segctl.cli.main import run
from segctl.draft.rules.purpose import CELLS, PACKETS

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text()


def test_the_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, command = re.findall(r"```(?:text|console)\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "rules.v4").write_text(rules)
    words, said = command.split("\n", 1)
    name, folder = words.split()[3], words.split()[5]
    assert run(["import", str(tmp_path / name), "--to", str(tmp_path / folder)]) == 0
    assert capsys.readouterr().out.endswith(said)
    text = (tmp_path / folder / "segctl.yaml").read_text()
    assert "from: [office], to: [world]" in text
    assert "services: [tcp/80, tcp/443]" in text


def test_each_difference_on_purpose_stands_there() -> None:
    assert {kind.name for kind in (*CELLS, *PACKETS)} == set(
        re.findall(r"^\| `([a-z ]+)` \| ", PAGE[PAGE.index("## What is proved") :], re.MULTILINE)
    )
