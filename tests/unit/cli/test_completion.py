"""TAB in the real shells: commands, names of the site, services, points."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sites import EXAMPLES

SHOP = EXAMPLES / "shop/site"
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
ENV = {**os.environ, "PATH": PATH, "TERM": "dumb", "PS1": "$ ", "PROMPT": "$ ", "LC_ALL": "C.UTF-8"}

TYPED = [  # what is typed, and what TAB makes of it
    ("segctl vali", "segctl validate"),
    ("segctl can off", "segctl can office"),
    ("segctl explain web1 app1 postgresq", "segctl explain web1 app1 postgresql"),
    ("segctl compile --point gw", "segctl compile --point gw1"),
]


def test_bash() -> None:
    setting_up = 'eval "$(_SEGCTL_COMPLETE=bash_source segctl)"; bind "set bell-style none"'
    at_tab(["bash", "--norc", "--noprofile", "-i"], setting_up)


def test_zsh() -> None:
    setting_up = (
        'autoload -Uz compinit; compinit -u -D; eval "$(_SEGCTL_COMPLETE=zsh_source segctl)"; '
        "unsetopt beep; setopt interactivecomments"
    )
    at_tab(["zsh", "-f", "-i"], setting_up)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("segctl vali", ["validate"]),
        ("segctl can app", ["app", "app1"]),
        ("segctl can web1 app1 postgresq", ["postgresql"]),
        ("segctl compile --point ", ["gw1"]),
    ],
)
def test_fish(typed: str, offered: list[str]) -> None:
    text = f"_SEGCTL_COMPLETE=fish_source segctl | source; complete -C '{typed}'"
    done = subprocess.run(["fish", "--no-config", "-c", text], env=ENV, cwd=SHOP, capture_output=True, text=True)
    assert [row.split("\t")[0] for row in done.stdout.splitlines()] == offered, done.stderr


@pytest.mark.parametrize("content", [None, "version: 1\nsite: [", "\0"])
def test_nothing_is_offered_where_there_is_no_site(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "segctl.yaml").write_text(content)
    env = {**ENV, "_SEGCTL_COMPLETE": "bash_complete", "COMP_WORDS": "segctl can we", "COMP_CWORD": "2"}
    done = subprocess.run([sys.executable, "-m", "segctl"], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def at_tab(shell: list[str], setting_up: str) -> None:
    """An interactive shell makes each line of what was typed, at TAB."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(SHOP)
        os.execvpe(shell[0], shell, ENV)
    try:
        os.write(terminal, f"{setting_up}; echo rea''dy\n".encode())
        read_until(terminal, r"ready\n[^\n]*\$ ")
        for typed, line in TYPED:
            os.write(terminal, f"\x15{typed}\t".encode())  # control U: away with what stood there
            read_until(terminal, re.escape(line))
    finally:
        os.kill(child, 9)
        os.close(terminal)
        os.waitpid(child, 0)


def read_until(terminal: int, awaited: str) -> None:
    """Until the terminal shows a pattern, control codes left out; a failure shows what came."""
    seen, deadline = "", time.monotonic() + 30
    while not re.search(awaited, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07\x08]", "", seen)):
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"waited for {awaited!r}, saw {seen!r}"
        seen += os.read(terminal, 4096).decode(errors="replace")
