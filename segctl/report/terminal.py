"""The terminal: one place that decides on colour, width and progress bars (NO_COLOR, pipes, 80 columns)."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, ClassVar

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

Advance = Callable[[int, int], None]
"""Told how much is done, of how much."""


class Plain(Console):
    """Rich ends the program with 1 where its reader went away; here that is for the caller to answer."""

    def on_broken_pipe(self) -> None:
        """Hand the error on."""
        raise BrokenPipeError


class Words(RegexHighlighter):
    """The words of our answers that a reader looks for: what is right, what is wrong, and where it stands."""

    base_style = "answer."
    highlights: ClassVar[list[str]] = [
        r"(?P<good>^ *(allowed|allow|passes|ok)\b|\bno findings\b)",
        r"(?P<bad>^ *(denied|deny|stopped|failed)\b|\berror\[[^\]]*\])",
        r"(?P<unsure>^ *partly\b|\bwarning\[[^\]]*\]|\bnothing enforces it\b|\bonly observed\b)",
        r"(?P<remark>\blint\[[^\]]*\]|^ *(help|note):)",
        r"(?P<place>(?<![\w/])[\w./-]+:\d+:\d+)",
        r"(?P<decides>^ +> .*)",
        r"(?P<code>^ +- \{.*\}$)",
        r"(?P<opens>^  \+ .*)",
        r"(?P<closes>^  - (?!\{).*)",
    ]


_THEME = Theme({
    "answer.good": "green", "answer.bad": "bold red", "answer.unsure": "yellow", "answer.remark": "cyan",
    "answer.place": "dim", "answer.decides": "bold", "answer.code": "bold cyan",
    "answer.opens": "bold red", "answer.closes": "blue",
})  # fmt: skip


def print_lines(lines: Iterable[str], file: IO[str]) -> None:
    """Lines of an answer, in colour; the terminal wraps what is too long, so that it can be copied whole."""
    shown = Plain(file=file, highlight=True, highlighter=Words(), markup=False, emoji=False, theme=_THEME)
    for line in lines:
        shown.print(line, soft_wrap=True)


def print_columns(rows: Iterable[Sequence[str]], file: IO[str]) -> None:
    """Rows in columns; the last one is folded where the terminal ends."""
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    for number, row in enumerate(rows):
        if not number:
            for place in range(len(row)):
                table.add_column(no_wrap=place < len(row) - 1, overflow="fold")
        table.add_row(*(Text(cell) for cell in row))
    console(file).print(table)


def console(file: IO[str] | None = None, width: int | None = None) -> Console:
    """For data, on standard output unless `file` says otherwise.

    Rich leaves colour out where NO_COLOR is set or the file is no terminal, and takes 80 columns for what has no width.
    """
    return Plain(file=file or sys.stdout, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


@contextmanager
def progress(what: str, file: IO[str] | None = None) -> Iterator[Advance]:
    """A bar on standard error while the block runs; nothing at all where that is no terminal."""
    shown = Console(file=file or sys.stderr)
    if not shown.is_terminal:
        yield lambda done, of: None
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=shown, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
