"""The terminal: one place that decides on colour, width and progress bars (NO_COLOR, pipes, 80 columns)."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int], None]
"""Told how much is done, of how much."""


class Plain(Console):
    """Rich ends the program with 1 where its reader went away; here that is for the caller to answer."""

    def on_broken_pipe(self) -> None:
        """Hand the error on."""
        raise BrokenPipeError


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
