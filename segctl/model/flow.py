"""What a site declares: flows, guardrails, management and expectations, as written."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from segctl.model.ranges import NOTHING, Ranges
from segctl.model.segment import Waivers
from segctl.model.selector import Selectors
from segctl.model.service import Service
from segctl.model.span import Span

Services = tuple[Service, ...]


def traffic_of(services: Services) -> Ranges:
    """All traffic of these services together."""
    out = NOTHING
    for service in services:
        out = out | service.traffic
    return out


def service_names(services: Services) -> str:
    """As a person would write them."""
    return ", ".join(service.name for service in services)


@dataclass(frozen=True, slots=True)
class Flow:
    """A declared allowance of opening connections; active while `since` <= time < `until` (both with zone)."""

    name: str
    span: Span
    source: Selectors
    destination: Selectors
    services: Services
    source_except: Selectors = ()
    destination_except: Selectors = ()
    why: str | None = None
    owner: str | None = None
    ticket: str | None = None
    review_by: date | None = None
    since: datetime | None = None
    until: datetime | None = None
    remediation: bool = False
    may_be_empty: bool = False
    waive: Waivers = ()
    named: bool = True  # False: the name was made of the flow's meaning

    def active(self, at: datetime) -> bool:
        """Whether it holds at that instant."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A declared prohibition that no flow and no default overrides; no services means all."""

    name: str
    span: Span
    source: Selectors
    destination: Selectors
    services: Services
    why: str | None = None
    owner: str | None = None
    ticket: str | None = None
    may_be_empty: bool = False
    waive: Waivers = ()
    named: bool = True


@dataclass(frozen=True, slots=True)
class Management:
    """Who must never be locked out of the points; `name` is made of its meaning."""

    name: str
    span: Span
    source: Selectors
    services: Services


class Expected(StrEnum):
    """What an expectation says."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One of the site's own tests, judged by verdict (`unreachable` by effect)."""

    span: Span
    source: Selectors
    destination: Selectors
    services: Services
    expected: Expected
    at: datetime | None = None
