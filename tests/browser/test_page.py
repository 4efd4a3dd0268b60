"""The page in a real browser: search, filters, questions, a change, dark, link, keyboard; and that it is safe."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segctl.report.page_data import Opening
from tests.browser.devtools import Browser
from tests.browser.pages import STATE, changed_shop, chosen, listed, panel, shop, write
from tests.unit.report.sites import flow, gateway, policy, segment, site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of some 150 segments, which it opens grouped."""
    segments = [
        segment(f"s{n:03}", "strict", f"10.1.{n}.0/24", labels={"zone": f"z{n % 9}"}, owner=f"team-{n % 4}")
        for n in range(150)
    ]
    flows = [flow(f"f{n}", f"s{n:03}", f"s{n * 7 % 150:03}", "ssh" if n % 3 else "https") for n in range(1, 150)]
    ends = {n: datetime(2027, 1, 1, tzinfo=UTC) for n in (4, 40)}
    flows = [replace(one, until=ends.get(n)) for n, one in enumerate(flows)]
    links = {f"e{n}": (f"s{n:03}", f"10.1.{n}.1/24") for n in range(150)}
    made = site(segments, flows=flows, points=[gateway("gw1", {**links, "wan": ("world", "203.0.113.2/24")})])
    return write(tmp_path_factory.mktemp("page") / "large.html", policy(made))


def place(tab: Browser, name: str) -> tuple[float, float]:
    """Where a segment's box is in the window."""
    node = f"segctl.page.map.cy.getElementById('s' + segctl.page.site.numbers.get({json.dumps(name)}))"
    box = "document.getElementById('map').getBoundingClientRect()"
    x, y = tab.ask(
        f"(() => {{ const p = {node}.renderedPosition(), b = {box}; return [p.x + b.left, p.y + b.top]; }})()"
    )
    return x, y


def hit(tab: Browser, name: str) -> None:
    tab.click(*place(tab, name))


def select(tab: Browser, field: str, value: str) -> None:
    tab.ask(
        f"(one => {{ one.value = {json.dumps(value)}; one.dispatchEvent(new Event('change')); }})"
        f"(document.getElementById({json.dumps(field)}))"
    )


def test_search(tab: Browser, page: Path) -> None:
    tab.open(page)
    tab.key("/")
    tab.type("web-team")
    tab.until("document.querySelectorAll('#found li').length === 1")
    assert listed(tab) == ["web"]
    tab.key("Enter")
    assert chosen(tab) == ["web"]
    assert "web-team" in panel(tab)


def test_search_for_a_member(tab: Browser, page: Path) -> None:
    tab.open(page, "q=10.0.3.")
    assert "db" in listed(tab) and "web" not in listed(tab)


@pytest.mark.parametrize(("address", "found"), [("10.0.2.77", ["app"]), ("10.0.20.1", []), ("10.0.9.15", ["admin"])])
def test_search_for_an_address(tab: Browser, page: Path, address: str, found: list[str]) -> None:
    tab.open(page, f"q={address}")
    assert listed(tab) == found


def test_nothing_is_found(tab: Browser, page: Path) -> None:
    tab.open(page, "q=nobody-is-called-so")
    assert listed(tab) == []
    assert tab.ask("document.getElementById('rest').textContent") == "nothing matches"


def test_filters(tab: Browser, large: Path) -> None:
    tab.open(large)
    tab.press("#strictness input[value=outside]")
    assert listed(tab) == ["world"]
    tab.press("#clear")
    select(tab, "owner", "team-2")
    assert listed(tab) == [f"s{n:03}" for n in range(150) if n % 4 == 2]
    tab.press("#clear")
    tab.press("#expiring")
    assert listed(tab) == sorted({"s005", "s035", "s041", f"s{41 * 7 % 150:03}"})
    tab.press("#clear")
    select(tab, "service", "https")
    with_https = {at for n in range(1, 150) if not n % 3 for at in (n, n * 7 % 150)}
    said = tab.ask("document.getElementById('status').textContent")
    assert said.startswith(f"{len(with_https)} of 153 segments match")


def test_filters_of_what_is_loose(tab: Browser, page: Path) -> None:
    tab.open(page)
    tab.press("#observing")
    assert listed(tab) == ["office"]
    tab.press("#clear")
    tab.press("#uncovered")
    assert listed(tab) == ["db", "vault", "world"]


def test_two_clicks_ask_whether_the_two_may_talk(tab: Browser, page: Path) -> None:
    tab.open(page)
    hit(tab, "web")
    assert chosen(tab) == ["web"]
    hit(tab, "app")
    assert chosen(tab) == ["web", "app"]
    said = panel(tab)
    assert "in part" in said and "shop-calls" in said and "shop-api" in said and "parts/flows.yaml:13" in said
    assert "Shortest path: 1 hop" in said


def test_a_way_of_several_hops(tab: Browser, page: Path) -> None:
    tab.open(page, "a=web&b=vault")
    said = panel(tab)
    assert said.index("denied") < said.index("no-sideways") < said.index("Shortest path: 2 hops")
    assert said.index("shop-calls") < said.index("cards")
    tab.key("s")
    assert chosen(tab) == ["vault", "web"]
    assert "No way leads there" in panel(tab)


def test_the_panel_of_one(tab: Browser, page: Path) -> None:
    tab.open(page, "a=db")
    said = panel(tab)
    for words in ("dba", "confidential", "10.0.3.0/24", "outwards", "Blast radius", "Who reaches it", "shop-orders",
                  "no-sideways", "segctl.yaml:"):  # fmt: skip
        assert words in said, words


def test_a_blast_is_shown_by_hops(tab: Browser, page: Path) -> None:
    tab.open(page, "a=web")
    tab.key("b")
    hops = (
        "(number) => segctl.page.map.cy.nodes('.hop' + number).map((one) => one.data('label').split('\\n')[0]).sort()"
    )
    assert tab.ask(f"({hops})(1)") == ["app", "office", "web", "world"]
    assert tab.ask(f"({hops})(2)") == ["db", "vault"]
    assert tab.ask("segctl.page.map.cy.nodes('.faded').length") == 4


def test_a_link_brings_it_back(tab: Browser, page: Path) -> None:
    tab.open(page)
    hit(tab, "office")
    tab.key("m")
    tab.press("#observing")
    link = tab.ask("location.hash.slice(1)")
    tab.open(page, link)
    assert chosen(tab) == ["office"] and listed(tab) == ["office"]
    assert tab.ask(f"{STATE}.view") == "matrix"
    tab.ask("location.hash = 'a=web&b=db'")
    tab.until(f"{STATE}.b !== undefined")
    assert chosen(tab) == ["web", "db"]


def test_the_back_button_undoes_a_choice(tab: Browser, page: Path) -> None:
    tab.open(page)
    hit(tab, "web")
    hit(tab, "app")
    tab.ask("history.back()")
    tab.until(f"{STATE}.b === undefined")
    assert chosen(tab) == ["web"]


def test_a_link_to_what_is_gone_is_no_error(tab: Browser, page: Path) -> None:
    tab.open(page, "a=nobody&b=web&view=changes&by=label:no&strictness=odd&uncovered=1")
    assert chosen(tab) == [] and tab.faults() == []


def test_what_the_page_opens_with(tab: Browser, tmp_path: Path) -> None:
    tab.open(write(tmp_path / "page.html", shop(), opening=Opening(start="a=web&blast=1")))
    assert chosen(tab) == ["web"] and tab.ask(f"{STATE}.blast") is True


def test_the_keyboard_alone(tab: Browser, page: Path) -> None:
    tab.open(page)
    tab.key("n")
    assert chosen(tab) == ["admin"]
    tab.key("n")
    assert chosen(tab) == ["app"]
    tab.key("p")
    assert chosen(tab) == ["admin"]
    tab.key("Escape")
    assert chosen(tab) == []
    before = tab.ask("segctl.page.map.cy.zoom()")
    tab.key("+")
    assert tab.ask("segctl.page.map.cy.zoom()") > before
    tab.ask("document.getElementById('map').focus()")
    pan = tab.ask("segctl.page.map.cy.pan().x")
    tab.key("ArrowLeft")
    assert tab.ask("segctl.page.map.cy.pan().x") == pan + 80
    tab.key("?")
    assert tab.ask("document.getElementById('about').open") is True
    tab.key("Escape")
    assert tab.ask("document.getElementById('about').open") is False


def test_every_control_is_reached_by_tab_and_shows_it(tab: Browser, page: Path) -> None:
    tab.open(page)
    seen = []
    for _ in range(60):
        tab.key("Tab")
        seen.append(tab.ask("document.activeElement.id || document.activeElement.textContent"))
    for wanted in ("q", "view-matrix", "theme", "service", "owner", "expiring", "by", "map", "fit", "panel", "web"):
        assert wanted in seen, wanted


def test_the_matrix(tab: Browser, page: Path) -> None:
    tab.open(page, "view=matrix")
    matrix = "segctl.page.matrix"
    names: list[str] = tab.ask(f"{matrix}.nodes.map((one) => one.title)")
    cells: list[list[str]] = tab.ask(f"{matrix}.cells")
    cell = {(names[row], names[at]): word for row, those in enumerate(cells) for at, word in enumerate(those)}
    assert cell["web", "app"] == "flow" and cell["guests", "db"] == "guardrail" and cell["app", "web"] == "none"
    assert cell["guests", "world"] == "default" and cell["db", "vault"] == "uncovered"
    assert cell["world", "office"] == "observed"
    tab.ask("document.getElementById('cells').focus()")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        tab.key(key)
    assert tab.ask("document.getElementById('told').textContent") == "app → db: allowed by flows (or management)"
    tab.key("Enter")
    assert chosen(tab) == ["app", "db"]


def test_a_click_on_a_cell(tab: Browser, page: Path) -> None:
    tab.open(page, "view=matrix")
    at = "segctl.page.matrix.nodes.findIndex((one) => one.title === 'web')"
    x, y = tab.ask(
        f"(() => {{ const m = segctl.page.matrix, b = m.canvas.getBoundingClientRect();"
        f" return [b.left + m.head + m.size / 2, b.top + m.head + m.size * ({at} + 0.5)]; }})()"
    )
    tab.click(x, y)
    assert chosen(tab) == ["web", "admin"]


def test_a_large_site_is_grouped_and_unfolds(tab: Browser, large: Path) -> None:
    tab.open(large)
    boxes = "segctl.page.map.cy.nodes('.group').length"
    assert tab.ask(boxes) == 9 and tab.ask(f"{STATE}.by") == "label:zone"
    tab.open(large, "a=s017")
    assert tab.ask(boxes) == 8 and chosen(tab) == ["s017"]  # its group is open
    tab.ask("segctl.page.toggle('g:z8')")
    assert tab.ask(boxes) == 8  # what is chosen stays in view
    tab.key("Escape")
    tab.ask("segctl.page.toggle('g:z8')")
    assert tab.ask(boxes) == 9


def test_of_very_many_lines_those_are_drawn_that_somebody_looks_for(tab: Browser, tmp_path: Path) -> None:
    segments = [segment(f"s{n:02}", "strict", f"10.1.{n}.0/24") for n in range(40)]
    pairs = [(n, (n + step) % 40) for n in range(40) for step in range(1, 20)]
    flows = [flow(f"f{n}", f"s{one:02}", f"s{other:02}", "ssh") for n, (one, other) in enumerate(pairs)]
    links = {f"e{n}": (f"s{n:02}", f"10.1.{n}.1/24") for n in range(40)}
    file = write(tmp_path / "page.html", policy(site(segments, flows=flows, points=[gateway("gw1", links)])))
    tab.open(file)
    said = "document.getElementById('status').textContent"
    assert tab.ask(said) == "43 segments · 43 boxes, 760 lines on the map, 600 of them drawn"
    assert tab.ask("segctl.page.map.cy.edges().length") == 600
    tab.ask("segctl.page.choose(segctl.page.site.numbers.get('s07'))")
    assert tab.ask("segctl.page.map.cy.edges('.said').length") == 38 == tab.ask("segctl.page.map.cy.edges().length")
    tab.key("Escape")
    assert tab.ask("segctl.page.map.cy.edges().length") == 600


def test_a_way_without_a_line_is_drawn(tab: Browser, page: Path) -> None:
    """By default guests reach the world: no statement says it."""
    tab.open(page, "a=guests&b=world")
    assert tab.ask("segctl.page.map.cy.edges('.way').map((one) => one.data('label'))") == ["hop 1"]
    tab.open(page, "a=web&b=app")
    assert tab.ask("segctl.page.map.cy.edges('.way').length") == 0
    tab.open(page, "a=web&b=vault")
    assert tab.ask("segctl.page.map.cy.edges('.way').length") == 2


def test_a_change(tab: Browser, tmp_path: Path) -> None:
    tab.open(write(tmp_path / "page.html", changed_shop(), shop()))
    title = "(end) => end.data('label').split('\\n')[0]"
    ends = f"(one) => [one.source(), one.target()].map({title}).join(' > ')"
    edge = f"(kind) => segctl.page.map.cy.edges('.' + kind).map({ends})"
    assert "guests > web" in tab.ask(f"({edge})('opens')")
    assert "office > web" in tab.ask(f"({edge})('closes')")
    assert tab.ask("segctl.page.map.cy.edges('.flow').every((one) => one.hasClass('pale'))") is True
    assert tab.ask("segctl.page.map.cy.nodes('.added').map((one) => one.data('label').split('\\n')[0])") == ["lab"]
    said = panel(tab)
    assert said.index("+ Opens") < said.index("guests-pay") < said.index("− Closes") < said.index("office-shop")
    opens = tab.ask("parseFloat(segctl.page.map.cy.edges('.opens')[0].style('width'))")
    stays = tab.ask("parseFloat(segctl.page.map.cy.edges('.flow')[0].style('opacity'))")
    assert opens > 4 and stays < 0.2
    tab.open(tmp_path / "page.html", "view=matrix")
    cells = tab.ask("segctl.page.matrix.cells.flat()")
    assert "opens" in cells and "closes" in cells


def test_what_is_gone(tab: Browser, tmp_path: Path) -> None:
    tab.open(write(tmp_path / "page.html", shop(), changed_shop()), "a=lab&b=web")
    assert tab.faults() == []
    assert tab.ask("segctl.page.map.cy.nodes('.gone').map((one) => one.data('label').split('\\n')[0])") == ["lab"]
    tab.open(tmp_path / "page.html", "a=lab")
    assert "gone with this change" in panel(tab) and tab.faults() == []
