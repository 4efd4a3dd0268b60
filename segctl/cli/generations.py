"""Commands about what was applied: confirm, rollback, history; and the guard, which nobody types."""

import json
import shutil
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, Settings, format_option, place_options, settings
from segctl.cli.output import write, write_columns
from segctl.cli.place import place_of, runner_of

if TYPE_CHECKING:
    from segctl.policy import Policy
    from segctl.store import Kept


@click.command(cls=Command, examples=("confirm --netns sg-shop-gw1", "confirm --netns sg-shop-gw1 --format json"))
@place_options
@format_option("text", "json")
@settings
def confirm(settings: Settings, point: str | None, netns: str | None, here: bool, format_: str) -> None:
    """Keep the generation that `apply --confirm` would take back otherwise.

    Type it in a new session: that shows that one can be opened under the new rules.
    """
    runner = place_of(settings, point, netns, here)

    from segctl.apply.confirm import confirm as confirm_

    done = confirm_(runner)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/confirm/1", **asdict(done)}, indent=2))
    else:
        click.echo(f"generation {done.generation} stays on {done.where}, and is loaded at boot")


@click.command(hidden=True)
@click.option("--netns")
@click.option("--here", is_flag=True)
@click.argument("generation", type=click.IntRange(1))
@click.argument("deadline", type=click.IntRange(0))
@settings
def guard(settings: Settings, netns: str | None, here: bool, generation: int, deadline: int) -> None:
    """Take a generation back at its deadline (milliseconds of CLOCK_BOOTTIME), unless it is confirmed."""
    import signal

    from segctl.apply.confirm import stand_guard

    for end in (signal.SIGHUP, signal.SIGINT):
        signal.signal(end, signal.SIG_IGN)
    settings.say(stand_guard(runner_of("local", netns), generation, deadline))


@click.command(
    cls=Command,
    examples=("rollback --netns sg-shop-gw1", "rollback 2 --netns sg-shop-gw1"),
)
@click.argument("generation", type=click.IntRange(1), required=False, metavar="[GENERATION]")
@place_options
@click.option("--to-nothing", is_flag=True, help="If there is no older generation: put the rules to sleep.")
@click.option("--unproven", is_flag=True, help="Wake an older one even if it isn't proven while it sleeps.")
@format_option("text", "json")
@settings
def rollback(
    settings: Settings,
    generation: int | None,
    point: str | None,
    netns: str | None,
    here: bool,
    to_nothing: bool,
    unproven: bool,
    format_: str,
) -> None:
    """Flip back to the generation that was live before, or to GENERATION, which is loaded asleep and proved first.

    One that a guard has taken back, as nobody confirmed it, is gone to by its number only.
    No site is needed where --here or --netns says the place.
    """
    if generation is not None and to_nothing:
        raise click.UsageError("either a generation, or --to-nothing")
    runner = place_of(settings, point, netns, here)

    from segctl.apply import Proving, Wish, roll_back, roll_back_to

    if generation is None:
        done = roll_back(runner, to_nothing=to_nothing)
    else:
        wish = Wish(0.0, Proving.TOLD if unproven else Proving.DEMANDED)
        done = roll_back_to(runner, generation, datetime.now(UTC), wish, meaning_now, settings.say)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/rollback/1", **asdict(done)}, indent=2))
    elif done.generation is None:
        click.echo(f"generation {done.left} sleeps on {done.where}: nothing of ours is enforced there")
    else:
        left = f"; {done.left} sleeps" if done.left is not None else ""
        click.echo(f"generation {done.generation} is live on {done.where} again{left}")


def meaning_now(kept: "Kept") -> "Policy":
    """What the site of a kept generation means now."""
    from segctl.load import load_copy
    from segctl.model.diagnostic import SiteError
    from segctl.policy import examine

    loaded = load_copy(kept.files)
    if loaded.site is None:
        raise SiteError(loaded.findings)
    examined = examine(loaded.site, datetime.now(UTC))
    if examined.policy is None:
        raise SiteError(examined.findings)
    return examined.policy


@click.command(
    cls=Command,
    examples=("boot --netns sg-shop-gw1", "boot --print-unit > segctl-boot.service"),
)
@click.option("--print-unit", is_flag=True, help="Print the systemd unit that does this at boot, and do nothing.")
@place_options
@settings
def boot(settings: Settings, print_unit: bool, point: str | None, netns: str | None, here: bool) -> Exit:
    """Load what was confirmed last, and what remains of overrides: before the network comes up, by a systemd unit.

    Exit 0: it is live, or nothing ever was. Exit 4: what was kept can't be relied on, and all but management is shut.
    """
    if print_unit:
        if netns:
            raise click.UsageError(
                "--print-unit is for this machine: systemd has no namespace before the network is up"
            )
        click.echo(_unit(), nl=False)
        return Exit.YES
    runner = place_of(settings, point, netns, here)

    from segctl.apply.boot import boot as boot_

    done = boot_(runner, datetime.now(UTC), settings.say)
    if done.closed:
        click.echo(f"segctl: {done.where} is CLOSED but for management: {done.closed}", err=True)
        if not done.managed:
            click.echo("  nothing that is kept says who manages it: it is closed for everybody", err=True)
        click.echo("  help: `segctl apply` from the site loads rules again, `segctl release all` opens it", err=True)
        return Exit.PUT_BACK
    if done.generation is None:
        click.echo(f"nothing was confirmed on {done.where}: nothing is loaded")
    else:
        click.echo(f"generation {done.generation} is live on {done.where}")
    return Exit.YES


def _unit() -> str:
    """The unit that ships, with the place of this very program in it."""
    from importlib.resources import files

    text = (files("segctl") / "templates" / "systemd" / "segctl-boot.service").read_text()
    program = Path(shutil.which(sys.argv[0]) or sys.argv[0]).resolve()
    words = f"{sys.executable} -m segctl" if program.name == "__main__.py" else str(program)
    return text.replace("/usr/bin/segctl", words)


@click.command(
    cls=Command,
    examples=(
        'remove --leave closed --why "out of service" --netns sg-shop-gw1',
        'remove --leave open --why "moved to gw2" --netns sg-shop-gw1',
    ),
)
@click.option("--leave", type=click.Choice(("open", "closed")), required=True,
              help="What is left: nothing that filters, or all shut but for management.")  # fmt: skip
@click.option("--why", default="", metavar="TEXT", help="For the journal.")
@place_options
@format_option("text", "json")
@settings
def remove(
    settings: Settings, leave: str, why: str, point: str | None, netns: str | None, here: bool, format_: str
) -> None:
    """Take our tables away from a point. Nobody else's are touched."""
    runner = place_of(settings, point, netns, here)

    from segctl.apply.remove import remove as remove_

    done = remove_(runner, closed=leave == "closed", at=datetime.now(UTC), why=why)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/remove/1", **asdict(done)}, indent=2))
    else:
        state = "closed but for management" if done.closed else "open: nothing of ours is enforced there"
        click.echo(f"our tables are gone from {done.where}; it is {state}")


@click.command(cls=Command, examples=("history --netns sg-shop-gw1", "history --journal --netns sg-shop-gw1"))
@place_options
@click.option("--journal", is_flag=True, help="Every change that was begun, and what became of it.")
@format_option("text", "json")
@settings
def history(settings: Settings, point: str | None, netns: str | None, here: bool, journal: bool, format_: str) -> None:
    """The generations that are kept of a point: which is live, who applied each, when, and from which commit."""
    runner = place_of(settings, point, netns, here)

    from segctl.apply.history import history as history_
    from segctl.apply.history import journal as journal_

    if journal:
        lines = journal_(runner)
        if format_ == "json":
            click.echo(json.dumps({"schema": "segctl/journal/1", "lines": lines}, indent=2))
        else:
            write(
                " ".join(str(line.get(name, "")) for name in ("at", "doing", "state")) + _rest(line) for line in lines
            )
        return
    found = history_(runner)
    if format_ == "json":
        click.echo(json.dumps({"schema": "segctl/history/1", **asdict(found)}, indent=2))
        return
    if not found.generations:
        click.echo(f"nothing was applied on {found.where}")
        return
    rows = [("", "generation", "applied", "by", "site", "commit", "proof", "elements")]
    rows += [
        (one.mark, str(one.number), one.at, one.by, one.site, one.commit, one.proof or "-", str(one.elements))
        for one in found.generations
    ]
    write_columns(rows)


def _rest(line: dict[str, object]) -> str:
    told = {name: value for name, value in line.items() if name not in ("at", "doing", "state", "who")}
    who = line.get("who")
    person = who.get("sudo") or who.get("login") or who.get("user") if isinstance(who, dict) else ""
    return f" by {person}" + "".join(f" {name}={value}" for name, value in told.items())
