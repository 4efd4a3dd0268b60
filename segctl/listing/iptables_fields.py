"""The matches that ask one field: addresses, marks, lengths, hop limits, service classes, extension headers."""

from segctl.listing.iptables_cases import (
    ALWAYS,
    NEVER,
    Around,
    Cases,
    both,
    box,
    load,
    masked,
    only,
    spanned,
    within,
)
from segctl.listing.iptables_values import NotModelled, address, hardware, number, span, value_mask
from segctl.listing.iptables_words import Option, Part
from segctl.listing.rule import Bits, Family, Join, Maybe, Span
from segctl.listing.words import WORDS


def iprange(part: Part, around: Around) -> Cases:
    """`--src-range`, `--dst-range` (xt_iprange.c)."""
    out = ALWAYS
    for option in part.options:
        first, dash, last = option.value.partition("-")
        low = address(first, around.family)
        high = address(last, around.family) if dash else low
        field = load(f"{around.ip} {'saddr' if option.name == 'src-range' else 'daddr'}")
        out = both(out, within(field, [(low, high)] if low <= high else [], option.negated))
    return out


def mac(part: Part, around: Around) -> Cases:
    """The sender's Ethernet address; a packet without such a header doesn't match, negated or not (xt_mac.c)."""
    option = only(part)
    wanted = hardware(option.value)
    return within(load("ether saddr"), [(wanted, wanted)], option.negated)


def mark(part: Part, around: Around) -> Cases:
    """`-m mark`, and `-m connmark`, for which a packet must have a connection."""
    option = only(part)
    field = load("meta mark" if part.name == "mark" else "ct mark")
    return masked(field, *value_mask(option.value), option.negated)


# inet_addr_type and `fib … type` give the same numbers (RTN_*, linux/rtnetlink.h).
_TYPES = {
    "UNSPEC": 0, "UNICAST": 1, "LOCAL": 2, "BROADCAST": 3, "ANYCAST": 4, "MULTICAST": 5, "BLACKHOLE": 6,
    "UNREACHABLE": 7, "PROHIBIT": 8, "THROW": 9, "NAT": 10, "XRESOLVE": 11,
}  # fmt: skip


_LIMITS = {"limit-iface-in": " . iif", "limit-iface-out": " . oif"}


def addrtype(part: Part, around: Around) -> Cases:
    """`--src-type`, `--dst-type`: what the routing table says of an address (xt_addrtype.c)."""
    out = ALWAYS
    iface = next((word for name, word in _LIMITS.items() if part.get(name)), "")
    for option in part.options:
        if option.name in ("src-type", "dst-type"):
            out = both(out, _address_type(option, around, iface))
    return out


def _address_type(option: Option, around: Around, iface: str) -> Cases:
    address = "saddr" if option.name == "src-type" else "daddr"
    words = option.value.upper().split(",")
    if not all(word in _TYPES for word in words):
        raise NotModelled(str(option))
    if around.family is Family.IP6 and words != ["LOCAL"]:
        return _address_type6(option, words, f"ip6 {address}")
    kinds = sorted(_TYPES[word] for word in words)
    return within(load(f"fib {address}{iface} type", 32), [(kind, kind) for kind in kinds], option.negated)


def _address_type6(option: Option, words: list[str], field: str) -> Cases:
    """match_type6 of xt_addrtype.c: by the address itself, but for what a route decides."""
    top = (1 << 128) - 1
    known: dict[str, list[Span]] = {
        "UNSPEC": [(0, 0)],
        "MULTICAST": [(0xFF << 120, top)],
        "UNICAST": [(1, (0xFFFF << 32) - 1), (1 << 48, (0xFF << 120) - 1)],
    }
    if len(words) == 1 and words[0] in known:
        return within(load(field), known[words[0]], option.negated)
    return ((Maybe(str(option)),),)


_PKTTYPES = {"unicast": 0, "host": 0, "broadcast": 1, "bcast": 1, "multicast": 2, "mcast": 2, "otherhost": 3}


def pkttype(part: Part, around: Around) -> Cases:
    """To whom the frame was sent (xt_pkttype.c)."""
    option = only(part)
    kind = _PKTTYPES.get(option.value.lower())
    if kind is None:
        kind = number(option.value, 7)
    return within(load("meta pkttype"), [(kind, kind)], option.negated)


def length(part: Part, around: Around) -> Cases:
    """The length of the packet with its IP header (xt_length.c)."""
    option = only(part)
    return within(load("meta length"), [span(option.value, 0xFFFF)], option.negated)


def hops(part: Part, around: Around) -> Cases:
    """`-m ttl`, `-m hl` (xt_hl.c)."""
    option = only(part)
    value = number(option.value, 255)
    field = load("ip6 hoplimit" if part.name == "hl" else "ip ttl")
    kind = option.name.rpartition("-")[2]
    spans = {"eq": [(value, value)], "lt": [(0, value - 1)] * bool(value), "gt": [(value + 1, 255)] * (value < 255)}
    return within(field, spans[kind], option.negated)


def dscp(part: Part, around: Around) -> Cases:
    """The upper six bits of the service field (xt_dscp.c)."""
    option = only(part)
    value = WORDS["dscp"].get(option.value.lower()) if option.name == "dscp-class" else number(option.value, 63)
    if value is None:
        raise NotModelled(str(option))
    return within(load(f"{around.ip} dscp"), [(value, value)], option.negated)


TOS = {
    "minimize-delay": 0x10, "maximize-throughput": 0x08, "maximize-reliability": 0x04, "minimize-cost": 0x02,
    "normal-service": 0x00,
}  # fmt: skip


def tos(text: str) -> tuple[int, int]:
    """A TOS with its mask: a name stands for the six bits of RFC 1349, a number for all eight."""
    named = TOS.get(text.lower())
    return (named, 0x3F) if named is not None else value_mask(text, 255)


def tos_field(part: Part, around: Around) -> Cases:
    """The service field under a mask (tos_mt of xt_dscp.c)."""
    option = only(part)
    value, mask = tos(option.value)
    if value & ~mask:
        return ALWAYS if option.negated else NEVER
    dscp, ecn = load(f"{around.ip} dscp"), load(f"{around.ip} ecn")
    if not mask & 3:
        return masked(dscp, value >> 2, mask >> 2, option.negated)
    wanted = (value >> 2,) * 2, (value & 3,) * 2
    return box(Join((Bits(dscp, mask >> 2), Bits(ecn, mask & 3))), ("dscp", "ecn"), [wanted], option.negated)


def ecn(part: Part, around: Around) -> Cases:
    """The lower two bits of the service field (match_ip of xt_ecn.c)."""
    option = only(part)
    value = number(option.value, 3)
    return within(load(f"{around.ip} ecn"), [(value, value)], option.negated)


def ah(part: Part, around: Around) -> Cases:
    """`-m ah --ahspi` (ipt_ah.c)."""
    if around.family is Family.IP6:  # there it is an extension header, wherever in the chain
        return ((Maybe(str(part)),),)
    return spi(part, around)


_INDEXES = {"esp": ("esp spi", 2**32 - 1), "ah": ("ah spi", 2**32 - 1), "ipcomp": ("comp cpi", 0xFFFF)}


def spi(part: Part, around: Around) -> Cases:
    """A security parameter index: of ESP, AH, IPComp (xt_esp.c, xt_ipcomp.c)."""
    field, last = _INDEXES[part.name]
    option = part.get(f"{part.name}spi")
    return within(load(field), [span(option.value, last) if option else (0, last)], bool(option and option.negated))


def devgroup(part: Part, around: Around) -> Cases:
    """The group of an interface (xt_devgroup.c)."""
    out = ALWAYS
    for option in part.options:
        field = load("meta iifgroup" if option.name == "src-group" else "meta oifgroup")
        out = both(out, masked(field, *value_mask(option.value), option.negated))
    return out


def rt(part: Part, around: Around) -> Cases:
    """IPv6 routing header (ip6t_rt.c)."""
    out = both(spanned(part, "rt-type", "rt type", 255), spanned(part, "rt-segsleft", "rt seg-left", 255))
    return within(load("rt type"), [(0, 255)]) if out == ALWAYS else out


def frag(part: Part, around: Around) -> Cases:
    """ip6t_frag.c: `--fraglast` is *no more fragments*, `--fraglen` is no longer looked at."""
    out = spanned(part, "fragid", "frag id", 2**32 - 1)
    more = load("frag more-fragments")
    for option in part.options:
        asked = {"fragfirst": (load("frag frag-off"), 0), "fragmore": (more, 1), "fraglast": (more, 0)}
        if option.name == "fragres":
            return ((Maybe(str(part)),),)
        if option.name in asked:
            field, value = asked[option.name]
            out = both(out, within(field, [(value, value)]))
    return within(load("frag id"), [(0, 2**32 - 1)]) if out == ALWAYS else out
