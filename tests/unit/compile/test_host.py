"""A host's rules: small whatever the site's size, and about nothing but the host."""

from collections.abc import Iterator

import pytest

from segctl.compile import Ruleset, compile_host, render_table, statistics
from segctl.model.ranges import parse_address
from tests.sites import AT, policy

SITE = """
endpoints:
  db1: {{addresses: [10.91.2.10, "fd91:2::10"]}}
segments:
  web: {{strictness: guarded, members: [10.91.1.0/24, "fd91:1::/64"]}}
  db: {{strictness: {strictness}, members: [10.91.2.0/24, "fd91:2::/64"]}}
{segments}
flows:
  - {{name: orders, from: {whom}, to: db, services: [tcp/5432], why: "orders"}}
{flows}
guardrails:
{guards}
management:
  - {{from: web, services: [ssh]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth0: {{segments: [world], addresses: [198.51.100.1/24]}}
      eth1: {{segments: [web], addresses: [10.91.1.1/24, "fd91:1::1/64"]}}
      eth2: {{segments: [db], addresses: [10.91.2.1/24, "fd91:2::1/64"]}}
{interfaces}
  db1-host: {{kind: host, endpoint: db1}}
"""


def site(count: int, strictness: str = "strict", whom: str = "web") -> str:
    """The host's site with so many segments more, each with a network, a flow and a guardrail of its own."""

    def lines(text: str) -> str:
        return "\n".join(
            text.format(at=at, net=f"{at // 200}.{at % 200}", next=(at + 1) % count) for at in range(count)
        )

    return SITE.format(
        strictness=strictness,
        whom=whom,
        segments=lines("  s{at}: {{strictness: strict, members: [10.{net}.0/24]}}"),
        flows=lines("  - {{name: f{at}, from: s{at}, to: s{next}, services: [tcp/443], why: x}}"),
        guards=lines("  - {{name: g{at}, from: s{at}, to: s{next}, services: [ssh]}}"),
        interfaces=lines("      lan{at}: {{segments: [s{at}], addresses: [10.{net}.1/24]}}"),
    )


def compiled(text: str) -> Ruleset:
    return compile_host(policy(text), "db1-host", AT)


def printed(text: str) -> str:
    return render_table(compiled(text), "segctl_a", 1, AT)


def test_what_does_not_concern_it_is_not_in_it() -> None:
    """Ten segments more or a thousand: the same bytes, and few of them."""
    small = printed(site(10))
    assert printed(site(1000)) == small
    assert statistics(compiled(site(1000)))["elements"] < 60
    for address in ("10.0.", "10.4.", "198.51.100"):
        assert address not in small


@pytest.mark.parametrize("strictness", ["strict", "sealed", "quarantine"])
def test_elements_do_not_grow_where_all_others_meet_the_same(strictness: str) -> None:
    counts = {statistics(compiled(site(count, strictness)))["elements"] for count in (10, 100)}
    assert len(counts) == 1


def test_what_is_told_apart_has_its_elements() -> None:
    """A flow from the world doesn't let the segments in: each network is an element then, and nothing else is."""
    small, large = (statistics(compiled(site(count, whom="world"))) for count in (10, 110))
    grown = {name for name in large if large[name] != small.get(name)} - {"elements"}
    assert grown == {"source4", "target4"}


def test_a_named_part_of_another_segment_is_a_class_alone() -> None:
    named = site(100).replace("from: web, to: db,", "from: 10.0.7.9, to: db1,")
    addresses = {element.key for element in compiled(named).map("source4").elements}
    nine = parse_address("10.0.7.9")
    assert (nine, nine) in addresses
    assert statistics(compiled(named))["elements"] < 60


def meanings(text: str) -> dict[tuple[str, str], int]:
    """Kind and name to number, without the essentials."""
    found = compiled(text).meanings.items()
    return {(meaning.kind, meaning.name): number for number, meaning in found if meaning.kind != "essential"}


def test_a_number_changes_with_what_it_means_here() -> None:
    """What others say of others changes none; a guardrail that takes something out of a flow changes that flow's."""
    before = meanings(site(3, "guarded"))
    assert {kind for kind, _ in before} == {"flow", "management", "intra", "default"}
    assert meanings(site(3, "guarded").replace("name: f1,", "name: renamed,")) == before
    guarded = site(3, "guarded").replace(
        "management:\n", "  - {name: no, from: 10.91.1.7, to: db1, services: [tcp/5432]}\nmanagement:\n"
    )
    changed = {key for key, number in meanings(guarded).items() if before[key] != number}
    assert changed == {("flow", "orders"), ("intra", "db"), ("default", "default")}


def test_the_default_number_means_whom_it_lets_through() -> None:
    """Out of a guarded segment all may go that lets in: another network of the world's is another meaning."""
    before, after = (meanings(site(count, "guarded"))["default", "default"] for count in (3, 4))
    assert before != after
    assert ("default", "default") not in meanings(site(3))


def test_numbers_have_no_interface() -> None:
    rules = compiled(site(3))
    assert {meaning.ways for meaning in rules.meanings.values()} == {()}
    texts = [line for line in render_table(rules, "segctl_a", 1, AT).splitlines() if "ifname" in line]
    assert texts == ['  iifname "lo" accept', '  oifname "lo" accept']


def statements(text: str) -> Iterator[str]:
    rules = compiled(text)
    yield from (name for name in ("flow_port", "guard_port", "guard_all", "manage_port") if rules.has(name))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (site(3), {"flow_port", "manage_port"}),
        (site(3).replace("to: db, ", "to: web, "), {"manage_port"}),
        (site(3).replace("from: s0, to: s1, services: [ssh]", "from: s0, to: any, services: [ssh]"),
         {"flow_port", "guard_port", "manage_port"}),
    ],
)  # fmt: skip
def test_only_statements_with_the_host_at_an_end_are_in_it(text: str, wanted: set[str]) -> None:
    assert set(statements(text)) == wanted


def test_an_address_of_one_family_needs_no_maps_of_the_other() -> None:
    rules = compiled(site(10).replace('[10.91.2.10, "fd91:2::10"]', "[10.91.2.10]"))
    assert not any(made.name.text.endswith("6") for made in rules.maps)
