"""Rules made wrong on purpose: packets say whether that matters, and the prover must say the same.

A sample on a small site in `make test`, an example in `make soak`, all of them in `make soak-long`; what they come to
stands in docs/mutation.md.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from segctl.apply.reading import read_listing
from segctl.policy import Policy
from tests.mutation.judge import Settled, proved, settled
from tests.mutation.mutants import KINDS, Mutant, drawn
from tests.mutation.oracle import Oracle, oracle, passed
from tests.mutation.places import standing, trusting, unused
from tests.mutation.record import AT, EACH, GATEWAYS, policy_of, rules
from tests.mutation.report import REASONS
from tests.mutation.standing import BAD, Standing
from tests.mutation.tables import read_table
from tests.mutation.targets import Aim
from tests.mutation.witness import Unsendable, sent
from tests.sites import meant, site

pytestmark = pytest.mark.packets

SMALL = """\
segments:
  web: {strictness: guarded, members: [10.93.1.0/24, "fd93:1::/64"]}
  watched: {strictness: strict, mode: observe, members: [10.93.3.0/24]}
flows:
  - {name: orders, from: web, to: watched, services: [tcp/5432, udp/5353, proto/47, icmp4/8], why: "orders"}
  - {name: out, from: web, to: world, services: [tcp/9000-9010], why: "a range"}
guardrails:
  - {name: no-rdp, from: watched, to: web, services: [tcp/3389], why: "never"}
management:
  - {from: watched, services: [tcp/22]}
points:
  gw:
    kind: gateway
    interfaces:
      eth0: {segments: [world], addresses: [198.51.100.1/24, "2001:db8:93::1/64"]}
      eth1: {segments: [web], addresses: [10.93.1.1/24, "fd93:1::1/64"]}
      eth2: {segments: [watched], addresses: [10.93.3.1/24]}
"""
SAMPLE = 20


@pytest.fixture(scope="module")
def small() -> Policy:
    return meant(site(SMALL), AT)


@contextmanager
def standing_oracle(policy: Policy, point: str) -> Iterator[Oracle]:
    with standing(policy, point, unused(f"t{point}")) as places, oracle(places, rules(policy, point)) as here:
        yield here


@pytest.fixture(scope="module")
def here(small: Policy) -> Iterator[Oracle]:
    with standing_oracle(small, "gw") as made:
        yield made


@pytest.mark.parametrize(("name", "point"), GATEWAYS)
def test_the_table_is_read_whole(name: str, point: str) -> None:
    table = rules(policy_of(name), point)
    assert read_table(table.text()) == table
    assert len(table.chains) > 30 and len(table.groups) > 20
    assert all(chain.rules for name, chain in table.chains.items() if not name.startswith("gen_"))


def test_mutants_are_the_same_each_time(small: Policy) -> None:
    table = rules(small, "gw")
    one, two = ([(m.kind, m.words) for m in drawn(table, "small", "1", 2)] for _ in range(2))
    assert one == two and len(set(one)) == len(one)
    assert len({kind for kind, _ in one}) >= len(KINDS) - 3  # what this site has nothing for
    assert not [m for m in drawn(table, "small", "1", 2) if m.table == table]


def test_the_same_rules_let_the_same_packets_through(here: Oracle) -> None:
    assert len(here.unsteady) < len(here.shots) / 1000
    assert not here.changes(here.original, Aim())


OBVIOUS = [
    ("a hole for all", "forward", "accept", "spoof"),
    ("a hole for one port", "forward", "udp dport 6970 accept", "6970"),
    ("a drop of answers", "forward", "ct state established drop", "answer"),
    ("a hole for errors", "forward", "ct state related accept", "error"),
    ("a hole for forged packets of connections", "forward", "ct state established accept", "forged"),
    ("a hole in", "input", "tcp dport 25 accept", "25"),
    ("a hole out", "output", "udp dport 69 accept", "69"),
    ("what was never tracked", "forward", "ct state untracked accept", "untracked"),
    ("what begins without SYN", "forward", "tcp flags & (fin|syn|rst|ack) == ack accept", "start"),
]


@pytest.mark.parametrize(("what", "chain", "rule", "sign"), OBVIOUS, ids=[row[0] for row in OBVIOUS])
def test_packets_notice(here: Oracle, what: str, chain: str, rule: str, sign: str) -> None:
    """The oracle isn't blind: each sabotage is seen, and by a packet of the kind that it lets through or stops."""
    rules_ = here.original.chains[chain].rules
    table = here.original.with_rules(chain, (rule, *rules_))
    port = next((int(word) for word in rule.split() if word.isdigit()), None)
    aim = Aim(services=((6, port), (17, port))) if port else Aim()
    found = [one for one in here.changes(table, aim) if one.passes]
    assert found, what
    assert any(sign in str(one) or sign == "spoof" for one in found), [str(one) for one in found[:5]]


@pytest.mark.parametrize(("what", "chain", "rule", "sign"), OBVIOUS, ids=[row[0] for row in OBVIOUS])
def test_the_kernel_does_with_the_provers_packets_what_it_says(
    here: Oracle, small: Policy, what: str, chain: str, rule: str, sign: str
) -> None:
    """Each difference comes with a packet: under the changed rules it fares as `does` says, else otherwise."""
    table = here.original.with_rules(chain, (rule, *here.original.chains[chain].rules))
    here.load(table)
    proof = proved(read_listing(here.places.gateway), small, "gw")
    assert proof["found"] == "different", what
    tried = 0
    with trusting(here.places):
        for one in proof["differences"]:
            if one["packet"]["destination"].endswith(("::", ".255")):
                continue  # the routers' own anycast address on that link (RFC 4291, 2.6.1), or its broadcast: taken in
            with suppress(Unsendable):
                change = sent(here, table, one["packet"], False)
                assert bool(passed(change.after)) == (one["does"] == ["accept"]), f"{what}: {one}: {change}"
                assert change.before != change.after, f"{what}: {one}: {change}"
                tried += 1
            if tried == 2:
                break
    assert tried, (what, proof["differences"])


def test_dormant_and_gone(here: Oracle) -> None:
    assert any(one.passes for one in here.changes(replace(here.original, flags="dormant"), Aim()))


def test_the_prover_agrees_on_the_original(here: Oracle, small: Policy) -> None:
    here.load(here.original)
    assert proved(read_listing(here.places.gateway), small, "gw")["found"] == "proven"


def sample(table: object, number: int) -> list[Mutant]:
    """One of each kind by turns, so that kinds that are most alike stand far apart."""
    every = list(drawn(table, "small/gw", "sample", 1))  # type: ignore[arg-type]
    step = max(1, len(every) // number)
    return every[::step][:number]


@pytest.mark.timeout(180)
def test_a_sample(here: Oracle, small: Policy) -> None:
    ends = [settled(here, mutant, small, "small", "gw") for mutant in sample(here.original, SAMPLE)]
    told(ends)
    assert len(ends) >= 16
    counts = [one.end for one in ends]
    assert counts.count(Standing.FOUND) >= 5 and counts.count(Standing.REFUSED) <= 3


def judged_all(name: str, point: str, each: int) -> list[Settled]:
    policy = policy_of(name)
    with standing_oracle(policy, point) as made:
        every = list(drawn(made.original, f"{name}/{point}", "1", each))
        return [settled(made, mutant, policy, name, point) for mutant in every]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_an_example() -> None:
    ends = judged_all("shop", "gw1", 1)
    told(ends)
    assert len(ends) >= 70


@pytest.mark.soak_long
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize(("name", "point"), GATEWAYS)
def test_every_example(name: str, point: str) -> None:
    ends = judged_all(name, point, EACH.get((name, point), 1))
    told(ends)
    assert len(ends) >= 70


def told(ends: list[Settled]) -> None:
    """No mutant was missed, no false alarm, no experiment failed, but those whose reason stands in docs/mutation.md."""
    counts: dict[str, int] = {}
    for one in ends:
        counts[str(one.end)] = counts.get(str(one.end), 0) + 1
    print(json.dumps(counts), Path(__file__).name)
    ended = [one for one in ends if one.record.key not in REASONS]
    bad = [str(one) for one in ended if one.end in BAD or one.end is None]
    assert not bad, "\n".join(bad)
