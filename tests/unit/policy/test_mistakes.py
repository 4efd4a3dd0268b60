"""Every site that can't be meant gets its finding, and no other, at its line."""

import pytest

from segctl.model.codes import CODES
from segctl.policy import examine
from tests.sites import AT, site
from tests.unit.policy.mistakes import MISTAKES, POINT, TWO

HEAD = "version: 1\nsite: test\n"


@pytest.mark.parametrize(("text", "code", "line", "note"), [pytest.param(*case[1:], id=case[0]) for case in MISTAKES])
def test_mistake(text: str, code: str, line: int, note: int) -> None:
    found = [one for one in examine(site(text + HEAD), AT).findings if one.code != "no-points"]
    assert [(one.code, one.span.line) for one in found] == [(code, line)]
    others = [other.span.line for other in found[0].notes if other.span]
    assert note in others if note else not others
    assert found[0].what and found[0].help
    assert code in CODES


@pytest.mark.parametrize("text", [
    TWO + "expect:\n  - {from: 127.0.0.1, to: a, services: ssh, is: denied}\n",  # who asks gets an answer
    TWO + "expect:\n  - {from: a, to: quarantine, services: ssh, is: denied}\n",  # empty, and that is meant
    TWO + "flows:\n  - {from: a, to: b, services: tcp/1-1024}\n",  # port 21 among many is not about FTP
    TWO + "flows:\n  - {from: a, to: b, services: all}\n",
    TWO + "flows:\n  - {from: a, to: b, services: ssh, review_by: 2026-11-24}\n",  # a day lasts to its end
    "segments:\n  a: {members: [10.1.0.0/25, 10.1.0.128/25]}\n",  # neighbours don't overlap
    TWO + "flows:\n  - {from: a, to: b, services: ssh}\n  - {from: [a, b], to: b, services: http}\n",
    TWO + "flows:\n  - {from: a, to: b, services: [ssh, http]}\n  - {from: [a, 10.3.0.7], to: b, services: ssh}\n",
    # for repair it holds in quarantine as well; and what has an end allows nothing after it
    TWO + "flows:\n  - {from: a, to: b, services: ssh}\n"
    "  - {from: 10.1.0.7, to: b, services: ssh, remediation: true}\n",
    TWO + "flows:\n  - {from: a, to: b, services: ssh, until: 2027-01-01T00:00:00Z}\n"
    "  - {from: 10.1.0.7, to: b, services: ssh}\n",
    TWO + POINT,
    TWO + "  points: {waive: {no-points: a paper}}\n",
])  # fmt: skip
def test_no_mistake(text: str) -> None:
    assert [one.code for one in examine(site(text + HEAD), AT).findings if one.code != "no-points"] == []


def test_one_finding_for_a_segment_however_many_neighbours_it_has() -> None:
    """A flat network of 40 segments has 780 uncovered pairs, and 39 findings."""
    names = [f"s{number}" for number in range(40)]
    text = "segments:\n" + "".join(f"  {name}: {{members: 10.0.{at}.0/24}}\n" for at, name in enumerate(names))
    text += f"points: {{gw: {{kind: gateway, interfaces: {{e0: {{segments: [{', '.join(names)}]}}}}}}}}\n"
    found = [one for one in examine(site(text + HEAD), AT).findings if one.code == "uncovered"]
    assert [one.span.line for one in found] == list(range(3, 42))
    assert found[0].what.startswith("no point stands between 's1' and 's0': ")
    assert found[-1].what.startswith(
        "no point stands between 's39' and each of 's0', 's1', 's2' and 36 more segments: "
    )


def test_a_waiver_takes_its_segment_out_of_the_others_findings() -> None:
    """One end is enough, and the other pairs stay."""
    text = (
        "segments:\n  a: {members: 10.1.0.0/24}\n  b: {members: 10.2.0.0/24, waive: {uncovered: x}}\n"
        "  c: {members: 10.3.0.0/24}\npoints: {gw: {kind: gateway, interfaces: {e0: {segments: [a, b, c]}}}}\n"
    )
    (one,) = (one for one in examine(site(text + HEAD), AT).findings if one.code == "uncovered")
    assert one.what.startswith("no point stands between 'c' and 'a': ")
