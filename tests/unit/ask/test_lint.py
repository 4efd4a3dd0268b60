"""Lint where it must keep quiet, and where one thing hangs on another; each code's plain case is in test_warnings."""

import pytest

from segctl.ask.check import check_site
from tests.sites import AT, site

HEAD = "segments:\n  a: {members: 10.1.0.0/24, owner: x}\n  b: {members: 10.2.0.0/24, owner: x}\n"
STRICT = HEAD.replace("owner: x", "owner: x, strictness: strict")
AB = "flows:\n  - {from: a, to: b, services: ssh, why: x}\n"
LABEL = "{labels: {k: v}}"
TO_B = "flows:\n  - {from: NAME, to: b, services: ssh, why: x}\n"


def classified(*levels: str) -> str:
    """STRICT with these on its segments, in order."""
    head, *rest = STRICT.split("strict}")
    parts = [f"strict, classification: {level}}}" for level in levels] + ["strict}"] * (len(rest) - len(levels))
    return head + "".join(part + after for part, after in zip(parts, rest, strict=True))


def told(text: str) -> list[str]:
    found = (one.finding.code for one in check_site(site(text), (), AT).told)
    return [code for code in found if code not in ("no-points", "review-due", "wide")]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        # services: by a group, by a mode, through two groups; of the catalogue none is told
        (HEAD + "services: {one: [tcp/1], two: [one]}\n" + AB.replace("ssh", "two"), []),
        (HEAD + "services: {one: [tcp/1], two: [one], three: two}\n" + AB, ["unused-service"] * 3),
        (HEAD.replace("x}\n  b", "x, mode: {enforce: one}}\n  b") + "services: {one: [tcp/1]}\n" + AB, []),
        (HEAD + "services: {one: [tcp/1]}\nguardrails: [{from: b, to: a, services: one}]\n" + AB, []),
        # endpoints: by label, by name, as an exception; in a segment by its address alone
        (HEAD + "endpoints: {e: {addresses: 192.0.2.1, labels: {k: v}}}\n" + TO_B.replace("NAME", LABEL), []),
        (HEAD + "endpoints: {e: {addresses: 192.0.2.1}}\n" + TO_B.replace("NAME", "world, except: e"), []),
        (HEAD + "endpoints: {e: {addresses: [192.0.2.1, 10.1.0.1]}}\n" + AB, []),
        (HEAD + "endpoints: {e: {addresses: 192.0.2.1}}\n" + AB, ["unused-endpoint"]),
        # segments: a flow that is to come counts, one that is over doesn't; management does
        (STRICT + AB.replace("why", "since: 2030-01-01T00:00:00Z, why"), ["not-yet"]),
        (STRICT + AB.replace("why", "until: 2020-01-01T00:00:00Z, why"), ["unused-segment"] * 2 + ["expired"]),
        (HEAD, []),
        # owners: from around, from either end, of the flow itself
        (HEAD + "  i: {members: 10.1.0.128/25, within: a}\n" + AB, []),
        (HEAD.replace("24, owner: x}\n", "24}\n", 1) + AB, ["no-owner"]),
        (HEAD + "flows:\n  - {from: 192.0.2.1, to: 192.0.2.2, services: ssh}\n", ["no-owner"]),
        (HEAD.replace(", owner: x", "") + AB.replace("why", "owner: x, why"), ["no-owner"] * 2),
        # blocks: with no machine in it, wholly known, of IPv6
        (HEAD + TO_B.replace("NAME", "10.1.0.0/28"), []),
        (HEAD + "endpoints: {e: {addresses: [10.1.0.0, 10.1.0.1]}}\n" + TO_B.replace("NAME", "10.1.0.0/31"), []),
        (HEAD + "endpoints: {e: {addresses: 10.1.0.0}}\n" + TO_B.replace("NAME", "10.1.0.0/31"), ["wider-than-needed"]),
        # classified: equal, to what is classified lower though it may hold more, to the world by the law alone
        (STRICT.replace("owner: x", "owner: x, classification: confidential") + AB, []),
        (STRICT.replace("owner: x", "owner: x, classification: confidential", 1) + AB, []),
        (classified("internal", "public") + AB, ["classified-down"]),
        (classified("confidential") + AB.replace("b,", "198.51.100.1,"), ["unused-segment", "classification-world"]),
    ],
)  # fmt: skip
def test_lint(text: str, codes: list[str]) -> None:
    assert told(text) == codes


def test_a_flow_is_told_with_the_several_that_cover_it() -> None:
    flows = """flows:
  - {name: low, from: [a, 192.0.2.1], to: b, services: [tcp/1-10]}
  - {name: high, from: a, to: b, services: [tcp/11-30]}
  - {name: both, from: a, to: b, services: [tcp/5-20]}
"""
    (one,) = [
        one.finding for one in check_site(site(HEAD + flows), (), AT).told if one.finding.code == "already-allowed"
    ]
    assert one.what == "flow 'both' opens nothing: flows 'low', 'high' together allow all of it already"
    assert [note.text for note in one.notes] == ["flow 'low'", "flow 'high'"]
