"""What is let through for a time beside what the site says: a grant, or a segment that only observes for a while.

Both are elements with an end, in maps that every generation has for them and in the sets of numbers that live: so they
begin at once, end in the kernel with nothing of ours running, and end the connections that they let through. They are
made anew from their words for each generation, whose zones and interfaces are its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from segctl.apply.result import CannotApply
from segctl.model.elements import Bytes, Elements
from segctl.model.generation import Home, Leaning, Loadable, Side
from segctl.model.ranges import ALL_ADDRESSES, ALL_V4, ALL_V6, V6, Ranges, parse_address
from segctl.model.service import (
    ALL_TRAFFIC,
    ICMP,
    ICMP6,
    LAST_PORT,
    family_of,
    of_family,
    port_of,
    protocol_of,
)
from segctl.policy.numbers import GRANTED
from segctl.store.overrides import Override, OverrideKind

_WAYS = 12  # bits of a number for the pair of interfaces
_MOST = 2000  # elements of one permit in a map of ranges: more load slowly
_ANSWERS = {4: {8: 0, 13: 14, 15: 16, 17: 18}, 6: {128: 129, 139: 140}}  # RFC 792, 950, 4443, 4620
_PASSING = (Leaning.ALLOW, Leaning.OBSERVE, Leaning.OTHER)


Part = tuple[bytes, bytes]
"""The first and the last value of a part of a key."""

Service = tuple[int, int, int, int]
"""Protocols from first to last, ports from first to last."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Connections that pass: `zones` names the pairs by their homes (a relaxation), else they go by addresses."""

    id: int
    source: Ranges
    destination: Ranges
    traffic: Ranges
    until: int
    zones: tuple[tuple[int, int], ...] = ()


def permits(side: Side, override: Override) -> tuple[Permit, ...]:
    """What an override lets through under a generation. CannotApply where its words mean nothing there."""
    if override.kind is OverrideKind.GRANT:
        source, destination, _, traffic = override.words
        ends = addresses_of(side, source), addresses_of(side, destination)
        return (Permit(override.id, *ends, traffic_said(traffic), override.until),)
    if override.kind is OverrideKind.RELAX:
        return tuple(_relaxed(side, override))
    return ()


def known(side: Side, overrides: Iterable[Override]) -> tuple[Override, ...]:
    """Those whose words mean something under a generation: an older one may know less."""
    found = []
    for one in overrides:
        with suppress(CannotApply):
            permits(side, one)
            found.append(one)
    return tuple(found)


def addresses_of(side: Side, words: str) -> Ranges:
    """Of a segment, an endpoint, `any`, an address, CIDR or range, as a flow would have it."""
    if words == "any":
        return ALL_ADDRESSES
    owned = [home.addresses for home in side.homes if home.segment == words]
    if owned:
        return Ranges.of(span for one in owned for span in one)
    if words in side.endpoints:
        return Ranges.of((one, one) for one in side.endpoints[words])
    try:
        return _literal(words)
    except ValueError:
        raise CannotApply(
            f"'{words}' is no segment, endpoint or address of the generation that is live",
            "name one of the site's, or write an address, CIDR or range; `segctl release` ends what names it no more",
        ) from None


def _literal(words: str) -> Ranges:
    first, dash, last = words.partition("-")
    if dash:
        return Ranges.of([(parse_address(first), parse_address(last))])
    text, slash, length = words.partition("/")
    address = parse_address(text)
    if not slash:
        return Ranges.of([(address, address)])
    bits = (128 if address >= V6 else 32) - int(length)
    if bits < 0 or address >> bits << bits != address:
        raise ValueError(words)
    return Ranges.of([(address, address | (1 << bits) - 1)])


def said_traffic(traffic: Ranges) -> str:
    """Traffic as a word of an override."""
    return ",".join(f"{first}-{last}" for first, last in traffic)


def traffic_said(words: str) -> Ranges:
    """The same backwards."""
    spans = (one.split("-") for one in words.split(","))
    return Ranges.of((int(first), int(last)) for first, last in spans)


def _relaxed(side: Side, override: Override) -> Iterator[Permit]:
    """To and from the segment what passes if it observes: where the other end doesn't refuse and enforce, and what
    isn't allowed anyway.
    """
    (name,) = override.words
    here = [home for home in side.homes if home.segment == name]
    if not here:
        raise CannotApply(f"there is no segment '{name}' in the generation that is live")
    others = [home for home in side.homes if home.segment != name]
    pairs = [(home, other) for home in here for other in here if not home.inside]
    pairs += [(o, h) for o in others for h in here if o.out in _PASSING and not _passes(o.out, h.into)]
    pairs += [(h, o) for o in others for h in here if o.into in _PASSING and not _passes(h.out, o.into)]
    for source, destination in pairs:
        ends = source.addresses, destination.addresses
        yield Permit(override.id, *ends, ALL_TRAFFIC, override.until, ((source.id, destination.id),))


def _passes(out: Leaning, into: Leaning) -> bool:
    """Whether a pair passes as it is, by default or as both only observe."""
    says = {out, into}
    return Leaning.DENY not in says and (says != {Leaning.OTHER})


def with_permits(rules: Loadable, overrides: Iterable[Override], now: int) -> Loadable:
    """The rules with what is let through beside them now."""
    more = [one for override in overrides if override.active(now) for one in elements(rules.side, override)]
    if not more:
        return rules
    held = {one.name: one for one in rules.elements}
    for one in more:
        held[one.name] = _joined(held[one.name], one) if one.name in held else one
    return Loadable(rules.point, rules.structure, tuple(held.values()), rules.meanings, rules.side)


def _joined(one: Elements, other: Elements) -> Elements:
    keys = np.concatenate((one.keys, other.keys))
    ends = None if one.ends is None or other.ends is None else np.concatenate((one.ends, other.ends))
    data = None if one.data is None or other.data is None else np.concatenate((one.data, other.data))
    until = [part.until if part.until is not None else np.zeros(len(part), np.uint64) for part in (one, other)]
    return Elements(one.name, keys, ends, data, until=np.concatenate(until))


def elements(side: Side, override: Override) -> Iterator[Elements]:
    """All elements of an override in a generation's table, those first that others lead to."""
    found = permits(side, override)
    if not found:
        return
    yield from _numbers(side, found)
    zones = [pair for one in found for pair in one.zones]
    if zones:
        yield _marked("relaxed", [_word(a) + _word(b) for a, b in zones], found[0])
        return
    for one in found:
        yield from _by_address(one)


def _base(permit: Permit) -> int:
    return GRANTED + permit.id % (1 << _WAYS)


def _numbers(side: Side, found: tuple[Permit, ...]) -> Iterator[Elements]:
    """From base to number by the interfaces between which the connection begins, and what lives (binding.py)."""
    first = found[0]
    start = GRANTED + (first.id % (1 << _WAYS) << _WAYS)
    if side.host:
        yield _marked("numbers_own", [_word(_base(first))], first, [start])
        yield _timed("live_own", [_word(start)], first)
        return
    ways = dict.fromkeys(way for one in found for way in _ways(side, one))
    numbered = {way: start + at for at, way in enumerate(ways)}
    through = {way: number for way, number in numbered.items() if len(way) == 2}
    own = {way: number for way, number in numbered.items() if len(way) == 1}
    base = _word(_base(first))
    if through:
        yield _marked("numbers", [_name(a) + _name(b) + base for a, b in through], first, list(through.values()))
        alive = dict.fromkeys(
            _name(a) + _name(b) + _word(number) for way, number in through.items() for a, b in (way, way[::-1])
        )
        yield _timed("live", list(alive), first)
    if own:
        yield _marked("numbers_own", [_name(way[0]) + base for way in own], first, list(own.values()))
        yield _timed("live_own", [_name(way[0]) + _word(number) for way, number in own.items()], first)


def _ways(side: Side, one: Permit) -> Iterator[tuple[str, ...]]:
    """The pairs of interfaces behind which the ends live; one of them where an end is the point's own."""
    sources = [home for home in side.homes if home.addresses.meets(one.source)]
    targets = [home for home in side.homes if home.addresses.meets(one.destination)]
    ins, outs = _places(sources), _places(targets)
    yield from product(ins, outs)
    if any(home.ours for home in targets):
        yield from ((place,) for place in ins)
    if any(home.ours for home in sources):
        yield from ((place,) for place in outs)


def _places(homes: Iterable[Home]) -> list[str]:
    return sorted({place for home in homes for place in home.interfaces})


def _by_address(one: Permit) -> Iterator[Elements]:
    for family, half in ((4, ALL_V4), (6, ALL_V6)):
        pairs = list(product((one.source & half).spans, (one.destination & half).spans))
        ports, types = _services(one.traffic & of_family(family))
        if len(pairs) * (len(ports) + len(types)) > _MOST:
            raise CannotApply(
                f"that is {len(pairs) * (len(ports) + len(types))} pairs of ranges, and {_MOST} at most",
                "grant it between fewer addresses, or write a flow with `until` into the site",
            )
        width = 16 if family == 6 else 4
        keys = [
            (_span(a, width, family), _span(b, width, family), _bytes(low, high), _ports(first, last))
            for a, b in pairs
            for low, high, first, last in ports
        ]
        if keys:
            yield _ranged(f"granted{family}", keys, one)
        for name, kinds in ((f"granted_icmp{family}", types), (f"granted_icmp{family}_back", _answers(types, family))):
            rows = [
                (_span(a, width, family), _span(b, width, family), _bytes(kind, kind))
                for a, b in pairs
                for kind in kinds
            ]
            if rows:
                yield _ranged(name, rows, one)


def _services(traffic: Ranges) -> tuple[list[Service], list[int]]:
    """Services by ports, and ICMP types."""
    ports: list[Service] = []
    types: list[int] = []
    for first, last in traffic:
        while first <= last:
            whole = port_of(first) == 0 and last - first >= LAST_PORT
            end = last - (port_of(last) + 1) % (LAST_PORT + 1) if whole else min(last, first | LAST_PORT)
            icmp = protocol_of(first) == (ICMP if family_of(first) == 4 else ICMP6)
            if icmp and not whole:
                types += range(port_of(first), min(port_of(end), 255) + 1)
            else:
                ports.append((protocol_of(first), protocol_of(end), port_of(first), port_of(end)))
            first = end + 1
    return ports, types


def _answers(types: Iterable[int], family: int) -> list[int]:
    return [_ANSWERS[family][kind] for kind in types if kind in _ANSWERS[family]]


def _span(span: tuple[int, int], width: int, family: int) -> Part:
    low, high = (end - V6 if family == 6 else end for end in span)
    return low.to_bytes(width, "big"), high.to_bytes(width, "big")


def _bytes(first: int, last: int) -> Part:
    return bytes([first, 0, 0, 0]), bytes([last, 0, 0, 0])


def _ports(first: int, last: int) -> Part:
    return first.to_bytes(2, "big") + b"\0\0", last.to_bytes(2, "big") + b"\0\0"


def _word(value: int) -> bytes:
    return np.uint32(value).tobytes()


def _name(interface: str) -> bytes:
    return interface.encode().ljust(16, b"\0")


def _rows(parts: Sequence[bytes]) -> Bytes:
    return np.frombuffer(b"".join(parts), np.uint8).reshape(len(parts), -1)


def _until(count: int, one: Permit) -> NDArray[np.uint64]:
    return np.full(count, one.until, np.uint64)


def _timed(name: str, keys: list[bytes], one: Permit) -> Elements:
    return Elements(name, _rows(keys), until=_until(len(keys), one))


def _marked(name: str, keys: list[bytes], one: Permit, data: list[int] | None = None) -> Elements:
    answers = [_word(value) for value in data or [_base(one)] * len(keys)]
    return Elements(name, _rows(keys), data=_rows(answers), until=_until(len(keys), one))


def _ranged(name: str, keys: Sequence[tuple[Part, ...]], one: Permit) -> Elements:
    low = [b"".join(part[0] for part in key) for key in keys]
    high = [b"".join(part[1] for part in key) for key in keys]
    answers = _rows([_word(_base(one))] * len(keys))
    return Elements(name, _rows(low), _rows(high), answers, until=_until(len(keys), one))
