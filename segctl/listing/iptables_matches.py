"""What iptables' matches ask of a packet, in nft's words and as the kernel's xt_*.c, ipt_*.c and ip6t_*.c do it.

A match gives *cases*: alternatives of which at most one fits a packet. What depends on the time, on other packets, on
the sending process or the bridge port is a `Maybe`, and so is every match that isn't modelled: none of them can do more
than match or not.
"""

from collections.abc import Callable

from segctl.listing import iptables_fields as fields
from segctl.listing.iptables_cases import ALWAYS, NEVER, Around, Cases, load, masked, within
from segctl.listing.iptables_conntrack import conntrack
from segctl.listing.iptables_ports import icmp_type, multiport, ports
from segctl.listing.iptables_sets import in_set
from segctl.listing.iptables_values import NotModelled, interface, network, protocol
from segctl.listing.iptables_words import Option, Part
from segctl.listing.rule import Aside, Bits, Family, Maybe

_FIRST = 0x1FFF  # IP_OFFSET: all but the first fragment have it


def head(option: Option, around: Around) -> Cases:
    """An option of the rule's own head: ip_packet_match of ip_tables.c, ip6_packet_match of ip6_tables.c."""
    match option.name:
        case "source" | "destination":
            return _addresses(option, around)
        case "in" | "out":
            field = "meta iifname" if option.name == "in" else "meta oifname"
            name = interface(option.value.removesuffix("+"), option.value.endswith("+"))
            return ALWAYS if option.value == "+" and not option.negated else within(load(field), [name], option.negated)
        case "protocol":
            asked = protocol(option.value)
            return within(load("meta l4proto"), [(asked, asked)], option.negated) if asked else ALWAYS
        case "fragment":
            return later_fragment(around, option.negated)
    return ALWAYS  # counters; -4 and -6 are looked at elsewhere


def _addresses(option: Option, around: Around) -> Cases:
    field = load(f"{around.ip} {'saddr' if option.name == 'source' else 'daddr'}")
    nets = [network(text, around.family) for text in option.value.split(",")]
    if len(nets) > 1 and option.negated:
        raise NotModelled(str(option))
    full = (1 << around.width) - 1
    if all((full ^ mask) & ((full ^ mask) + 1) == 0 for _, mask in nets):
        spans = [(value, value | (full ^ mask)) for value, mask in nets]
        return within(field, spans, option.negated) if (0, full) not in spans or option.negated else ALWAYS
    if len(nets) > 1:
        raise NotModelled(str(option))
    return masked(field, *nets[0], option.negated)


def later_fragment(around: Around, negated: bool = False) -> Cases:
    """IPv4 fragments but the first; ip6tables has no such option."""
    if around.family is Family.IP6:
        raise NotModelled("-f")
    return within(Bits(load("ip frag-off"), _FIRST), [(0, 0) if negated else (1, _FIRST)])


def cases(part: Part, around: Around) -> Cases:
    """What one match asks."""
    if part.name in _STEADY:
        return ((Aside(str(part)),),)
    if part.name not in _EXACT or any(option.name in _UNSURE.get(part.name, ()) for option in part.options):
        return ((Maybe(str(part)),),)
    return _EXACT[part.name](part, around)


_STEADY = frozenset({"comment", "nfacct"})  # they always match

_UNSURE = {  # options of modelled matches that make them doubtful
    "sctp": {"chunk-types"},
    "dccp": {"dccp-option"},
    "ah": {"ahlen", "ahres"},
    "ipcomp": {"compres"},
    "ecn": {"ecn-tcp-cwr", "ecn-tcp-ece"},
    "rt": {"rt-len", "rt-0-res", "rt-0-addrs", "rt-0-not-strict"},
    "set": {"return-nomatch", "packets-eq", "packets-lt", "packets-gt", "bytes-eq", "bytes-lt", "bytes-gt"},
}


def _recent(part: Part, around: Around) -> Cases:
    """`--set` always matches (recent_mt of xt_recent.c); all else asks what came before."""
    if (option := part.get("set")) is None:
        return ((Maybe(str(part)),),)
    return NEVER if option.negated else ((Aside(str(part)),),)


_EXACT: dict[str, Callable[[Part, Around], Cases]] = {
    **dict.fromkeys(("tcp", "udp", "udplite", "sctp", "dccp"), ports),
    **dict.fromkeys(("icmp", "icmp6", "icmpv6"), icmp_type),
    **dict.fromkeys(("mark", "connmark"), fields.mark),
    **dict.fromkeys(("state", "conntrack"), conntrack),
    **dict.fromkeys(("ttl", "hl"), fields.hops),
    **dict.fromkeys(("esp", "ipcomp"), fields.spi),
    "ah": fields.ah,
    "addrtype": fields.addrtype,
    "devgroup": fields.devgroup,
    "dscp": fields.dscp,
    "ecn": fields.ecn,
    "frag": fields.frag,
    "iprange": fields.iprange,
    "length": fields.length,
    "mac": fields.mac,
    "multiport": multiport,
    "pkttype": fields.pkttype,
    "recent": _recent,
    "rt": fields.rt,
    "set": in_set,
    "tos": fields.tos_field,
}
