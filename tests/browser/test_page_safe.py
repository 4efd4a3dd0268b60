"""The page is safe to open, and fit to be seen: no network, no markup from the site, axe, nothing cut or covered."""

import json
from pathlib import Path
from typing import Any

import pytest

from segctl.model.segment import Waiver
from segctl.policy import Policy
from segctl.report.page_data import Opening
from tests.browser.devtools import Browser
from tests.browser.measure import inside, meets
from tests.browser.pages import STATE, changed_shop, panel, shop, write
from tests.unit.report.estates import estate
from tests.unit.report.sites import SPAN, flow, gateway, guardrail, policy, segment, site

pytestmark = pytest.mark.browser
AXE = Path(__file__).parent / "axe" / "axe.min.js"
EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


def test_it_opens_without_a_network_and_without_a_complaint(tab: Browser, page: Path) -> None:
    tab.open(page)
    assert [url for url in tab.requests() if not url.startswith("data:")] == [page.as_uri()]
    assert tab.faults() == []


def test_it_may_not_reach_anything(tab: Browser, page: Path) -> None:
    """What the policy forbids is forbidden, and a refusal would have been seen."""
    tab.open(page)
    assert tab.ask("fetch('https://example.org/').then(() => 'reached', () => 'refused')") == "refused"
    tab.ask("document.body.append(Object.assign(document.createElement('img'), {src: 'https://example.org/x.png'}))")
    made = "Object.assign(document.createElement('script'), {textContent: 'document.title = 1'})"
    tab.ask(f"document.body.append({made})")
    assert tab.ask("document.title") == "shop · segctl"
    assert sum("Content Security Policy" in one for one in tab.faults()) >= 3
    assert all(url.startswith("file:") for url in tab.requests())


def test_no_word_of_the_site_becomes_markup(tab: Browser, tmp_path: Path) -> None:
    """Names, whys, owners, labels, waivers, lines of YAML, and the site's own name."""
    file = write(tmp_path / "page.html", hostile(), opening=Opening(lines=lambda _: EVIL))
    for view in ("", "a=web", "a=web&b=db", "a=web&blast=1", "view=matrix", "by=label:zone", "by=owner"):
        tab.open(file, view)
        assert tab.ask("document.title") != "taken" and tab.faults() == [], view
        assert tab.ask("document.images.length") == 0
        assert tab.ask("document.scripts.length") == 3
    tab.open(file, "a=web&b=db")
    assert panel(tab).count(EVIL) >= 4


def test_a_label_that_every_object_has(tab: Browser, tmp_path: Path) -> None:
    segments = [segment("web", "guarded", "10.0.1.0/24", labels={"constructor": "__proto__"}),
                segment("db", "strict", "10.0.2.0/24", labels={"__proto__": "x", "zone": "y"})]  # fmt: skip
    file = write(tmp_path / "page.html", policy(site(segments, flows=[flow("f", "web", "db", "ssh")])))
    tab.open(file, "by=label:constructor")
    assert tab.faults() == [] and tab.ask(f"{STATE}.by") == "label:constructor"
    assert tab.ask("[...segctl.page.tree.groups.keys()]") == ["", "g:__proto__"]
    tab.open(file, "by=label:__proto__&a=db")
    assert tab.ask("[...segctl.page.tree.groups.keys()]") == ["", "g:x"] and "__proto__: x" in panel(tab)


def hostile() -> Policy:
    segments = [
        segment("web", "guarded", "10.0.1.0/24", owner=EVIL, labels={"zone": EVIL},
                waive=(Waiver("uncovered", EVIL, SPAN),)),
        segment("db", "strict", "10.0.2.0/24", owner=EVIL),
    ]  # fmt: skip
    flows = [flow(EVIL, "web", "db", "ssh", why=EVIL, owner=EVIL, ticket=EVIL)]
    rails = [guardrail(f"{EVIL}2", "web", "db", "rdp", why=EVIL)]
    links = {"e0": ("web", "10.0.1.1/24"), "e1": ("db", "10.0.2.1/24"), "e2": ("world", "203.0.113.2/24")}
    return policy(site(segments, flows=flows, guardrails=rails, points=[gateway("gw1", links)], name=EVIL))


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(tab: Browser, page: Path, tmp_path: Path, dark: bool) -> None:
    """Every rule of axe-core, of every impact."""
    change = write(tmp_path / "page.html", changed_shop(), shop())
    tab.media(dark=dark)
    try:
        for view in ("", "a=db", "a=web&b=vault", "a=web&blast=1", "view=matrix"):
            tab.open(page, view)
            assert axe(tab) == [], view
        tab.open(change)
        assert axe(tab) == []
        tab.key("?")
        assert axe(tab) == []
    finally:
        tab.media(dark=False)


def test_axe_would_find_something(tab: Browser, page: Path) -> None:
    tab.open(page)
    tab.ask("document.querySelector('#fit').removeAttribute('aria-label')")
    tab.ask("document.querySelector('#fit').removeAttribute('title')")
    tab.ask("document.querySelector('#fit').textContent = ''")
    assert [rule for rule, _ in axe(tab)] == ["button-name"]


def axe(tab: Browser) -> list[tuple[str, Any]]:
    """What it finds: rule and the elements."""
    tab.ask(AXE.read_text("utf-8") + "; 0")
    found = tab.ask("axe.run().then(({violations}) => violations.map((one) => [one.id, one.nodes.map((n) => n.html)]))")
    return [(rule, nodes) for rule, nodes in found]


BOXES = """segctl.page.map.cy.nodes().not('.frame, .title').map((one) => {
  const box = one.renderedBoundingBox({includeLabels: true, includeOverlays: false});
  const own = one.renderedBoundingBox({includeLabels: false, includeOverlays: false});
  return [[box.x1, box.y1, box.x2, box.y2], [own.x1, own.y1, own.x2, own.y2], one.data('label')];
})"""


@pytest.mark.parametrize(("segments", "flows"), [(5, 8), (20, 40), (60, 90)])
def test_no_box_lies_on_another_and_no_text_leaves_its_own(
    tab: Browser, tmp_path: Path, segments: int, flows: int
) -> None:  # fmt: skip
    file = write(tmp_path / "page.html", policy(estate(segments, flows)))
    for by in ("within", "label:zone", "strictness", "none"):
        tab.open(file, f"by={by}")
        stage = (0, 0, *tab.ask("[segctl.page.map.cy.width(), segctl.page.map.cy.height()]"))
        boxes = tab.ask(BOXES)
        for number, (box, own, name) in enumerate(boxes):
            assert inside(box, stage, 0), (by, name)
            assert inside(box, own, 1), (by, name)
            assert not [other for _, those, other in boxes[number + 1 :] if meets(box, those, 1)], (by, name)


def test_the_same_site_looks_the_same(tab: Browser, tmp_path: Path) -> None:
    file = write(tmp_path / "page.html", policy(estate(20, 40)))
    places = []
    for _ in range(2):
        tab.open(file)
        places.append(tab.ask("segctl.page.map.cy.nodes().map((one) => [one.id(), one.position()])"))
    assert places[0] == places[1]


def test_dark_by_system_and_by_hand(tab: Browser, page: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    box = "segctl.page.map.cy.getElementById('s' + segctl.page.site.numbers.get('web')).style('background-color')"
    tab.open(page)
    light = tab.ask(ground), tab.ask(box)
    tab.media(dark=True)
    try:
        tab.until(f"{ground} !== {json.dumps(light[0])}")
        tab.until(f"{box} !== {json.dumps(light[1])}")
        dark = tab.ask(ground), tab.ask(box)
        tab.key("t")
        assert (tab.ask(ground), tab.ask(box)) == light
        tab.key("t")
        assert (tab.ask(ground), tab.ask(box)) == dark
    finally:
        tab.media(dark=False)
