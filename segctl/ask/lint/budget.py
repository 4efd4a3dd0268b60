"""Segments from which an intruder reaches more than the site allows."""

from collections.abc import Iterator
from datetime import datetime

from segctl.ask.blast import Blasts
from segctl.ask.reach import reach
from segctl.model.diagnostic import Diagnostic
from segctl.policy import Policy
from segctl.policy.waive import waived

CODE = "over-budget"


def over_budget(policy: Policy, at: datetime) -> Iterator[Diagnostic]:
    """By effect, in any number of hops, from the machine of the segment that reaches most."""
    limited = [one for one in policy.site.segments.values() if one.budget is not None]
    if not limited:
        return
    blasts = Blasts(reach(policy, at))
    for segment in limited:
        assert segment.budget is not None
        radius = blasts.radius(segment.name)
        if radius > segment.budget and not waived(segment.waive, CODE):
            what = f"from '{segment.name}' an intruder reaches {radius} addresses: its budget is {segment.budget}"
            help = f"`segctl blast {segment.name}` shows the way: close one, or raise `budget`"
            yield Diagnostic(segment.span, CODE, what, help)
