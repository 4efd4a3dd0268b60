"""Rules as a kernel lists them, as a site, and back: equal."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from segctl.compile import compile_point, render_table
from segctl.draft.rules import Imported, import_rules
from tests.conftest import MakeNamespace
from tests.imported import compiled, draft_of, wanted
from tests.sites import AT, policy
from tests.unit.draft.test_import import OFFICE, SETS

pytestmark = pytest.mark.kernel
SITE = """
segments:
  web: {strictness: guarded, members: [10.91.1.0/24, "fd91:1::/64"]}
  db: {strictness: strict, members: [10.91.2.0/24, "fd91:2::/64"]}
  cards: {strictness: sealed, members: [10.91.2.9], within: db, waive: {uncovered: "one switch"}}
flows:
  - {name: orders, from: web, to: db, services: [tcp/5432], why: "orders"}
  - {name: pay, from: db, to: cards, services: [tcp/8200, icmp/echo-request], why: "pay"}
  - {name: shop, from: world, to: web, services: [tcp/80, tcp/443]}
guardrails:
  - {from: web, to: world, services: [tcp/25], why: "no mail"}
management:
  - {from: db, services: [ssh]}
points:
  gw:
    kind: gateway
    interfaces:
      eth0: {segments: [world], addresses: [198.51.100.1/24, "2001:db8:91::1/64"]}
      eth1: {segments: [web], addresses: [10.91.1.1/24, "fd91:1::1/64"]}
      eth2: {segments: [db, cards], addresses: [10.91.2.1/24, "fd91:2::1/64"]}
"""
OWN = {
    "eth0": "198.51.100.1/24 2001:db8:91::1/64",
    "eth1": "10.91.1.1/24 fd91:1::1/64",
    "eth2": "10.91.2.1/24 fd91:2::1/64",
}


def inside(place: str, *words: str, given: str | None = None) -> str:
    command = ["ip", "netns", "exec", place, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, input=given).stdout


@pytest.fixture
def place(namespace: MakeNamespace) -> Iterator[str]:
    yield namespace("import")


def drafted(folder: Path, name: str, listed: str) -> Imported:
    (folder / name).write_text(listed)
    return import_rules([folder / name], "back", wanted(own=OWN), (), compiled, AT)


@pytest.mark.parametrize("form", [(), ("-j",)], ids=["text", "json"])
def test_a_site_comes_back_from_the_kernel(form: tuple[str, ...], place: str, tmp_path: Path) -> None:
    """Through our own rules as they are live; JSON leaves no line and words of its own."""
    meant = policy(SITE)
    inside(place, "nft", "-f", "-", given=render_table(compile_point(meant, "gw", AT), "segctl_a", 1, AT))
    inside(place, "nft", "add table inet segctl_a { }")  # wakes it
    made = drafted(tmp_path, "listed", inside(place, "nft", *form, "list", "ruleset"))
    assert made.equality.equal, made.equality.differences
    assert [str(way) for way in made.equality.ways] == ["forward", "input", "output"]
    back, _ = draft_of(made, tmp_path / "site")
    segments = {frozenset(spans.spans) for name, spans in back.own.items() if name not in ("points", "quarantine")}
    for name in ("web", "cards"):
        held = meant.own[name]
        assert any(set(held.v4().spans) <= set(one) for one in segments), name


def test_what_was_loaded_is_what_was_written(place: str, tmp_path: Path) -> None:
    inside(place, "nft", "-f", "-", given=SETS)
    (tmp_path / "rules.nft").write_text(SETS)
    (tmp_path / "listed.nft").write_text(inside(place, "nft", "list", "ruleset"))
    first, second = (
        import_rules([tmp_path / name], "x", wanted(), (), compiled, AT) for name in ("rules.nft", "listed.nft")
    )
    assert first.equality.equal
    assert second.equality.equal
    assert first.segments == second.segments


@pytest.mark.parametrize("engine", ["legacy", "nft"])
def test_iptables(engine: str, place: str, tmp_path: Path) -> None:
    inside(place, f"iptables-{engine}-restore", given=OFFICE)
    (tmp_path / "rules.v4").write_text(inside(place, f"iptables-{engine}-save"))
    made = import_rules([tmp_path / "rules.v4"], "x", wanted(), (), compiled, AT)
    assert made.equality.equal
    assert made.segments == ("world", "office", "net-10.0.2.0-24", "ipv6")
