"""The flow register: what a site declares, how each line stands at a time, and what it waives."""

from datetime import UTC, datetime

from segctl.ask.result import Entry, Register, State
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.policy.waive import all_waivers, void


def register(site: Site, at: datetime) -> Register:
    """The register at a time with zone, in the order of the site's files."""
    today = at.astimezone(UTC).date()
    waivers = ((owner, waiver, void(waiver, today)) for owner, waiver in all_waivers(site))
    return Register(
        site.name,
        at,
        tuple(_entry(flow, at) for flow in sorted(site.flows, key=_place)),
        tuple(sorted(site.guardrails, key=_place)),
        tuple(sorted(site.management, key=_place)),
        tuple(sorted(waivers, key=lambda each: (each[1].span, each[0], each[1].code))),
    )


def state(flow: Flow, at: datetime) -> State:
    """Whether it holds, did, or will."""
    if flow.active(at):
        return State.ACTIVE
    return State.LATER if flow.since is not None and at < flow.since else State.ENDED


def _entry(flow: Flow, at: datetime) -> Entry:
    today = at.astimezone(UTC).date()
    overdue = flow.review_by is not None and flow.review_by < today
    return Entry(flow, state(flow, at), overdue, tuple((waiver, void(waiver, today)) for waiver in flow.waive))


def _place(said: Flow | Guardrail | Management) -> tuple[Span, str]:
    return said.span, said.name
