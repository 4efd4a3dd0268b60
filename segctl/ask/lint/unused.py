"""Services, endpoints and segments that nothing uses."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from segctl.ask.lint.owners import Touches
from segctl.model.diagnostic import Diagnostic
from segctl.model.flow import Expectation, Flow, Guardrail, Management
from segctl.model.segment import Segment
from segctl.model.selector import WORLD, Labelled, Named, Selector
from segctl.model.site import Site
from segctl.model.strictness import Verdict
from segctl.policy import Policy
from segctl.policy.waive import waived

_END = datetime.max.replace(tzinfo=UTC)


def unused(policy: Policy, at: datetime, touches: Touches) -> Iterator[Diagnostic]:
    """All three kinds."""
    yield from _services(policy.site)
    yield from _endpoints(policy)
    yield from _segments(policy, at, touches)


def _services(site: Site) -> Iterator[Diagnostic]:
    """Of the site's own: in no statement, no mode, and in no group that is used."""
    used: set[str] = set()
    follow = [service.name for said in _statements(site) for service in said.services]
    follow += [name for one in site.segments.values() if one.mode is not None for name in one.mode.names]
    follow += site.default_mode.names
    while follow:
        if (name := follow.pop()) not in used:
            used.add(name)
            follow += site.services[name].made_of if name in site.services else ()
    for name, service in site.services.items():
        if service.made_of and name not in used:
            what = f"nothing uses the service '{name}'"
            yield Diagnostic(service.span, "unused-service", what, "take it out, or use its name where its ports stand")


def _statements(site: Site) -> Iterator[Flow | Guardrail | Management | Expectation]:
    yield from site.flows
    yield from site.guardrails
    yield from site.management
    yield from site.expectations


def _endpoints(policy: Policy) -> Iterator[Diagnostic]:
    """In no segment, and in no statement by name or label."""
    site = policy.site
    if not site.endpoints:
        return
    named = {point.endpoint for point in site.hosts()}
    for selector in _selectors(site):
        if isinstance(selector, Named):
            named.add(selector.name)
        elif isinstance(selector, Labelled):
            named.update(one.name for one in site.carrying(selector.labels))
    for name, endpoint in site.endpoints.items():
        if name not in named and all(policy.home_of(address) in (None, WORLD) for address in endpoint.addresses):
            what = f"the endpoint '{name}' is in no segment, and nothing names it"
            yield Diagnostic(endpoint.span, "unused-endpoint", what, "make it a member of a segment, or take it out")


def _selectors(site: Site) -> Iterator[Selector]:
    for said in _statements(site):
        yield from said.source
        if not isinstance(said, Management):
            yield from said.destination
        if isinstance(said, Flow):
            yield from (*said.source_except, *said.destination_except)


def _segments(policy: Policy, at: datetime, touches: Touches) -> Iterator[Diagnostic]:
    """Nothing is opened to or from it, now or later, and by default it exchanges nothing with any other."""
    named: set[str] = set()
    for one in policy.flows.items:
        if (one.said.until or _END) > at:
            named |= touches(one.source) | touches(one.destination)
    for entry in policy.management.items:
        named |= touches(entry.source)
    there = [one for one in policy.site.segments.values() if policy.partition.own[one.name]]
    speaking, listening = (_some(there, way) for way in ("egress", "ingress"))
    for segment in there:
        if (
            segment.built_in
            or segment.name in named
            or segment.profile.quarantine
            or waived(segment.waive, "unused-segment")
        ):
            continue
        out = segment.profile.egress is Verdict.ALLOW and listening - {segment.name}
        back = segment.profile.ingress is Verdict.ALLOW and speaking - {segment.name}
        if not out and not back:
            what = f"nothing connects '{segment.name}' with any other segment"
            yield Diagnostic(segment.span, "unused-segment", what, "declare its flows, or take it out")


def _some(segments: Iterable[Segment], way: str) -> set[str]:
    return {
        one.name for one in segments
        if not one.profile.quarantine and getattr(one.profile, way) is Verdict.ALLOW
    }  # fmt: skip
