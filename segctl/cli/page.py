"""The page of `graph --format html`: the site, or a change of it, for a browser."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from segctl.cli.options import Settings
from segctl.cli.pictures import Asked

if TYPE_CHECKING:
    from segctl.policy import Policy
    from segctl.report.page_data import Lines


def page_of(settings: Settings, policies: "tuple[Policy, ...]", asked: Asked, theme: str, at: datetime) -> str:
    """The page as HTML. policies: the site's; of a difference those before and after.

    It opens with what is asked, which must be somebody in one segment: SiteError or UsageError else.
    """
    from segctl.ask.atlas import atlas
    from segctl.ask.changes import changes
    from segctl.ask.reach import reach
    from segctl.ask.web import web
    from segctl.report.page import draw_page
    from segctl.report.page_data import Opening

    policy = policies[-1]
    opening = Opening(
        urlencode(_chosen(policy, asked)), through_world=asked.through_world, fold=asked.fold, theme=theme
    )
    if asked.diff is None:
        return draw_page(atlas(policy, at), web(reach(policy, at)), None, replace(opening, lines=_lines(settings)))
    before = policies[0]
    found = changes(before, policy, at, f"{before.site.name} ({asked.diff[0].absolute().name})")
    old, new = (_lines(Settings(folder, settings.verbosity)) for folder in asked.diff)
    opening = replace(opening, lines=new, lines_before=old)
    return draw_page(atlas(policy, at), web(reach(policy, at)), found, opening)


def _chosen(policy: "Policy", asked: Asked) -> dict[str, str]:
    """What the page shows at first, as its link says it."""
    chosen = {"by": asked.group} if asked.group else {}
    if asked.blast is not None:
        chosen |= {"a": _segment(policy, asked.blast), "blast": "1"}
    if asked.path is not None:
        chosen |= {"a": _segment(policy, asked.path[0]), "b": _segment(policy, asked.path[1])}
    return chosen


def _lines(settings: Settings) -> "Lines":
    from segctl.load.excerpt import Excerpts

    found = settings.find()
    return Excerpts(found.path, found.trusted).of


def _segment(policy: "Policy", text: str) -> str:
    """The segment that a question is about."""
    from segctl.ask.can import asked_addresses
    from segctl.ask.spread import Spread
    from segctl.load import parse_selector

    named = parse_selector(text, policy.site)
    names = list(Spread(policy).parts(asked_addresses(policy, named, inner=False) - policy.special))
    if len(names) == 1:
        return names[0]
    what = f"is in {len(names)} segments" if names else "names nobody"
    raise click.UsageError(f"'{text}' {what}; the page opens with one segment: name one of it")
