"""`explain`: the rules in the law's order, and lines that turn the answer when they are pasted."""

from pathlib import Path
from random import Random
from shutil import copytree

import pytest

from segctl.ask import can
from segctl.ask.explain import explain
from segctl.ask.result import Action, Change, Explanation, Word
from segctl.load import load_site, parse_selector, parse_service
from segctl.load.events import parse
from segctl.load.findings import Findings
from segctl.load.flows import read_flows, read_guardrails
from segctl.load.questions import context_of
from segctl.load.values import Seq
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level, SiteError
from segctl.model.flow import Flow, Guardrail
from segctl.policy import Policy
from segctl.report.explain import show_explanation
from segctl.report.lines import statement_line
from tests.sites import AT, EXAMPLES, meant, placeless, policy, read

SITE = """
endpoints:
  a1: {addresses: [10.1.0.1, "fd01::1"]}
  b1: {addresses: [10.2.0.1]}
segments:
  a: {members: [10.1.0.0/24, "fd01::/64"]}
  b: {strictness: strict, members: 10.2.0.0/24}
  c: {strictness: sealed, members: 10.3.0.0/24}
  quarantine: {members: 10.2.0.9}
points:
  gw:
    kind: gateway
    interfaces:
      e1: {segments: [a], addresses: [10.1.0.254/24]}
      e2: {segments: [b], addresses: [10.2.0.254/24]}
      e3: {segments: [c], addresses: [10.3.0.254/24]}
flows:
  - {name: web, from: a, to: b, services: [https, tcp/8080], why: "x"}
  - {name: old, from: a, to: b, services: [ssh], why: "x", until: 2026-01-01T00:00:00Z}
  - {name: one, from: a1, to: b1, services: [tcp/5432], why: "x"}
guardrails:
  - {name: never, from: c, to: a, services: [telnet], why: "no"}
management:
  - {from: a1, services: [ssh]}
expect:
  - {from: a, to: c, services: [ssh], is: denied}
"""


@pytest.fixture(scope="module")
def law() -> Policy:
    return policy(SITE)


def ask(law: Policy, source: str, destination: str, service: str = "all") -> Explanation:
    ends = parse_selector(source, law.site), parse_selector(destination, law.site)
    return explain(law, *ends, (parse_service(service, law.site),), AT)


@pytest.mark.parametrize(
    ("question", "rules"),
    [
        ("a b https", ["3 > web", "5   a", "6   b"]),
        ("a b ssh", ["3   old: it ended at 2026-01-01T00:00:00+00:00", "5   a", "6 > b"]),
        ("a a ssh", ["4 > a"]),
        ("c a telnet", ["1 > never", "6   c", "6   a"]),
        ("a1 gw ssh", ["0d > gw", "5   a", "6   points"]),
        ("a 10.2.0.9 https", ["2 > quarantine", "5   a", "6   quarantine"]),
        ("a 224.0.0.5 proto/89", ["0b > 224.0.0.5"]),
        ("127.0.0.1 127.0.0.1 ssh", ["0a > loopback", "0b   127.0.0.1"]),
    ],
)
def test_rules_stand_in_the_laws_order(law: Policy, question: str, rules: list[str]) -> None:
    shown = []
    for rule in ask(law, *question.split()).bearings:
        name = "gw" if rule.step == "0d" else rule.name
        idle = f": {rule.idle}" if rule.step == "3" and rule.idle else ""
        shown.append(f"{rule.step} {'>' if rule.decides else ' '} {name}{idle}")
    assert shown == rules


def test_a_denied_question_gets_the_flow_that_allows_it(law: Policy) -> None:
    change = ask(law, "a1", "c", "ssh").to_allow
    assert change is not None and change.action is Action.ADD_FLOW
    assert statement_line(change.line) == (
        '- {name: a1-to-c-ssh, from: a1, to: c, services: [ssh], why: "say who needs it, and what for"}'
    )
    assert not change.beyond and not change.left and not change.findings
    assert [expected.span.line for expected in change.broken] == [28]


def test_what_a_strict_segment_would_say_of_the_line_is_told(law: Policy) -> None:
    change = ask(law, "any", "c", "ssh").to_allow
    assert change is not None
    assert "wide-flow" in [finding.code for finding in change.findings]


def test_a_quarantined_end_needs_remediation(law: Policy) -> None:
    change = ask(law, "a", "10.2.0.9", "https").to_allow
    assert change is not None and isinstance(change.line, Flow) and change.line.remediation
    assert not change.left


def test_no_flow_overrides_a_guardrail(law: Policy) -> None:
    assert ask(law, "c", "a", "telnet").to_allow is None
    partly = ask(law, "c", "a").to_allow
    assert partly is not None
    assert [part.outcome.decision.by for part in partly.left] == ["never"]


@pytest.mark.parametrize(
    ("question", "action"),
    [
        ("a1 b1 tcp/5432", Action.REMOVE_FLOW),  # all that the flow says
        ("a b https", Action.REPLACE_FLOW),  # one of its services
        ("a1 b https", Action.ADD_GUARDRAIL),  # any narrower flow would close more
        ("a a ssh", Action.ADD_GUARDRAIL),  # a default allows it
    ],
)
def test_an_allowed_question_gets_what_closes_least(law: Policy, question: str, action: Action) -> None:
    change = ask(law, *question.split()).to_deny
    assert change is not None and change.action is action
    assert change.turned and not change.beyond and not change.left


def test_nothing_denies_management(law: Policy) -> None:
    assert ask(law, "a1", "10.1.0.254", "ssh").to_deny is None


def test_both_changes_where_the_answer_is_partly(law: Policy) -> None:
    found = ask(law, "a", "b", "all")
    assert found.to_allow is not None and found.to_deny is not None
    text = "\n".join(show_explanation(found))
    assert "to allow it: write this under `flows`" in text and "to deny it: write this" in text


def test_a_question_without_a_pair_is_wrong_input(law: Policy) -> None:
    with pytest.raises(SiteError):
        ask(law, "fd01::1", "10.2.0.1", "ssh")


LANGUAGE = Path(__file__).parents[2] / "golden/load/language"
SITES = [EXAMPLES / "shop/site", Path(__file__).parents[2] / "packets/sites/kinds"]


@pytest.mark.parametrize("folder", SITES, ids=lambda folder: folder.parent.name)
def test_pasted_lines_turn_the_answer(folder: Path, tmp_path: Path) -> None:
    """Random questions: the line is pasted into a file of the site, all is loaded again, and `can` says the rest."""
    law = meant(read(folder))
    rng = Random(7)
    names = [*law.site.segments, *law.site.endpoints, "any"]
    services = [*law.site.services, "ssh", "all", "tcp/1-1000"]
    tried = 0
    for number in range(16):
        question = rng.choice(names), rng.choice(names), rng.choice(services)
        try:
            explained = ask(law, *question)
        except SiteError:
            continue
        for change, wanted in ((explained.to_allow, Word.ALLOWED), (explained.to_deny, Word.DENIED)):
            if change is not None and pasted(folder, tmp_path / f"{number}{wanted}", change, question, wanted):
                tried += 1
    assert tried > 5


def pasted(folder: Path, copy: Path, change: Change, question: tuple[str, str, str], wanted: Word) -> bool:
    """False where the line can't simply be pasted: an error was foretold, or it stands in another's place."""
    foretold = {finding.code for finding in change.findings}
    if change.instead_of or any(CODES[code].level is Level.ERROR for code in foretold):
        return False
    copytree(folder, copy)
    key = "flows" if isinstance(change.line, Flow) else "guardrails"
    (copy / "pasted.yaml").write_text(f"{key}:\n  {statement_line(change.line)}\n")
    main = copy / "segctl.yaml"
    text = main.read_text()
    assert text.count("\ninclude:") <= 1
    lines = [line for line in text.splitlines() if not line.startswith("include:")]
    include = next((line for line in text.splitlines() if line.startswith("include:")), "include: []")
    listed = include.removeprefix("include:").split("#")[0].strip().strip("[]")
    lines.append(f"include: [{', '.join(part for part in (listed, 'pasted.yaml') if part)}]")
    main.write_text("\n".join(lines) + "\n")
    loaded = load_site(copy)
    assert loaded.site is not None, (loaded.findings, statement_line(change.line))
    new = meant(loaded.site)
    ends = parse_selector(question[0], new.site), parse_selector(question[1], new.site)
    answer = can(new, *ends, parse_service(question[2], new.site).traffic, AT)
    assert (answer.word() is wanted) == (not change.left), (question, statement_line(change.line))
    assert [part.outcome for part in change.left if part not in answer.parts] == []
    return True


@pytest.mark.parametrize("folder", [*SITES, LANGUAGE], ids=lambda folder: folder.parent.name)
def test_each_statement_is_its_line(folder: Path) -> None:
    """What is written of a flow or guardrail loads to the same."""
    said = read(folder)
    assert said.flows and said.guardrails
    statements: list[Flow | Guardrail] = [*said.flows, *said.guardrails]
    for one in statements:
        findings = Findings()
        written = parse(statement_line(one), "line", findings)
        assert isinstance(written, Seq), statement_line(one)
        reader = read_flows if isinstance(one, Flow) else read_guardrails
        (again,) = reader(iter(written.items), context_of(said, findings))
        assert isinstance(again, Flow | Guardrail)
        assert not findings.sorted()
        assert placeless(again) == placeless(one)
