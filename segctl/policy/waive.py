"""What offends may say that it is meant: the one form of exception."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date

from segctl.model.diagnostic import Diagnostic
from segctl.model.point import Point
from segctl.model.segment import Waiver, Waivers
from segctl.model.site import Site
from segctl.policy.match import Statements
from segctl.policy.policy import Policy


def waived(waivers: Waivers, *codes: str) -> bool:
    """Whether a waiver names one of these codes. One past its `until` still holds here: only `check` counts it out."""
    return any(waiver.code in codes for waiver in waivers)


def all_waivers(site: Site) -> Iterator[tuple[str, Waiver]]:
    """Every waiver of a site with what carries it."""
    for segment in site.segments.values():
        yield from ((f"segment '{segment.name}'", waiver) for waiver in segment.waive)
    for flow in site.flows:
        yield from ((f"flow '{flow.name}'", waiver) for waiver in flow.waive)
    for guardrail in site.guardrails:
        yield from ((f"guardrail '{guardrail.name}'", waiver) for waiver in guardrail.waive)
    for point in site.points.values():
        yield from ((f"point '{point.name}'", waiver) for waiver in point.waive)
        for interface in point.interfaces.values():
            yield from ((f"interface '{interface.name}' of '{point.name}'", waiver) for waiver in interface.waive)


def unwaived(findings: Iterable[Diagnostic], site: Site) -> tuple[Diagnostic, ...]:
    """Findings of the loader without those that are waived: it drops the second of two equal statements."""
    kept = {flow.span: flow.waive for flow in site.flows} | {rail.span: rail.waive for rail in site.guardrails}

    def is_waived(finding: Diagnostic) -> bool:
        first = finding.notes[0].span if finding.notes else None
        return finding.code == "equal-statements" and first is not None and waived(kept.get(first, ()), finding.code)

    return tuple(finding for finding in findings if not is_waived(finding))


def void(waiver: Waiver, today: date) -> bool:
    """Whether it is past its day; `today` in UTC."""
    return waiver.until is not None and waiver.until < today


def rewaived(policy: Policy, holds: Callable[[Waiver], bool]) -> Policy:
    """The same, but only these waivers are there. What the site means doesn't hang on them."""

    def kept(waivers: Waivers) -> Waivers:
        return tuple(waiver for waiver in waivers if holds(waiver)) if waivers else waivers

    def point(one: Point) -> Point:
        interfaces = {key: replace(value, waive=kept(value.waive)) for key, value in one.interfaces.items()}
        return replace(one, waive=kept(one.waive), interfaces=interfaces)

    site = policy.site
    flows = {flow.name: replace(flow, waive=kept(flow.waive)) if flow.waive else flow for flow in site.flows}
    rails = {rail.name: replace(rail, waive=kept(rail.waive)) for rail in site.guardrails}
    return replace(
        policy,
        site=replace(
            site,
            segments={name: replace(one, waive=kept(one.waive)) for name, one in site.segments.items()},
            flows=tuple(flows.values()),
            guardrails=tuple(rails.values()),
            points={name: point(one) for name, one in site.points.items()},
        ),
        flows=Statements(tuple(replace(one, said=flows[one.said.name]) for one in policy.flows.items)),
        guardrails=Statements(tuple(replace(one, said=rails[one.said.name]) for one in policy.guardrails.items)),
    )
