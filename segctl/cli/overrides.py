"""Commands that change a point for a time: quarantine, grant, relax, panic, release, overrides."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from segctl.cli.options import Command, Duration, Settings, format_option, place_options, settings
from segctl.cli.output import write, write_columns
from segctl.cli.place import place_of

if TYPE_CHECKING:
    from segctl.model.ranges import Ranges
    from segctl.store.overrides import Override

F = TypeVar("F", bound=Callable[..., object])
_YEAR = 366 * 86_400


def _for_option(required: bool) -> Callable[[F], F]:
    return click.option("--for", "duration", type=Duration(1, _YEAR), metavar="TIME", required=required,
                        help="It ends by itself after that time: 30m, 4h, 2d.")  # fmt: skip


def _why_option(function: F) -> F:
    return click.option("--why", required=True, metavar="TEXT", callback=_said, help="For the journal.")(function)


def _said(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say why", context, parameter)
    return value.strip()


@click.command(
    cls=Command,
    examples=(
        'quarantine web1 --for 4h --why "INC-7: beacons" --netns sg-shop-gw1',
        'quarantine 10.0.1.12 --why "INC-7" --netns sg-shop-gw1',
    ),
)
@click.argument("target", metavar="ENDPOINT|ADDRESS")
@_for_option(required=False)
@_why_option
@click.option("--even-management", is_flag=True, help="Even the last source of management, or this very session.")
@place_options
@format_option("text", "json")
@settings
def quarantine(
    settings: Settings,
    target: str,
    duration: float | None,
    why: str,
    even_management: bool,
    point: str | None,
    netns: str | None,
    here: bool,
    format_: str,
) -> None:
    """Cut a machine off at once: nothing from or to it passes but flows marked `remediation`.

    All addresses of the endpoint, and those that the neighbour table shows for the same hardware address. It holds
    across apply, rollback and reboot until its time is over or `segctl release`.
    """
    runner = place_of(settings, point, netns, here)

    from segctl.apply import overrides

    until = overrides.now() + int(1000 * duration) if duration is not None else 0
    made = overrides.quarantine(runner, target, until, why, even_management=even_management, warn=settings.say)
    _tell(made, format_, runner.where)


@click.command(
    cls=Command,
    examples=(
        'grant admin1 db ssh --for 30m --why "CHG-7: a look at the logs" --netns sg-shop-gw1',
        'grant 10.0.8.16/28 db1 tcp/5432 --for 2h --why "CHG-9: a report" --netns sg-shop-gw1',
    ),
)
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
@click.argument("service", metavar="SERVICE")
@_for_option(required=True)
@_why_option
@place_options
@format_option("text", "json")
@settings
def grant(
    settings: Settings,
    source: str,
    destination: str,
    service: str,
    duration: float,
    why: str,
    point: str | None,
    netns: str | None,
    here: bool,
    format_: str,
) -> None:
    """Let connections through for a time. FROM and TO: a segment, endpoint, address, CIDR, range, or any.
    SERVICE: of the site that is live, of the catalogue, or a literal as tcp/5432.

    It ends by itself in the kernel, and so do the connections that it let through. Refused where a guardrail forbids
    some of it. It holds across apply, rollback and reboot.
    """
    runner = place_of(settings, point, netns, here)

    from segctl.apply import overrides

    traffic = _traffic(service, overrides.services(runner))
    until = overrides.now() + int(1000 * duration)
    _tell(overrides.grant(runner, (source, destination, service), traffic, until, why), format_, runner.where)


def _traffic(service: str, own: "Mapping[str, Ranges]") -> "Ranges":
    """Of the site that is live, by its own names (`own`), of the catalogue, or a literal."""
    from segctl.load import parse_service
    from segctl.model.service import Service
    from segctl.model.site import Site
    from segctl.model.span import Span

    place = Span("<argument>", 1, 1)
    named = {name: Service(name, traffic, place) for name, traffic in own.items()}
    return parse_service(service, Site("", place, {}, {}, services=named)).traffic


@click.command(
    cls=Command,
    examples=(
        'relax app --for 30m --why "CHG-8: the new release" --netns sg-shop-gw1',
        'relax web --for 10m --why "CHG-8: what does it ask for?" --netns sg-shop-gw1',
    ),
)
@click.argument("segment", metavar="SEGMENT")
@_for_option(required=True)
@_why_option
@place_options
@format_option("text", "json")
@settings
def relax(
    settings: Settings,
    segment: str,
    duration: float,
    why: str,
    point: str | None,
    netns: str | None,
    here: bool,
    format_: str,
) -> None:
    """Let a segment only observe for a time: what it would refuse passes, and is logged as would-deny.

    Guardrails, quarantine, binding and the refusals of other segments that enforce hold all the same.
    """
    runner = place_of(settings, point, netns, here)

    from segctl.apply import overrides

    _tell(overrides.relax(runner, segment, overrides.now() + int(1000 * duration), why), format_, runner.where)


@click.command(
    cls=Command,
    examples=(
        'panic --for 1h --why "INC-8" --netns sg-shop-gw1',
        'panic --why "INC-8: until it is understood" --netns sg-shop-gw1',
    ),
)
@_for_option(required=False)
@_why_option
@place_options
@format_option("text", "json")
@settings
def panic(
    settings: Settings,
    duration: float | None,
    why: str,
    point: str | None,
    netns: str | None,
    here: bool,
    format_: str,
) -> None:
    """Shut everything at once, but for management and what the point needs to live."""
    runner = place_of(settings, point, netns, here)

    from segctl.apply import overrides

    made = overrides.panic(runner, overrides.now() + int(1000 * duration) if duration is not None else 0, why)
    _tell(made, format_, runner.where)


@click.command(
    cls=Command, examples=("release 2 --netns sg-shop-gw1", 'release all --why "cleaned" --netns sg-shop-gw1')
)
@click.argument("target", metavar="ID|ENDPOINT|ADDRESS|all")
@click.option("--why", default="", metavar="TEXT", help="For the journal.")
@place_options
@format_option("text", "json")
@settings
def release(
    settings: Settings,
    target: str,
    why: str,
    point: str | None,
    netns: str | None,
    here: bool,
    format_: str,
) -> None:
    """End a quarantine, grant, relaxation or panic before its time."""
    runner = place_of(settings, point, netns, here)

    from segctl.apply import overrides
    from segctl.store.overrides import plain

    gone = overrides.release(runner, target, why)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/release/1", "released": [plain(one) for one in gone]}, indent=2))
    else:
        write(f"released on {runner.where}: {_words(one)}" for one in gone)
        if not gone:
            click.echo(f"nothing is held on {runner.where} any more, and nothing is shut")


@click.command(
    "overrides", cls=Command, examples=("overrides --netns sg-shop-gw1", "overrides --netns sg-shop-gw1 --format json")
)
@place_options
@format_option("text", "json")
@settings
def overrides_(settings: Settings, point: str | None, netns: str | None, here: bool, format_: str) -> None:
    """What holds on a point for a time: quarantines, grants, relaxed segments, panic."""
    runner = place_of(settings, point, netns, here)

    from segctl.apply.overrides import now
    from segctl.model.moment import moment
    from segctl.store import state_of
    from segctl.store.overrides import plain

    with state_of(runner, make=False) as state:
        found = state.overrides.active(now()) if state is not None else ()
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/overrides/1", "overrides": [plain(one) for one in found]}, indent=2))
        return
    if not found:
        click.echo(f"no override holds on {runner.where}")
        return
    rows = [("id", "what", "until", "by", "why")]
    for one in found:
        end = f"{moment(one.until):%Y-%m-%dT%H:%M:%SZ}" if one.until else "it is released"
        rows.append((str(one.id), _words(one), end, one.who, one.why))
    write_columns(rows)


def _words(one: "Override") -> str:
    return " ".join((str(one.kind), *one.words[:3]))  # what follows is for us


def _tell(made: "Override", format_: str, where: str) -> None:
    from segctl.model.moment import moment
    from segctl.model.ranges import show_address
    from segctl.store.overrides import plain

    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/override/1", **plain(made)}, indent=2))
        return
    end = f"until {moment(made.until):%Y-%m-%dT%H:%M:%SZ}" if made.until else "until it is released"
    click.echo(f"{made.id}: {_words(made)} holds on {where} {end}")
    if made.addresses:
        click.echo(f"cut off: {', '.join(map(show_address, made.addresses))}")
    write(f"too: {line}" for line in made.beside)
