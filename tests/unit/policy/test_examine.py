"""What is meant, though it may look like a mistake (these stand in mistakes.py): each row has a policy."""

import pytest

from tests.sites import policy
from tests.unit.policy.mistakes import POINT, TWO


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
