"""The command `audit`: exit codes, JSON, and what is wrong with its arguments."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.cli.main import run
from segctl.draft.result import CODES
from segctl.model.codes import CODES as EVERY_CODE

CLEAN = """\
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ip saddr 127.0.0.0/8 drop
    ct state new tcp dport 22 accept
  }
  chain forward { type filter hook forward priority filter; policy drop; }
}
"""
UNKNOWN = CLEAN.replace("dport 22 accept", "dport 22 limit rate 1/second accept")
SHADOWED = CLEAN.replace("dport 22 accept", "dport 22 accept\n    ct state new tcp dport 22 ip saddr 10.0.0.1 drop")


Capture = pytest.CaptureFixture[str]
Audited = Callable[..., tuple[int, str, str]]


@pytest.fixture
def audited(tmp_path: Path, capsys: Capture) -> Audited:
    """Runs the command on a file with a text: exit code, stdout, stderr."""

    def call(text: str, *words: str) -> tuple[int, str, str]:
        path = tmp_path / "rules.nft"
        path.write_text(text)
        code = run(["audit", str(path), *words])
        return (code, *capsys.readouterr())

    return call


@pytest.mark.parametrize(("text", "code"), [(CLEAN, 0), (SHADOWED, 1), (UNKNOWN, 5)])
def test_exit_codes(audited: Audited, text: str, code: int) -> None:
    assert audited(text)[0] == code


def test_a_finding_may_be_left_out(audited: Audited) -> None:
    assert audited(SHADOWED, "--except", "rule-shadowed")[0] == 0


def test_text_says_everything_in_order(audited: Audited, tmp_path: Path) -> None:
    said = audited(SHADOWED, "--family", "4")[1].splitlines()
    assert said[:5] == [
        "IPv4, forward (through the machine): nothing may be opened",
        "IPv4, input (to the machine itself):",
        "  anyone behind lo -> the machine",
        "    anything",
        '    by input: iif lo accept',
    ]  # fmt: skip
    assert "IPv4, output (from the machine itself): everything may be opened" in said
    assert [line for line in said if f"{tmp_path}/rules.nft:7:5: lint[rule-shadowed]: " in line]
    assert said[-1] == "IPv4: 1 lint finding; 0 rules not modelled"


def test_json_says_all_of_it(audited: Audited) -> None:
    told = json.loads(audited(SHADOWED, "--format", "json")[1])
    assert told["schema"] == "segctl/audit/1"
    assert told["answered"] is True and told["families"] == [4, 6]
    assert {(one["family"], one["way"], one["state"]) for one in told["ways"]} == {
        (family, way, state)
        for family in (4, 6)
        for way, state in (("forward", "closed"), ("input", "some"), ("output", "open"))
    }
    (ssh,) = [one for one in told["reaches"] if one["family"] == 4 and one["from"][0]["interfaces"] == ["other"]]
    assert [one["text"] for one in ssh["opens"]] == ["tcp 22"]
    assert ssh["opens"][0]["ports"] == [[22, 22]]
    assert ssh["from"][0]["but"] == ["lo"]
    assert ssh["from"][0]["addresses"] == ["0.0.0.0-126.255.255.255", "128.0.0.0/1"]
    (finding,) = told["findings"]
    assert (finding["code"], finding["line"], finding["column"]) == ("rule-shadowed", 7, 5)


def test_what_is_not_modelled_is_in_json_too(audited: Audited, tmp_path: Path) -> None:
    told = json.loads(audited(UNKNOWN, "--format", "json", "--family", "6")[1])
    assert told["answered"] is False
    (only,) = told["not_modelled"]
    assert only["place"] == f"{tmp_path}/rules.nft:6:5" and only["leaves"] == "1 row of input (IPv6)"
    assert [one["text"] for row in told["reaches"] for one in row["perhaps"]] == ["tcp 22"]


def test_behind_says_what_lives_where(audited: Audited) -> None:
    places = ["--behind", "lo=192.0.2.7", "--behind", "eth1=10.0.0.0/8,2001:db8::/32"]
    code, said, _ = audited(CLEAN, *places, "--family", "4")
    assert code == 1
    assert "machine's own addresses are accepted from interfaces that no rule names: 192.0.2.7" in said
    assert "sources that live elsewhere are accepted from interfaces that no rule names: 10.0.0.0/8" in said
    assert "10.0.0.0/8 is behind eth1: --behind says so" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--behind", "eth1"], "INTERFACE=BLOCK"),
        (["--behind", "=10.0.0.0/8"], "names no interface"),
        (["--behind", "eth1=10.0.0.0/33"], "no such length"),
        (["--behind", "eth1=10.0.0.0/x"], "INTERFACE=BLOCK"),
        (["--behind", "eth1=10.0.0"], "no IPv4 address"),
        (["--except", "rule-wrong"], "no finding 'rule-wrong'"),
        (["/nowhere/rules"], "does not exist"),
    ],
)
def test_wrong_arguments(audited: Audited, words: list[str], said: str) -> None:
    code, out, err = audited(CLEAN, *words)
    assert (code, out) == (2, "") and said in err


def test_a_file_that_is_none_is_wrong_input(audited: Audited, tmp_path: Path) -> None:
    code, out, err = audited("once upon a time\n")
    assert (code, out) == (2, "")
    assert err.startswith(f"segctl: {tmp_path}/rules.nft:1:1: ") and "  help: " in err


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (bytes(100_000), ":1:1: this is not text"),
        (gzip.compress(CLEAN.encode()), ":1:1: this is not text"),
        (b"\xff\xfe\x01table", ":1:1: this is not text"),
        (b"*filter\n" * 50, ":1:1: this is longer than 0 MiB"),
        (b"\x1b[31m" + b"x" * 200, "`\\x1b`"),
        (b"x" * 200 + b"\n", "x" * 40),
        (b"table ip t { " + b"y" * 200 + b" }\n", "y" * 40),
        (b'table ip t { "' + b"z\x1b[3m " * 100 + b'" }\n', "z\\x1b[3m"),
        (b"[" * 100_000, ":1:1: "),
        (b'{"nftables":' + b"[" * 100_000, "nested too deep"),
    ],
)
@pytest.mark.parametrize("command", ["audit", "import"])
def test_no_text_is_a_short_word(command: str, raw: bytes, said: str, tmp_path: Path, capsys: Capture,
                                 monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Neither a long word of a file nor a control character comes back; nothing is written."""
    if "longer" in said:
        monkeypatch.setattr("segctl.listing.saved._MOST", 100)
    path = tmp_path / "f"
    path.write_bytes(raw)
    to = ["--to", str(tmp_path / "site")] if command == "import" else []
    assert run([command, str(path), *to]) == 2
    out, err = capsys.readouterr()
    first, _help = err.replace(str(path), "f").splitlines()
    assert said in first and len(first) < 150 and not any(letter * 61 in err for letter in "xyz")
    assert out == "" and "\x1b" not in err and not (tmp_path / "site").exists()


EMPTY = ["", "\n\n", "# nothing\n", "table inet t {\n}\n", "*filter\nCOMMIT\n", "create a hash:net family inet\n",
         '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}', '{"nftables": [{"flurb": {"a": 1}}]}']  # fmt: skip


@pytest.mark.parametrize("command", ["audit", "import"])
@pytest.mark.parametrize("text", EMPTY)
def test_a_file_without_rules_is_no_answer(text: str, command: str, tmp_path: Path, capsys: Capture) -> None:
    """A save that failed leaves such a file; beside whole ones, too."""
    (tmp_path / "f").write_text(text)
    (tmp_path / "whole").write_text(CLEAN)
    to = ["--to", str(tmp_path / "site")] if command == "import" else []
    others = [] if text.startswith("create") else [str(tmp_path / "whole")]
    assert run([command, *others, str(tmp_path / "f"), *to]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[0] == f"segctl: no rules in {tmp_path}/f: was it written whole?"
    assert ("not read: flurb" in err) is ("flurb" in text) and not (tmp_path / "site").exists()


def test_what_never_ends_is_left(capsys: Capture) -> None:
    assert run(["audit", "/dev/zero"]) == 2
    assert capsys.readouterr().err.startswith("segctl: /dev/zero:1:1: this is not text")


def test_a_comment_moves_no_cursor(audited: Audited) -> None:
    said = audited(CLEAN.replace("22 accept", '22 accept comment "a\x1b[2J"'))[1]
    assert "\\x1b[2J" in said and "\x1b" not in said


def test_every_finding_is_in_the_table_of_codes() -> None:
    assert set(CODES) <= set(EVERY_CODE)
    assert not any(EVERY_CODE[code].waivable for code in CODES)
