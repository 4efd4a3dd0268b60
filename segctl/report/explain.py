"""What `explain` answers, as lines of text and as plain values for JSON."""

from collections.abc import Iterator

from segctl.ask.result import Action, Bearing, Change, Explanation
from segctl.model.decision import Step
from segctl.model.diagnostic import Level
from segctl.model.flow import Flow
from segctl.model.strictness import Verdict
from segctl.report.answers import plain_answer, plain_extent, show_answer, show_extent, show_outcome, show_part
from segctl.report.diagnostics import level_of, plain, show_finding
from segctl.report.lines import statement_line

_STEPS = {
    Step.ESSENTIAL: "essentials",
    Step.SPECIAL: "special addresses",
    Step.MANAGEMENT: "management",
    Step.GUARDRAIL: "guardrails",
    Step.QUARANTINE: "quarantine",
    Step.FLOW: "flows",
    Step.INTRA: "same segment",
    Step.DEFAULTS: "both defaults allow",
    Step.REFUSED: "otherwise deny",
}
_MOST = 12  # rules of one step that are shown; the deciding ones always are

_HEADS = {
    Action.ADD_FLOW: "write this under `flows`",
    Action.ADD_GUARDRAIL: "write this under `guardrails`",
    Action.REPLACE_FLOW: "write this in place of the flow at {place}",
    Action.REMOVE_FLOW: "take out the flow at {place}",
}


def show_explanation(explained: Explanation) -> Iterator[str]:
    """The answer, the law's steps with the rules that bear, and what would turn it."""
    yield from show_answer(explained.answer)
    yield f"points between: {', '.join(explained.points) or 'none'}"
    yield ""
    for step, called in _STEPS.items():
        rules = [rule for rule in explained.bearings if rule.step is step]
        yield f"{step.value:>3} {called}" + ("" if rules else ": none")
        yield from _rules(rules)
    for change, word in ((explained.to_allow, "allow"), (explained.to_deny, "deny")):
        if change is not None:
            yield ""
            yield from _change(change, word)
        elif _wanting(explained, word):
            deciding = [rule for rule in explained.bearings if rule.decides and rule.verdict.value != word]
            yield ""
            yield f"to {word} it: no line that is added can, only a change of what decides it:"
            yield from (f"  {_rule(rule)}" for rule in deciding[:_MOST])


def _wanting(explained: Explanation, word: str) -> bool:
    """Whether something of the question has the other verdict."""
    return any(part.outcome.decision.verdict.value != word for part in explained.answer.parts)


def _rules(rules: list[Bearing]) -> Iterator[str]:
    """The deciding ones first among many."""
    shown = [rule for rule in rules if rule.decides] if len(rules) > _MOST else rules
    for rule in shown:
        yield f"  {'>' if rule.decides else ' '} {_rule(rule)}"
        if not rule.whole:
            yield f"      for {show_extent(rule.bears_on)}"
    if len(rules) > len(shown):
        yield f"    and {len(rules) - len(shown)} that decide nothing here (--format json lists them)"


def _rule(rule: Bearing) -> str:
    place = f" ({rule.span})" if rule.span else ""
    idle = f"; has no say: {rule.idle}" if rule.idle else ""
    return f"'{rule.name}' {rule.verdict}: {rule.says}{place}{idle}"


def _change(change: Change, word: str) -> Iterator[str]:
    refused = any(level_of(finding) is Level.ERROR for finding in change.findings)
    alone = ", which alone would be refused (see below)" if refused else ""
    yield f"to {word} it: {_HEADS[change.action].format(place=change.instead_of)}{alone}"
    yield f"  {statement_line(change.line)}"
    if isinstance(change.line, Flow) and change.line.remediation and word == "allow":
        yield "  it holds for what is in quarantine as well: leave `remediation` out if that is not meant"
    opens = "opens" if word == "allow" else "closes"
    for one in change.turned:
        yield f"  {opens}: {show_extent(one)}"
    for one in change.beyond:
        yield f"  {opens} as well: {show_extent(one)}"
    if not change.beyond:
        yield f"  {opens} nothing else"
    for one in change.passing:
        yield f"  denied then, and passes all the same: {show_extent(one)}"
    for part in change.left:
        yield f"  stays: {show_part(part)}: {show_outcome(part.outcome)}"
    for expected in change.broken:
        yield f"  this expectation would fail: {expected.span}"
    for finding in change.findings:
        yield from (f"  {line}" for line in show_finding(finding).splitlines())


def plain_explanation(explained: Explanation) -> dict[str, object]:
    """The same as JSON has it."""
    return {
        **plain_answer(explained.answer, by_effect=False),
        "points": list(explained.points),
        "rules": [_plain_rule(rule) for rule in explained.bearings],
        "to_allow": _plain_change(explained.to_allow, Verdict.ALLOW),
        "to_deny": _plain_change(explained.to_deny, Verdict.DENY),
    }


def _plain_rule(rule: Bearing) -> dict[str, object]:
    return {
        "step": rule.step.value,
        "name": rule.name,
        "says": rule.says,
        "verdict": rule.verdict.value,
        "place": str(rule.span) if rule.span else None,
        "whole": rule.whole,
        "bears_on": plain_extent(rule.bears_on),
        "decides": plain_extent(rule.decides) if rule.decides else None,
        "idle": rule.idle or None,
    }


def _plain_change(change: Change | None, verdict: Verdict) -> dict[str, object] | None:
    if change is None:
        return None
    return {
        "action": change.action.value,
        "to": verdict.value,
        "line": statement_line(change.line),
        "instead_of": str(change.instead_of) if change.instead_of else None,
        "turns": [plain_extent(one) for one in change.turned],
        "passing": [plain_extent(one) for one in change.passing],
        "beyond": [plain_extent(one) for one in change.beyond],
        "left": [show_part(part) for part in change.left],
        "broken": [str(expected.span) for expected in change.broken],
        "findings": [plain(finding) for finding in change.findings],
    }
