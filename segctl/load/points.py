"""Enforcement points: gateways with their interfaces, and hosts."""

import re
from collections.abc import Mapping

from segctl.load.blocks import read_interface_address
from segctl.load.context import ENDPOINT, NO_INTERFACE, Context
from segctl.load.fields import GATEWAY, HOST, INTERFACE
from segctl.load.findings import Findings, Wrong
from segctl.load.record import Record, record, scalar
from segctl.load.scalars import NAME, read_name
from segctl.load.selectors import read_segment_name
from segctl.load.values import Map, Scalar, Value, shorten
from segctl.load.waivers import read_waivers
from segctl.model.diagnostic import Note
from segctl.model.point import Interface, InterfaceAddress, Point, PointKind
from segctl.model.ranges import show_address
from segctl.model.span import Span

_LONGEST_INTERFACE = 15  # IFNAMSIZ is 16 with the closing zero
_SSH = re.compile(
    r"ssh:([A-Za-z_][A-Za-z0-9_.-]{0,31}@)?"
    r"([A-Za-z0-9][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]+\])"
    r"(:(?P<port>[1-9][0-9]{0,4}))?\Z"
)


def read_points(pairs: Mapping[str, tuple[Scalar, Value]], context: Context) -> dict[str, Point]:
    """The points whose names are declared."""
    points = {name: _point(key, value, context) for name, (key, value) in pairs.items()}
    found = {name: point for name, point in points.items() if point is not None}
    gateways = [point for point in found.values() if point.kind is PointKind.GATEWAY]
    _two_gateways(gateways, context.findings)
    _one_home(gateways, context.findings)
    _one_host([point for point in found.values() if point.kind is PointKind.HOST], context.findings)
    return found


def read_where(text: str) -> str:
    """local, netns:NAME or ssh:[USER@]HOST[:PORT]; nothing in it can become an option of a command."""
    if text == "local" or (text.startswith("netns:") and NAME.match(text[6:])):
        return text
    found = _SSH.match(text)
    if found and int(found["port"] or 22) <= 65535:
        return text
    raise Wrong("choice", f"'{shorten(text)}' is no place", "it is local, netns:NAME or ssh:[USER@]HOST[:PORT]")


def _point(key: Scalar, value: Value, context: Context) -> Point | None:
    host = isinstance(value, Map) and _is_host(value)
    found = record(value, HOST if host else GATEWAY, context.findings)
    if found is None:
        return None
    found.choice("kind")
    return Point(
        key.text,
        key.span,
        PointKind.HOST if host else PointKind.GATEWAY,
        {} if host else _interfaces(found, context),
        _endpoint(found.value("endpoint"), context) if host else None,
        found.choice("target") or "nftables",
        found.read("where", read_where) or "local",
        None if host else found.name("ha"),
        read_waivers(found, context.findings),
    )


def _is_host(point: Map) -> bool:
    """By its `kind`; where that is neither word, by what else it says, so that it gets one finding and not three."""
    kind = point.entries.get("kind")
    word = kind[1].text if kind and isinstance(kind[1], Scalar) else ""
    return word == "host" or (word != "gateway" and "endpoint" in point.entries)


def _endpoint(value: Value | None, context: Context) -> str | None:
    if isinstance(value, Scalar) and context.names.kinds.get(value.text) == ENDPOINT:
        return value.text
    name = scalar(value, read_name, context.findings) if value is not None else None
    if name is not None and value is not None:
        context.unknown_name(value.span, name, "endpoint", ENDPOINT)
    return None


def _interfaces(found: Record, context: Context) -> dict[str, Interface]:
    out: dict[str, Interface] = {}
    pairs = found.pairs("interfaces")
    value = found.value("interfaces")
    if not pairs and isinstance(value, Map):
        help = "list its interfaces, each with the segments behind it"
        context.findings.add(value.span, "no-value", "a gateway without an interface", help)
    homes: dict[InterfaceAddress, Span] = {}
    for key, inner in pairs:
        if scalar(key, _interface_name, context.findings) is None:
            continue
        one = _interface(key, inner, homes, context)
        if one is not None:
            out[key.text] = one
    return out


def _interface_name(text: str) -> str:
    help = f"the name that `ip link` shows, at most {_LONGEST_INTERFACE} letters, digits, _ . -"
    fault = NO_INTERFACE.get(text)
    if len(text) > _LONGEST_INTERFACE:
        fault = f"it has {len(text)} characters, and Linux allows {_LONGEST_INTERFACE}"
    if ":" in text:
        fault, help = "an alias with a colon is no interface", f"say '{text.partition(':')[0]}': it has the addresses"
    if fault:
        raise Wrong("name", f"'{shorten(text)}' is no interface of a gateway: {fault}", help)
    return read_name(text)


def _interface(key: Scalar, value: Value, homes: dict[InterfaceAddress, Span], context: Context) -> Interface | None:
    findings = context.findings
    found = record(value, INTERFACE, findings)
    if found is None:
        return None
    segments: dict[str, Span] = {}
    items = found.items("segments")
    for item in items:
        name = read_segment_name(item, context)
        if name in segments:
            findings.add(item.span, "duplicate-name", f"'{name}' stands twice behind '{key.text}'", "take one out",
                         Note(segments[name], "it stands here already"))  # fmt: skip
        elif name is not None:
            segments[name] = item.span
    listed = found.value("segments")
    if not items and listed is not None:
        findings.add(listed.span, "no-value", f"no segment behind the interface '{key.text}'",
                     "list who lives there, `world` if it is nobody's")  # fmt: skip
    addresses: dict[InterfaceAddress, None] = {}
    for item in found.items("addresses"):
        address = scalar(item, read_interface_address, findings)
        if address is None:
            continue
        if address in homes:
            note = Note(homes[address], "it stands here already")
            findings.add(item.span, "duplicate-address", "this gateway has that address already", "", note)
            continue
        homes[address] = item.span
        addresses[address] = None
    links = [scalar(item, lambda text: found.word("links", text), findings) for item in found.items("links")]
    return Interface(
        key.text,
        key.span,
        tuple(segments),
        tuple(addresses),
        tuple(dict.fromkeys(link for link in links if link)),
        read_waivers(found, findings),
        tuple(segments.values()),
    )


def _two_gateways(gateways: list[Point], findings: Findings) -> None:
    """Two gateways between the same two segments share no connection state unless they are one `ha` group."""
    for index, one in enumerate(gateways):
        for other in gateways[:index]:
            if one.ha is not None and one.ha == other.ha:
                continue
            pair = _between(one, other)
            if pair:
                note = Note(other.span, f"the gateway '{other.name}'")
                findings.add(one.span, "two-gateways",
                             f"'{one.name}' and '{other.name}' both stand between '{pair[0]}' and '{pair[1]}'",
                             "give both the same `ha`, or take a segment off one", note)  # fmt: skip


def _one_home(gateways: list[Point], findings: Findings) -> None:
    """An address is of one gateway, or of one `ha` group."""
    homes: dict[int, Point] = {}
    for gateway in gateways:
        for interface in gateway.interfaces.values():
            for address in interface.addresses:
                first = homes.setdefault(address.address, gateway)
                if first is not gateway and (first.ha is None or first.ha != gateway.ha):
                    what = f"'{gateway.name}' and '{first.name}' both have {show_address(address.address)}"
                    note = Note(first.span, f"the gateway '{first.name}'")
                    findings.add(interface.span, "duplicate-address", what, "give both the same `ha`, or one another "
                                 "address", note)  # fmt: skip


def _between(one: Point, other: Point) -> tuple[str, str] | None:
    """A pair of segments that both gateways stand between."""
    mine, theirs = _homes(one), _homes(other)
    common = sorted(mine.keys() & theirs.keys())
    for index, first in enumerate(common):
        for second in common[:index]:
            if not mine[first] & mine[second] and not theirs[first] & theirs[second]:
                return second, first
    return None


def _homes(gateway: Point) -> dict[str, set[str]]:
    """Each segment with the interfaces that list it."""
    out: dict[str, set[str]] = {}
    for interface in gateway.interfaces.values():
        for segment in interface.segments:
            out.setdefault(segment, set()).add(interface.name)
    return out


def _one_host(hosts: list[Point], findings: Findings) -> None:
    """An endpoint has one host point."""
    seen: dict[str, Point] = {}
    for host in hosts:
        if host.endpoint is None:
            continue
        first = seen.setdefault(host.endpoint, host)
        if first is not host:
            note = Note(first.span, f"the host point '{first.name}'")
            findings.add(
                host.span, "duplicate-name", f"'{host.endpoint}' has a host point already", "take one out", note
            )
