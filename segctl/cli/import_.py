"""The command that makes a site of somebody else's rules."""

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.init import valid_name
from segctl.cli.options import Command, Settings, format_option, settings

if TYPE_CHECKING:
    from segctl.draft.rules import Imported, Wanted
    from segctl.model.point import InterfaceAddress
    from segctl.model.ranges import Ranges
    from segctl.policy import Policy

_SHOWN = 20


@click.command(
    cls=Command,
    examples=("import rules.nft --to drafted", "import rules.nft --to drafted --behind eth1=10.0.1.0/24 --force"),
)
@click.argument("files", metavar="FILE…", nargs=-1, required=True,
                type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@click.option("--to", "folder", envvar="SEGCTL_IMPORT_TO", metavar="DIR", type=click.Path(path_type=Path),
              help="The site's folder; default here.")  # fmt: skip
@click.option("--behind", metavar="IF[=CIDR,…]", multiple=True,
              help="An interface of the machine, and who lives there, where the rules don't tell.")  # fmt: skip
@click.option("--own", metavar="IF=ADDR/LENGTH", multiple=True,
              help="An address of the machine itself: then its input and output are imported, too.")  # fmt: skip
@click.option("--host", metavar="ADDR", multiple=True, help="It is a host with this address, and forwards nothing.")
@click.option("--family", type=click.Choice(["4", "6"]), help="Only IPv4, or only IPv6.")
@click.option("--name", metavar="SITE", callback=valid_name, help="The site's name; default that of DIR.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@format_option("text", "json")
@settings
def import_(
    settings: Settings,
    files: tuple[Path, ...],
    folder: Path | None,
    behind: tuple[str, ...],
    own: tuple[str, ...],
    host: tuple[str, ...],
    family: str | None,
    name: str | None,
    force: bool,
    format_: str,
) -> Exit:
    """Draft a site from the saved rules of a machine, and prove that its own rules decide as those do.

    FILE is what `iptables-save`, `ip6tables-save`, `nft list ruleset` (with or without -j) and `ipset save` write;
    several are those of one machine. What a site can't say is named, in the site's file and here; so is everything that
    segctl does otherwise on purpose. Exit 1 if the proof finds any other difference, 5 if some of FILE
    isn't understood: the draft is written, and says so.
    """
    from segctl.draft import Draft, put
    from segctl.draft.make import site_name
    from segctl.draft.rules import import_rules

    folder = folder or settings.site or Path()
    called, remarks = (name, ()) if name else site_name(folder)
    at = datetime.now(UTC)
    made = import_rules(files, called, _wanted(behind, own, host), (int(family),) if family else (), _compiled, at)
    written = put(Draft(called, dict(made.files)), folder, at, force=force)
    if format_ == "json":
        from segctl.report.imported import imported_json

        click.echo(json.dumps(imported_json(made, written), indent=1, ensure_ascii=False))
        return _exit(made)
    for one in written:
        click.echo(f"written: {folder / one}")
    for remark in remarks:
        settings.say(remark)
    _tell(settings, made)
    where = "" if folder == Path() else f" --site {shlex.quote(str(folder))}"
    settings.say(f"next: segctl{where} validate · segctl{where} graph")
    return _exit(made)


def _exit(made: "Imported") -> Exit:
    if made.equality.differences:
        return Exit.NO
    return Exit.NO_ANSWER if made.equality.gaps else Exit.YES


def _compiled(policy: "Policy", point: str, at: datetime) -> str:
    from segctl.compile import compile_point, render_table

    return render_table(compile_point(policy, point, at), "segctl_a", 1, at)


def _tell(settings: Settings, made: "Imported") -> None:
    from segctl.draft.rules.head import meant, told, verdict

    click.echo(verdict(made.equality))
    _some(settings, "differs", [told(one) for one in made.equality.differences])
    _some(settings, "not read", list(made.equality.gaps))
    _some(settings, "on purpose", [meant(one) for one in made.equality.exceptions])
    _some(
        settings, "not imported", [f"{one.place.file}:{one.place.line}: {one.rule}: {one.why}" for one in made.left_out]
    )
    _some(settings, "note", list(made.notes))
    settings.say(f"segments: {', '.join(made.segments[:_SHOWN])}"
                 + (f" and {len(made.segments) - _SHOWN} more" if len(made.segments) > _SHOWN else ""))  # fmt: skip


def _some(settings: Settings, lead: str, lines: list[str]) -> None:
    from segctl.model.escaped import escaped

    for line in lines[:_SHOWN]:
        settings.say(escaped(f"{lead}: {line}"))
    if len(lines) > _SHOWN:
        settings.say(f"{lead}: {len(lines) - _SHOWN} more, in the site's file")


def _wanted(behind: tuple[str, ...], own: tuple[str, ...], host: tuple[str, ...]) -> "Wanted":
    from segctl.draft.rules import Wanted
    from segctl.load.blocks import demand_usable, read_address
    from segctl.load.findings import Wrong
    from segctl.model.ranges import Ranges

    found: dict[str, Ranges | None] = {}
    for said in behind:
        name, equals, listed = said.partition("=")
        if not name or (equals and not listed):
            raise click.BadParameter(f"'{said}' is no IF or IF=CIDR,…", param_hint="--behind")
        found[name] = _blocks(listed) if equals else None
    try:
        addresses = Ranges.of((one, one) for one in map(read_address, host))
        if host:
            demand_usable(" ".join(host), addresses)
    except Wrong as wrong:
        raise click.BadParameter(wrong.what, param_hint="--host") from wrong
    if own and addresses:
        raise click.UsageError("--own is for a gateway, --host for a host: say one of them")
    return Wanted(found, _owned(own), addresses)


def _owned(own: tuple[str, ...]) -> "dict[str, tuple[InterfaceAddress, ...]]":
    from segctl.load.blocks import read_interface_address
    from segctl.load.findings import Wrong

    out: dict[str, tuple[InterfaceAddress, ...]] = {}
    for said in own:
        name, equals, address = said.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"'{said}' is no IF=ADDR/LENGTH", param_hint="--own")
        try:
            out[name] = (*out.get(name, ()), read_interface_address(address))
        except Wrong as wrong:
            raise click.BadParameter(wrong.what, param_hint="--own") from wrong
    return out


def _blocks(listed: str) -> "Ranges":
    from segctl.load.blocks import read_usable_block
    from segctl.load.findings import Wrong
    from segctl.model.ranges import Ranges

    out = Ranges()
    for text in listed.split(","):
        try:
            out |= Ranges.span(*read_usable_block(text.strip()))
        except Wrong as wrong:
            raise click.BadParameter(wrong.what, param_hint="--behind") from wrong
    return out
