"""`-m set`: whether a packet is in an ipset, as ip_set_test of net/netfilter/ipset does it.

A set of several types of key (`hash:ip,port`) takes its parts from the source or the destination of the packet, as the
rule says. The port of a packet is its TCP, UDP, UDP-Lite or SCTP port, its ICMP type and code, and 0 for any other
protocol (ip_set_getport.c): so a look-up becomes a case for each kind of protocol. A packet that lacks what is asked (a
later fragment its port) is not in the set, and `!` matches it.
"""

from collections.abc import Iterable, Sequence
from math import inf

from segctl.listing.ipset import MEMBERS, set_name
from segctl.listing.ipset_boxes import Box, disjoint
from segctl.listing.iptables_cases import ALWAYS, NEVER, Around, Case, Cases, both, load
from segctl.listing.iptables_values import NotModelled
from segctl.listing.iptables_words import Part
from segctl.listing.rule import (
    Bits,
    Constant,
    Element,
    Expression,
    Family,
    Join,
    Lookup,
    Match,
    Maybe,
    Set,
    Span,
)

_WITH_PORTS: tuple[Span, ...] = ((6, 6), (17, 17), (132, 132), (136, 136))
_ICMP: tuple[Span, ...] = ((1, 1), (58, 58))
_OTHER: tuple[Span, ...] = ((0, 0), (2, 5), (7, 16), (18, 57), (59, 131), (133, 135), (137, 255))
_TCP_UDP: tuple[Span, ...] = ((6, 6), (17, 17))  # of a set of bare ports: ip_set_get_ip_port
_BUT_TCP_UDP: tuple[Span, ...] = ((0, 5), (7, 16), (18, 255))
_ADDRESSES = {"ipv4_addr": Family.IP, "ipv6_addr": Family.IP6}


def in_set(part: Part, around: Around) -> Cases:
    """The cases of one match."""
    option = part.get("match-set") or part.get("set")
    if option is None or len(part.options) - _counting(part) != 1:
        raise NotModelled(str(part))
    name, ends = option.values[0], option.values[1].split(",")
    if not set(ends) <= {"src", "dst"}:
        raise NotModelled(str(option))
    found = around.sets.get(name)
    if found is None:
        return ((Maybe(f"{part} (its elements aren't known)"),),)
    return _in(found, ends, option.negated, around, str(part))


def _counting(part: Part) -> int:
    return sum(option.name in ("update-counters", "update-subcounters") for option in part.options)


def _in(found: Set, ends: Sequence[str], negated: bool, around: Around, text: str) -> Cases:
    if found.parts == (MEMBERS,):
        return _in_list(found, ends, negated, around, text)
    if not found.parts:
        return ((Maybe(f"{text} ({found.fault})"),),)
    if not _fits(found, ends, around):
        return ALWAYS if negated else NEVER
    return _looked_up(found, found.name, ends, negated, around, text)


def _fits(found: Set, ends: Sequence[str], around: Around) -> bool:
    """Else it is never in the set: of the other family, or of more parts than the rule names ends (ip_set_test)."""
    families = {_ADDRESSES[kind] for kind in found.parts if kind in _ADDRESSES}
    return families <= {around.family} and len(ends) >= dimension(found.parts)


def dimension(parts: Iterable[str]) -> int:
    """How many ends a set asks: protocol and port are one."""
    return sum(kind != "inet_proto" for kind in parts)


def _in_list(found: Set, ends: Sequence[str], negated: bool, around: Around, text: str) -> Cases:
    """A list of sets: in any of those that fit. Those of one type are looked up together."""
    by_parts: dict[tuple[str, ...], list[Element]] = {}
    for element in found.elements:
        member = around.sets.get(set_name(element.key[0][0]))
        if member is None or not member.parts:
            return ((Maybe(f"{text} (the member {set_name(element.key[0][0])} isn't known)"),),)
        if _fits(member, ends, around):
            by_parts.setdefault(member.parts, []).append(element)
    out: list[Case] = []
    before = ALWAYS  # in none of those before: at most one case fits a packet
    for parts, members in by_parts.items():
        whole = _union(found, parts, members, around)
        out += both(before, _looked_up(whole, whole, ends, False, around, text))
        before = both(before, _looked_up(whole, whole, ends, True, around, text))
    return before if negated else tuple(case for case in out if case not in NEVER) or NEVER


def _union(found: Set, parts: tuple[str, ...], members: Sequence[Element], around: Around) -> Set:
    """One set of what is in any of these members of a list."""
    key = found.name, parts
    if key not in around.unions:
        sets = [(around.sets[set_name(member.key[0][0])], member.expires) for member in members]
        boxes = [
            Box(element.key, expires=min(_lives(element.expires), _lives(expires)))
            for one, expires in sets
            for element in one.elements
        ]
        fault = next((one.fault for one, _ in sets if one.fault), found.fault)
        dynamic = found.dynamic or any(one.dynamic for one, _ in sets)
        around.unions[key] = Set(found.name, parts, None, disjoint(boxes).elements, dynamic, fault)
    return around.unions[key]


def _lives(expires: float | None) -> float:
    return inf if expires is None else expires


def _looked_up(found: Set, key: Set | str, ends: Sequence[str], negated: bool, around: Around, text: str) -> Cases:
    """A set of one type: a case for each kind of protocol where a part is a port."""
    if negated and "ether_addr" in found.parts:
        return ((Maybe(f"{text} (or there is no Ethernet header)"),),)
    if "inet_service" not in found.parts:
        return ((Lookup(_key(found, ends, around, ""), key, negated),),)
    with_protocol = "inet_proto" in found.parts
    kinds = {"th": _WITH_PORTS, "icmp": _ICMP, "none": _OTHER} if with_protocol else {"th": _TCP_UDP}
    there = {kind for kind, spans in kinds.items() if not with_protocol or _may_hold(found, spans)}
    out: list[Case] = []
    absent: list[Span] = [] if with_protocol else list(_BUT_TCP_UDP)
    for kind, spans in kinds.items():
        if kind not in there:
            absent += spans
            continue
        of = Match(load("meta l4proto"), spans)
        # ip6tables' later fragments have no port, so that they are in no set, whatever their protocol.
        doubt = (Maybe(f"{text} (or a later fragment)"),) if kind == "none" and around.family is Family.IP6 else ()
        out.append((of, Lookup(_key(found, ends, around, kind), key, negated), *doubt))
        if negated and kind != "none":
            out.append((of, _later_fragment(around)))
    if negated and absent:
        out.append((Match(load("meta l4proto"), tuple(sorted(absent))),))
    return tuple(out) or NEVER


def _later_fragment(around: Around) -> Match:
    if around.family is Family.IP6:
        return Match(load("frag frag-off"), ((1, 0x1FFF),))
    return Match(Bits(load("ip frag-off"), 0x1FFF), ((1, 0x1FFF),))


def _may_hold(found: Set, protocols: tuple[Span, ...]) -> bool:
    """Whether the set has, or may get, elements of these protocols."""
    if found.dynamic or found.fault:
        return True
    at = found.parts.index("inet_proto")
    spans = {element.key[at] for element in found.elements}
    return any(low <= last and first <= high for first, last in spans for low, high in protocols)


def _key(found: Set, ends: Sequence[str], around: Around, kind: str) -> Expression:
    """What is looked up: for each part what the packet has at the end that the rule names."""
    out: list[Expression] = []
    at = 0
    for part in found.parts:
        out.append(_part(part, ends[at] == "src", around, kind))
        at += part != "inet_proto"
    return out[0] if len(out) == 1 else Join(tuple(out))


def _part(part: str, source: bool, around: Around, kind: str) -> Expression:
    match part:
        case "ipv4_addr" | "ipv6_addr":
            return load(f"{around.ip} {'saddr' if source else 'daddr'}")
        case "inet_proto":
            return load("meta l4proto")
        case "inet_service":
            if kind == "none":
                return Constant(0)
            # The first 16 bits of an ICMP header are its type and code.
            return load("th sport" if source or kind == "icmp" else "th dport")
        case "ether_addr":
            return load(f"ether {'saddr' if source else 'daddr'}")
        case "ifname":
            return load("meta iifname" if source else "meta oifname")
        case "mark":
            return load("meta mark")
    raise NotModelled(part)
