"""`segctl doctor`: what this machine can't do, and what mends it."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, format_option, netns_option, settings
from segctl.cli.output import write

if TYPE_CHECKING:
    from segctl.runner import Runner

_AS_ROOT = "only root may read what this host holds: run it as root, or name a lab's namespace with --netns"


@click.command(cls=Command, examples=("doctor --netns sg-shop-gw1", "doctor --netns sg-shop-gw1 --format json"))
@netns_option
@format_option("text", "json")
@settings
def doctor(settings: Settings, netns: str | None, format_: str) -> Exit:
    """Say what this machine can't do, and what mends it.

    Each fact of the kernel and of nft that our rules rely on is tried with real packets, in a namespace that ends with
    it. Then what the machine (or the namespace) has beside our rules: tables of others, marks, settings. Nothing is
    changed. Exit 3 if `apply` could not work here.
    """
    runner, unseen = _place(netns)

    from segctl.apply.checkup import check_up
    from segctl.report.doctor import plain_checkup, show_checkup

    found = check_up(runner, unseen=unseen)
    if format_ == "json":
        click.echo(json.dumps(plain_checkup(found), indent=2, ensure_ascii=False))
    else:
        write(show_checkup(found))
    return Exit.YES if found.fit else Exit.CANNOT


def _place(netns: str | None) -> "tuple[Runner | None, str]":
    """Where to look around, or why not there. Who isn't root goes into a user namespace, in which all can be tried.

    To be done before numpy is loaded, which has threads.
    """
    from segctl.cli.place import runner_of
    from segctl.kernel.forbidding import Forbidden
    from segctl.kernel.namespaces import may_make

    if netns is not None:
        return runner_of("local", netns), ""
    if may_make():
        return runner_of("local", None), ""
    from segctl.kernel.userns import make

    with suppress(Forbidden):  # the trials then say that they could not be made
        make(Path(tempfile.gettempdir()))
    return None, _AS_ROOT
