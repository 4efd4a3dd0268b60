"""Commands that look at a point: status, drift."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, format_option, place_options, settings
from segctl.cli.output import write, write_columns
from segctl.cli.place import place_of

if TYPE_CHECKING:
    from segctl.apply.result import Status
    from segctl.runner import Runner

_LINES = 20
_RANGES = 4


@click.command(cls=Command, examples=("status --netns sg-shop-gw1", "status --would-deny --netns sg-shop-gw1"))
@click.option("--would-deny", is_flag=True, help="What passed for its ends only observe, and the line that allows it.")
@place_options
@format_option("text", "json")
@settings
def status(
    settings: Settings, would_deny: bool, point: str | None, netns: str | None, here: bool, format_: str
) -> None:
    """What is live on a point: generation, drift, hits of each line, overrides, other tables, versions."""
    runner = place_of(settings, point, netns, here)
    if would_deny:
        _would_deny(runner, format_)
        return

    from segctl.apply.status import status as status_

    found = status_(runner, datetime.now(UTC))
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/status/1", **asdict(found)}, indent=2))
        return
    write_columns(_rows(found))
    if found.hits:
        most = sorted(found.hits, key=lambda row: -row[2])
        write(["", f"connections that each line let through{_few(len(most))}:"])
        write_columns([(str(count), kind, name) for kind, name, count in most[:_LINES]])


def _would_deny(runner: "Runner", format_: str) -> None:
    from segctl.apply.would_deny import would_deny

    found = would_deny(runner)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/would-deny/1", **asdict(found)}, indent=2))
        return
    if not found.observed:
        click.echo(f"generation {found.generation} on {found.where} has let nothing pass for its ends only observe")
    for one in found.observed:
        click.echo(f"{one.packets:8}  {_named(one.source)} -> {_named(one.destination)}  {one.service}")
        words = f"from: {_selector(one.source)}, to: {_selector(one.destination)}, services: [{one.service}]"
        click.echo(f'          - {{{words}, why: "…"}}')
    if found.overflow:
        click.echo(f"{found.overflow:8}  more, for which the sets had no room")


def _selector(words: str) -> str:
    """As a flow names them: of a class that has no name, its addresses."""
    inside = words.partition(" (")[2].removesuffix(")")
    return "[" + ", ".join(f'"{one}"' for one in inside.split(", ")) + "]" if inside else words


def _named(words: str) -> str:
    """Short: of many ranges how many."""
    segment, _, inside = words.partition(" (")
    many = inside.count(", ") + 1
    return words if many <= _RANGES else f"{segment} ({many} ranges of it)"


def _few(there: int) -> str:
    return f" (the first {_LINES} of {there}; --format json has all)" if there > _LINES else ""


def _rows(found: "Status") -> list[tuple[str, str]]:
    if found.live is None:
        rows = [("live", f"nothing of ours on {found.where}" if not found.slot else f"{found.slot} without a number")]
    else:
        about = found.about
        told = f": site {f'{about.site} {about.commit}'.strip()}, by {about.by} at {about.at}" if about else ""
        rows = [("live", f"generation {found.live} in {found.slot} on {found.where}{told}")]
        rows.append(("proof", (about.proof if about else "") or "nobody looked"))
        if found.confirmed != found.live and found.waiting is None:
            rows.append(("confirmed", "no: `segctl confirm` keeps it, `segctl rollback` takes it back"))
    if found.waiting is not None:
        guard = "" if found.waiting.guarded else "; ITS GUARD IS GONE: nobody takes it back"
        rows.append(("waits", f"for `segctl confirm`, {found.waiting.seconds:.0f} s left{guard}"))
    if found.closed:
        rows.append(("now", "CLOSED but for management: `segctl release all` opens it"))
    at_boot = f"generation {found.confirmed}" if found.confirmed is not None else "nothing"
    rows.append(("at boot", "closed but for management" if found.closed_at_boot else at_boot))
    rows += [("drift", line) for line in found.drift] or [("drift", "none")]
    rows += [("override", line) for line in found.overrides]
    rows += [(str(one.level), one.what) for one in found.concerns]
    rows.append(("tracked", f"{found.tracked[0]} of {found.tracked[1]} connections"))
    rows.append(("versions", f"kernel {found.kernel}, nft {found.nft}"))
    return rows


@click.command(cls=Command, examples=("drift --netns sg-shop-gw1", "drift --netns sg-shop-gw1 --format json"))
@place_options
@format_option("text", "json")
@settings
def drift(settings: Settings, point: str | None, netns: str | None, here: bool, format_: str) -> Exit:
    """Does the kernel still hold what was applied? Told as rules, and as connections that pass or don't because of it.

    Exit 0: it does. Exit 1: it doesn't. `segctl apply --watch` repairs it.
    """
    runner = place_of(settings, point, netns, here)

    from segctl.apply.drift import drift as drift_
    from segctl.cli.generations import meaning_now

    found = drift_(runner, meaning_now, datetime.now(UTC))
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/drift/1", **asdict(found)}, indent=2))
    elif not found.parts:
        click.echo(f"generation {found.generation} is on {found.where} as it was applied")
    else:
        write(f"{found.where}: {part}" for part in found.parts)
        write(f"so: {line}" for line in found.connections)
        if not found.connections:
            click.echo("so: no connection fares otherwise")
    return Exit.NO if found.parts else Exit.YES
