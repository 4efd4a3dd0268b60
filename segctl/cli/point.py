"""Commands about one point: compile, apply, rollback."""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from segctl.cli.options import (
    Command,
    Settings,
    at_option,
    choose_point,
    format_option,
    netns_option,
    point_option,
    policy_of,
    settings,
)
from segctl.cli.output import write_columns

if TYPE_CHECKING:
    from segctl.runner import Runner

_PRIME = 30.0
_LONGEST_PRIME = 86_400.0  # a day


def _seconds(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """No `nan`, which no range refuses."""
    if math.isnan(value):
        raise click.BadParameter("a number of seconds, as 30", context, parameter)
    return value


@click.command(cls=Command, examples=("compile --point gw1 > gw1.nft", "compile --point gw1 --stats"))
@point_option
@click.option("--stats", is_flag=True, help="Say how many elements and look-ups there are, instead of the rules.")
@format_option("text", "json")
@at_option
@settings
def compile_(settings: Settings, point: str | None, stats: bool, format_: str, at: datetime) -> None:
    """Print the rules of a point, as `nft -f` takes them: asleep, generation 1."""
    from segctl.compile import compile_point, render_table, statistics

    policy = policy_of(settings, at)
    rules = compile_point(policy, choose_point(policy.site, point), at)
    if stats:
        counts = statistics(rules)
        if format_ == "json":
            click.echo(
                json.dumps({"schema": "segctl/compile-stats/1", "point": rules.point, "counts": counts}, indent=2)
            )
        else:
            write_columns([(name, str(count)) for name, count in counts.items()])
        return
    text = render_table(rules, "segctl_a", 1, at)
    if format_ == "json":
        meanings = {str(number): asdict(meaning) for number, meaning in sorted(rules.meanings.items())}
        answer = {"schema": "segctl/compile/1", "point": rules.point, "rules": text, "numbers": meanings}
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo(text)


@click.command(
    cls=Command, examples=("apply --netns sg-shop-gw1 --prime 0", "apply --point gw1 --netns sg-shop-gw1 --format json")
)
@point_option
@netns_option
@click.option(
    "--prime",
    type=click.FloatRange(0, _LONGEST_PRIME),
    default=_PRIME,
    callback=_seconds,
    show_default=True,
    metavar="SECONDS",
    help="How long the first generation of a point sleeps, until the connections in use are tracked.",
)
@click.option(
    "--unproven", is_flag=True, help="Wake it even if it isn't proven while it sleeps; what was found is told."
)
@format_option("text", "json")
@settings
def apply(settings: Settings, point: str | None, netns: str | None, prime: float, unproven: bool, format_: str) -> None:
    """Load the rules into a point, asleep; read them back; prove them; wake them in one flip.

    They are proven among all that others hold there: every packet meets what the site means (docs/proof.md).
    Whatever fails leaves what is live as it was (exit 4), and so do rules that aren't proven. `segctl rollback` flips
    back.
    """
    at = datetime.now(UTC)
    policy = policy_of(settings, at)
    name = choose_point(policy.site, point)
    runner = runner_of(policy.site.points[name].where, netns)

    from segctl.apply import Proving
    from segctl.apply import apply as apply_rules
    from segctl.compile import compile_point

    rules = compile_point(policy, name, at)
    done = apply_rules(
        runner, policy, rules, at, prime, settings.say, proving=Proving.TOLD if unproven else Proving.DEMANDED
    )
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/apply/1", **asdict(done)}, indent=2))
        return
    click.echo(f"generation {done.generation} is live on {done.where}: {done.elements} elements in {done.slot}")
    if done.proof == "proven":
        click.echo("proven while it slept: it does with every packet what the site means")
    else:
        click.echo(f"NOT PROVEN: {done.proof}: {'; '.join(done.doubts)}")
    if done.first:
        click.echo(f"first generation here: primed {done.primed:g} s, {done.adopted} connections got their number")
    for lost in done.lost:
        click.echo(f"ends, as nothing allows it: {lost.connection}")


@click.command(
    cls=Command, examples=("rollback --netns sg-shop-gw1", "rollback --point gw1 --netns sg-shop-gw1 --to-nothing")
)
@point_option
@netns_option
@click.option("--to-nothing", is_flag=True, help="If there is no older generation: put the rules to sleep.")
@format_option("text", "json")
@settings
def rollback(settings: Settings, point: str | None, netns: str | None, to_nothing: bool, format_: str) -> None:
    """Flip back to the generation that was live before."""
    site = settings.read()
    runner = runner_of(site.points[choose_point(site, point)].where, netns)

    from segctl.apply import roll_back

    done = roll_back(runner, to_nothing=to_nothing)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/rollback/1", **asdict(done)}, indent=2))
    elif done.generation is None:
        click.echo(f"generation {done.left} sleeps on {done.where}: nothing of ours is enforced there")
    else:
        click.echo(f"generation {done.generation} is live on {done.where} again; {done.left} sleeps")


def runner_of(where: str, netns: str | None) -> "Runner":
    """The place of a point: a namespace that is named on the command line or in the site, or this host.

    To be asked for before numpy is loaded: for who isn't root, the namespace of a lab is within another (rootless).
    """
    from segctl.lab.names import lab_of
    from segctl.lab.rootless import enter
    from segctl.runner import Here, Netns, NoSuchPlace

    if netns is None and where.startswith("netns:"):
        netns = where.removeprefix("netns:")
    if netns is not None:
        try:
            runner = Netns(netns)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        lab = lab_of(netns)
        if lab is not None and not enter(lab):
            raise NoSuchPlace(f"this user has no lab '{lab}', which {netns} would be of", f"segctl lab up --name {lab}")
        return runner
    if where != "local":
        raise click.UsageError(f"points are reached here or by --netns; '{where}' comes with its own issue")
    return Here()
