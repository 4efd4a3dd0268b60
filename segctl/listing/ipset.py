"""`ipset save` to sets: what is in them, exactly.

Keys are in nft's types. `port` is two parts, `inet_proto` and `inet_service` (of ICMP type and code as `type << 8 |
code`, 0 of a protocol without ports), but in a `bitmap:port` the port alone. A `list:set` has one part, MEMBERS, and
its elements are the names of its members. Elements are disjoint: what `nomatch` takes out, and the longest prefix that
decides, is worked in. A set that can't be relied on has a `fault`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import inf

from segctl.listing.ipset_boxes import Box, disjoint
from segctl.listing.iptables_values import FULL, NotModelled, address, hardware, icmp, interface, number, protocol, span
from segctl.listing.iptables_words import Unclosed, Word, words
from segctl.listing.rule import Element, Family, Set, Span, Unreadable

MEMBERS = "set_name"
"""The part of a list: its elements are the names of other sets, as numbers."""

_PARTS = {"mac": ("ether_addr",), "mark": ("mark",), "iface": ("ifname",), "set": (MEMBERS,)}
_KINDS = frozenset(
    {
        "hash:ip", "hash:net", "hash:ip,port", "hash:net,port", "hash:ip,port,ip", "hash:ip,port,net", "hash:net,net",
        "hash:net,port,net", "hash:net,iface", "hash:mac", "hash:ip,mac", "hash:ip,mark", "bitmap:ip", "bitmap:port",
        "list:set",
    }
)  # fmt: skip
_OLD_KINDS = {"iphash": "hash:ip", "nethash": "hash:net", "ipporthash": "hash:ip,port", "setlist": "list:set"}
_OLD_KINDS |= {"ipportiphash": "hash:ip,port,ip", "ipmap": "bitmap:ip", "portmap": "bitmap:port"}
_FLAGS = frozenset({"counters", "comment", "skbinfo", "forceadd", "-exist", "-!", "--exist"})
_SIZES = frozenset({"hashsize", "maxelem", "bucketsize", "initval", "size", "probes", "resize", "gc", "range"})
_COMMANDS = {"create": "create", "-N": "create", "--create": "create", "add": "add", "-A": "add", "--add": "add"}


def set_number(name: str) -> int:
    """A set's name as a number: its 32 bytes (IPSET_MAXNAMELEN), zero-padded."""
    return int.from_bytes(name.encode(errors="surrogateescape")[:32].ljust(32, b"\0"))


def set_name(value: int) -> str:
    """The name that a number stands for."""
    return value.to_bytes(32).rstrip(b"\0").decode(errors="surrogateescape")


@dataclass(slots=True)
class _Made:
    """A set under way."""

    name: str
    kind: str
    family: Family = Family.IP
    timeout: float | None = None
    netmask: int | None = None
    boxes: list[Box] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def dimensions(self) -> list[str]:
        return self.kind.partition(":")[2].split(",")

    @property
    def parts(self) -> tuple[str, ...]:
        """The key's types; none if the kind isn't modelled."""
        if self.kind not in _KINDS:
            return ()
        address = "ipv6_addr" if self.family is Family.IP6 else "ipv4_addr"
        port = ("inet_service",) if self.kind == "bitmap:port" else ("inet_proto", "inet_service")
        known = {**_PARTS, "ip": (address,), "net": (address,), "port": port}
        return tuple(part for dimension in self.dimensions for part in known[dimension])


def parse(text: str) -> Mapping[str, Set]:
    """All sets of an `ipset save`, by name. Raises Unreadable for a line that is none of it."""
    made: dict[str, _Made] = {}
    for at, line in enumerate(text.split("\n"), 1):
        try:
            said = words(line, escapes=False)
        except Unclosed:
            raise Unreadable("a quoted word doesn't end on this line", at) from None
        if not said or said[0].text.startswith("#") or said[0].text in ("COMMIT", "quit"):
            continue
        command = _COMMANDS.get(said[0].text)
        if command is None or len(said) < 3:
            raise Unreadable("this is no line of `ipset save`: it has `create` and `add`", at)
        name = said[1].text
        if command == "create":
            made[name] = _create(name, said[2:])
        elif name not in made:
            raise Unreadable(f"the set {name} isn't created before this line", at)
        else:
            _add(made[name], said[2:])
    return {name: _finish(one) for name, one in made.items()}


def _create(name: str, said: list[Word]) -> _Made:
    one = _Made(name, _OLD_KINDS.get(said[0].text, said[0].text))
    if one.kind not in _KINDS:
        one.faults.append(f"a set of type {one.kind} isn't modelled")
    options = iter(word.text.removeprefix("--") if word.text.startswith("--") else word.text for word in said[1:])
    for option in options:
        if option in _FLAGS:
            continue
        value = next(options, "")
        match option:
            case "family":
                one.family = Family.IP6 if value == "inet6" else Family.IP
            case "timeout":
                one.timeout = _seconds(value)
            case "netmask" if value.isdigit():
                one.netmask = int(value)
            case "markmask" if value.lower() in ("0xffffffff", str(FULL)):
                pass
            case _ if option not in _SIZES:
                one.faults.append(f"{option} {value} isn't modelled")
    return one


def _seconds(text: str) -> float | None:
    """A timeout; 0 is none."""
    return float(text) if text.isdigit() and int(text) else None


def _add(one: _Made, said: list[Word]) -> None:
    expires, positive, wildcard = one.timeout, True, False
    options = iter(word.text.removeprefix("--") if word.text.startswith("--") else word.text for word in said[1:])
    for option in options:
        match option:
            case "nomatch":
                positive = False
            case "wildcard":
                wildcard = True
            case "timeout":
                expires = _seconds(next(options, ""))
            case "comment" | "packets" | "bytes" | "skbmark" | "skbprio" | "skbqueue" | "before" | "after":
                next(options, None)
            case "-exist" | "-!" | "exist":
                pass
            case _:
                one.faults.append(f"{option} of {said[0].text} isn't modelled")
    if not one.parts:
        return
    try:
        made = _boxes(one, said[0].text, wildcard)
    except NotModelled:
        one.faults.append(f"the element {said[0].text} isn't modelled")
        return
    one.boxes += [box._replace(positive=positive, expires=inf if expires is None else expires) for box in made]


def _boxes(one: _Made, text: str, wildcard: bool) -> list[Box]:
    """An element, as boxes: a range of addresses is several networks."""
    dimensions = one.dimensions
    values = text.split(",")
    if len(values) != len(dimensions):
        raise NotModelled(text)
    choices: list[list[tuple[tuple[Span, ...], int]]] = []
    for dimension, value in zip(dimensions, values, strict=True):
        read = _READERS[dimension]
        spans, length = read(one, value)
        if dimension == "iface" and wildcard:
            spans = (interface(value, wild=True),)
        choices.append(_networks(spans[0], one) if dimension == "net" else [(spans, length)])
    # The longest prefix of the first network is asked first, then of the second.
    return [
        Box(tuple(part for spans, _ in made for part in spans), tuple(-length for _, length in made))
        for made in product(*choices)
    ]


def _networks(whole: Span, one: _Made) -> list[tuple[tuple[Span, ...], int]]:
    """A range as prefixes, as ipset stores it."""
    first, last = whole
    width = _width(one)
    out: list[tuple[tuple[Span, ...], int]] = []
    while first <= last:
        size = first & -first or 1 << width
        while first + size - 1 > last:
            size >>= 1
        out.append((((first, first + size - 1),), width - size.bit_length() + 1))
        first += size
    return out


def _width(one: _Made) -> int:
    return 128 if one.family is Family.IP6 else 32


Read = tuple[tuple[Span, ...], int]
"""Spans, and the length of a prefix (0 where that isn't asked for)."""


def _addresses(one: _Made, text: str) -> Read:
    """`10.0.0.1`, `10.0.0.0/24`, `10.0.0.1-10.0.0.9`; `netmask` widens each."""
    width = _width(one)
    base, dash, end = text.partition("-")
    base, slash, length = base.partition("/")
    low = address(base, one.family)
    high = address(end, one.family) if dash else low
    if slash:
        free = (1 << width - number(length, width)) - 1
        low, high = low & ~free, low | free
    if one.netmask is not None:
        free = (1 << max(0, width - one.netmask)) - 1
        low, high = low & ~free, high | free
    if low > high:
        raise NotModelled(text)
    return ((low, high),), 0


def _ports(one: _Made, text: str) -> Read:
    """`80`, `tcp:80-90`, `icmp:8/0`, `gre:0`."""
    said, colon, ports = text.rpartition(":")
    kind = protocol(said) if colon else 6
    if kind in (1, 58):
        asked, codes = icmp(ports, kind == 58)
        held = (asked << 8 | codes[0],) * 2  # a name without a code is code 0 here (ipset_parse_icmp)
    else:
        held = span(ports, 0xFFFF, "-")
    if held[0] > held[1]:
        raise NotModelled(text)
    return ((held,) if one.kind == "bitmap:port" else ((kind, kind), held)), 0


def _hardware(one: _Made, text: str) -> Read:
    value = hardware(text)
    return ((value, value),), 0


def _marks(one: _Made, text: str) -> Read:
    value = number(text)
    return ((value, value),), 0


def _interfaces(one: _Made, text: str) -> Read:
    if text.startswith("physdev:"):
        raise NotModelled(text)
    return (interface(text),), 0


def _members(one: _Made, text: str) -> Read:
    value = set_number(text)
    return ((value, value),), 0


_READERS: dict[str, Callable[[_Made, str], Read]] = {
    "ip": _addresses,
    "net": _addresses,
    "port": _ports,
    "mac": _hardware,
    "mark": _marks,
    "iface": _interfaces,
    "set": _members,
}


def _finish(one: _Made) -> Set:
    if one.kind == "list:set":
        members = tuple(Element(box.spans, expires=None if box.expires == inf else box.expires) for box in one.boxes)
        return Set(one.name, one.parts, None, members, fault="; ".join(one.faults) or None)
    boxes = list({box.spans: box for box in one.boxes}.values())  # the later line about an element is the newer one
    found = disjoint(boxes + _shadows(boxes) if one.kind == "hash:net,iface" else boxes)
    if found.returns:
        one.faults.append("a nomatch element ends after a while: what it took out is in the set again")
    return Set(one.name, one.parts, None, found.elements, fault="; ".join(one.faults) or None)


def _shadows(boxes: list[Box]) -> list[Box]:
    """In a `hash:net,iface` the longest prefix that is there decides, whatever its interface (IP_SET_HASH_WITH_MULTI):
    after the elements of a network, nobody else of it is in the set.
    """
    lives: dict[tuple[Span, tuple[int, ...]], float] = {}
    for box in boxes:
        key = box.spans[0], box.order
        lives[key] = max(lives.get(key, 0), box.expires)
    every = (0, (1 << 128) - 1)
    return [Box((net, every), (*order, 1), False, expires) for (net, order), expires in lives.items()]
