"""Which services are tried: those that the site names, the neighbours of their edges, and a few that it doesn't."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segctl.model.ranges import Ranges
from segctl.model.service import GRE, ICMP, ICMP6, LAST_PORT, SCTP, TCP, UDP, traffic, traffic_range
from segctl.model.site import Site

STRANGERS = ((TCP, 81), (TCP, 31_337), (UDP, 6_969))
"""Tried always: in a site that names none of them they show that silence means no."""

ECHO = {4: (ICMP, 8), 6: (ICMP6, 128)}
_MANY = 8  # a service of more protocols than this is `all`, of which one without ports stands for the rest
_HEADERS = {0, 43, 44, 51, 59, 60, 135, 139, 140}  # IPv6 extension headers (IANA): no payload of their own to try
_FIRST_PORT = 1  # port 0 is reserved (RFC 6335): hosts don't send it, and filters treat it as odd


@dataclass(frozen=True, slots=True)
class Asked:
    """Traffic numbers in order, and what of the site's services no packet is made for."""

    traffic: tuple[int, ...]
    left_out: tuple[str, ...] = ()


def named_traffic(site: Site) -> Iterator[tuple[str, Ranges]]:
    """Each service that a statement, a mode or an expectation names."""
    for group in (site.flows, site.guardrails, site.management, site.expectations):
        for statement in group:
            yield from ((service.name, service.traffic) for service in statement.services)
    for segment in site.segments.values():
        if segment.mode is not None and segment.mode.services:
            yield f"mode of {segment.name}", segment.mode.services


def services_of(site: Site, families: Iterable[int] = (4, 6)) -> Asked:
    """All that a run over this site tries, in each of the families, strangers and echo included."""
    families = tuple(families)
    asked = just(named_traffic(site), families)
    always = {traffic(f, protocol, port) for f in families for protocol, port in (*STRANGERS, ECHO[f])}
    return Asked(tuple(sorted(always.union(asked.traffic))), asked.left_out)


def just(named: Iterable[tuple[str, Ranges]], families: Iterable[int] = (4, 6)) -> Asked:
    """These services and the neighbours of their edges, nothing else."""
    families = tuple(families)
    asked: set[int] = set()
    left_out: set[str] = set()
    for name, ranges in dict.fromkeys(named):
        for family in families:
            some, rest = edges(family, ranges)
            asked |= some
            left_out |= {f"{name}: {what}" for what in rest}
    return Asked(tuple(sorted(asked)), tuple(sorted(left_out)))


def edges(family: int, ranges: Ranges) -> tuple[set[int], set[str]]:
    """First, last and just outside of each range of ports, each whole protocol; and what can't be tried, in words."""
    places: set[int] = set()
    left_out: set[str] = set()
    touched = [p for p in range(256) if ranges.meets(Ranges((traffic_range(family, p),)))]
    for protocol in (TCP, UDP, *([SCTP] if len(touched) <= _MANY else [])):
        part = ranges & Ranges((traffic_range(family, protocol),))
        places |= {p for span in part for p in _around(family, protocol, span)}
    types = {t for p in (ICMP, ICMP6) for t in _types(family, p, ranges) if (p, t) != ECHO[family]}
    if types and len(types) <= _MANY:
        left_out |= {f"ICMP type {kind} (IPv{family}): only echo requests are tried" for kind in types}
    others = [p for p in touched if p not in (TCP, UDP, SCTP, ICMP, ICMP6)]
    if len(touched) > _MANY:
        others = [GRE] if ranges.covers(Ranges((traffic_range(family, GRE),))) else []
    for protocol in others:
        if family == 6 and protocol in _HEADERS:
            left_out.add(f"protocol {protocol} (IPv6): a header, no payload")
        else:
            places.add(traffic(family, protocol))
    return places, left_out


def _around(family: int, protocol: int, span: tuple[int, int]) -> Iterator[int]:
    lowest, highest = traffic(family, protocol, _FIRST_PORT), traffic(family, protocol, LAST_PORT)
    for place in (span[0] - 1, max(span[0], lowest), min(span[1], highest), span[1] + 1):
        if lowest <= place <= highest:
            yield place


def _types(family: int, protocol: int, ranges: Ranges) -> Iterator[int]:
    """The ICMP types that the ranges hold one by one; a whole protocol is echo's affair."""
    for first, last in ranges & Ranges((traffic_range(family, protocol),)):
        if last - first < _MANY:
            yield from (place & LAST_PORT for place in range(first, last + 1))
