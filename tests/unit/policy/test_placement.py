"""Which pairs nothing covers: the index of placement.py against the law's own words, pair by pair."""

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.model.segment import Segment
from segctl.model.selector import WORLD
from segctl.model.strictness import Verdict
from segctl.policy.coverage import bound, gateway_between
from segctl.policy.placement import uncovered_pairs
from tests.sites import policy

SEGMENTS = ("a", "b", "c", "d", "e", "world")


@st.composite
def gateways(draw: st.DrawFn) -> str:
    """One to three gateways in one `ha` group, each with one to three interfaces that list some of the segments."""
    text = "points:\n"
    for gateway in range(draw(st.integers(1, 3))):
        text += f"  g{gateway}:\n    kind: gateway\n    ha: all\n    interfaces:\n"
        for interface in range(draw(st.integers(1, 3))):
            listed = draw(st.lists(st.sampled_from(SEGMENTS), min_size=1, unique=True))
            text += f"      e{interface}: {{segments: [{', '.join(listed)}]}}\n"
    return text


@given(gateways(), st.sets(st.sampled_from(SEGMENTS[:-1])), st.sets(st.sampled_from(SEGMENTS[:-1])))
def test_the_index_finds_what_the_law_says(points: str, waiving: set[str], open_ones: set[str]) -> None:
    text = "segments:\n"
    for at, name in enumerate(SEGMENTS[:-1]):
        profile = "open" if name in open_ones else "sealed"
        waive = ", waive: {uncovered: x}" if name in waiving else ""
        text += f"  {name}: {{strictness: {profile}, members: 10.0.{at}.0/24{waive}}}\n"
    law = policy(text + points)
    segments = law.site.segments
    want = [
        {one, other}
        for one, other in combinations_with_replacement(SEGMENTS, 2)
        if bound(law.site, one) and bound(law.site, other) and not {one, other} & waiving
        if not gateway_between(law.site, one, other) and denied(segments[one], segments[other])
    ]
    found = [{one.name, other.name} for one, other in uncovered_pairs(law)]
    assert sorted(map(sorted, found)) == sorted(map(sorted, want))


def denied(one: Segment, other: Segment) -> bool:
    """Whether the profiles deny anything between the two, or inside the one."""
    if one is other:
        return one.name != WORLD and one.profile.intra is Verdict.DENY
    ways = ((one.profile.egress, other.profile.ingress), (other.profile.egress, one.profile.ingress))
    return any(Verdict.DENY in way for way in ways)


@pytest.mark.parametrize(
    ("members", "want"),
    [
        ("10.1.0.5", []),
        ('[10.1.0.5, "fd01::5"]', []),  # one of each family: no pair
        ("[10.1.0.5, 10.1.0.6]", [("a", "a")]),
        ("10.1.0.0/31", [("a", "a")]),
    ],
)
def test_inside_a_segment_it_takes_two(members: str, want: list[tuple[str, str]]) -> None:
    law = policy(
        f"""
        segments: {{a: {{strictness: sealed, members: {members}}}}}
        points: {{gw: {{kind: gateway, interfaces: {{e0: {{segments: world}}, e1: {{segments: a}}}}}}}}
        """
    )
    assert [(one.name, other.name) for one, other in uncovered_pairs(law)] == want
