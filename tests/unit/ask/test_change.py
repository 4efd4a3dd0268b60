"""What `explain` proposes, where it is easy to propose too much: names, effects, what nobody needs."""

from pathlib import Path
from random import Random

import pytest

from segctl.ask.explain import explain
from segctl.ask.result import Action, Explanation
from segctl.load import load_site, parse_selector, parse_service
from segctl.model.codes import CODES
from segctl.model.decision import Effect
from segctl.model.diagnostic import Level, SiteError
from segctl.model.strictness import Verdict
from segctl.policy import examine, judge
from segctl.report.lines import statement_line
from tests.sites import AT, meant, policy
from tests.strategies import valid_site

BASE = """\
version: 1
site: t
segments:
  a: {members: [10.0.0.0/24], strictness: strict}
  b: {members: [10.0.1.0/24], strictness: strict}
  q: {members: [10.0.2.0/24], strictness: quarantine}
  "null": {members: [10.0.3.0/24]}
  "true": {members: [10.0.4.0/24]}
services: {"null": [tcp/99]}
endpoints: {a1: {addresses: 10.0.0.5}}
flows:
"""
FLOWS = """\
  - {from: a, to: b, except: a1, services: [ssh], why: x}
  - {from: a, to: b, services: [http], why: y}
  - {from: a, to: b, services: [tcp/23, tcp/80], why: x}
  - {from: a, to: q, services: [ssh], why: x}
"""


def ask(text: str, source: str, destination: str, service: str) -> Explanation:
    law = policy(text)
    ends = parse_selector(source, law.site), parse_selector(destination, law.site)
    return explain(law, *ends, (parse_service(service, law.site),), AT)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("a b ssh", None),  # a flow with an `except` says the same, but for that
        ("a q ssh", None),  # for remediation
        ("null true null", None),  # words that YAML takes for nothing, and for a truth
        ("a b tcp/23", 13),  # narrowed, it would be called as the one before
    ],
)
def test_the_line_loads_where_it_is_pasted(tmp_path: Path, question: str, place: int | None) -> None:
    explained = ask(BASE + FLOWS, *question.split())
    change = explained.to_allow if place is None else explained.to_deny
    assert change is not None
    lines = (BASE + FLOWS).splitlines()
    line = f"  {statement_line(change.line)}"
    if place is None:
        lines.append(line)
    else:
        assert change.instead_of is not None and change.action is Action.REPLACE_FLOW
        lines[change.instead_of.line - 1] = line
    (tmp_path / "segctl.yaml").write_text("\n".join(lines) + "\n")
    loaded = load_site(tmp_path)
    assert loaded.site is not None, loaded.findings
    found = {f.code for f in examine(loaded.site, AT).findings if CODES[f.code].level is Level.ERROR}
    assert found == set()


def test_nothing_is_proposed_for_what_is_so_already() -> None:
    explained = ask(BASE.replace("flows:\n", ""), "a", "a", "ssh")
    assert explained.to_allow is None and explained.to_deny is not None


def test_what_a_guardrail_stops_beside_the_question_is_told() -> None:
    """A segment's name means those within it there, and it holds whatever observes."""
    explained = ask(
        """
        segments:
          b: {strictness: open, members: 10.0.1.0/24}
          b2: {strictness: strict, mode: observe, within: b, members: 10.0.1.128/25}
          c: {strictness: open, mode: observe, members: 10.0.2.0/24}
        points:
          gw:
            kind: gateway
            interfaces:
              e1: {segments: [b, b2], addresses: [10.0.1.1/24]}
              e2: {segments: [c], addresses: [10.0.2.1/24]}
        """,
        "c", "b", "ssh",
    )  # fmt: skip
    change = explained.to_deny
    assert change is not None and change.action is Action.ADD_GUARDRAIL
    assert change.beyond


def test_an_overridden_quarantine_has_no_say() -> None:
    text = BASE + "  - {from: a, to: q, services: [ssh], why: x, remediation: true}\n"
    rules = ask(text, "a", "q", "ssh").bearings
    assert [(rule.step.value, bool(rule.decides), bool(rule.idle)) for rule in rules][:2] == [
        ("2", False, True), ("3", True, False),
    ]  # fmt: skip


def test_changes_are_right_on_random_sites() -> None:
    """What a change turns has the other answer without it; what it leaves passing passes."""
    tried = 0
    for number in range(40):
        rng = Random(number)
        site = valid_site(rng)
        law = meant(site)
        names = [*site.segments, *site.endpoints, "any"]
        ends = parse_selector(rng.choice(names), site), parse_selector(rng.choice(names), site)
        service = parse_service(rng.choice(["ssh", "tcp/80", "udp/53", "all"]), site)
        try:
            explained = explain(law, *ends, (service,), AT)
        except SiteError:
            continue
        for change, wanted in ((explained.to_allow, Verdict.ALLOW), (explained.to_deny, Verdict.DENY)):
            if change is None:
                continue
            tried += 1
            assert change.turned
            for extent in change.turned:
                one = extent.sources.first(), extent.destinations.first(), extent.traffic.first()
                assert judge(law, *one, AT).decision.verdict is not wanted
            for extent in change.passing:
                assert wanted is Verdict.DENY
                one = extent.sources.first(), extent.destinations.first(), extent.traffic.first()
                assert judge(law, *one, AT).effect is Effect.PASS
    assert tried > 15
