"""`can` over sets: allowed, denied or partly, with parts that are right to the address."""

from random import Random

import pytest

from segctl.ask import can, judge_expectations
from segctl.ask.result import Word
from segctl.load import parse_selector, parse_service
from segctl.model.diagnostic import SiteError
from segctl.model.ranges import ALL_ADDRESSES, Ranges, family, show_addresses
from segctl.model.selector import Block
from segctl.model.service import family_of
from segctl.model.span import Span
from segctl.policy import Policy, examine, judge
from tests import strategies
from tests.sites import AT, EXAMPLES, meant, policy, read

SITE = """
endpoints:
  a1: {addresses: [10.1.0.1, "fd01::1"]}
segments:
  a: {members: [10.1.0.0/24, "fd01::/64"]}
  b: {strictness: strict, members: 10.2.0.0/24}
  seen: {mode: observe, members: 10.3.0.0/24}
points:
  gw:
    kind: gateway
    interfaces:
      e1: {segments: [a], addresses: [10.1.0.254/24]}
      e2: {segments: [b], addresses: [10.2.0.254/24]}
      e3: {segments: [seen], addresses: [10.3.0.254/24]}
flows:
  - {name: one, from: a1, to: b, services: [https], why: "x"}
  - {name: two, from: a, to: b, services: [tcp/8000-8010], why: "x"}
"""


@pytest.fixture(scope="module")
def law() -> Policy:
    return policy(SITE)


@pytest.mark.parametrize(
    ("source", "destination", "service", "verdict", "effect"),
    [
        ("a1", "b", "https", Word.ALLOWED, Word.ALLOWED),
        ("a", "b", "https", Word.PARTLY, Word.PARTLY),
        ("a", "b", "tcp/8000-8010", Word.ALLOWED, Word.ALLOWED),
        ("a", "b", "tcp/8000-8011", Word.PARTLY, Word.PARTLY),
        ("b", "a", "https", Word.DENIED, Word.DENIED),
        ("a", "seen", "https", Word.DENIED, Word.ALLOWED),
        ("a", "a", "all", Word.ALLOWED, Word.ALLOWED),
        ("10.1.0.0/25", "b", "tcp/8005", Word.ALLOWED, Word.ALLOWED),
        ("[a1, 10.1.0.9]", "b", "https", Word.PARTLY, Word.PARTLY),
        ("127.0.0.1", "127.0.0.1", "ssh", Word.ALLOWED, Word.ALLOWED),
        ("a", "224.0.0.251", "udp/5353", Word.DENIED, Word.DENIED),
    ],
)
def test_can(law: Policy, source: str, destination: str, service: str, verdict: Word, effect: Word) -> None:
    answer = can(
        law,
        parse_selector(source, law.site),
        parse_selector(destination, law.site),
        parse_service(service, law.site).traffic,
        AT,
    )
    assert (answer.word(), answer.word(by_effect=True)) == (verdict, effect)


def test_parts_say_who(law: Policy) -> None:
    ends = parse_selector("a", law.site), parse_selector("b", law.site)
    answer = can(law, *ends, parse_service("https", law.site).traffic, AT)
    allowed = [part for part in answer.parts if part.holds(by_effect=False)]
    assert [show_addresses(part.sources) for part in allowed] == ["10.1.0.1"]


def test_no_pair_is_no_question(law: Policy) -> None:
    with pytest.raises(SiteError):
        ends = parse_selector("fd01::1", law.site), parse_selector("b", law.site)
        can(law, *ends, parse_service("ssh", law.site).traffic, AT)


def test_parts_are_the_law_for_every_address_that_is_asked() -> None:
    """On random sites: whatever address and service is drawn from a question, its part has the law's outcome."""
    asked = 0
    for seed in range(40):
        rng = Random(seed)
        law = examine(strategies.valid_site(rng), strategies.AT).policy
        assert law is not None
        everything = tuple(Block("some", *span, Span("question", 1)) for span in ALL_ADDRESSES - law.special)
        drawn = strategies.random_questions(rng, law.site, 30, strategies.AT)
        traffic = Ranges.of((q.traffic, q.traffic) for q in drawn)
        answer = can(law, everything, everything, traffic, strategies.AT)
        for question in drawn:
            if question.source in law.special or question.destination in law.special:
                continue
            assert family(question.source) == family_of(question.traffic)
            outcome = judge(law, question.source, question.destination, question.traffic, strategies.AT)
            mine = [part for part in answer.parts if part.outcome == outcome]
            assert any(
                question.source in part.sources
                and question.destination in part.destinations
                and question.traffic in part.traffic
                for part in mine
            )
            asked += 1
    assert asked > 500


def test_the_shop_passes_its_own_tests() -> None:
    results = judge_expectations(meant(read(EXAMPLES / "shop" / "site")), AT)
    assert [one.expected.span for one in results if not one.holds] == []
    assert len(results) == 8
