"""Segments and flows that nobody answers for."""

from collections.abc import Callable, Iterator

from segctl.model.diagnostic import Diagnostic
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.policy import Policy
from segctl.policy.partition import ancestors
from segctl.policy.waive import waived

CODE = "no-owner"
Touches = Callable[[Ranges], frozenset[str]]


def no_owner(policy: Policy, touches: Touches) -> Iterator[Diagnostic]:
    """A segment may have its owner from one around it, a flow from a segment at either end.

    One finding for a site that names no owner at all: it isn't told of each line.
    """
    site = policy.site
    own = [segment for segment in site.segments.values() if not segment.built_in]
    owners = [one.owner for one in site.segments.values()] + [flow.owner for flow in site.flows]
    if not any(owners):
        if any(
            not waived(waivers, CODE) for waivers in (*(o.waive for o in own), *(flow.waive for flow in site.flows))
        ):
            what = "nobody answers for anything here: no segment and no flow says `owner`"
            yield Diagnostic(site.span, CODE, what, "say `owner:` on the segments, at least")
        return
    owned = {segment.name for segment in site.segments.values() if _owned(policy, segment)}
    for segment in own:
        if segment.name not in owned and not waived(segment.waive, CODE):
            yield Diagnostic(
                segment.span, CODE, f"segment '{segment.name}' has no owner", "say `owner:`, who answers for it"
            )
    for one in policy.flows.items:
        flow = one.said
        if flow.owner or waived(flow.waive, CODE):
            continue
        if owned.isdisjoint(touches(one.source)) and owned.isdisjoint(touches(one.destination)):
            what = f"flow '{flow.name}' has no owner, and no segment at its ends has one"
            yield Diagnostic(flow.span, CODE, what, "say `owner:`, who answers for it")


def _owned(policy: Policy, segment: Segment) -> bool:
    around = (policy.site.segments[name] for name in ancestors(policy.site, segment.name))
    return any(one.owner for one in (segment, *around))
