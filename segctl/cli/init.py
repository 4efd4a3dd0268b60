"""The command that writes a first site."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import click

from segctl.cli.options import Command, Settings, settings

_SHOWN = 20  # doubts; all of them stand in the files


def valid_name(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """`--name`: a NAME of the language."""
    from segctl.load.findings import Wrong
    from segctl.load.scalars import read_name

    try:
        return name if name is None else read_name(name)
    except Wrong as wrong:
        raise click.BadParameter(wrong.what, context, parameter) from wrong


@click.command(cls=Command, examples=("init mysite", "init mysite --from hosts.csv --name mine --force"))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--from", "source", envvar="SEGCTL_INIT_FROM", metavar="FILE",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A list of hosts: a CSV, an /etc/hosts, an Ansible inventory.")  # fmt: skip
@click.option("--as", "form", envvar="SEGCTL_INIT_AS", type=click.Choice(("csv", "hosts", "ansible")),
              help="What FILE is; default: what its content says.")  # fmt: skip
@click.option("--name", metavar="SITE", callback=valid_name, help="The site's name; default that of DIR.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@settings
def init(settings: Settings, folder: Path | None, source: Path | None, form: str | None, name: str | None,
         force: bool) -> None:  # fmt: skip
    """Write a commented first site into DIR (default: here), from nothing or from a list of hosts.

    From a list: its hosts become endpoints, in segments by group, by a column or by network, which observe and deny
    nothing yet. Names are never resolved, no flow is guessed, no variable of an inventory is copied; what is doubtful
    stands in a comment. Wrong input, or a file that is there already: exit 2, and nothing is written.
    """
    from segctl.draft import Form, make, put, uncollected

    if form and not source:
        raise click.UsageError("--as says what FILE is: give it with --from")
    folder = folder or settings.site or Path()
    with uncollected():
        draft = make(folder, source, Form(form) if form else None, name)
        written = put(draft, folder, datetime.now(UTC), force=force)
    for one in written:
        click.echo(f"written: {folder / one}")
    if source is not None:
        settings.say(draft.word)
        settings.say(f"{draft.hosts} endpoints; segments: {', '.join(draft.segments[:_SHOWN])}"
                     + (f" and {more} more" if (more := len(draft.segments) - _SHOWN) > 0 else ""))  # fmt: skip
    for doubt in draft.doubts[:_SHOWN]:
        settings.say(f"doubtful: {doubt}")
    if len(draft.doubts) > _SHOWN:
        settings.say(f"doubtful: {len(draft.doubts) - _SHOWN} more, as comments in the files")
    where = "" if folder == Path() else f" --site {shlex.quote(str(folder))}"
    settings.say(f"next: segctl{where} validate · segctl{where} graph")
