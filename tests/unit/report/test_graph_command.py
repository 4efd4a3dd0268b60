"""`segctl graph`, from YAML to the file."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from segctl.cli.graph import graph
from segctl.cli.options import Settings

YAML = """\
version: 1
site: tiny
segments:
  web: {members: [10.0.1.0/24], labels: {zone: dmz}}
  db: {strictness: strict, members: [10.0.2.0/24]}
flows:
  - {name: old, from: web, to: db, services: [tcp/5432], until: 2026-01-01T00:00:00Z, why: orders}
  - {from: web, to: db, services: [tcp/443], why: orders}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "segctl.yaml").write_text(YAML)
    return Settings(site=tmp_path, verbosity=-1)


def run(settings: Settings, *arguments: str) -> str:
    return CliRunner().invoke(graph, arguments, obj=settings, catch_exceptions=False).stdout


def test_mermaid_is_what_comes_by_itself(settings: Settings) -> None:
    assert 's_web -->|"tcp/443"| s_db' in run(settings)


def test_at_another_time(settings: Settings) -> None:
    asked = run(settings, "--at", "2025-12-31T23:59:59Z")
    assert 's_web -->|"tcp/443<br/>tcp/5432<br/>(until 2026-01-01)"| s_db' in asked
    assert 's_web -.->|"tcp/5432<br/>(ended 2026-01-01)"| s_db' in run(settings)


def test_into_a_file(settings: Settings, tmp_path: Path) -> None:
    starts = {
        "svg": "<?xml",
        "dot": "digraph",
        "mermaid": "flowchart",
        "csv": '"name",',
        "markdown": "# tiny",
        "json": "{",
    }
    for form, start in starts.items():
        out = tmp_path / f"out.{form}"
        at = ("--at", "2026-12-01T00:00:00Z")
        assert run(settings, "--format", form, "--output", str(out), *at) == ""
        assert out.read_text(encoding="utf-8").startswith(start)
        assert out.read_text(encoding="utf-8") == run(settings, "--format", form, *at)


def test_json_is_the_whole_graph(settings: Settings) -> None:
    told = json.loads(run(settings, "--format", "json", "--at", "2026-12-01T00:00:00Z"))
    assert (told["schema"], told["site"], told["points"]) == ("segctl/graph/1", "tiny", False)
    assert [segment["name"] for segment in told["segments"]] == ["db", "points", "quarantine", "web", "world"]
    flows = [(e["kind"], e["from"], e["to"], e["services"], e["state"]) for e in told["edges"] if e["name"]]
    assert ("inactive", "web", "db", ["tcp/5432"], "ended") in flows
    assert ("flow", "web", "db", ["tcp/443"], "active") in flows
    assert all(edge["place"] for edge in told["edges"] if edge["name"])


def test_a_group(settings: Settings) -> None:
    assert 'subgraph f_s_dmz ["zone: dmz"]' in run(settings, "--group", "label:zone")
    result = CliRunner().invoke(graph, ["--group", "label:zoen"], obj=settings)
    assert result.exit_code == 2 and "within, label:zone" in result.output


def test_png_and_matrix_by_the_files_name(settings: Settings, tmp_path: Path) -> None:
    at = ("--at", "2026-12-01T00:00:00Z")
    for words in ((), ("--format", "matrix"), ("--format", "matrix", "--theme", "dark")):
        out = tmp_path / "out.png"
        assert run(settings, *words, "--output", str(out), *at) == ""
        assert out.read_bytes().startswith(b"\x89PNG")
    assert run(settings, "--format", "matrix", *at).count("<svg") == 1
    assert "#14181c" not in run(settings, "--format", "svg", "--theme", "light", *at)


def test_a_change_a_blast_and_a_path(settings: Settings, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "segctl.yaml").write_text(YAML.replace("tcp/443", "tcp/8443"))
    at, folders = ("--at", "2026-12-01T00:00:00Z"), ("--diff", str(tmp_path), str(mine))
    asked = run(settings, *folders, *at)
    assert "tcp/8443" in asked and "#8722; tcp/443" in asked  # a minus, by its number
    assert run(settings, *folders, "--format", "matrix", *at).count('href="#opens"') == 2  # the cell, the legend
    assert "in 1 hop" in run(settings, "--blast", "web", *at)
    assert "flow" in run(settings, "--path", "web", "db", *at)
    assert run(settings, "--fold", "always", "--format", "dot", *at).startswith("digraph")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--blast", "web", "--path", "web", "db"), "one at a time"),
        (("--blast", "web", "--format", "csv"), "not as csv"),
        (("--path", "web", "db", "--format", "matrix"), "not as matrix"),
        (("--through-world",), "--through-world is of"),
        (("--format", "mermaid", "--output", "x.png"), "called as png"),
    ],
)
def test_what_does_not_fit_together(settings: Settings, words: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(graph, words, obj=settings)
    assert result.exit_code == 2 and said in result.output


@pytest.mark.parametrize("words", [("--blast", "nobody"), ("--path", "web", "nobody"), ("--blast", "127.0.0.1")])
def test_nobody_is_wrong_input(settings: Settings, words: tuple[str, ...]) -> None:
    from segctl.cli.exits import Exit, guarded

    call = lambda: graph.main(list(words), standalone_mode=False, obj=settings)  # noqa: E731
    assert guarded(call, lambda: False) is Exit.WRONG_INPUT


def test_a_file_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    result = CliRunner().invoke(graph, ["--output", str(tmp_path / "no" / "out")], obj=settings)
    assert result.exit_code and "No such file" in result.output


def test_graphviz_missing_exits_3(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from segctl.cli.exits import Exit, guarded

    monkeypatch.setenv("PATH", str(tmp_path))
    call = lambda: graph.main(["--format", "svg"], standalone_mode=False, obj=settings)  # noqa: E731
    assert guarded(call, lambda: False) is Exit.CANNOT
