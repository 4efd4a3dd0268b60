"""Expectations: by verdict; `unreachable` by effect, in any number of hops."""

import pytest

from segctl.ask import judge_expectations
from segctl.ask.check import check_site
from tests.sites import AT, policy, site

NET = """
segments:
  a: {strictness: strict, members: 10.1.0.0/24}
  b: {strictness: strict, members: 10.2.0.0/24}
  c: {strictness: strict, members: 10.3.0.0/24}
  d: {strictness: strict, within: c, members: 10.3.0.128/25, waive: {uncovered: "a test", until: 2026-01-01}}
points:
  gw:
    kind: gateway
    interfaces:
      e0: {segments: [world], addresses: [203.0.113.2/24]}
      e1: {segments: [a], addresses: [10.1.0.254/24]}
      e2: {segments: [b], addresses: [10.2.0.254/24]}
      e3: {segments: [c, d], addresses: [10.3.0.254/24]}
"""
NET = NET.replace('{uncovered: "a test", until: 2026-01-01}', '{uncovered: {why: "a test", until: 2026-01-01}}')


def holds(flows: str, expect: str) -> bool:
    text = NET + f"flows: {flows}\nexpect:\n  - {expect}\n"
    (result,) = judge_expectations(policy(text), AT)
    return result.holds


A_TO_B = '[{name: ab, from: a, to: b, services: [https], why: "x"}]'
CHAIN = (
    '[{name: ab, from: a, to: b, services: [https], why: "x"}, {name: bc, from: b, to: c, services: [ssh], why: "x"}]'
)
PINGS = (
    '[{name: ab, from: a, to: b, services: [ping], why: "x"}, {name: bc, from: b, to: c, services: [ssh], why: "x"}]'
)
WORLD = (
    '[{name: aw, from: a, to: world, services: [https], why: "x", waive: {wide: "x"}},'
    ' {name: wc, from: world, to: c, services: [ssh], why: "x", waive: {wide: "x"}}]'
)


@pytest.mark.parametrize(
    ("flows", "expect", "want"),
    [
        (A_TO_B, "{from: a, to: b, services: [https], is: allowed}", True),
        (A_TO_B, "{from: a, to: b, services: [https, ssh], is: allowed}", False),
        (A_TO_B, "{from: a, to: b, services: [https, ssh], is: denied}", False),
        (A_TO_B, "{from: b, to: a, services: [https, ssh], is: denied}", True),
        (A_TO_B, "{from: a, to: b, is: unreachable}", False),
        (CHAIN, "{from: a, to: c, services: [all], is: denied}", True),
        (CHAIN, "{from: a, to: c, is: unreachable}", False),  # by two hops
        (CHAIN, "{from: c, to: a, is: unreachable}", True),
        (CHAIN, "{from: a, to: d, is: unreachable}", False),  # the third hop is uncovered
        (PINGS, "{from: a, to: c, is: unreachable}", True),  # nobody takes over by ping
        (WORLD, "{from: a, to: c, is: unreachable}", True),  # the world continues no way
        (WORLD, "{from: world, to: c, is: unreachable}", False),
        (A_TO_B, "{from: quarantine, to: b, services: [all], is: denied}", True),  # nobody is in it
        (A_TO_B, "{from: quarantine, to: b, is: unreachable}", True),
    ],
)
def test_expectations(flows: str, expect: str, want: bool) -> None:
    assert holds(flows, expect) is want


def test_a_failed_unreachable_says_the_way() -> None:
    (result,) = judge_expectations(policy(NET + f"flows: {CHAIN}\nexpect: [{{from: a, to: c, is: unreachable}}]\n"), AT)
    assert [hop.services[0].outcome.decision.by for hop in result.way] == ["ab", "bc"]


def test_a_waiver_past_its_day_waives_nothing_in_check() -> None:
    said = site(NET)
    checked = check_site(said, (), AT)
    assert [finding.code for finding in checked.failing] == ["uncovered"]
    assert [is_void for _, _, is_void in checked.waivers] == [True]
    assert not checked.holds()
