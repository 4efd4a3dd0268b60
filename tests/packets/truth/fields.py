"""What random rules look at: nft's words for a field, its type, and the packets that have it."""

from dataclasses import dataclass

from tests.packets.truth import kinds as k
from tests.packets.truth.kinds import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """`version` and `layer`: what a packet must be to have it, so that no rule speaks of two that exclude each other.

    `tracked`: only where conntrack looks. `keyed`: it may be part of the key of a named set.
    `family`: of tables that may ask for it.
    """

    words: str
    kind: Kind
    often: int = 2
    version: int | None = None
    layer: str | None = None
    tracked: bool = False
    keyed: bool = True
    family: str | None = None


FIELDS = (
    Field("ip saddr", k.ADDRESS4, 10, 4),
    Field("ip daddr", k.ADDRESS4, 10, 4),
    Field("ip6 saddr", k.ADDRESS6, 10, 6),
    Field("ip6 daddr", k.ADDRESS6, 10, 6),
    Field("ip protocol", k.PROTOCOL, 3, 4),
    Field("ip6 nexthdr", k.PROTOCOL, 3, 6),
    Field("ip ttl", k.HOPS, 2, 4, keyed=False),
    Field("ip6 hoplimit", k.HOPS, 2, 6, keyed=False),
    Field("ip length", k.LENGTH16, 1, 4, keyed=False),
    Field("ip6 length", k.LENGTH16, 1, 6, keyed=False),
    Field("ip dscp", k.DSCP, 2, 4),
    Field("ip6 dscp", k.DSCP, 2, 6, keyed=False),
    Field("ip ecn", k.ECN, 1, 4, keyed=False),
    Field("ip id", k.IDENT, 1, 4, keyed=False),
    Field("ip6 flowlabel", k.FLOW, 1, 6, keyed=False),
    Field("meta l4proto", k.PROTOCOL, 8),
    Field("meta nfproto", k.NFPROTO, 3, family="inet"),
    Field("meta protocol", k.ETHERTYPE, 1, keyed=False, family="inet"),
    Field("meta protocol", k.ETHERTYPE, 1, keyed=False, family="netdev"),  # in ip and ip6 nft 1.0.6 may not list it
    Field("meta length", k.LENGTH, 2, keyed=False),
    Field("th sport", k.PORT, 3, layer="ports"),
    Field("th dport", k.PORT, 8, layer="ports"),
    Field("tcp sport", k.PORT, 2, layer="tcp"),
    Field("tcp dport", k.PORT, 8, layer="tcp"),
    Field("udp sport", k.PORT, 2, layer="udp"),
    Field("udp dport", k.PORT, 6, layer="udp"),
    Field("sctp dport", k.PORT, 1, layer="sctp"),
    Field("tcp window", k.WINDOW, 1, layer="tcp", keyed=False),
    Field("udp length", k.LENGTH16, 1, layer="udp", keyed=False),
    Field("icmp type", k.ICMP4, 5, 4, "icmp"),
    Field("icmp code", k.CODE, 2, 4, "icmp", keyed=False),
    Field("icmpv6 type", k.ICMP6, 5, 6, "icmp"),
    Field("icmpv6 code", k.CODE, 2, 6, "icmp", keyed=False),
    Field("esp spi", k.SPI, 1, layer="esp", keyed=False),
    Field("iifname", k.IFNAME, 8),
    Field("oifname", k.IFNAME, 8),
    Field("iif", k.IFINDEX, 3),
    Field("oif", k.IFINDEX, 3),
    Field("iifgroup", k.GROUP, 2),
    Field("oifgroup", k.GROUP, 2),
    Field("meta mark", k.MARK, 9),
    Field("meta priority", k.CLASS, 5),
    Field("ether saddr", k.HARDWARE, 1, keyed=False),
    Field("ct mark", k.MARK, 9, tracked=True),
    Field("ct state", k.STATE, 8, tracked=True),
    Field("ct direction", k.DIRECTION, 5, tracked=True),
    Field("ct protocol", k.PROTOCOL, 1, tracked=True, keyed=False),
    Field("ct original ip saddr", k.ADDRESS4, 2, 4, tracked=True, keyed=False),
    Field("ct original ip daddr", k.ADDRESS4, 2, 4, tracked=True, keyed=False),
    Field("ct reply ip saddr", k.ADDRESS4, 2, 4, tracked=True, keyed=False),
    Field("ct reply ip6 daddr", k.ADDRESS6, 2, 6, tracked=True, keyed=False),
    Field("ct original ip6 saddr", k.ADDRESS6, 2, 6, tracked=True, keyed=False),
)
