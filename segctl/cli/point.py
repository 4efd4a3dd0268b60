"""Commands about one point: compile, apply."""

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.options import (
    Command,
    Duration,
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
from segctl.cli.place import runner_of
from segctl.cli.source import source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from segctl.apply import Applied, Wish
    from segctl.load.read import Loaded
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
    cls=Command,
    examples=(
        "apply --netns sg-shop-gw1 --prime 0",
        "apply --netns sg-shop-gw1 --confirm 60s",
    ),
)
@click.argument("plan", required=False, metavar="[PLAN]", type=click.Path(path_type=Path, exists=True, dir_okay=False))
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
@click.option(
    "--confirm",
    type=Duration(1, 86_400),
    metavar="TIME",
    help="Take it back after that time (60s, 5m) unless `segctl confirm` comes; a guard of its own does that.",
)
@click.option(
    "--despite-check", default="", metavar="REASON", help="Apply although `segctl check` fails; the journal keeps why."
)
@click.option("--watch", is_flag=True, help="Stay, and bring it back whenever something else changes it.")
@click.option(
    "--replace",
    default="",
    metavar="REASON",
    help="Replace the rules of another site, or of a commit that this one doesn't descend from.",
)
@format_option("text", "json")
@settings
def apply(
    settings: Settings,
    plan: Path | None,
    point: str | None,
    netns: str | None,
    prime: float,
    unproven: bool,
    confirm: float | None,
    despite_check: str,
    watch: bool,
    replace: str,
    format_: str,
) -> None:
    """Load the rules into a point, asleep; read them back; prove them; wake them in one flip. PLAN: a saved one.

    They are proven among all that others hold there: every packet meets what the site means (docs/proof.md).
    Whatever fails leaves what is live as it was (exit 4), and so do rules that aren't proven. `segctl rollback` flips
    back.
    """

    def wish() -> "Wish":  # once the place is entered: rootless, that must come before numpy
        from segctl.apply import Proving, Wish

        return Wish(prime, Proving.TOLD if unproven else Proving.DEMANDED, confirm, replace, despite_check)

    if watch and confirm is not None:
        raise click.UsageError("--watch brings back what --confirm would take back: one of them")
    if plan is not None:
        runner, done = _carried_out(settings, plan, point, netns, wish)
    else:
        runner, done = _applied(settings, point, netns, wish)
    _tell(done, confirm, format_)
    if watch:
        from segctl.apply.watch import watch as watch_
        from segctl.cli.generations import meaning_now

        settings.say(f"watching {runner.where}; ^C ends it")
        watch_(runner, meaning_now, settings.say)


def _tell(done: "Applied", confirm: float | None, format_: str) -> None:
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
    if confirm is not None:
        click.echo(f"it is taken back in {confirm:g} s unless `segctl confirm` comes: type that in a new session")
    for lost in done.lost:
        click.echo(f"ends, as nothing allows it: {lost.connection}")


def _applied(
    settings: Settings, point: str | None, netns: str | None, wish: "Callable[[], Wish]"
) -> "tuple[Runner, Applied]":
    """From the site."""
    at = datetime.now(UTC)
    loaded = settings.load()
    policy = policy_of(settings, at, loaded)
    name = choose_point(policy.site, point)
    runner = runner_of(policy.site.points[name].where, netns)
    wanted = wish()
    _demand_checked(settings, loaded, at, wanted.despite)

    from segctl.apply import apply as apply_rules
    from segctl.cli.generations import meaning_now
    from segctl.compile import loadable

    rules = loadable(policy, name, at)
    source = source_of(settings, loaded)
    return runner, apply_rules(runner, policy, rules, at, wanted, source, settings.say, meaning_now)


class CheckFails(Exception):
    """`segctl check` says no."""

    exit_code = 1
    help = "mend it, or `--despite-check REASON`"


def _demand_checked(settings: Settings, loaded: "Loaded", at: datetime, despite: str) -> None:
    """What CI would refuse isn't applied by hand either, unless somebody says why."""
    fails = check_fails(loaded, at)
    if fails is None:
        return
    if not despite:
        raise fails
    settings.say(f"applied although `segctl check` fails: {despite}")


def check_fails(loaded: "Loaded", at: datetime) -> CheckFails | None:
    """What `segctl check` finds fault with; None if it holds."""
    from segctl.ask.check import check_site

    assert loaded.site is not None
    checked = check_site(loaded.site, loaded.findings, at)
    if checked.holds():
        return None
    broken = [
        f"expect at {one.expected.span.file}:{one.expected.span.line}" for one in checked.expectations if not one.holds
    ]
    failing = [f"{one.code} at {one.span.file}:{one.span.line}" for one in checked.failing]
    return CheckFails(f"`segctl check` fails: {'; '.join([*broken, *failing][:5])}")


def _carried_out(
    settings: Settings, plan: Path, point: str | None, netns: str | None, wish: "Callable[[], Wish]"
) -> "tuple[Runner, Applied]":
    """From a saved plan, with no site: it is for this host, or for the namespace that is named."""
    if point is not None:
        raise click.UsageError("a plan knows its point: --netns says where it is, else it is this host")
    runner = runner_of("local", netns)

    from segctl.apply import apply_plan
    from segctl.apply.plan import read

    return runner, apply_plan(runner, read(plan), datetime.now(UTC), wish(), settings.say)
