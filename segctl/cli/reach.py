"""Questions that go further than one hop: reach, blast, path."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click

from segctl.cli.complete import complete_end
from segctl.cli.exits import Exit
from segctl.cli.options import Command, F, Settings, at_option, format_option, policy_of, settings
from segctl.cli.output import write, write_columns

if TYPE_CHECKING:
    from segctl.ask.blast import Blasts
    from segctl.model.ranges import Ranges
    from segctl.policy import Policy


def world_option(function: F) -> F:
    """`--through-world`."""
    word = "Ways may lead through the world, too; else it only begins and ends them."
    return click.option("--through-world", is_flag=True, help=word)(function)


@click.command(cls=Command, examples=("reach", "reach office", "reach office db --format json"))
@click.argument("source", metavar="[FROM", required=False, shell_complete=complete_end)
@click.argument("destination", metavar="[TO]]", required=False, shell_complete=complete_end)
@world_option
@format_option("text", "json")
@at_option
@settings
def reach(
    settings: Settings, source: str | None, destination: str | None, through_world: bool, format_: str, at: datetime
) -> Exit:  # fmt: skip
    """Who reaches whom, in one hop and in many.

    A hop is a new connection that passes: allowed, only observed, or denied where nothing enforces it. Who reaches a
    machine goes on from there, from any of its addresses. FROM and TO as for `can`.

    With FROM the machines of it from which the same is reached are told together. Without: of each segment whom
    somebody in it reaches, with the least hops; as JSON of each kind of machine. A ~ marks what is reached only because
    somebody observes, a ! what only because nothing enforces a deny.

    Exit 0: somebody of TO (default: anybody) is reached; 1: nobody.
    """
    from segctl.ask.blast import Blasts
    from segctl.ask.reach import reach as ways
    from segctl.model.ranges import ALL_ADDRESSES

    policy = _policy(settings, at)
    blasts = Blasts(ways(policy, at), through_world)
    if source is None and format_ == "text":
        return _nearest(blasts)
    starts = ALL_ADDRESSES if source is None else _addresses(policy, source)
    goals = None if destination is None else _addresses(policy, destination)
    asked = {"schema": "segctl/reach/1", "at": at.isoformat(), "from": source, "to": destination}
    return _told(blasts, starts, goals, {**asked, "through_world": through_world}, format_)


def _nearest(blasts: "Blasts") -> Exit:
    from segctl.report.reach import show_nearest

    nearest = blasts.nearest()
    others = blasts.nearest(observed=False), blasts.nearest(uncovered=False)
    write_columns(list(show_nearest(nearest, *others)))
    return Exit.YES if any(nearest.values()) else Exit.NO


def _told(
    blasts: "Blasts", starts: "Ranges", goals: "Ranges | None", asked: dict[str, object], format_: str
) -> Exit:  # fmt: skip
    from segctl.report.reach import plain_reached, plain_reaches, show_reached, show_reaches

    if goals is None:
        found = blasts.of(starts)
        some, plain, lines = any(one.rings for one in found), plain_reaches(found), show_reaches(found)
    else:
        to = blasts.to(starts, goals)
        some, plain = any(one.by_hops for one in to), plain_reached(to)
        lines = show_reached(to) if to else iter(["nobody else: FROM and TO are one machine"])
    if format_ == "json":
        _dump({**asked, "reaches": plain})
    else:
        write(lines)
    return Exit.YES if some else Exit.NO


@click.command(cls=Command, examples=("blast web1", "blast", "blast world --through-world --format json"))
@click.argument("source", metavar="[X]", required=False, shell_complete=complete_end)
@world_option
@format_option("text", "json")
@at_option
@settings
def blast(settings: Settings, source: str | None, through_world: bool, format_: str, at: datetime) -> Exit:
    """What an intruder reaches who has taken over any one machine of X.

    The machines of X from which the same is reached are told together. Without X: a table of all segments, the most
    exposed first. radius: addresses that are reached from that machine in it that reaches most, the world's left out.
    exposure: the share of the other segments, the world and the points among them, from which somebody gets to it.
    """
    from segctl.ask.blast import Blasts
    from segctl.ask.reach import reach as ways
    from segctl.report.reach import (
        EXPOSURE,
        RADIUS,
        plain_blasts,
        plain_exposures,
        show_blasts,
        show_exposures,
    )

    policy = _policy(settings, at)
    blasts = Blasts(ways(policy, at), through_world)
    asked = {"schema": "segctl/blast/1", "at": at.isoformat(), "of": source, "through_world": through_world}
    if source is None:
        exposures = blasts.exposures()
        if format_ == "json":
            words = {"radius": RADIUS, "exposure": EXPOSURE}
            _dump({**asked, "definitions": words, "segments": plain_exposures(exposures)})
        else:
            write_columns(list(show_exposures(exposures)))
        return Exit.YES
    found = blasts.of(_addresses(policy, source))
    if format_ == "json":
        _dump({**asked, "blasts": plain_blasts(found)})
    else:
        write(show_blasts(found))
    return Exit.YES


@click.command(cls=Command, examples=("path world db", "path office db --format json"))
@click.argument("source", metavar="FROM", shell_complete=complete_end)
@click.argument("destination", metavar="TO", shell_complete=complete_end)
@world_option
@format_option("text", "json")
@at_option
@settings
def path(
    settings: Settings, source: str, destination: str, through_world: bool, format_: str, at: datetime
) -> Exit:  # fmt: skip
    """By which way an intruder gets from FROM to TO, and what would stop him.

    A shortest way with the services of each hop and the lines that let them pass; the segments and flows that all ways
    have in common; and the fewest flows to take out so that there is no way.

    Exit 0: there is a way; 1: none.
    """
    from segctl.ask.severed import path as ask
    from segctl.report.reach import plain_path, show_path

    policy = _policy(settings, at)
    found = ask(policy, at, _addresses(policy, source), _addresses(policy, destination), through_world=through_world)
    if format_ == "json":
        asked = {"from": source, "to": destination, "through_world": through_world}
        _dump({"schema": "segctl/path/1", "at": at.isoformat(), **asked, **plain_path(found)})
    else:
        write(show_path(found))
    return Exit.YES if found.way else Exit.NO


def _policy(settings: Settings, at: datetime) -> "Policy":
    """What the site means; a word if nothing could enforce it: the law leaves coverage out there."""
    policy = policy_of(settings, at)
    if not policy.site.points:
        settings.say("the site has no points: told as if everything were enforced")
    return policy


def _addresses(policy: "Policy", text: str) -> "Ranges":
    """Those that an end of a question names; `SiteError` if it names none, or nobody who could take part."""
    from segctl.ask.can import asked_addresses, nobody
    from segctl.load import parse_selector
    from segctl.model.diagnostic import SiteError

    said = parse_selector(text, policy.site)
    found = asked_addresses(policy, said, inner=True)
    if not found:
        raise SiteError((nobody(said),))
    return found


def _dump(answer: dict[str, object]) -> None:
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
