"""Where lines of an answer go: as they are into files and pipes, in colour onto a terminal."""

import os
import sys
from collections.abc import Iterable, Sequence

import click


def write(lines: Iterable[str], *, err: bool = False) -> None:
    """Each line on standard output, or on standard error. Rich is loaded only where it colours; NO_COLOR forbids it."""
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        for line in lines:
            click.echo(line, err=err)
        return
    from segctl.report.terminal import print_lines

    print_lines(lines, stream)


def write_columns(rows: Sequence[Sequence[str]]) -> None:
    """A table of equally long rows on standard output; only a terminal's width is kept to: a pipe gets whole lines."""
    if not rows:
        return
    if sys.stdout.isatty():
        from segctl.report.terminal import print_columns

        print_columns(rows, sys.stdout)
        return
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
