"""The fields of packets and connections that nft(8) names: how wide, of what type, and what packet has them.

nft leaves out of a listing what a field implies (`meta l4proto tcp` before `tcp dport`, and in tables of several
families `meta nfproto ipv4` before `ip saddr`), although the kernel's rule holds it: `NEEDS` is that, read from the
rules that nft makes (`nft --debug=netlink`). ICMP's fields don't need an IP version: what asks for one beside them is
a Match of its own in the parsed rule (implied.py), as an IPv6 packet may well have protocol 1.

A field that a packet lacks ends the rule. Beside NEEDS: a packet must be long enough; of a later fragment Linux 6.18
reads fields of up to 4 bytes of the transport header from what stands there, payload (of IPv6 its own first bytes), and
finds no wider ones and no TCP options; `meta l4proto` needs a packet whose protocol the kernel found; `meta
iifgroup`, `iiftype`, `iifkind` (and `oif…`) an interface, whereas `iif` is 0 and `iifname` empty without one; `exthdr
frag`, `tcp option sack-perm` and the like, compared with exists or missing, are 1 or 0 and never lacking (of IPv6, or
any packet); `rt ip nexthop` an IPv4 packet, `ct original ip saddr` an IPv4 connection.
"""

from typing import NamedTuple

from segctl.listing.words import WIDTHS

IPV4, IPV6, ARP = 2, 10, 3
"""NFPROTO_* (linux/netfilter.h): the values of `meta nfproto`."""


class Need(NamedTuple):
    """A field's bits, and what a packet must be to have it: `meta nfproto`, `meta l4proto`; None: any.

    `nfproto` is asked only where the table's family doesn't say it.
    """

    bits: int
    nfproto: int | None
    l4proto: int | None


# protocol: (nfproto, l4proto, fields as "name:bits" or "name:type"), offsets in the order of the header.
_HEADERS: dict[str, tuple[int | None, int | None, str]] = {
    "ether": (None, None, "daddr:ether_addr saddr:ether_addr type:ether_type"),
    "vlan": (None, None, "pcp:3 dei:1 cfi:1 id:12 type:ether_type"),
    "arp": (
        ARP,
        None,
        "htype:16 ptype:ether_type hlen:8 plen:8 operation:arp_op saddr_ether:ether_addr saddr_ip:ipv4_addr"
        " daddr_ether:ether_addr daddr_ip:ipv4_addr",
    ),
    "ip": (
        IPV4,
        None,
        "version:4 hdrlength:4 dscp:dscp ecn:ecn length:16 id:16 frag-off:16 ttl:8 protocol:inet_proto checksum:16"
        " saddr:ipv4_addr daddr:ipv4_addr",
    ),
    "ip6": (
        IPV6,
        None,
        "version:4 dscp:dscp ecn:ecn flowlabel:20 length:16 nexthdr:inet_proto hoplimit:8 saddr:ipv6_addr"
        " daddr:ipv6_addr",
    ),
    "icmp": (None, 1, "type:icmp_type code:icmp_code checksum:16 id:16 sequence:16 gateway:32 mtu:16"),
    "igmp": (None, 2, "type:igmp_type mrt:8 checksum:16 group:ipv4_addr"),
    "icmpv6": (
        None,
        58,
        "type:icmpv6_type code:icmpv6_code checksum:16 parameter-problem:32 packet-too-big:32 mtu:32 id:16 sequence:16"
        " max-delay:16 taddr:ipv6_addr daddr:ipv6_addr",
    ),
    "tcp": (
        None,
        6,
        "sport:inet_service dport:inet_service sequence:32 ackseq:32 doff:4 reserved:4 flags:tcp_flag window:16"
        " checksum:16 urgptr:16",
    ),
    "udp": (None, 17, "sport:inet_service dport:inet_service length:16 checksum:16"),
    "udplite": (None, 136, "sport:inet_service dport:inet_service csumcov:16 checksum:16"),
    "sctp": (None, 132, "sport:inet_service dport:inet_service vtag:32 checksum:32"),
    "dccp": (None, 33, "sport:inet_service dport:inet_service type:dccp_pkttype"),
    "th": (None, None, "sport:inet_service dport:inet_service"),
    "ah": (None, 51, "nexthdr:inet_proto hdrlength:8 reserved:16 spi:32 sequence:32"),
    "esp": (None, 50, "spi:32 sequence:32"),
    "comp": (None, 108, "nexthdr:inet_proto flags:8 cpi:16"),
    "gre": (None, 47, "flags:5 version:3 protocol:ether_type"),
    "vxlan": (None, 17, "flags:8 vni:24"),
    "geneve": (None, 17, "type:ether_type vni:24"),
}
_EXTENSIONS: dict[str, str] = {  # IPv6 extension headers, by ipv6_find_hdr: any in the chain
    "hbh": "nexthdr:inet_proto hdrlength:8",
    "dst": "nexthdr:inet_proto hdrlength:8",
    "rt": "nexthdr:inet_proto hdrlength:8 type:8 seg-left:8",
    "rt0": "reserved:32",
    "rt2": "reserved:32",
    "srh": "last-entry:8 flags:8 tag:16",  # sid[n] is no field: nft writes `srh sid[1]` for `rt0 addr[1]` as well
    "frag": "nexthdr:inet_proto reserved:8 frag-off:13 reserved2:2 more-fragments:1 id:32",
    "mh": "nexthdr:inet_proto hdrlength:8 type:mh_type reserved:8 checksum:16",
}
_META = (
    "length:32 nfproto:nf_proto l4proto:inet_proto protocol:ether_type priority:classid mark:mark iif:iface_index"
    " iifname:ifname iiftype:iface_type oif:iface_index oifname:ifname oiftype:iface_type skuid:uid skgid:gid"
    " nftrace:1 rtclassid:realm ibrname:ifname obrname:ifname pkttype:pkt_type cpu:32 iifgroup:devgroup"
    " oifgroup:devgroup cgroup:32 random:32 secpath:boolean ipsec:boolean iifkind:ifname oifkind:ifname"
    " sdif:iface_index sdifname:ifname ibrpvid:16 ibrvproto:ether_type time:time day:day hour:hour secmark:32"
    " bri_iifname:ifname bri_oifname:ifname broute:1 ibrhwaddr:ether_addr"
)
_CT = (
    "state:ct_state direction:ct_dir status:ct_status mark:mark expiration:time helper:ifname label:ct_label"
    " id:ct_id event:ct_event secmark:32 zone:16 count:32 l3proto:nf_proto protocol:inet_proto"
    " proto-src:inet_service proto-dst:inet_service bytes:64 packets:64 avgpkt:64"
)
_DIRECTED = (
    "ip_saddr:ipv4_addr ip_daddr:ipv4_addr ip6_saddr:ipv6_addr ip6_daddr:ipv6_addr l3proto:nf_proto"
    " protocol:inet_proto proto-src:inet_service proto-dst:inet_service bytes:64 packets:64 avgpkt:64 zone:16"
)
_OTHERS = (
    "socket transparent:8, socket mark:mark, socket wildcard:8, socket cgroupv2:cgroupsv2,"
    " rt classid:realm, rt ip nexthop:ipv4_addr, rt ip6 nexthop:ipv6_addr,"
    " rt mtu:16, rt ipsec:boolean"
)


def _width(kind: str) -> int:
    return int(kind) if kind.isdigit() else WIDTHS[kind]


def _kind(kind: str) -> str:
    return "integer" if kind.isdigit() else kind


OPTION_BITS = {
    f"{of} {field}": bits
    for of, bits_of in (
        ("tcp option", {"kind": 8, "length": 8, "size": 16, "count": 8, "left": 32, "right": 32, "tsval": 32}),
        ("tcp option", {"tsecr": 32, "subtype": 4}),
        ("ip option", {"type": 8, "length": 8, "ptr": 8, "addr": 32, "value": 16}),
        ("sctp chunk", {"type": 8, "flags": 8, "length": 16, "tsn": 32, "stream": 16, "ssn": 16, "ppid": 32}),
        ("sctp chunk", {"init-tag": 32, "a-rwnd": 32, "num-outbound-streams": 16, "num-inbound-streams": 16}),
        ("sctp chunk", {"initial-tsn": 32, "cum-tsn-ack": 32, "num-gap-ack-blocks": 16, "num-dup-tsns": 16}),
        ("sctp chunk", {"lowest-tsn": 32, "seqno": 32, "new-cum-tsn": 32}),
    )
    for field, bits in bits_of.items()
}
"""Fields of options: `OPTION FIELD`, the option's own name left out, as all have the same."""

_TCP_OPTIONS = (
    *("eol", "nop", "maxseg", "window", "sack-perm", "sack", "sack0", "sack1", "sack2", "sack3", "timestamp"),
    *("echo", "fastopen", "md5sig", "mptcp"),
)

TYPES: dict[str, str] = {}
"""Field: its data type, as `nft describe` says it; what has no words of its own is `integer`."""

BITS: dict[str, int] = {}
"""Field: its width."""

NEEDS: dict[str, Need] = {}
"""Field of a header: what the packet must be. Fields of IPv6's extension headers are named `exthdr NAME FIELD`."""


def _fill() -> None:
    def put(field: str, kind: str) -> None:
        TYPES[field], BITS[field] = _kind(kind), _width(kind)

    for protocol, (nfproto, l4proto, said) in _HEADERS.items():
        for name, kind in (one.split(":") for one in said.split()):
            field = f"{protocol} {name.replace('_', ' ')}"
            put(field, kind)
            NEEDS[field] = Need(BITS[field], nfproto, l4proto)
    for protocol, said in _EXTENSIONS.items():
        for name, kind in (one.split(":") for one in f"{said}".split()):
            put(f"{protocol} {name}", kind)
            NEEDS[f"{protocol} {name}"] = Need(_width(kind), IPV6, None)
        put(f"exthdr {protocol}", "boolean")
        NEEDS[f"exthdr {protocol}"] = Need(1, IPV6, None)
    for option in ("lsrr", "rr", "ssrr", "ra"):
        for name in ("type", "length", "ptr", "addr", "value"):
            NEEDS[f"ip option {option} {name}"] = Need(OPTION_BITS[f"ip option {name}"], IPV4, None)
        NEEDS[f"ip option {option}"] = Need(1, IPV4, None)
    for option in _TCP_OPTIONS:
        for name in ("kind", "length", "size", "count", "left", "right", "tsval", "tsecr", "subtype"):
            NEEDS[f"tcp option {option} {name}"] = Need(OPTION_BITS[f"tcp option {name}"], None, 6)
    for prefix, said in (("meta", _META), ("ct", _CT)):
        for name, kind in (one.split(":") for one in said.split()):
            put(f"{prefix} {name}", kind)
    for direction in ("original", "reply"):
        for name, kind in (one.split(":") for one in _DIRECTED.split()):
            put(f"ct {direction} {name.replace('_', ' ')}", kind)
    for one in _OTHERS.split(", "):
        field, kind = one.split(":")
        put(field, kind)
    BITS["ct expiration"] = 32  # milliseconds; `meta time` has the same type and twice the width


_fill()

IMPLIED_TYPE = {
    "icmp mtu": 3,
    "icmp gateway": 5,
    "icmpv6 parameter-problem": 4,
    "icmpv6 mtu": 2,
    "icmpv6 packet-too-big": 2,
    "icmpv6 max-delay": 130,
}
"""Fields of some ICMP messages only: nft asks for the type before, and leaves that out of the listing too."""

WITHOUT_CONNECTION = frozenset({"ct state"})
"""The fields of a connection that a packet has without one (`invalid` and `untracked` are states); any other `ct`
field such a packet lacks. Setting one is no match: on such a packet it does nothing."""

CHANCE = frozenset(
    {
        "meta skuid", "meta skgid", "meta cgroup", "meta cpu", "meta random", "meta time", "meta day", "meta hour",
    }
)  # fmt: skip
"""Fields that say nothing about the packet itself: what is matched with them matches now and then (Maybe)."""
