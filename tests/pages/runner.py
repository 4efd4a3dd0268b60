"""A page of the documentation as a test: its blocks change files and run commands, in their order, in one folder.

What a reader reads is what is done. A block of commands is `console`; any other is a file or a part of one, and the
line above it says which:

- a line that begins with `` `segctl.yaml` `` and ends with `:`: the file holds the block, and nothing else;
- ``In `segctl.yaml`, under `flows:`, add:``: its lines stand right below that one line of the file;
- ``In `segctl.yaml`, take out:``: its lines go;
- ``In `segctl.yaml`, change:``, a `diff`: its lines with `-` or a blank before them stand there once, and become those
  with `+` or a blank.

A command must print what is shown below it, to the letter but for blanks at the ends of lines, on standard output and
standard error together. A line that is only `…` stands for any lines; with nothing shown, anything may be printed. It
must end with 0, but where its comment says `# exit N`, and where `can` answers *denied* or *partly*: 1.

`python -m tests.pages.runner docs/policy.md` writes what is printed now into a page.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from segctl.cli import main

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"(?:^(?P<lead>\S[^\n]*)\n\n?)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_PART = re.compile(r"In `(?P<file>[^`]+)`, (?P<how>under `(?P<key>[^`]+)`, add|take out|change):")
_WHOLE = re.compile(r"`(?P<file>[^`]+)`.*:")
Run = Callable[[str, Path], tuple[int, str]]  # a command line, where; exit code, output
_SEEN = {"mermaid", "text"}  # blocks that are only looked at


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, the line above it, and where in the page its text begins."""

    kind: str
    lead: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Ran:
    """A command of the page that was run: what is shown below it, what it printed, how it ended and how it had to."""

    command: str
    shown: str
    said: str
    code: int
    wanted: int

    @property
    def agrees(self) -> bool:
        """Whether it did what the page says."""
        lines = self.shown.splitlines(keepends=True)
        pattern = "".join("(?:.*\n)*?" if line == "…\n" else re.escape(line) for line in lines)
        return self.code == self.wanted and (not self.shown or re.fullmatch(pattern, self.said) is not None)


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page, or of a part of one."""
    found = _BLOCK.finditer(page)
    return [Block(one["kind"], one["lead"] or "", one["text"], one.start("text")) for one in found]


def section(page: str, heading: str) -> str:
    """The part of a page from that heading to the next of its level or a higher one."""
    found = re.search(rf"^(#+) {re.escape(heading)}$.*?(?=^(?!\1#)#+ |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"no heading {heading!r}"
    return found[0]


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each `$ command` of a console block, with the output that is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def outside(command: str, folder: Path) -> tuple[int, str]:
    """Exit code and output of any command line, run in that folder as a user types it who named no site."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env={**_unsaid(), "PATH": path, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout


def inside(command: str, folder: Path) -> tuple[int, str]:
    """The same of a plain `segctl …`, in this process: ten times as fast."""
    name, *arguments = shlex.split(command, comments=True)
    assert name == "segctl", command
    said = StringIO()
    with patch.dict(os.environ, _unsaid(), clear=True), chdir(folder), redirect_stdout(said), redirect_stderr(said):
        code = main.run(arguments)
    return int(code), said.getvalue()


def _unsaid() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SEGCTL")}


def play(
    page: str, folder: Path, lab: str = "", run: Callable[[str, Path], tuple[int, str]] = outside
) -> Iterator[Ran]:
    """Do what the page says, in that folder.

    `lab` is the site's name on the page; here it gets this process's number behind it, so that two runs don't meet.
    """
    own = f"{lab}{os.getpid()}"
    here = folder
    for block in blocks(page):
        if block.kind in _SEEN:
            continue
        if block.kind != "console":
            edit(here, block, re.sub(rf"\b{lab}\b", own, block.text) if lab else block.text)
            continue
        for command, shown in commands(block.text):
            ours = re.sub(rf"\b{lab}\b", own, command) if lab else command
            code, said = run(ours, here)
            if moved := re.fullmatch(r"cd (\S+)", ours):
                here = here / moved[1]
            said = re.sub(" +$", "", said.replace(own, lab) if lab else said, flags=re.MULTILINE)
            yield Ran(command, shown, said, code, _wanted(command, shown))


def _wanted(command: str, shown: str) -> int:
    said = re.search(r"# .*\bexit (\d)", command)
    return int(said[1]) if said else int(command.startswith("segctl can ") and shown.startswith(("denied", "partly")))


def edit(folder: Path, block: Block, text: str) -> None:
    """Change a file as the line above the block says. AssertionError where it can't be done in exactly one way."""
    if whole := _WHOLE.fullmatch(block.lead):
        (folder / whole["file"]).parent.mkdir(exist_ok=True)
        (folder / whole["file"]).write_text(text)
        return
    how = _PART.fullmatch(block.lead)
    assert how, f"what is to be done with it? {block.lead!r}\n{text}"
    file = folder / how["file"]
    if how["key"]:
        old = next((line for line in file.read_text().splitlines(True) if line.strip() == how["key"]), "")
        new = old + text
    elif how["how"] == "change":
        lines = text.splitlines(True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
    else:
        old, new = text, ""
    before = "\n" + file.read_text()  # whole lines only
    assert old and before.count(f"\n{old}") == 1, f"{file.name} has it {before.count(chr(10) + old)} times:\n{old}"
    file.write_text(before.replace(f"\n{old}", f"\n{new}")[1:])


def renewed(page: str, lab: str = "") -> str:
    """The page with what its commands print now; what still agrees stays as it is."""
    with TemporaryDirectory() as name:
        ran = list(play(page, Path(name), lab))
    for block in reversed(blocks(page)):
        if block.kind == "console":
            mine = [ran.pop() for _ in commands(block.text)][::-1]
            text = "".join(f"$ {one.command}\n{one.shown if one.agrees else one.said}" for one in mine)
            page = page[: block.start] + text + page[block.start + len(block.text) :]
    return page


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(renewed(Path(sys.argv[1]).read_text(), *sys.argv[2:]))
