"""Two engines, one answer: the class matrix and the diagrams, on packets and on whole proofs.

They share the listing's types and the law, and nothing of how a rule is evaluated: where they part, one is wrong.
"""

import os
from dataclasses import replace
from functools import partial
from random import Random

import pytest

from segctl.compile import compile_point, render_table
from segctl.listing import nft_text
from segctl.listing.rule import Ending
from segctl.model.packet import Way
from segctl.prove import Found, follow, prove
from segctl.prove.engine import evaluate
from tests.diagrams import asked, walks
from tests.property.test_engine import OTHERS, first, packet_of
from tests.property.test_prove import AWAKE, random_policy
from tests.strategies import AT

LARGE = partial(pytest.param, marks=pytest.mark.soak)  # sites whose proofs take half a minute
CHANGES = (
    ("accept", "drop"),
    ("drop", "accept"),
    ("!= ", ""),
    ("ct state established", "ct state related"),
    ("goto accepted", "accept"),
    ("ct mark set", "meta mark set"),
    ("iifname", "oifname"),
)
"""Words of our own rules, each first one in its turn put in another's place."""
FOREIGN = (
    "table ip o { chain f { type filter hook forward priority -5; tcp dport 1-1000 drop\n } }",
    "table inet o { chain f { type filter hook forward priority 5; limit rate 5/second drop\n } }",
    "table ip6 o { chain p { type filter hook prerouting priority mangle; meta mark set 7\n } }",
    "table inet o { chain p { type filter hook prerouting priority raw; udp dport 53 notrack\n } }",
    "table inet o { chain i { type filter hook input priority 1; policy drop; tcp dport 22 accept\n } }",
)


def packets_agree(seed: int, others: str, count: int) -> None:
    """Random packets: what the diagrams hold, what the decided rows say, what one packet's trace says."""
    rng = Random(seed)
    policy = random_policy(seed)
    for point in (*policy.site.gateways()[:1], *policy.site.hosts()[:1]):
        listing = nft_text.parse(render_table(compile_point(policy, point.name, AT), "segctl_a", 1, AT) + others)
        held = walks(listing, AWAKE)
        for family in (4, 6):
            for way in Way:
                evaluated = evaluate(listing, way, family, awake=AWAKE)
                for _ in range(count):
                    packet = packet_of(evaluated, rng)
                    found = asked(held, packet)
                    assert found == {one.ending for one in first(evaluated, packet)} - {Ending.CONTINUE}, packet
                    alone = follow(listing, packet, AWAKE).ending
                    assert not found or found == {alone} or (alone is None and (len(found) > 1 or None in found))


@pytest.mark.parametrize("seed", [LARGE(0), 1, 2, 3, LARGE(4)])
@pytest.mark.parametrize("others", ["", OTHERS], ids=["alone", "among others"])
def test_one_mind_about_packets(seed: int, others: str) -> None:
    packets_agree(seed, others, 60)


def proofs_agree(seed: int, gateways: int | None = None, hosts: int | None = None) -> set[Found]:
    """A site's rules as they are printed, and with one word changed or a table beside them: one answer."""
    rng = Random(seed)
    policy = random_policy(seed)
    seen = set()
    for point in (*policy.site.gateways()[:gateways], *policy.site.hosts()[:hosts]):
        ours = render_table(compile_point(policy, point.name, AT), "segctl_a", 1, AT)
        old, new = rng.choice([change for change in CHANGES if change[0] in ours])
        head, parts = ours.split(old, 1)[0], ours.split(old)
        at = rng.randrange(1, len(parts))
        changed = old.join(parts[:at]) + new + old.join(parts[at:])
        for text in (ours, changed if head != ours else ours, ours + rng.choice(FOREIGN)):
            listing = nft_text.parse(text)
            classes, diagrams = (
                prove(listing, policy, point, AT, awake=AWAKE, engine=engine) for engine in ("classes", "bdd")
            )
            assert (classes.engine, diagrams.engine) == ("classes", "bdd")
            assert replace(classes, dead=()).found is diagrams.found, f"seed {seed}, {point.name}"
            ends = [{(one.source, one.destination) for one in proof.differences} for proof in (classes, diagrams)]
            assert not ends[0] or not ends[1] or ends[0] & ends[1], f"seed {seed}, {point.name}"
            seen.add(diagrams.found)
    return seen


@pytest.mark.parametrize("seed", [0, 3, LARGE(4), LARGE(5)])
def test_one_mind_about_proofs(seed: int) -> None:
    proofs_agree(seed, 1, 0)


@pytest.mark.parametrize("seed", [1, 15, 16, 20, 136])
def test_one_mind_about_proofs_of_hosts(seed: int) -> None:
    assert proofs_agree(seed, 0, 1)


@pytest.mark.soak
def test_one_mind_about_many() -> None:
    seen = set()
    for _ in range(20):
        seed = int.from_bytes(os.urandom(4), "big")
        packets_agree(seed, OTHERS, 200)
        seen |= proofs_agree(seed)
    assert seen == set(Found)
