"""What `apply` would change on a point: the command `plan`."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segctl.cli.exits import Exit
from segctl.cli.options import (
    Command,
    Settings,
    choose_point,
    format_option,
    netns_option,
    point_option,
    policy_of,
    settings,
)
from segctl.cli.output import write
from segctl.cli.place import runner_of
from segctl.cli.source import source_of

if TYPE_CHECKING:
    from segctl.apply.result import Plan
    from segctl.ask.result import Difference
    from segctl.policy import Policy
    from segctl.runner import Runner

_CUT = 20  # connections that are listed


@click.command(cls=Command, examples=("plan --netns sg-shop-gw1", "plan --netns sg-shop-gw1 --out next.plan"))
@point_option
@netns_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Save it: `segctl apply FILE` carries it out, if nothing has changed until then.")  # fmt: skip
@click.option("--exit-code", is_flag=True, help="Exit 1 if something would change.")
@click.option("--replace", is_flag=True, help="As if `apply --replace` were meant.")
@format_option("text", "json")
@settings
def plan(
    settings: Settings,
    point: str | None,
    netns: str | None,
    out: Path | None,
    exit_code: bool,
    replace: bool,
    format_: str,
) -> Exit:
    """What `apply` would change: connections that open and close, those that would be cut, rules, and the proof.

    Nothing is changed. Exit 3 with the reason if `apply` would refuse.
    """
    at = datetime.now(UTC)
    loaded = settings.load()
    policy = policy_of(settings, at, loaded)
    name = choose_point(policy.site, point)
    runner = runner_of(policy.site.points[name].where, netns)

    from segctl.apply.plan import plan as plan_
    from segctl.apply.plan import write as write_plan
    from segctl.cli.generations import meaning_now
    from segctl.cli.point import check_fails
    from segctl.compile import loadable

    rules = loadable(policy, name, at)
    found, carried = plan_(runner, policy, rules, at, source_of(settings, loaded), meaning_now, replaced=replace)
    if (fails := check_fails(loaded, at)) is not None:
        found = changed(found, refused=(*found.refused, f"{fails} ({fails.help})"))
    compared = _compared(runner, found.live, policy, at, name)
    if out is not None:
        write_plan(carried, out)
        settings.say(f"saved: {out}; `{_to_apply(runner, out)}` carries it out")
    if format_ == "json":
        click.echo(json.dumps(_json(found, compared), indent=2, ensure_ascii=False))
    else:
        write(_lines(found, compared))
    if found.refused:
        return Exit.CANNOT
    return Exit.NO if exit_code and not found.same else Exit.YES


def _to_apply(runner: "Runner", out: Path) -> str:
    """As it is typed."""
    name = runner.key.removeprefix("netns-")
    return shlex.join(["segctl", "apply", str(out), *([] if name == runner.key else ["--netns", name])])


@dataclass(frozen=True, slots=True)
class _Compared:
    """What opens and closes against what is live; None where nothing is, or `why` it can't be told."""

    difference: "Difference | None"
    why: str = ""


def _compared(runner: "Runner", live: int | None, policy: "Policy", at: datetime, point: str) -> _Compared:
    if live is None:
        return _Compared(None, "nothing is enforced there now: everything that isn't allowed closes")
    from segctl.ask.diff import difference
    from segctl.cli.generations import meaning_now
    from segctl.model.diagnostic import SiteError
    from segctl.store import StoreError, state_of

    try:
        with state_of(runner, make=False) as state:
            kept = state.generations.read(live) if state is not None else None
        if kept is None or not kept.files:
            return _Compared(None, f"the site of generation {live} isn't kept: what opens and closes can't be told")
        return _Compared(difference(meaning_now(kept), policy, at, point=point))
    except (StoreError, SiteError) as error:
        return _Compared(None, f"the site of generation {live} can't be read: {error}")


def _lines(found: "Plan", compared: _Compared) -> Iterator[str]:
    from segctl.report.difference import show_difference

    live = f"generation {found.live}" if found.live is not None else "nothing of ours"
    yield f"{found.point} on {found.where}: {live} is live"
    for why in found.refused:
        yield f"APPLY REFUSES: {why}"
    if compared.difference is not None:
        yield from show_difference(compared.difference)
    else:
        yield compared.why
    if found.cut:
        yield f"connections that would be cut: {len(found.cut)}"
        yield from (f"  {one.connection}" for one in found.cut[:_CUT])
        if len(found.cut) > _CUT:
            yield f"  and {len(found.cut) - _CUT} more"
    else:
        yield "no tracked connection would be cut"
    if found.first:
        yield "the first generation: a session that stays silent for longer than the priming (--prime) is lost"
    same = "the rules are those that are live" if found.same else "the rules change"
    yield f"{same}: {found.rules[0]} -> {found.rules[1]} rules, {found.elements[0]} -> {found.elements[1]} elements"
    if found.proof == "proven":
        yield "proven: they would do with every packet what the site means"
    else:
        yield f"NOT PROVEN: {found.proof}: {'; '.join(found.doubts)}"
    yield from (f"override: {line}" for line in found.overrides)
    yield from (f"{one.level}: {one.what}" for one in found.concerns)


def _json(found: "Plan", compared: _Compared) -> dict[str, object]:
    from segctl.report.difference import plain_difference

    said = plain_difference(compared.difference) if compared.difference is not None else None
    return {"schema": "segctl/plan/1", **asdict(found), "difference": said, "difference_why": compared.why}
