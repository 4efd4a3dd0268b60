"""What no packet meets is named, and lets nothing pass: the answer stays; but for numbers that nobody gives."""

import re

import pytest

from segctl.compile import compile_gateway, render_table
from segctl.listing import nft_text
from segctl.policy import Policy
from segctl.prove import Found, Proof, prove
from segctl.report.proof import proof_lines
from tests.sites import AT, meant, site

AWAKE = {("inet", "segctl_a"): True}
SITE = """\
segments:
  web: {strictness: guarded, members: [10.92.1.0/24]}
  db: {strictness: strict, members: [10.92.2.0/24]}
flows:
  - {name: orders, from: web, to: db, services: [tcp/5432], why: "orders"}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {segments: [web], addresses: [10.92.1.1/24]}
      eth2: {segments: [db], addresses: [10.92.2.1/24]}
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return meant(site(SITE), AT)


def text_of(policy: Policy) -> str:
    return render_table(compile_gateway(policy, "gw", AT), "segctl_a", 1, AT)


def proof_of(policy: Policy, text: str) -> Proof:
    return prove(nft_text.parse(text), policy, policy.site.points["gw"], AT, awake=AWAKE)


def named(proof: Proof) -> set[str]:
    return {f"{one.rule.chain}: {one.element or one.rule.text}" for one in proof.dead}


def also(text: str, line: str, more: str) -> str:
    """The text with an element, or rule, behind another."""
    assert text.count(line) == 1
    return text.replace(line, line + more)


def test_a_rule_that_nothing_meets_is_named(policy: Policy) -> None:
    text = text_of(policy)
    before = named(proof_of(policy, text))
    head = "type filter hook forward priority filter; policy drop;"
    proof = proof_of(policy, also(text, head, "\n  meta nfproto ipv4 ip6 saddr fd00::1 drop"))
    assert proof.found is Found.PROVEN
    assert {one.partition(":")[0] for one in named(proof) - before} == {"forward"}


def test_an_element_that_nothing_hits_is_named(policy: Policy) -> None:
    """A flow of classes that no address has."""
    text = text_of(policy)
    before = proof_of(policy, text)
    more = ",\n 7777:0 . 0x00020000 . 6 . 5432 : 0x00000001"
    proof = proof_of(policy, also(text, "1:0 . 0x00020000 . 6 . 5432 : 0x00000001", more))
    assert proof.found is Found.PROVEN
    assert elements(proof) - elements(before) == {("flow_port", "0x1538")}


def test_a_number_that_no_rule_gives_passes_who_bears_it(policy: Policy) -> None:
    text = text_of(policy)
    living = re.search(r'"eth2" \. "eth1" \. 0x[0-9a-f]{8},', text.partition("set live {")[2])
    assert living
    proof = proof_of(policy, also(text, living[0], '\n "eth1" . "eth2" . 0x00abcdef,'))
    assert not proof_of(policy, text).unheld
    assert proof.found is Found.DIFFERENT and not proof.differences
    assert {one.element for one in proof.unheld} == {"eth1 . eth2 . 0xabcdef"}
    assert any("by a number that no rule gives" in line for line in proof_lines(proof))


def elements(proof: Proof) -> set[tuple[str, str]]:
    """Maps, and the last part of the key of what is dead in them."""
    return {(one.rule.chain, one.element.rpartition(" ")[2]) for one in proof.dead if one.element}
