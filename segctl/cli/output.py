"""Where lines of an answer go: as they are into files and pipes, in colour onto a terminal."""

import os
import sys
from collections.abc import Iterable

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
