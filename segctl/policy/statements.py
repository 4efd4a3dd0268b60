"""Statements that say nothing, contradict each other, or are not in time (design, section 2, Nothing silent)."""

from collections.abc import Iterator
from datetime import datetime

from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.flow import Expected, Flow, Guardrail, Management, traffic_of
from segctl.model.selector import QUARANTINE, Named, Selector, Selectors
from segctl.model.service import ALL_TRAFFIC
from segctl.policy.boxes import boxes, possible, remaining
from segctl.policy.match import Statement
from segctl.policy.policy import Policy
from segctl.policy.resolve import asked_in, resolve_in
from segctl.policy.waive import waived


def statement_findings(policy: Policy, at: datetime) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with flows, guardrails, management and expectations by themselves."""
    return (
        *_empty_segments(policy),
        *_empty_selectors(policy),
        *_impossible(policy),
        *_impossible_expectations(policy),
        *_forbidden(policy),
        *_against_management(policy),
        *_out_of_time(policy, at),
    )


def _empty_segments(policy: Policy) -> Iterator[Diagnostic]:
    for name, segment in policy.site.segments.items():
        if not segment.built_in and not segment.may_be_empty and not policy.partition.claims[name]:
            yield Diagnostic(
                segment.span,
                "empty",
                f"segment '{name}' has no address",
                "give it members, or say `may_be_empty: true`",
            )


def _empty_selectors(policy: Policy) -> Iterator[Diagnostic]:
    site = policy.site
    for flow in site.flows:
        if not flow.may_be_empty:
            for selectors, inner in (
                (flow.source, False),
                (flow.destination, False),
                (flow.source_except, True),
                (flow.destination_except, True),
            ):
                yield from _empties(policy, selectors, inner)
    for guardrail in site.guardrails:
        if not guardrail.may_be_empty:
            yield from _empties(policy, (*guardrail.source, *guardrail.destination), inner=True)
    for entry in site.management:
        yield from _empties(policy, entry.source, inner=False, help="name who manages the points")
    for expected in site.expectations:
        inner = expected.expected is not Expected.ALLOWED
        help = "name what there is: such a test would always hold"
        yield from _empties(policy, (*expected.source, *expected.destination), inner, help)


def _empties(
    policy: Policy, selectors: Selectors, inner: bool, help: str = "say `may_be_empty: true` if it is meant"
) -> Iterator[Diagnostic]:
    for selector in selectors:
        if asked_in(policy.site, policy.partition, (selector,), inner=inner) or _may_be_empty(policy, selector):
            continue
        if isinstance(selector, Named) and policy.partition.claims.get(selector.name):
            yield Diagnostic(
                selector.span,
                "emptied",
                f"all addresses of '{selector.name}' went to the segments within it",
                f"say {{within: {selector.name}}}, or name the inner segments",
            )
        else:
            yield Diagnostic(selector.span, "empty", f"'{selector}' names no address", help)


def _may_be_empty(policy: Policy, selector: Selector) -> bool:
    if not isinstance(selector, Named) or selector.name not in policy.site.segments:
        return False
    return selector.name == QUARANTINE or policy.site.segments[selector.name].may_be_empty


def _impossible(policy: Policy) -> Iterator[Diagnostic]:
    statements: tuple[Statement[Flow] | Statement[Guardrail] | Statement[Management], ...] = (
        *policy.flows.items,
        *policy.guardrails.items,
        *(s for s in policy.management.items if policy.site.points),
    )
    for statement in statements:
        if not statement.source or not statement.destination:
            if getattr(statement.said, "may_be_empty", False) or not _taken_out(policy, statement.said):
                continue
        elif possible(statement.source, statement.destination, statement.traffic):
            continue
        yield Diagnostic(
            statement.said.span,
            "impossible",
            f"'{statement.said.name}' can match no packet",
            "both ends need an address of one family, and a service of that family",
        )


def _impossible_expectations(policy: Policy) -> Iterator[Diagnostic]:
    """A test of no connection at all would hold whatever the policy says.

    To say that a segment which may be empty is denied something is meant; what is allowed to nobody can't be shown.
    """
    for said in policy.site.expectations:
        inner = said.expected is not Expected.ALLOWED
        ends = [asked_in(policy.site, policy.partition, end, inner=inner) for end in (said.source, said.destination)]
        traffic = ALL_TRAFFIC if said.expected is Expected.UNREACHABLE else traffic_of(said.services)
        if not all(ends) and (inner or any(_empties(policy, (*said.source, *said.destination), inner))):
            continue  # meant, or told already
        if not boxes(ends[0], ends[1], traffic):
            what = "this expectation speaks of no connection"
            help = "both ends need an address of one family, and a service of that family"
            yield Diagnostic(said.span, "impossible", what, help)


def _taken_out(policy: Policy, said: Flow | Guardrail | Management) -> bool:
    """Whether `except` or `not_to` left nothing of ends that have addresses."""
    if not isinstance(said, Flow):
        return False
    ends = (resolve_in(policy.site, policy.partition, end, inner=False) for end in (said.source, said.destination))
    return all(ends)


def _forbidden(policy: Policy) -> Iterator[Diagnostic]:
    guards = [(s.said, boxes(s.source, s.destination, s.traffic)) for s in policy.guardrails.items]
    for statement in policy.flows.items if guards else ():
        whole = boxes(statement.source, statement.destination, statement.traffic)
        meeting = [(said, taken) for said, taken in guards if any(a.meets(b) for a in whole for b in taken)]
        if not meeting or not whole:
            continue
        notes = tuple(Note(said.span, f"guardrail '{said.name}'") for said, _ in meeting)
        left = remaining(whole, (box for _, taken in meeting for box in taken))
        code = "partly-forbidden" if left else "forbidden"
        if not (left and waived(statement.said.waive, code)):
            what = f"guardrails forbid {'part' if left else 'the whole'} of flow '{statement.said.name}'"
            help = (
                "the guardrail wins: narrow the flow to what is left"
                if left
                else "take the flow out, or narrow the guardrail"
            )
            yield Diagnostic(statement.said.span, code, what, help, notes)


def _against_management(policy: Policy) -> Iterator[Diagnostic]:
    managed = [(s.said, boxes(s.source, s.destination, s.traffic)) for s in policy.management.items]
    for statement in policy.guardrails.items:
        guard = boxes(statement.source, statement.destination, statement.traffic)
        for said, held in managed:
            if any(a.meets(b) for a in guard for b in held):
                yield Diagnostic(
                    statement.said.span,
                    "guarded-management",
                    f"guardrail '{statement.said.name}' forbids management of the points, where it can have no effect",
                    "take the management sources, the points or the management services out of it",
                    (Note(said.span, "management is declared here"),),
                )


def _out_of_time(policy: Policy, at: datetime) -> Iterator[Diagnostic]:
    for flow in policy.site.flows:
        if flow.until is not None and flow.until <= at and not waived(flow.waive, "expired"):
            what = f"flow '{flow.name}' ended at {_show(flow.until)}"
            yield Diagnostic(flow.span, "expired", what, "take it out, or move `until`")
        elif flow.since is not None and at < flow.since and not waived(flow.waive, "not-yet"):
            what = f"flow '{flow.name}' begins at {_show(flow.since)}"
            yield Diagnostic(flow.span, "not-yet", what, "it allows nothing until then")


def _show(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
