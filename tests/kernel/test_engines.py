"""Two engines, one answer, of what a real kernel holds: as it was applied, and after each change to it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segctl.apply.reading import read_listing
from segctl.listing.rule import Listing
from segctl.load import load_site
from segctl.policy import Policy, examine
from segctl.prove import Found, Proof, prove
from segctl.prove.proof import Engine
from segctl.runner.netns import Netns
from tests.kernel.test_prove import CHANGES, applied, inside  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(300)]
AT = datetime.now(UTC)
TABLES = {
    "doubt": "add table inet o { chain f { type filter hook forward priority -5; limit rate 5/second drop; }; }",
    "asleep": "add table inet segctl_a { flags dormant; }",
    "another's marks": "add table ip o { chain p { type filter hook prerouting priority -150; meta mark set 7; }; }",
}


def policy_of(folder: Path) -> Policy:
    site = load_site(folder).site
    assert site is not None
    policy = examine(site, AT).policy
    assert policy is not None
    return policy


def both(listing: Listing, folder: Path) -> dict[Engine, Proof]:
    policy = policy_of(folder)
    engines: tuple[Engine, ...] = ("classes", "bdd")
    proofs = {engine: prove(listing, policy, policy.site.points["gw"], AT, engine=engine) for engine in engines}
    return {engine: replace(proof, dead=()) for engine, proof in proofs.items()}  # the diagrams don't look for those


def test_what_was_applied_is_proven_twice(applied: tuple[str, Path]) -> None:  # noqa: F811
    place, folder = applied
    proofs = both(read_listing(Netns(place)), folder)
    assert {engine: proof.found for engine, proof in proofs.items()} == dict.fromkeys(("classes", "bdd"), Found.PROVEN)
    assert {proof.engine for proof in proofs.values()} == {"classes", "bdd"}
    assert {proof.packets for proof in proofs.values()} == {proofs["bdd"].packets}


@pytest.mark.parametrize("what", [*CHANGES, *TABLES])
def test_a_change_is_found_twice(applied: tuple[str, Path], what: str) -> None:  # noqa: F811
    place, folder = applied
    change, wanted = (TABLES[what], {}) if what in TABLES else CHANGES[what]
    inside(place, "nft", change)
    proofs = both(read_listing(Netns(place)), folder)
    assert proofs["classes"].found is proofs["bdd"].found
    for one in proofs["bdd"].differences if wanted else ():
        assert one.rule is not None and one.rule.text
    if wanted:
        said = [(d.service, d.source, d.destination, d.must) for d in proofs["bdd"].differences]
        keys = ("service", "from", "to", "must")
        asked = [{key: value for key, value in wanted.items() if key in keys}]
        assert any(all(one[keys.index(key)] == value for key, value in asked[0].items()) for one in said), said


@pytest.mark.parametrize("tool", ["iptables-nft", "iptables-legacy"])
def test_rules_of_iptables_are_judged_alike(applied: tuple[str, Path], tool: str) -> None:  # noqa: F811
    place, folder = applied
    inside(place, tool, "-A", "FORWARD", "-p", "tcp", "--dport", "5432", "-j", "DROP")
    proofs = both(read_listing(Netns(place)), folder)
    assert proofs["classes"].found is proofs["bdd"].found is Found.DIFFERENT
    rules = [{one.rule.table for one in proof.differences if one.rule is not None} for proof in proofs.values()]
    assert rules == [{"ip filter"}, {"ip filter"}]
