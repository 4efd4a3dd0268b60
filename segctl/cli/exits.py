"""Our exceptions as exit codes 0 to 5 (design, section 5) and a few lines on stderr; never a bare traceback."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING

import click

from segctl.cli.output import write

if TYPE_CHECKING:
    from segctl.model.diagnostic import Diagnostic


class Exit(IntEnum):
    """What an exit code says."""

    YES = 0  # it is so
    NO = 1  # it is not so
    WRONG_INPUT = 2  # nothing was done
    CANNOT = 3  # this machine can't; nothing was done
    PUT_BACK = 4  # it was tried, failed, and what was there before is back
    NO_ANSWER = 5  # it was tried, and there is no answer


class ReaderGone(Exception):
    """A BrokenPipeError under a name that click doesn't know: it would exit 1, which says "it is not so"."""


_UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EBADF, errno.EDQUOT, errno.EFBIG)

_BY_NAME = {  # by name, so that no room is loaded for an exception that it alone can raise
    "segctl.model.diagnostic.SiteError": Exit.WRONG_INPUT,
    "segctl.kernel.errors.NoPrivilege": Exit.CANNOT,
    "segctl.kernel.errors.ToolMissing": Exit.CANNOT,
    "segctl.kernel.errors.KernelRefused": Exit.PUT_BACK,  # a transaction is whole or nothing
    "segctl.kernel.errors.KernelError": Exit.NO_ANSWER,
    "segctl.runner.runner.TookTooLong": Exit.NO_ANSWER,
    "segctl.runner.runner.RunnerError": Exit.CANNOT,
    "segctl.lab.errors.CannotMake": Exit.CANNOT,
    "segctl.lab.errors.AlreadyUp": Exit.WRONG_INPUT,
    "segctl.lab.errors.NoSuchLab": Exit.WRONG_INPUT,
    "segctl.lab.errors.NotMade": Exit.PUT_BACK,
    "segctl.lab.errors.LabError": Exit.NO_ANSWER,
    "segctl.probe.way.StageError": Exit.CANNOT,
    "segctl.report.layout.GraphvizMissing": Exit.CANNOT,
    "segctl.report.layout.GraphvizError": Exit.NO_ANSWER,
    "segctl.compile.zones.TooManyClasses": Exit.WRONG_INPUT,
}


def exit_code(error: BaseException) -> Exit | None:
    """The code of an exception that we know: its own `exit_code`, or that of the nearest class in the table."""
    own = getattr(error, "exit_code", None)
    if isinstance(own, int) and own in tuple(Exit) and not isinstance(error, click.ClickException):
        return Exit(own)
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    return next((_BY_NAME[name] for name in names if name in _BY_NAME), None)


def guarded(call: Callable[[], object], wants_traceback: Callable[[], bool]) -> int:
    """Run a command to its exit code, whatever it raises.

    A command answers with its code (an int), or with nothing for 0.
    """
    try:
        answer = call()
        sys.stdout.flush()  # here, where a reader that went away can still be met
    except click.ClickException as error:  # a usage error is wrong input
        error.show()
        return Exit.WRONG_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return Exit.NO_ANSWER
    except (BrokenPipeError, ReaderGone):  # nobody reads our output any more, and Python must not complain of it
        _forget_stdout()
        return Exit.NO_ANSWER
    except OSError as error:
        if error.errno not in _UNWRITABLE or exit_code(error) is not None:
            return _other(error, wants_traceback())
        _forget_stdout()
        _complain(f"segctl: the answer could not be written: {error.strerror}; what was asked for may be done")
        return Exit.NO_ANSWER
    except Exception as error:
        return _other(error, wants_traceback())
    return answer if isinstance(answer, int) else Exit.YES


def _findings(findings: "tuple[Diagnostic, ...]") -> None:
    from segctl.report.diagnostics import show_counts, show_findings

    write((line for text in show_findings(findings) for line in text.split("\n")), err=True)
    write([show_counts(findings)], err=True)


def _other(error: Exception, wants_traceback: bool) -> Exit:
    code = exit_code(error)
    if (findings := getattr(error, "findings", None)) and code is Exit.WRONG_INPUT:
        _findings(findings)
        return code
    if wants_traceback:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    if code is not None:
        click.echo(f"segctl: {error}", err=True)
        help = getattr(error, "help", "")
        if help:
            click.echo(f"  help: {help}", err=True)
        return code
    click.echo(f"segctl: internal error: {type(error).__name__}: {error}", err=True)
    if not wants_traceback:
        click.echo("  help: please report this, with what `segctl -v …` prints", err=True)
    return Exit.NO_ANSWER


def _complain(text: str) -> None:
    """On stderr, if that takes it."""
    with suppress(OSError):
        click.echo(text, err=True)


def _forget_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())
