"""The law, a row for each step: who asks whom for what, and what the site says of it."""

from datetime import datetime

import pytest

from segctl.load import parse_service
from segctl.model.decision import Effect, Step
from segctl.model.ranges import parse_address
from segctl.model.strictness import Verdict
from segctl.policy import Policy, judge
from tests.sites import AT, policy

ALLOW, DENY = Verdict.ALLOW, Verdict.DENY
PASS, DROP, REJECT = Effect.PASS, Effect.DROP, Effect.REJECT

SITE = """
defaults: {strictness: guarded}
endpoints:
  ops: {addresses: [10.9.0.1]}
segments:
  office: {members: [10.1.0.0/24, "fd01::/64"]}
  strict: {strictness: strict, members: 10.2.0.0/24}
  inner: {strictness: sealed, within: strict, members: 10.2.0.128/25, waive: {uncovered: "a test"}}
  open: {strictness: open, members: 10.3.0.0/24}
  seen: {strictness: strict, mode: observe, members: 10.4.0.0/24}
  partly: {mode: {enforce: [smb]}, members: 10.5.0.0/24}
  ill: {strictness: quarantine, members: 10.6.0.0/24}
  admin: {strictness: strict, members: 10.9.0.0/24}
  lost: {members: 10.10.0.0/24}
points:
  gw:
    kind: gateway
    interfaces:
      e0: {segments: [world], addresses: [203.0.113.2/24]}
      e1: {segments: [office], addresses: [10.1.0.254/24, "fd01::fe/64"], links: [vrrp]}
      e2: {segments: [strict, inner], addresses: [10.2.0.254/24]}
      e3: {segments: [open], addresses: [10.3.0.254/24]}
      e4: {segments: [seen], addresses: [10.4.0.254/24]}
      e5: {segments: [partly], addresses: [10.5.0.254/24]}
      e6: {segments: [ill], addresses: [10.6.0.254/24]}
      e9: {segments: [admin], addresses: [10.9.0.254/24]}
flows:
  - {name: web, from: office, to: strict, services: [https], why: "pages"}
  - {name: past, from: office, to: strict, services: [tcp/1], until: 2026-01-01T00:00:00Z, why: "gone"}
  - {name: later, from: office, to: strict, services: [tcp/2], since: 2027-01-01T00:00:00Z, why: "to come"}
  - {name: mend, from: admin, to: ill, services: [ssh], remediation: true, why: "repair"}
  - {name: plain, from: admin, to: ill, services: [https], why: "not for repair"}
  - {name: all-but, from: office, to: open, services: [tcp/5], except: [10.1.0.7], not_to: [10.3.0.7]}
  - {name: lost, from: lost, to: open, services: [tcp/6]}
guardrails:
  - {name: no-ssh, from: office, to: any, services: [ssh]}
  - {name: no-web-inside, from: open, to: strict, services: [https]}
management:
  - {from: ops, services: [ssh]}
"""

ROWS = [
    # step 0a: what a point needs to live
    ("fe80::1", "ff02::1", "icmp6/135", ALLOW, "0a", PASS),
    ("0.0.0.0", "255.255.255.255", "udp/67", ALLOW, "0a", PASS),
    ("10.1.0.254", "224.0.0.18", "proto/112", ALLOW, "0a", PASS),
    ("10.3.0.254", "224.0.0.18", "proto/112", DENY, "0b", DROP),
    ("127.0.0.1", "127.0.0.1", "tcp/80", ALLOW, "0a", PASS),
    ("10.1.0.254", "10.3.0.254", "tcp/80", ALLOW, "0a", PASS),
    # step 0b: special addresses
    ("10.1.0.5", "224.0.0.5", "udp/80", DENY, "0b", DROP),
    ("10.1.0.5", "10.3.0.255", "udp/80", DENY, "0b", DROP),
    ("10.4.0.5", "10.3.0.255", "udp/80", DENY, "0b", PASS),
    # step 0d: management before guardrails
    ("10.9.0.1", "10.1.0.254", "ssh", ALLOW, "0d", PASS),
    ("10.9.0.2", "10.1.0.254", "ssh", DENY, "6", DROP),
    ("10.9.0.1", "10.1.0.254", "https", DENY, "6", DROP),
    # step 1: guardrails, also over those within, before flows and whatever the mode
    ("10.1.0.5", "10.3.0.5", "ssh", DENY, "1", DROP),
    ("10.1.0.5", "10.4.0.5", "ssh", DENY, "1", DROP),
    ("10.3.0.5", "10.2.0.200", "https", DENY, "1", DROP),
    # step 2: quarantine, but for remediation
    ("10.9.0.5", "10.6.0.5", "ssh", ALLOW, "3", PASS),
    ("10.9.0.5", "10.6.0.5", "https", DENY, "2", DROP),
    ("10.6.0.5", "10.6.0.6", "https", DENY, "2", PASS),  # uncovered
    # step 3: flows, in their time, without their exceptions
    ("10.1.0.5", "10.2.0.5", "https", ALLOW, "3", PASS),
    ("10.1.0.5", "10.2.0.200", "https", DENY, "6", DROP),  # a name alone is without what lies within
    ("10.1.0.5", "10.2.0.5", "tcp/1", DENY, "6", DROP),
    ("10.1.0.5", "10.2.0.5", "tcp/2", DENY, "6", DROP),
    ("10.1.0.7", "10.3.0.5", "tcp/5", ALLOW, "5", PASS),
    ("fd01::5", "fd01::fe", "icmp6/128", DENY, "6", DROP),
    # step 4: within one segment (no gateway of ours stands there)
    ("10.1.0.5", "10.1.0.6", "tcp/80", ALLOW, "4", PASS),
    ("10.2.0.200", "10.2.0.201", "tcp/80", DENY, "4", PASS),
    # steps 5 and 6: defaults
    ("10.1.0.5", "10.3.0.5", "tcp/80", ALLOW, "5", PASS),
    ("10.1.0.5", "8.8.8.8", "tcp/80", ALLOW, "5", PASS),
    ("8.8.8.8", "10.1.0.5", "tcp/80", DENY, "6", REJECT),
    ("8.8.8.8", "10.3.0.5", "tcp/80", DENY, "6", DROP),
    ("10.2.0.5", "10.1.0.5", "tcp/80", DENY, "6", REJECT),
    # observing: only if every refusing end does
    ("10.3.0.5", "10.4.0.5", "tcp/80", DENY, "6", PASS),
    ("10.2.0.5", "10.4.0.5", "tcp/80", DENY, "6", DROP),
    ("8.8.8.8", "10.4.0.5", "tcp/80", DENY, "6", PASS),
    ("10.4.0.5", "8.8.8.8", "tcp/80", DENY, "6", PASS),
    ("10.3.0.5", "10.5.0.5", "tcp/80", DENY, "6", PASS),
    ("10.3.0.5", "10.5.0.5", "smb", DENY, "6", REJECT),
    # a segment on no interface
    ("10.10.0.5", "10.3.0.5", "tcp/6", ALLOW, "3", DROP),
    # the same interface: nothing enforces it
    ("10.2.0.5", "10.2.0.200", "tcp/80", DENY, "6", PASS),
]


@pytest.fixture(scope="module")
def law() -> Policy:
    return policy(SITE)


@pytest.mark.parametrize(("source", "destination", "service", "verdict", "step", "effect"), ROWS)
def test_decide(
    law: Policy, source: str, destination: str, service: str, verdict: Verdict, step: str, effect: Effect
) -> None:
    outcome = judge(law, *_ask(law, source, destination, service), AT)
    assert (outcome.decision.verdict, outcome.decision.step, outcome.effect) == (verdict, Step(step), effect)


def _ask(law: Policy, source: str, destination: str, service: str) -> tuple[int, int, int]:
    ends = parse_address(source), parse_address(destination)
    places = parse_service(service, law.site).traffic
    return *ends, next(first for first, _ in places if first >> 24 == (":" in source))


@pytest.mark.parametrize(("moment", "step"), [("2026-12-31T23:59:59+00:00", "6"), ("2027-01-01T00:00:00+00:00", "3")])
def test_a_flow_begins_at_its_instant(law: Policy, moment: str, step: str) -> None:
    question = _ask(law, "10.1.0.5", "10.2.0.5", "tcp/2")
    assert judge(law, *question, datetime.fromisoformat(moment)).decision.step == step


def test_refusing_ends_source_first(law: Policy) -> None:
    outcome = judge(law, *_ask(law, "10.2.0.5", "10.9.0.5", "tcp/80"), AT)
    assert outcome.decision.refusing == ("strict", "admin")


def test_a_decision_names_what_decided(law: Policy) -> None:
    outcome = judge(law, *_ask(law, "10.1.0.5", "10.2.0.5", "https"), AT)
    assert outcome.decision.by == "web"
    assert outcome.decision.reason == "flow 'web': pages"
    assert outcome.decision.span is not None and outcome.decision.span.file == "segctl.yaml"


def test_families_do_not_mix(law: Policy) -> None:
    with pytest.raises(ValueError, match="one family"):
        judge(law, parse_address("10.1.0.5"), parse_address("fd01::5"), 6 << 16, AT)
