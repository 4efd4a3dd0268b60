"""Commands that ask the packets: probe."""

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, at_option, format_option, policy_of, settings
from segctl.model.site import Site

if TYPE_CHECKING:
    from segctl.lab import Built
    from segctl.policy import Policy
    from segctl.probe import Asked, Matrix, Stage


class NoLab(Exception):
    """There is nothing to probe on this machine: nothing was done."""

    exit_code = Exit.CANNOT

    def __init__(self, name: str) -> None:
        super().__init__(f"no lab '{name}' is up, and a probe needs one")
        self.help = f"segctl lab up --name {name}"


@click.command(
    cls=Command, examples=("probe --services ssh,postgres --family 4", "probe --lab shop --services ssh --format json")
)
@format_option("text", "json")
@click.option("--lab", "lab", metavar="NAME", envvar="SEGCTL_LAB", help="The lab; default SEGCTL_LAB, else the site's.")
@click.option("--services", metavar="A,B", help="Try only these and their neighbours; default all that the site names.")
@click.option("--family", type=click.Choice(["4", "6"]), help="Only IPv4, or only IPv6.")
@click.option("--point", "points", metavar="NAME", multiple=True, help="Only what crosses this point or ends there.")
@click.option("--hosts", type=click.IntRange(1, 1000), metavar="N",
              help="Hosts that are tried of a segment behind one interface; default 3.")  # fmt: skip
@at_option
@settings
def probe(
    settings: Settings,
    format_: str,
    lab: str | None,
    services: str | None,
    family: str | None,
    points: tuple[str, ...],
    hosts: int | None,
    at: datetime,
) -> Exit:
    """Try with real packets what may pass in the lab that is up, and hold it against the site.

    Delivered is what the far side saw arrive; blocked only what a control on the same path shows to be blocked.
    Exit 1 if a pair differs, 5 if one stayed without answer.
    """
    policy = policy_of(settings, at)
    site = policy.site
    _check_points(site, points)
    built = _lab(settings, policy, lab or site.name)
    asked = _asked(site, services, (int(family),) if family else (4, 6))
    matrix = _run(settings, policy, _stage(site, built), asked, points, hosts, at)
    if format_ == "json":
        from segctl.report.matrix import matrix_json

        click.echo(json.dumps(matrix_json(matrix), indent=1, ensure_ascii=False))
    else:
        from segctl.report.matrix import print_matrix
        from segctl.report.terminal import console

        print_matrix(console(), matrix)
    return _exit(matrix)


def _run(
    settings: Settings,
    policy: "Policy",
    stage: "Stage",
    asked: "Asked",
    points: tuple[str, ...],
    hosts: int | None,
    at: datetime,
) -> "Matrix":
    """Plan, say how much it is, carry out."""
    from segctl.probe import MOST, Matrix, cells_of, forged_cells, plan
    from segctl.report.terminal import progress

    cells = *cells_of(policy, stage, asked, at, hosts or MOST), *forged_cells(policy, stage, asked, at)
    planned = plan(stage, cells, points)
    settings.say(f"{len(planned.trials)} cells between {len(stage.nodes)} machines")
    began = time.monotonic()
    with progress("probing") as advance:
        ran = planned.carry_out(advance if settings.verbosity >= 0 else lambda done, of: None)
    return Matrix(policy.site.name, ran.tried, ran.packets, time.monotonic() - began, asked.left_out)


def _exit(matrix: "Matrix") -> Exit:
    """What differs is graver than what stayed open; a matrix without a single cell that counts shows nothing."""
    from segctl.probe import Standing

    if matrix.count(Standing.DIFFERS):
        return Exit.NO
    return Exit.YES if matrix.agrees else Exit.NO_ANSWER


def _lab(settings: Settings, policy: "Policy", name: str) -> "Built":
    """The lab that is up, and this process where it may act on it; it is whole, and of this site."""
    from segctl.lab import find, lab_name, of_site
    from segctl.lab.errors import NoSuchLab
    from segctl.lab.rootless import enter

    try:
        wanted = lab_name(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--lab") from error
    try:
        built = find(wanted)
    except NoSuchLab as error:
        raise NoLab(wanted) from error
    word = of_site(built.record, policy)
    if word:
        settings.say(f"note: {word}")
    enter(wanted)
    return built


def _stage(site: Site, built: "Built") -> "Stage":
    """The lab's nodes, as the probe knows machines. A host point's rules stand on the host of its endpoint."""
    from segctl.probe import Node, Stage, lift

    host_points = {point.endpoint: point.name for point in site.hosts()}
    gateways = [
        Node(gateway.name, built.runner(gateway), tuple(a for nic in gateway.nics for a in nic.addresses),
             point=gateway.point, gateway=True)
        for gateway in built.gateways
    ]  # fmt: skip
    hosts = [
        Node(host.name, built.runner(host), host.nic.addresses, point=host_points.get(host.endpoint), lan=host.lan)
        for host in built.hosts
    ]
    for gateway in gateways:  # they are the lab's own: what a kernel refuses is then always answered
        lift(gateway.runner)
    return Stage((*gateways, *hosts))


def _asked(site: Site, services: str | None, families: tuple[int, ...]) -> "Asked":
    from segctl.load import parse_service
    from segctl.probe import just, services_of

    if services is None:
        return services_of(site, families)
    named = [parse_service(text.strip(), site) for text in services.split(",") if text.strip()]
    if not named:
        raise click.BadParameter("names no service", param_hint="--services")
    return just(((service.name, service.traffic) for service in named), families)


def _check_points(site: Site, points: tuple[str, ...]) -> None:
    for point in points:
        if point not in site.points:
            known = ", ".join(site.points) or "none"
            raise click.BadParameter(f"the site has no point '{point}'; it has {known}", param_hint="--point")
