"""A random site and a question as text, for the message of a failed test: short, and enough to build them again."""

from collections.abc import Iterator

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.ranges import show_address
from segctl.model.segment import Segment
from segctl.model.selector import Selectors, show_selectors
from segctl.model.service import show_traffic
from segctl.model.site import Site
from segctl.model.strictness import Profile
from tests.reference.law import Question


def show_question(asked: Question) -> str:
    ends = f"{show_address(asked.source)} -> {show_address(asked.destination)}"
    return f"{ends} {show_traffic(asked.traffic)} (place {asked.traffic:#x}) at {asked.at.isoformat()}"


def show_site(site: Site) -> str:
    return "\n".join(_lines(site))


def _lines(site: Site) -> Iterator[str]:
    yield f"defaults: {site.default_mode}"
    for segment in site.segments.values():
        yield _segment(segment)
    for endpoint in site.endpoints.values():
        addresses = ", ".join(show_address(address) for address in endpoint.addresses)
        yield f"endpoint {endpoint.name}: {addresses} {endpoint.labels or ''}"
    for point in site.points.values():
        yield f"{point.kind} {point.name}: {point.endpoint or ''}"
        for interface in point.interfaces.values():
            own = ", ".join(f"{show_address(each.address)}/{each.length}" for each in interface.addresses)
            yield f"  {interface.name}: segments [{', '.join(interface.segments)}] own [{own}] links {interface.links}"
    statements: list[Flow | Guardrail | Management] = [*site.flows, *site.guardrails, *site.management]
    yield from map(_statement, statements)


def _segment(segment: Segment) -> str:
    within = f" within {segment.within}" if segment.within else ""
    return (
        f"segment {segment.name}{within}: {_profile(segment.profile)} mode {segment.mode} labels {segment.labels} "
        f"members [{show_selectors(segment.members)}]"
    )


def _profile(profile: Profile) -> str:
    falls = "".join("+" if each.value == "allow" else "-" for each in (profile.intra, profile.ingress, profile.egress))
    return f"{profile.name} ({falls}, {profile.answer}{', quarantine' if profile.quarantine else ''})"


def _statement(statement: Flow | Guardrail | Management) -> str:
    services = ", ".join(map(str, statement.services)) or "all"
    head = f"{type(statement).__name__.lower()} {statement.name}: {services} from {show_selectors(statement.source)}"
    if isinstance(statement, Management):
        return head
    to = f" to {show_selectors(statement.destination)}"
    if isinstance(statement, Guardrail):
        return head + to
    marks = f" since {statement.since}" if statement.since else ""
    marks += f" until {statement.until}" if statement.until else ""
    marks += " remediation" if statement.remediation else ""
    return head + _but("except", statement.source_except) + to + _but("not_to", statement.destination_except) + marks


def _but(word: str, selectors: Selectors) -> str:
    return f" {word} {show_selectors(selectors)}" if selectors else ""
