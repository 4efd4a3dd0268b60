"""Services as values of a packet's axes: protocols, and of those with ports or types which."""

from collections.abc import Iterator
from typing import NamedTuple

from segctl.model.ranges import ALL_V4, ALL_V6, V6, Ranges
from segctl.model.service import ICMP, ICMP6, WITH_PORTS, of_family, traffic_range
from segctl.prove.space import Spans


class Kind(NamedTuple):
    """Some traffic as values of axes: protocols, and of those with ports or types which."""

    protocols: Spans
    ports: Spans | None = None
    icmp: Spans | None = None


_KNOWN_KINDS: dict[tuple[int, Ranges], tuple[Kind, ...]] = {}


def kinds(some: Ranges, family: int) -> tuple[Kind, ...]:
    """Traffic of a family, protocol by protocol; those that are in it as a whole together."""
    key = family, some
    if key not in _KNOWN_KINDS:
        if len(_KNOWN_KINDS) > 100_000:
            _KNOWN_KINDS.clear()
        _KNOWN_KINDS[key] = tuple(_kinds(some, family))
    return _KNOWN_KINDS[key]


def _kinds(some: Ranges, family: int) -> Iterator[Kind]:
    wholly: list[tuple[int, int]] = []
    icmp = ICMP if family == 4 else ICMP6
    for first, last in some & of_family(family):
        for protocol in range(first >> 16 & 0xFF, (last >> 16 & 0xFF) + 1):
            here = traffic_range(family, protocol)
            begin, end = max(first, here[0]) & 0xFFFF, min(last, here[1]) & 0xFFFF
            if (begin, end) == (0, 0xFFFF) or (protocol not in WITH_PORTS and protocol != icmp):
                if begin == 0:
                    wholly.append((protocol, protocol))
            elif protocol == icmp:
                if begin <= 0xFF:
                    yield Kind(((icmp, icmp),), icmp=((begin, min(end, 0xFF)),))
            else:
                yield Kind(((protocol, protocol),), ports=((begin, end),))
    if wholly:
        yield Kind(tuple(wholly))


def half(ranges: Ranges, family: int) -> Spans:
    """Addresses of a family as spans of its own numbers."""
    if family == 4:
        return (ranges & ALL_V4).spans
    return tuple((first - V6, last - V6) for first, last in (ranges & ALL_V6))
