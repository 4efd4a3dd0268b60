"""What this point needs to live, as rules for its own input and output."""

from collections.abc import Iterator

from segctl.compile.addresses import address_ranges
from segctl.compile.lookups import take_apart
from segctl.compile.ruleset import EssentialRule
from segctl.compile.tokens import AddressRange, InterfaceName, Span
from segctl.model.generation import Meaning
from segctl.model.packet import Way
from segctl.model.point import Point
from segctl.model.ranges import ALL_V4, ALL_V6, Ranges
from segctl.model.service import ICMP6
from segctl.policy.essentials import EVERY, Essential
from segctl.policy.numbers import digest, number_all
from segctl.policy.policy import Policy

_HOOKS = {Way.INPUT: ("in",), Way.OUTPUT: ("out",), None: ("in", "out")}


def essential_rules(policy: Policy, point: Point) -> tuple[tuple[EssentialRule, ...], dict[int, Meaning]]:
    """One rule for each row, family and protocol of this point's interfaces; loopback is the template's."""
    rows = [row for row in policy.essentials if row.point == point.name and row.interface is not None]
    numbers = number_all([*map(_meaning, rows), ("essential", "loopback")])
    meanings = {numbers[key]: Meaning("essential", key[1], "", key[2:3]) for key in numbers}
    rules = [rule for row in rows for rule in _rules(row, numbers[_meaning(row)])]
    return tuple(dict.fromkeys(rules)), meanings


def loopback_number() -> int:
    """The number of what a point says to itself."""
    return number_all([("essential", "loopback")])["essential", "loopback"]


def _meaning(row: Essential) -> tuple[str, ...]:
    if row.interface is None or row.interface == EVERY:
        return ("essential", row.name)
    return ("essential", row.name, row.interface, digest(row.name, row.interface))


def _rules(row: Essential, number: int) -> Iterator[EssentialRule]:
    services = take_apart(row.traffic)
    interface = None if row.interface is None or row.interface == EVERY else InterfaceName(row.interface)
    for family, half in ((4, ALL_V4), (6, ALL_V6)):
        sources, destinations = row.source & half, row.destination & half
        if not sources or not destinations:
            continue
        kinds: dict[int, list[Span]] = {}
        for protocol, port in services.ports:
            kinds.setdefault(protocol, []).append(Span(port, port))
        for protocol, spans in services.ranges:
            kinds.setdefault(protocol, []).extend(spans)
        if family == 6 and services.icmp6:
            kinds[ICMP6] = [Span(kind, kind) for kind in services.icmp6]
        for protocol in {protocol for at, protocol in services.protocols if at == family}:
            kinds[protocol] = []
        for protocol, ports in kinds.items():
            yield EssentialRule(
                number,
                interface,
                family,
                _unless_all(sources, half),
                _unless_all(destinations, half),
                protocol,
                tuple(ports),
                row.hop_limit or 0,
                _HOOKS[row.way],
            )


def _unless_all(addresses: Ranges, half: Ranges) -> tuple[AddressRange, ...]:
    """Nothing for a whole family: the other end tells it."""
    return () if addresses == half else address_ranges(addresses)
