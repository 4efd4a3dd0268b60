"""The command: what it writes, says and answers."""

import json
from pathlib import Path

import pytest

from segctl.cli.main import run
from tests.unit.draft.test_import import BY_INTERFACE, OFFICE

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.v4").write_text(OFFICE)
    (tmp_path / "lan.nft").write_text(BY_INTERFACE)
    return tmp_path


def test_proved(rules: Path, capsys: Captured) -> None:
    assert run(["import", str(rules / "rules.v4"), "--to", str(rules / "site")]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].startswith("PROVED: for every packet that begins a connection")
    assert "on purpose: special:" in said.err
    assert "note: IPv6: the files don't speak of it" in said.err
    assert run(["--site", str(rules / "site"), "validate"]) == 0
    text = (rules / "site/segctl.yaml").read_text()
    assert "site: site" in text
    assert "# PROVED" in text


def test_different(rules: Path, capsys: Captured) -> None:
    """The draft is written nevertheless, and says so."""
    assert run(["import", str(rules / "lan.nft"), "--to", str(rules / "site"), "--name", "lan"]) == 1
    said = capsys.readouterr()
    assert "DIFFERS" in said.out
    assert "differs: forward IPv4 lan" in said.err
    assert "# DIFFERS" in (rules / "site/segctl.yaml").read_text()
    command = ["import", str(rules / "lan.nft"), "--to", str(rules / "site"), "--behind", "lan=10.1.0.0/16,fd00:1::/64"]
    assert run([*command, "--force"]) == 0


def test_what_is_not_understood_is_not_proved(rules: Path, capsys: Captured) -> None:
    chain = {
        "family": "ip",
        "table": "t",
        "name": "f",
        "type": "filter",
        "hook": "forward",
        "prio": 0,
        "policy": "drop",
    }
    unknown = {"family": "ip", "table": "t", "chain": "f", "expr": [{"accept": None}], "more": "x" * 200}
    listed = [{"table": {"family": "ip", "name": "t"}}, {"chain": chain}, {"flurb": unknown}]
    (rules / "f.json").write_text(json.dumps({"nftables": listed}))
    assert run(["import", str(rules / "f.json"), "--to", str(rules / "site")]) == 5
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].startswith("NOT PROVED: over ")
    assert "not read: flurb isn't understood: {" in said.err and "x" * 60 not in said.err
    text = (rules / "site/segctl.yaml").read_text()
    assert "# NOT PROVED: " in text and "# Not read:\n# - flurb isn't understood" in text
    assert run(["import", str(rules / "f.json"), "--to", str(rules / "site"), "--force", "--format", "json"]) == 5
    told = json.loads(capsys.readouterr().out)
    assert told["equal"] is False and told["differences"] == [] and len(told["not_read"]) == 1


def test_a_save_that_is_cut_off_is_refused(rules: Path, capsys: Captured) -> None:
    """At whatever line."""
    lines = OFFICE.splitlines()
    assert lines[-1] == "COMMIT"
    for count in range(2, len(lines)):
        (rules / "cut").write_text("\n".join(lines[:count]))
        for words in (["import", "--to", str(rules / "site")], ["audit"]):
            assert run([*words, str(rules / "cut")]) == 2
            said = capsys.readouterr()
            assert said.err.startswith(f"segctl: {rules}/cut:{count}:1: ") and "no COMMIT" in said.err and not said.out
    assert not (rules / "site").exists()


def test_nothing_is_overwritten(rules: Path, capsys: Captured) -> None:
    (rules / "segctl.yaml").write_text("mine")
    assert run(["import", str(rules / "rules.v4"), "--to", str(rules)]) == 2
    assert "--force" in capsys.readouterr().err
    assert (rules / "segctl.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    "words",
    [
        ("--behind", "=10.0.0.0/8"),
        ("--behind", "eth1=10.0.0.0/33"),
        ("--own", "eth1=10.0.1.1"),
        ("--own", "10.0.1.1/24"),
        ("--host", "127.0.0.1"),
        ("--host", "x"),
        ("--host", "10.0.0.1", "--own", "eth0=10.0.0.1/24"),
        ("--name", "no name"),
        ("--family", "6"),
    ],
)
def test_wrong_words(words: tuple[str, ...], rules: Path, capsys: Captured) -> None:
    assert run(["import", str(rules / "rules.v4"), "--to", str(rules / "site"), *words]) == 2
    assert capsys.readouterr().err
    assert not (rules / "site").exists()


def test_no_rules(rules: Path, capsys: Captured) -> None:
    (rules / "hello").write_text("hello")
    assert run(["import", str(rules / "hello"), "--to", str(rules / "site")]) == 2
    assert "it is read:" in capsys.readouterr().err


def test_json(rules: Path, capsys: Captured) -> None:
    assert run(["import", str(rules / "lan.nft"), "--to", str(rules / "site"), "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == "segctl/import/1"
    assert said["equal"] is False
    assert said["differences"][0].keys() >= {"way", "family", "packet", "rules", "site", "by", "doubts", "pairs"}
    assert said["written"] == ["segctl.yaml", ".segctl.schema.json"]
