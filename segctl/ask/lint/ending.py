"""Flows that end soon."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from segctl.model.diagnostic import Diagnostic
from segctl.policy import Policy
from segctl.policy.waive import waived

CODE = "expiring"


def expiring(policy: Policy, at: datetime, soon: timedelta) -> Iterator[Diagnostic]:
    """Those that hold still at `at`, or begin later, and end within `soon`; what ended is a warning of its own."""
    for flow in policy.site.flows:
        if flow.until is None or not at < flow.until <= at + soon or waived(flow.waive, CODE):
            continue
        end = flow.until.isoformat().replace("+00:00", "Z")
        help = "see whether it is still needed, and move `until`, or let it end"
        yield Diagnostic(flow.span, CODE, f"flow '{flow.name}' ends at {end}", help)
