"""The compiler against the proof, without a kernel: what the templates print is what the law says, for every packet.

Random sites; the rules' text is read as the kernel's listing would be. Then one rule is broken, which must show.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import TypeVar

import pytest

from segctl.compile import compile_gateway, render_table
from segctl.listing import nft_text
from segctl.listing.rule import Listing, Set
from segctl.policy import Policy, examine
from segctl.prove import Found, Proof, prove
from segctl.report.proof import proof_lines
from tests.reference.show import show_site
from tests.strategies import AT, valid_site

T = TypeVar("T")
AWAKE = {("inet", "segctl_a"): True}


def proof_of(policy: Policy, gateway: str, change: tuple[str, str] | None = None) -> Proof:
    """The proof of a gateway's rules as they are printed, or with the first of one text replaced by another."""
    text = render_table(compile_gateway(policy, gateway, AT), "segctl_a", 1, AT)
    if change is not None:
        assert change[0] in text
        text = text.replace(*change, 1)
    return prove(nft_text.parse(text), policy, policy.site.points[gateway], AT, awake=AWAKE)


def random_policy(seed: int) -> Policy:
    """The meaning of a random valid site."""
    policy = examine(valid_site(Random(seed)), AT).policy
    assert policy is not None
    return policy


def tried(seed: int) -> None:
    policy = random_policy(seed)
    for gateway in policy.site.gateways():
        proof = proof_of(policy, gateway.name)
        words = "\n".join(proof_lines(proof))
        assert proof.found is Found.PROVEN, f"seed {seed}, {gateway.name}:\n{words}\n{show_site(policy.site)}"


@pytest.mark.parametrize("seed", range(6))
def test_what_is_printed_is_proven(seed: int) -> None:
    tried(seed)


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


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_the_order_of_what_is_read_does_not_matter(seed: int) -> None:
    policy = random_policy(seed)
    gateway = policy.site.gateways()[0]
    for change in (None, (" drop\n", " accept\n")):
        text = render_table(compile_gateway(policy, gateway.name, AT), "segctl_a", 1, AT)
        listing = nft_text.parse(text if change is None else text.replace(*change, 1))
        first = prove(listing, policy, gateway, AT, awake=AWAKE)
        other = prove(shuffled(listing, Random(seed)), policy, gateway, AT, awake=AWAKE)
        assert first.found == other.found
        assert {repr(one) for one in first.differences} == {repr(one) for one in other.differences}


@pytest.mark.soak
def test_what_is_printed_is_proven_of_many() -> None:
    for _ in range(150):
        tried(int.from_bytes(os.urandom(4), "big"))
