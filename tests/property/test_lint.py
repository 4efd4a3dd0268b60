"""Lint on random sites: unusable flows against every class of connection, and waivers that waive nothing."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from segctl.ask.check import check_site
from segctl.ask.lint.unusable import usable
from segctl.model.decision import Effect
from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.flow import Flow
from segctl.model.segment import Waiver, Waivers
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.model.strictness import Verdict
from segctl.policy import Policy, judge
from segctl.policy.match import Statement, Statements
from segctl.policy.waive import all_waivers, rewaived
from tests.property.test_diff import every_piece
from tests.reference import build
from tests.sites import meant
from tests.strategies import AT, valid_site

SOON = timedelta(days=30)


def slow(policy: Policy, flow: Statement[Flow]) -> bool:
    """Whether any class of connections passes by it, were it the only flow."""
    alone = replace(policy, flows=Statements((flow,)))
    for sources, destinations, traffic in every_piece(alone):
        one = sources.first(), destinations.first(), traffic.first()
        if one[0] in flow.source and one[1] in flow.destination and one[2] in flow.traffic:
            outcome = judge(alone, *one, max(AT, flow.said.since or AT))
            if outcome.decision.verdict is Verdict.ALLOW and outcome.effect is Effect.PASS:
                return True
    return False


def test_unusable_flows() -> None:
    seen = {True: 0, False: 0}
    for number in range(40):
        policy = meant(valid_site(Random(number)))
        for flow in policy.flows.items[:3]:
            if flow.source and flow.destination and (flow.said.until is None or flow.said.until > AT):
                found = usable(policy, flow, AT)
                assert found is slow(policy, flow), (number, flow.said.name)
                seen[found] += 1
    assert min(seen.values()) >= 5, seen


def test_a_waiver_is_idle_if_nothing_is_found_without_it() -> None:
    """Without those that are told nothing more is found; without any other, taken out alone, something is."""
    idle = working = 0
    for number in range(25):
        rng = Random(number)
        site = waiving(rng, valid_site(rng))
        policy = meant(site)
        found = told(policy)
        spans = {finding.span for finding in found if finding.code == "idle-waiver"}
        assert codes(told(without(policy, spans))) == codes(found)
        idle += len(spans)
        for _, waiver in all_waivers(site):
            if waiver.span not in spans and waiver.code not in BY_BOTH:
                assert codes(told(without(policy, {waiver.span}))) != codes(found), (number, waiver)
                working += 1
    assert idle > 50 and working > 50, (idle, working)


BY_BOTH = {"identity", "encryption", "binding", "uncovered", "no-owner"}
"""Waivers that need not show when they go: for later, at a point, at either end, of a whole site."""
SOME = ("expired", "review-due", "touches-quarantine", "already-allowed", "helper", "wider-than-needed", "unusable")


def waiving(rng: Random, site: Site) -> Site:
    """Every flow and segment waives a few codes, at places of their own."""

    def some(codes: tuple[str, ...], also: Waivers = ()) -> Waivers:
        kept = tuple(replace(waiver, span=build.here()) for waiver in also)
        return (*kept, *(Waiver(code, "x", build.here()) for code in rng.sample(codes, rng.randint(0, 3))))

    return replace(
        site,
        flows=tuple(replace(flow, waive=some(SOME, flow.waive)) for flow in site.flows),
        segments={
            name: one
            if one.built_in
            else replace(one, waive=some(("unused-segment", "unbound", "uncovered", "helper")))
            for name, one in site.segments.items()
        },
        guardrails=tuple(replace(rail, waive=()) for rail in site.guardrails),
    )


def without(policy: Policy, spans: set[Span]) -> Policy:
    return rewaived(policy, lambda waiver: waiver.span not in spans)


def told(policy: Policy) -> tuple[Diagnostic, ...]:
    try:
        return check_site(policy.site, (), AT).findings
    except SiteError as error:
        return error.findings


def codes(findings: tuple[Diagnostic, ...]) -> list[tuple[str, Span]]:
    return sorted((one.code, one.span) for one in findings if one.code != "idle-waiver")
