"""Colour on terminals alone, none where it is not wanted, the same words in any case."""

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.sites import EXAMPLES

SHOP = EXAMPLES / "shop/site"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COMMANDS = [
    ("can", "web1", "app1", "ssh"), ("can", "web", "app", "shop-api"), ("explain", "office", "web", "https"),
    ("check",), ("can", "webb", "app", "ssh"),
]  # fmt: skip


def segctl(*words: str, terminal: bool, **environment: str) -> str:
    """What a command writes, onto a terminal of 80 columns or into a pipe."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"} | environment
    command = [sys.executable, "-m", "segctl", "--site", str(SHOP), *words]
    if not terminal:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout.decode()
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stdout=theirs, stderr=theirs, stdin=theirs):
        os.close(theirs)
        said = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # EIO: nobody writes to it any more
        return b""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_colour_is_for_terminals(words: tuple[str, ...]) -> None:
    piped = segctl(*words, terminal=False)
    assert not ESCAPE.search(piped)
    shown = segctl(*words, terminal=True, NO_COLOR="")
    assert ESCAPE.search(shown)
    assert ESCAPE.sub("", shown) == piped


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_nor_where_it_is_not_wanted(environment: dict[str, str]) -> None:
    assert not ESCAPE.search(segctl(*COMMANDS[0], terminal=True, **environment))


@pytest.mark.parametrize("words", [("codes",), ("--help",), ("explain", "--help")], ids=" ".join)
def test_pages_fit_80_columns(words: tuple[str, ...]) -> None:
    lines = segctl(*words, terminal=True, NO_COLOR="1").split("\n")
    assert max(map(len, lines)) <= 80, max(lines, key=len)


def test_the_help_says_every_exit_code() -> None:
    said = " ".join(segctl("--help", terminal=False).split())
    assert all(f"{code} " in said for code in range(6))
