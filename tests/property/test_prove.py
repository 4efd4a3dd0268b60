"""The compiler against the proof, without a kernel: what the templates print is what the law says, for every packet.

Random sites; the rules' text is read as the kernel's listing would be. Then one rule is broken, which must show.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest

from segctl.compile import compile_point, render_table
from segctl.listing import nft_text
from segctl.listing.rule import Listing, Set
from segctl.model.point import PointKind
from segctl.policy import Policy, examine
from segctl.prove import Found, Proof, prove
from segctl.report.proof import proof_lines
from tests.reference.show import show_site
from tests.sites import meant, site
from tests.strategies import AT, valid_site

T = TypeVar("T")
AWAKE = {("inet", "segctl_a"): True}


def proof_of(policy: Policy, point: str, change: tuple[str, str] | None = None) -> Proof:
    """The proof of a point's rules as they are printed, or with the first of one text replaced by another."""
    text = render_table(compile_point(policy, point, AT), "segctl_a", 1, AT)
    if change is not None:
        assert change[0] in text
        text = text.replace(*change, 1)
    return prove(nft_text.parse(text), policy, policy.site.points[point], AT, awake=AWAKE)


def random_policy(seed: int) -> Policy:
    """The meaning of a random valid site."""
    policy = examine(valid_site(Random(seed)), AT).policy
    assert policy is not None
    return policy


def tried(seed: int, kind: PointKind) -> int:
    """How many points of that kind there were, each of which is proven."""
    policy = random_policy(seed)
    points = [point for point in policy.site.points.values() if point.kind is kind]
    for point in points:
        proof = proof_of(policy, point.name)
        words = "\n".join(proof_lines(proof))
        assert proof.found is Found.PROVEN, f"seed {seed}, {point.name}:\n{words}\n{show_site(policy.site)}"
    return len(points)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_printed_is_proven(seed: int) -> None:
    tried(seed, PointKind.GATEWAY)


def test_what_is_printed_for_hosts_is_proven() -> None:
    assert sum(tried(seed, PointKind.HOST) for seed in range(40)) >= 13


HOST = """
endpoints:
  db1: {addresses: [10.2.0.5, "fd02::5"]}
segments:
  web: {strictness: strict, members: [10.1.0.0/24, "fd01::/64"]}
  db: {strictness: guarded, members: [10.2.0.0/24, "fd02::/64"]}
flows:
  - {name: orders, from: web, to: db1, services: [tcp/5432], why: "orders"}
points:
  db1-host: {kind: host, endpoint: db1}
"""
WRONG = {
    "what is beside it is stopped": ("fib daddr type local accept", "fib daddr type local drop"),
    "a broadcast is heard": ("goto special_in\n }\n chain beside_out", "accept\n }\n chain beside_out"),
    "its own address from outside": ("jump mirrored_in", "accept"),
    "a port more": ("6 . 5432 :", "6 . 5433 :"),
    "neighbours from afar": ("ip6 hoplimit 255", "ip6 hoplimit 64"),
    "any connection": (
        "ct state established (ct mark & 0x7fffffff) @live_own accept",
        "ct state established accept",
    ),
    "no start of TCP": ("ct state new tcp flags", "ct state related tcp flags"),
    "no number": ("ct mark set meta mark map @numbers_own goto accepted", "goto accepted"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_rule_of_a_host_shows(what: str) -> None:
    said = meant(site(HOST))
    assert proof_of(said, "db1-host").found is Found.PROVEN
    change = WRONG[what]
    for engine in ("classes", "bdd"):
        text = render_table(compile_point(said, "db1-host", AT), "segctl_a", 1, AT)
        assert change[0] in text
        listing = nft_text.parse(text.replace(*change, 1))
        proof = prove(listing, said, said.site.points["db1-host"], AT, awake=AWAKE, engine=engine)
        assert proof.found is Found.DIFFERENT, engine


def shuffled(listing: Listing, rng: Random) -> Listing:
    """The same rules in another order, wherever order means nothing: tables, chains, sets, elements."""

    def mixed(some: Iterable[T]) -> list[T]:
        kept = list(some)
        rng.shuffle(kept)
        return kept

    tables = []
    for table in mixed(listing.tables):
        sets = {
            name: replace(held, elements=tuple(held.elements if overlap(held) else mixed(held.elements)))
            for name, held in mixed(table.sets.items())
        }
        tables.append(replace(table, chains=dict(mixed(table.chains.items())), sets=sets))
    return replace(listing, tables=tuple(tables))


def overlap(held: Set) -> bool:
    """Whether the last element is for all that the others aren't for: the one place that counts."""
    return held.answers == "verdict" or any(element.negated for element in held.elements)


@pytest.mark.parametrize("seed", [0, 3, pytest.param(4, marks=pytest.mark.soak)])
def test_the_order_of_what_is_read_does_not_matter(seed: int) -> None:
    policy = random_policy(seed)
    gateway = policy.site.gateways()[0]
    for change in (None, (" drop\n", " accept\n")):
        text = render_table(compile_point(policy, gateway.name, AT), "segctl_a", 1, AT)
        listing = nft_text.parse(text if change is None else text.replace(*change, 1))
        first = prove(listing, policy, gateway, AT, awake=AWAKE)
        other = prove(shuffled(listing, Random(seed)), policy, gateway, AT, awake=AWAKE)
        assert first.found == other.found
        assert {repr(one) for one in first.differences} == {repr(one) for one in other.differences}


@pytest.mark.soak
def test_what_is_printed_is_proven_of_many() -> None:
    for _ in range(100):
        seed = int.from_bytes(os.urandom(4), "big")
        for kind in PointKind:
            tried(seed, kind)
