"""The matches that ask a transport header: ports, TCP flags, ICMP types (xt_tcpudp.c, xt_sctp.c, xt_dccp.c).

A later fragment has no such header: a rule that asks for one doesn't match, negated or not. (Where iptables-nft makes
nf_tables' own expressions of `-m tcp` and `-m udp`, Linux 6.18 reads what the fragment carries instead, unless somebody
reassembles it before: nft_payload_fast_eval doesn't ask.)
"""

from segctl.listing.iptables_cases import ALWAYS, Around, Cases, both, box, load, within
from segctl.listing.iptables_values import TCP_FLAGS, NotModelled, bits_of, icmp, number, port_spans
from segctl.listing.iptables_words import Part
from segctl.listing.rule import Bits, Join, Span
from segctl.listing.words import WORDS

PORTED = {6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udplite"}


def ports(part: Part, around: Around) -> Cases:
    """Ports of one protocol, TCP flags and options, DCCP types."""
    layer = part.name
    if PORTED.get(around.protocol or 0) != layer:
        raise NotModelled(str(part))
    out = both(_port(part, "sport"), _port(part, "dport"))
    if layer == "tcp":
        out = both(out, _flags(part))
    if layer == "dccp" and (types := part.get("dccp-types")):
        words = {word.upper(): kind for word, kind in WORDS["dccp_pkttype"].items()}
        kinds = [words[word] for word in types.value.upper().split(",") if word in words]
        if len(kinds) != len(types.value.split(",")):
            raise NotModelled(str(types))
        out = both(out, within(load("dccp type"), [(kind, kind) for kind in sorted(kinds)], types.negated))
    # `-m tcp` alone already asks for a header: a later fragment has none.
    return within(load(f"{layer} sport"), [(0, 0xFFFF)]) if out == ALWAYS else out


def _port(part: Part, end: str) -> Cases:
    option = part.get(end)
    if option is None:
        return ALWAYS
    return within(load(f"{part.name} {end}"), port_spans(option.value), option.negated)


_TCP_OPTIONS = {  # as nft names them
    0: "eol", 1: "nop", 2: "maxseg", 3: "window", 4: "sack-perm", 5: "sack", 8: "timestamp", 19: "md5sig", 30: "mptcp",
    34: "fastopen",
}  # fmt: skip


def _flags(part: Part) -> Cases:
    out = ALWAYS
    if flags := part.get("tcp-flags"):
        mask, wanted = (bits_of(text, TCP_FLAGS) for text in flags.values)
        out = _masked_flags(mask, wanted, flags.negated)
    if syn := part.get("syn"):
        out = both(out, _masked_flags(0x17, 0x02, syn.negated))
    if option := part.get("tcp-option"):
        kind = number(option.value, 255)
        name = _TCP_OPTIONS.get(kind, str(kind))
        out = both(out, within(load(f"tcp option {name}", 1), [(1, 1)], option.negated))
    return out


def _masked_flags(mask: int, wanted: int, negated: bool) -> Cases:
    return within(Bits(load("tcp flags"), mask), [(wanted, wanted)], negated)


def icmp_type(part: Part, around: Around) -> Cases:
    """ICMP and ICMPv6 types and codes (icmp_match of ip_tables.c; xt_tcpudp.c from 6.5 on)."""
    six = part.name != "icmp"
    if around.protocol != (58 if six else 1):
        raise NotModelled(str(part))
    layer = "icmpv6" if six else "icmp"
    kind, code = load(f"{layer} type"), load(f"{layer} code")
    option = part.get("icmpv6-type" if six else "icmp-type")
    if option is None:
        return within(kind, [(0, 255)])
    if option.value.lower() in ("any", "255") and not six:  # icmp_type_code_match: 0xFF is any
        return within(kind, [(0, 255)], option.negated)
    asked, codes = icmp(option.value, six)
    if codes == (0, 255):
        return within(kind, [(asked, asked)], option.negated)
    boxes = [((asked, asked), codes)] if codes[0] <= codes[1] else []
    return box(Join((kind, code)), (f"{layer}_type", f"{layer}_code"), boxes, option.negated)


def multiport(part: Part, around: Around) -> Cases:
    """Up to 15 ports and ranges (xt_multiport.c): of the source, of the destination, or of either."""
    layer = PORTED.get(around.protocol or 0)
    if layer is None or not part.options:
        raise NotModelled(str(part))
    out = ALWAYS
    source, destination = load(f"{layer} sport"), load(f"{layer} dport")
    for option in part.options:
        spans = port_spans(option.value)
        if option.name != "ports":
            out = both(out, within(source if option.name == "sports" else destination, spans, option.negated))
            continue
        held = _disjoint(spans)  # source in them, or, if not, destination
        boxes: list[tuple[Span, ...]] = [(one, (0, 0xFFFF)) for one in held]
        boxes += [(other, one) for other in _others(held, 0xFFFF) for one in held]
        out = both(out, box(Join((source, destination)), ("inet_service",) * 2, boxes, option.negated))
    return out


def _disjoint(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    out: list[Span] = []
    for first, last in sorted(one for one in spans if one[0] <= one[1]):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return tuple(out)


def _others(spans: tuple[Span, ...], last: int) -> list[Span]:
    edges = [-1, *(edge for one in spans for edge in one), last + 1]
    return [(low + 1, high - 1) for low, high in zip(edges[::2], edges[1::2], strict=True) if low + 1 < high]
