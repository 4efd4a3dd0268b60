"""What is allowed and yet deserves a look: members twice, reviews that are due, flows that do nothing or not enough."""

from collections.abc import Iterator
from datetime import UTC, datetime

from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.flow import Flow
from segctl.model.segment import Segment
from segctl.model.selector import Named, Selector
from segctl.model.service import TCP, UDP, traffic
from segctl.policy.partition import member_addresses
from segctl.policy.policy import Policy
from segctl.policy.redundant import redundant_flows
from segctl.policy.waive import waived

_HELPED = {  # traffic whose protocol opens further connections, on ports that it agrees on inside
    "FTP": (traffic(4, TCP, 21),),  # RFC 959
    "TFTP": (traffic(4, UDP, 69),),  # RFC 1350
    "SIP": (traffic(4, TCP, 5060), traffic(4, UDP, 5060)),  # RFC 3261
}
_MANY_PORTS = 2 * 100  # a range as wide as this is not about the one protocol in it; two families


def lint(policy: Policy, at: datetime) -> tuple[Diagnostic, ...]:
    """All of it; the waived ones are left out."""
    found = [finding for segment in policy.site.segments.values() for finding in _members(policy, segment)]
    for flow in policy.site.flows:
        found += _review(flow, at)
        found += _idle(policy, flow)
        found += _helped(flow)
    return (*found, *redundant_flows(policy, at))


def _members(policy: Policy, segment: Segment) -> Iterator[Diagnostic]:
    """One finding for a segment, however many overlap."""
    if len(segment.members) < 2 or waived(segment.waive, "overlap-members"):
        return
    rows = sorted(
        (first, last, place)
        for place, member in enumerate(segment.members)
        for first, last in member_addresses(policy.site, member)
    )
    overlaps: list[tuple[Selector, Selector]] = []
    reach, holder = -1, 0  # the furthest end so far, and whose it is
    for first, last, place in rows:
        if first <= reach and place != holder:
            one, other = sorted((place, holder))
            overlaps.append((segment.members[one], segment.members[other]))
        if last > reach:
            reach, holder = last, place
    if overlaps:
        inner, later = overlaps[0]
        more = f" ({len(overlaps) - 1} more such pairs)" if len(overlaps) > 1 else ""
        what = f"members of '{segment.name}' overlap: '{later}' and '{inner}'{more}"
        note = Note(inner.span, f"'{inner}' stands here")
        yield Diagnostic(later.span, "overlap-members", what, "they are merged: take one out", (note,))


def _review(flow: Flow, at: datetime) -> Iterator[Diagnostic]:
    """A day lasts to its end in UTC."""
    if flow.review_by and flow.review_by < at.astimezone(UTC).date() and not waived(flow.waive, "review-due"):
        what = f"flow '{flow.name}' was to be reviewed by {flow.review_by.isoformat()}"
        yield Diagnostic(flow.span, "review-due", what, "see whether it is still needed, and move `review_by`")


def _idle(policy: Policy, flow: Flow) -> Iterator[Diagnostic]:
    """Flows that name a segment in quarantine, or one that is empty on purpose."""
    for selector in (*flow.source, *flow.destination):
        segment = policy.site.segments.get(selector.name) if isinstance(selector, Named) else None
        if segment is None:
            continue
        if segment.profile.quarantine and not flow.remediation and not waived(flow.waive, "touches-quarantine"):
            what = f"flow '{flow.name}' names '{segment.name}', which is in quarantine, and is no remediation"
            yield Diagnostic(selector.span, "touches-quarantine", what, "say `remediation: true`, or take it out")
        elif (
            not segment.built_in
            and not policy.partition.claims[segment.name]
            and not waived(flow.waive, "touches-empty")
        ):
            what = f"flow '{flow.name}' names '{segment.name}', which has no address yet"
            yield Diagnostic(selector.span, "touches-empty", what, "it will hold once the segment has members")


def _helped(flow: Flow) -> Iterator[Diagnostic]:
    """Conntrack helpers aren't followed (the law, Replies)."""
    if waived(flow.waive, "helper"):
        return
    help = "name the ports of those connections, too (most servers can fix their range), or use another protocol"
    for service in flow.services:
        if service.traffic.size() > _MANY_PORTS:
            continue
        for name, places in _HELPED.items():
            if any(place in service.traffic for place in places):
                what = f"flow '{flow.name}' allows {name}, which opens further connections that are not followed"
                yield Diagnostic(service.span, "helper", what, help)
