"""The page's own script answers what the engine answers: blast radius, ways, who reaches whom, by which line."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from segctl.ask.blast import Blasts
from segctl.ask.graph import Kind
from segctl.ask.joint import bits
from segctl.ask.path import Ways
from segctl.ask.reach import reach
from segctl.policy import Policy
from tests.browser.devtools import Browser, browser
from tests.browser.pages import data_of, write
from tests.sites import EXAMPLES, meant, read
from tests.strategies import AT, valid_site
from tests.unit.ask.test_atlas import written
from tests.unit.report.estates import estate
from tests.unit.report.sites import policy, shop

pytestmark = pytest.mark.browser
# Every question about every segment and every pair; big integers as text.
ASK = """(data => {
  const site = segctl.read(data), web = new segctl.Web(data.web, site.numbers.get("world"), data.through_world);
  const name = (at) => site.segments[at].name;
  const named = (map) => Object.fromEntries([...map].map(([at, value]) => [name(at), value]));
  const lines = (those) => those.map(({one}) => [one.kind, one.active, one.name]);
  return site.segments.map((one) => {
    const {hops, ...sizes} = web.blast(one.at);
    for (const key of Object.keys(sizes)) sizes[key] = String(sizes[key]);
    return {
      name: one.name, sizes, hops: named(hops),
      direct: named(web.direct(one.at)), reaching: named(web.reaching(one.at)),
      pairs: site.segments.map((other) => {
        const {allowing, idle, forbidding, rest} = segctl.ask(site, one.at, other.at);
        return {
          name: other.name, way: web.way(one.at, other.at), rest: [rest.default, rest.loose, rest.enforced],
          lines: lines([...allowing, ...idle, ...forbidding]),
        };
      }),
    };
  });
})"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    with browser(folder) as made:
        made.open(write(folder / "page.html", policy(shop())))
        yield made


@pytest.mark.parametrize("name", ["shop", "boutique", "pci", "plant", "hospital"])
def test_of_the_examples(tab: Browser, name: str) -> None:
    same(tab, meant(read(EXAMPLES / name / "site"), AT))


def test_of_sites_made_up(tab: Browser) -> None:
    same(tab, policy(shop()))
    same(tab, policy(estate(20, 40)), through_world=True)
    for seed in range(60):
        same(tab, meant(valid_site(Random(seed)), AT), through_world=seed % 3 == 0)


def same(tab: Browser, of: Policy, *, through_world: bool = False) -> None:
    """Every question, put to both."""
    data = data_of(of, AT, through_world=through_world)
    answers: list[dict[str, Any]] = tab.ask(f"{ASK}({json.dumps(data)})")
    blasts = Blasts(reach(of, AT), through_world)
    nearest, own, edges = blasts.nearest(), of.partition.own, written(of)
    direct = {name: hops(blasts, name) for name in own}
    assert {one["name"] for one in answers} == set(own)
    for one in answers:
        name = one["name"]
        assert one["hops"] == nearest.get(name, {}), name
        sizes = one["sizes"]
        assert int(sizes["radius"]) == blasts.radius(name), name
        if found := blasts.of(own[name]):
            told = tuple(int(sizes[key]) for key in ("v4", "v6", "observed", "uncovered"))
            assert told in {(*blast.addresses, blast.observed, blast.uncovered) for blast in found}, name
        assert one["direct"] == direct[name], name
        assert one["reaching"] == {other: how[name] for other, how in direct.items() if name in how}, name
        for pair in one["pairs"]:
            ends = name, pair["name"]
            steps = Ways(blasts.reach, own[name], own[pair["name"]], through_world).steps()
            assert [tuple(step) for step in pair["way"]] == steps, ends
            stated(pair, [key[2:] for key in edges if key[:2] == ends], own_pair=name == pair["name"])


def stated(pair: dict[str, Any], edges: list[tuple[str, ...]], *, own_pair: bool) -> None:
    """The lines of a pair, and what holds beside them, are the edges of the segment graph."""
    said = [(kind_of(kind, active), name) for kind, active, name in pair["lines"]]
    beside = {Kind.DEFAULT, Kind.OBSERVED, Kind.UNCOVERED}
    assert sorted(said) == sorted(edge for edge in edges if edge[0] not in beside)
    default, loose, _ = pair["rest"]
    if not own_pair:
        assert {kind for kind, _ in edges if kind in beside} == {
            *([Kind.DEFAULT] if default else []),
            *filter(None, [loose]),
        }


def kind_of(kind: str, active: bool) -> str:
    return Kind.INACTIVE if kind == "flow" and not active else Kind(kind)


def hops(blasts: Blasts, name: str) -> dict[str, int]:
    """Segments that are reached in one hop: 0 allowed, 1 only observed, 2 only uncovered."""
    ways, own = blasts.reach, blasts.reach.policy.partition.own
    masks = {other: ways.joint.mask(addresses) for other, addresses in own.items()}
    found: dict[str, int] = {}
    for at in bits(masks[name]):
        for how, mask in enumerate(ways.hops(at)):
            for other, theirs in masks.items():
                if mask & theirs:
                    found[other] = min(how, found.get(other, how))
    return found
