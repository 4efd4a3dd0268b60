"""What cannot be meant: each row a site with one mistake, and the finding that it gets."""

import pytest

from segctl.policy import examine
from tests.sites import AT, policy, site

POINT = """
points:
  gw:
    kind: gateway
    interfaces:
      e0: {segments: [world], addresses: [203.0.113.2/24]}
      e1: {segments: [a], addresses: [10.1.0.254/24]}
      e2: {segments: [b], addresses: [10.2.0.254/24]}
"""
TWO = "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.2.0.0/24}\n"


def found(text: str) -> list[tuple[str, int]]:
    """Codes and lines, the site's head being three lines that `site` puts before."""
    return [(finding.code, finding.span.line) for finding in examine(site(text), AT).findings]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.1.0.128/25}\n", "overlap", 5),
        (
            "segments:\n  a: {members: 10.1.0.0/25}\n  b: {within: a, members: 10.1.0.0/24}\n",
            "within-uncovered",
            5,
        ),
        ("segments:\n  a: {members: []}\n", "empty", 4),
        (
            "segments:\n  a: {members: 10.1.0.0/24}\n  b: {within: a, members: 10.1.0.0/24}\n"
            "flows:\n  - {from: a, to: world, services: [ssh]}\n",
            "emptied",
            7,
        ),
        (TWO + "flows:\n  - {from: {labels: {x: y}}, to: a, services: [ssh]}\n", "empty", 7),
        (TWO + "flows:\n  - {from: a, to: b, services: [icmp6/echo-request]}\n", "impossible", 7),
        (TWO + "flows:\n  - {from: a, except: [a], to: b, services: [ssh]}\n", "impossible", 7),
        (
            TWO + "flows:\n  - {from: a, to: b, services: [ssh]}\nguardrails:\n  - {from: a, to: any}\n",
            "forbidden",
            7,
        ),
        (
            TWO + "flows:\n  - {from: a, to: b, services: [ssh, http]}\n"
            "guardrails:\n  - {from: a, to: any, services: [ssh]}\n",
            "partly-forbidden",
            7,
        ),
        (
            TWO + POINT + "management:\n  - {from: a, services: [ssh]}\nguardrails:\n  - {from: a, to: points}\n",
            "guarded-management",
            17,
        ),
        (
            TWO + "  c: {members: 10.3.0.0/24}\n" + POINT + "management:\n  - {from: c, services: [ssh]}\n",
            "management-nowhere",
            16,
        ),
        ("segments:\n  a: {strictness: sealed, members: 10.1.0.0/24}\nflows:\n"
         '  - {from: world, to: a, services: [ssh], why: "x"}\n', "wide-flow", 6),
        (TWO + "flows:\n  - {from: any, to: a, services: [ssh]}\n", "wide", 7),
        ("segments:\n  a: {members: 10.1.0.0/24}\n  b: {strictness: strict, members: 10.2.0.0/24}\n"
         "flows:\n  - {from: a, to: b, services: [ssh]}\n", "why-missing", 7),
        ("segments:\n  a: {classification: restricted, members: 10.1.0.0/24}\n", "classification-above", 4),
        ("segments:\n  a: {strictness: strict, classification: confidential, members: 10.1.0.0/24}\n"
         'flows:\n  - {from: world, to: a, services: [ssh], why: "x"}\n', "classification-world", 6),
        ("segments:\n  a: {strictness: sealed, classification: restricted, members: 10.1.0.0/24}\n"
         '  b: {members: 10.2.0.0/24}\nflows:\n  - {from: b, to: a, services: [ssh], why: "x"}\n',
         "classification-flow", 7),
        ("segments:\n  a: {strictness: strict, members: 10.1.0.0/24}\n"
         "  b: {within: a, members: 10.1.0.0/25}\n", "looser-within", 5),
        (TWO, "no-points", 1),
        (TWO + "  c: {members: 10.3.0.0/24}\n" + POINT, "unbound", 6),
        (TWO + POINT.replace("[b]", "[b, world]"), "uncovered", 5),
        (TWO + "flows:\n  - {from: a, to: b, services: [ssh], until: 2026-01-01T00:00:00Z}\n", "expired", 7),
        (TWO + "flows:\n  - {from: a, to: b, services: [ssh], since: 2027-01-01T00:00:00Z}\n", "not-yet", 7),
    ],
)  # fmt: skip
def test_each_mistake_is_found_where_it_stands(text: str, code: str, line: int) -> None:
    assert (code, line) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "segments:\n  a: {members: [], may_be_empty: true}\n",
        TWO + 'flows:\n  - {from: any, to: a, services: [ssh], waive: {wide: "x"}}\n',
        TWO + POINT,
        "segments:\n  a: {members: 10.1.0.0/24}\n  b: {within: a, members: 10.1.0.0/25}\n" + POINT,
    ],
)
def test_what_is_meant_is_no_error(text: str) -> None:
    policy(text)


def test_members_that_the_inner_segment_takes_are_its_own() -> None:
    law = policy("segments:\n  a: {members: 10.1.0.0/24}\n  b: {within: a, members: 10.1.0.0/25}\n")
    assert law.own["a"].size() == law.own["b"].size() == 128


def test_quarantine_takes_members_out_of_their_segment() -> None:
    law = policy("segments:\n  a: {members: 10.1.0.0/24}\n  quarantine: {members: 10.1.0.7}\n")
    assert law.own["a"].size() == 255
    assert law.own["quarantine"].size() == 1
    assert law.home_of(law.own["quarantine"].first()) == "a"
