"""Pages of sites, on disk."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from segctl.ask.atlas import atlas
from segctl.ask.changes import changes
from segctl.ask.reach import reach
from segctl.ask.web import web
from segctl.policy import Policy
from segctl.report.page import draw_page
from segctl.report.page_data import Opening, page_data
from tests.browser.devtools import Browser
from tests.sites import EXAMPLES, meant, read
from tests.unit.report.sites import AT, SPAN, flow, segment


def text_of(policy: Policy, before: Policy | None = None, opening: Opening | None = None) -> str:
    """The page of a site, or of what changed."""
    found = changes(before, policy, AT, "before") if before is not None else None
    return draw_page(atlas(policy, AT), web(reach(policy, AT)), found, opening)


def data_of(policy: Policy, at: datetime, *, through_world: bool = False) -> Mapping[str, Any]:
    """What the page of a site would know."""
    return page_data(atlas(policy, at), web(reach(policy, at)), None, Opening(through_world=through_world))


def write(file: Path, policy: Policy, before: Policy | None = None, opening: Opening | None = None) -> Path:
    """The page as a file."""
    file.write_text(text_of(policy, before, opening), "utf-8")
    return file


STATE = "segctl.page.state"


def shop() -> Policy:
    return meant(read(EXAMPLES / "shop" / "site"), AT)


def changed_shop() -> Policy:
    """Guests may order; the office may not; a segment is new."""
    before = read(EXAMPLES / "shop" / "site")
    flows = [one for one in before.flows if one.name != "office-shop"]
    flows.append(replace(flow("guests-pay", "guests", "web", "https", why="orders in the lobby"), span=SPAN))
    segments = {**before.segments, "lab": segment("lab", "strict", "10.0.77.0/24")}
    return meant(replace(before, flows=tuple(flows), segments=dict(sorted(segments.items()))), AT)


def panel(tab: Browser) -> str:
    return str(tab.ask("document.getElementById('panel').innerText"))


def chosen(tab: Browser) -> list[str]:
    name = "(at) => at === undefined ? undefined : segctl.page.site.segments[at].name"
    found: list[str] = tab.ask(f"[{STATE}.a, {STATE}.b].map({name}).filter(Boolean)")
    return found


def listed(tab: Browser) -> list[str]:
    found: list[str] = tab.ask("[...document.querySelectorAll('#found .name')].map((one) => one.textContent)")
    return found
