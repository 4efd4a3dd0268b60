"""`segctl lab`: up, down, run, shell, status."""

import json
import os
from datetime import UTC, datetime

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, format_option, policy_of, settings
from segctl.cli.output import write_columns
from segctl.lab import Built, Removed, clean, find, lab_name, labs
from segctl.lab.command import LAB, become, beside
from segctl.lab.errors import NoLayout, NoSuchLab
from segctl.lab.health import lost
from segctl.lab.layout import HOSTS_PER_SEGMENT
from segctl.lab.record import to_json
from segctl.lab.rootless import enter
from segctl.lab.state import Folder
from segctl.lab.topology import Gateway, Node
from segctl.lab.up import lab as standing
from segctl.lab.up import up as make
from segctl.model.diagnostic import SiteError
from segctl.model.ranges import show_address


def _valid(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    try:
        return name if name is None else lab_name(name)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from error


name_option = click.option(
    "--name", envvar=LAB, metavar="NAME", callback=_valid, help="The lab's name; default SEGCTL_LAB, else the site's."
)
hosts_option = click.option(
    "--hosts-per-segment", type=click.IntRange(1, 1000), default=HOSTS_PER_SEGMENT, show_default=True,
    help="How many hosts a segment gets behind one interface.",
)  # fmt: skip


class Dashed(Command):
    """A command after whose `--` another one stands, with options of its own: `dashed` in the context's meta."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Cut at the first `--`."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["dashed"] = tuple(args[at + 1 :]) if at < len(args) else None
        return super().parse_args(ctx, args[:at])


@click.group()
def lab() -> None:
    """The site's network on this machine: a namespace for each gateway and host, a bridge for each LAN."""


@lab.command(cls=Command, examples=("lab up --name second", "lab up --name third --hosts-per-segment 1"))
@name_option
@hosts_option
@settings
def up(settings: Settings, name: str | None, hosts_per_segment: int) -> Exit:
    """Make the lab; it stays until `down`. Interrupted or failed, it leaves nothing.

    Who isn't root gets it in a user namespace.
    """
    policy = policy_of(settings, datetime.now(UTC))
    which = _name(settings, name)
    enter(which, anew=True)
    _forget(which)
    built = make(policy, name, hosts_per_segment)
    for note in built.record.notes:
        settings.say(f"note: {note}")
    click.echo(f"lab {built.name}: {_count(built)}")
    if built.hosts:
        named = f" --name {name}" if name is not None else ""
        tries = ("shell", f" {built.hosts[0].name}"), ("status", ""), ("down", "")
        settings.say("try: " + ", ".join(f"segctl lab {act}{named}{rest}" for act, rest in tries))
    return Exit.YES


@lab.command(cls=Command, examples=("lab down --name second", "lab down --name third"))
@name_option
@settings
def down(settings: Settings, name: str | None) -> Exit:
    """Remove the lab, what runs in it, and what a killed `up` left; without a lab there is nothing to do."""
    which = _name(settings, name)
    traces = Folder(which).path.exists()
    removed = clean(which) if enter(which, anew=traces) else Removed(0, 0)
    _forget(which)
    if not removed:
        settings.say(f"lab {which} was gone: removed its folder" if traces else f"there is no lab {which}")
        return Exit.YES
    ended = _many(removed.processes, "process")
    click.echo(f"lab {which}: removed {_many(removed.namespaces, 'namespace')}, ended {ended}")
    return Exit.YES


@lab.command(
    cls=Dashed,
    examples=("lab run gw1 ip route", "lab run -- ip -br link"),
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
)
@name_option
@hosts_option
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[NODE] [--] CMD…")
@click.pass_context
def run(context: click.Context, name: str | None, hosts_per_segment: int, words: tuple[str, ...]) -> int:
    """Run CMD in NODE of the lab that is up; or, without NODE, beside a lab that is made for it and then removed.

    Its exit code is ours. SEGCTL_LAB says which lab it is. Without `--`, the first word is taken for a NODE if the lab
    that is up has one of that name.
    """
    settings = context.ensure_object(Settings)
    which = _name(settings, name)
    node, command = _split(which, words, context.meta["dashed"])
    if not command:
        raise click.UsageError("what shall be run?", context)
    if node is not None:
        become(which, _entered(which).node(node), command)
    if _is_up(which):
        enter(which)
        return beside(which, command)
    policy = policy_of(settings, datetime.now(UTC))
    enter(which, anew=True)
    with standing(policy, which, hosts_per_segment) as built:
        settings.say(f"lab {built.name}: {_count(built)}")
        try:
            return beside(built.name, command)
        finally:
            _forget(which)


def _forget(lab: str) -> None:
    """What was applied in a lab of that name is nothing to the next one."""
    from segctl.lab.names import prefix
    from segctl.store.state import forget

    forget(f"netns-{prefix(lab)}")


@lab.command(cls=Command, examples=("lab shell gw1", "lab shell web1"))
@name_option
@click.argument("node")
@settings
def shell(settings: Settings, name: str | None, node: str) -> None:
    """A shell in NODE of the lab that is up."""
    which = _name(settings, name)
    become(which, _entered(which).node(node), [os.environ.get("SHELL") or "/bin/sh"])


@lab.command(cls=Command, examples=("lab status", "lab status --format json"))
@name_option
@format_option("text", "json")
def status(name: str | None, format_: str) -> Exit:
    """Your labs on this machine, and their nodes; exit 1 if there is none, or if one is damaged."""
    wanted = [name] if name else labs()
    folders = [folder for each in wanted if (folder := Folder(each)).path.exists()]
    if format_ == "json":
        click.echo(
            json.dumps({"schema": "segctl/lab-status/1", "labs": [_plain(folder) for folder in folders]}, indent=2)
        )
    else:
        for folder in folders:
            _show(folder)
        if not folders:
            click.echo("no lab is up")
    return Exit.YES if folders and not any(_damage(folder) or _half_made(folder) for folder in folders) else Exit.NO


def _name(settings: Settings, name: str | None) -> str:
    """The lab that is meant: as it is called, or as the site; without a site the only one that there is."""
    try:
        return name if name is not None else lab_name(settings.read().name)
    except SiteError:
        if len(labs()) != 1:
            raise
        return labs()[0]
    except ValueError as error:
        raise NoLayout(str(error), "choose another name with --name") from error


def _entered(which: str) -> Built:
    """The lab that is up, and this process where it is."""
    built = find(which)
    enter(which)
    return built


def _split(
    which: str, words: tuple[str, ...], dashed: tuple[str, ...] | None
) -> tuple[str | None, tuple[str, ...]]:  # fmt: skip
    """NODE and CMD."""
    if dashed is not None:
        if len(words) > 1:
            raise click.UsageError(f"before `--` stands one node at the most, not {' '.join(words)}")
        return (words[0] if words else None), dashed
    if len(words) > 1 and _is_up(which) and words[0] in {node.name for node in find(which).record.nodes}:
        return words[0], words[1:]
    return None, words


def _is_up(which: str) -> bool:
    try:
        find(which)
    except NoSuchLab:
        return False
    return True


def _count(built: Built) -> str:
    segments = len({host.segment for host in built.hosts})
    numbers = ((len(built.gateways), "gateway"), (len(built.hosts), "host"), (segments, "segment"))
    return ", ".join(_many(number, what) for number, what in numbers)


def _many(number: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{number} {what if number == 1 else plural}"


def _plain(folder: Folder) -> dict[str, object]:
    record = folder.record()
    if record is None:
        return {"lab": folder.lab, "up": False}
    alive = folder.listeners() is not None
    gone = list(lost(record)) if record.up else []
    return {**to_json(record), "listening": alive, "missing": gone}


def _damage(folder: Folder) -> tuple[str, ...]:
    """What is gone of a lab that was up."""
    record = folder.record()
    return lost(record) if record is not None and record.up else ()


def _half_made(folder: Folder) -> bool:
    """Whether somebody's `up` was killed."""
    record = folder.record()
    return (record is None or not record.up) and not folder.held()


def _show(folder: Folder) -> None:
    record = folder.record()
    if record is None or not record.up:
        state = "is being made" if folder.held() else "was not made whole: `segctl lab down` removes it"
        click.echo(f"lab {folder.lab}: {state}")
        return
    listening = "listening" if folder.listeners() is not None else "NOT listening"
    gone = {*lost(record)}
    state = f"DAMAGED, {len(gone)} of {_many(len(record.namespaces), 'namespace')} gone" if gone else "up"
    ports = ", ".join(str(port) for port in record.ports)
    click.echo(f"lab {record.lab} of site {record.site}: {state}, {listening} on {ports}")
    if record.switch in gone:
        click.echo(f"  the switch is gone: {record.switch}")
    rows = [
        (f"  {node.name}", _what(node), node.namespace, "GONE" if node.namespace in gone else _addresses(node))
        for node in record.nodes
    ]
    write_columns(rows)


def _what(node: Node) -> str:
    return "gateway" if isinstance(node, Gateway) else node.segment


def _addresses(node: Node) -> str:
    return " ".join(f"{show_address(a.address)}/{a.length}" for nic in node.nics for a in nic.addresses)
