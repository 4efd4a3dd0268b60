"""What passes although an address is in quarantine, or all is shut: the exceptions in the hold table.

They hang on the site, so that each generation's flip renews them; what is held doesn't, and stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from segctl.compile.addresses import address_ranges
from segctl.compile.essentials import essential_rules
from segctl.compile.lookups import take_apart
from segctl.compile.ruleset import EssentialRule
from segctl.compile.tokens import AddressRange, Name, Span
from segctl.model.flow import Flow
from segctl.model.moment import milliseconds
from segctl.model.ranges import ALL_V4, ALL_V6, Ranges
from segctl.model.service import ICMP, ICMP6
from segctl.policy.match import Statement
from segctl.policy.policy import Policy

_ICMP = {4: ICMP, 6: ICMP6}
_ANSWERS = {4: {8: 0, 13: 14, 15: 16, 17: 18}, 6: {128: 129, 139: 140}}  # RFC 792, 950, 4443, 4620


@dataclass(frozen=True, slots=True)
class Exception_:
    """Sources to destinations of one family, over one protocol (None: any): ports or types, () for all of them;
    `answers`: the types by which they are answered. `alive`: the set that is empty once the exception has ended.
    """

    family: int
    sources: tuple[AddressRange, ...]
    destinations: tuple[AddressRange, ...]
    protocol: int | None
    ports: tuple[Span, ...] = ()
    answers: tuple[Span, ...] = ()
    alive: Name | None = None

    @property
    def icmp(self) -> bool:
        """Whether its ports are types."""
        return self.protocol == _ICMP[self.family]


@dataclass(frozen=True, slots=True)
class Hold:
    """remedy: active flows for remediation; manage: management; essentials: what the point needs to live.

    ends: when exceptions end, in milliseconds since 1970, each with its set `alive`.
    """

    remedy: tuple[Exception_, ...]
    manage: tuple[Exception_, ...]
    essentials: tuple[EssentialRule, ...]
    ends: tuple[tuple[int, Name], ...] = ()


def compile_hold(policy: Policy, name: str, at: datetime) -> Hold:
    """The exceptions of a point as they hold at `at`."""
    flows = remediation(policy, at)
    ends = sorted({milliseconds(s.said.until) for s in flows if s.said.until is not None})
    alive = {end: Name(f"until_{end}") for end in ends}
    remedy = tuple(
        replace(one, alive=alive[milliseconds(s.said.until)] if s.said.until else None)
        for s in flows
        for one in _exceptions(s.source, s.destination, s.traffic)
    )
    manage = tuple(one for s in policy.management.items for one in _exceptions(s.source, s.destination, s.traffic))
    essentials, _ = essential_rules(policy, policy.site.points[name])
    return Hold(remedy, manage, essentials, tuple(alive.items()))


def remediation(policy: Policy, at: datetime) -> list[Statement[Flow]]:
    """The flows for remediation that are active at `at`."""
    return [s for s in policy.flows.items if s.said.remediation and s.said.active(at)]


def _exceptions(source: Ranges, destination: Ranges, traffic: Ranges) -> Iterator[Exception_]:
    services = take_apart(traffic)
    for family, half in ((4, ALL_V4), (6, ALL_V6)):
        ends = address_ranges(source & half), address_ranges(destination & half)
        if not all(ends):
            continue
        if services.everything:
            yield Exception_(family, *ends, None)
            continue
        kinds: dict[int, list[Span]] = {}
        for protocol, port in services.ports:
            kinds.setdefault(protocol, []).append(Span(port, port))
        for protocol, spans in services.ranges:
            kinds.setdefault(protocol, []).extend(spans)
        for protocol, ports in kinds.items():
            yield Exception_(family, *ends, protocol, tuple(ports))
        types = services.icmp4 if family == 4 else services.icmp6
        if types:
            answers = tuple(Span(a, a) for kind, a in _ANSWERS[family].items() if kind in types)
            yield Exception_(family, *ends, _ICMP[family], tuple(Span(kind, kind) for kind in types), answers)
        for protocol in (protocol for at, protocol in services.protocols if at == family):
            yield Exception_(family, *ends, protocol)
