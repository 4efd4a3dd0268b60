"""Sets of all kinds that this kernel has, and elements to ask them for."""

import itertools
from collections.abc import Iterator

from segctl.listing.rule import Set
from tests.unit.listing_iptables.facts import number, packed

KEPT = """
create masked hash:ip netmask 24 timeout 300 counters comment skbinfo
add masked 10.1.2.3 timeout 0 comment "some words" skbmark 0x1/0xff skbprio 1:2 skbqueue 3
add masked 10.1.3.9 timeout 100
create ifaces hash:net,iface
add ifaces 10.0.0.0/8,eth0
add ifaces 10.1.0.0/16,eth wildcard
add ifaces 10.1.2.0/24,lo
add ifaces 10.1.2.0/25,eth0 nomatch
add ifaces 0.0.0.0/0,lo
create services hash:ip,port
add services 10.0.0.1-10.0.0.3,udp:53-55
add services 10.0.0.9,icmp:ping
add services 10.0.0.9,icmp:3/4
add services 10.0.0.9,sctp:99
add services 10.0.0.9,47:0
add services 10.0.0.9,udplite:3
create blocks bitmap:ip range 10.0.0.0/16 netmask 24
add blocks 10.0.4.7
create low bitmap:port range 1-1000 timeout 50
add low 80-83
create threes hash:ip,port,net
add threes 10.0.0.1,tcp:80,10.0.0.0/8
add threes 10.0.0.1,tcp:80,10.1.0.0/16 nomatch
add threes 10.0.0.1,tcp:80,10.1.2.0/24
create all list:set timeout 60
add all masked
add all services timeout 30
create six hash:net family inet6
add six 2001:db8::/32
add six 2001:db8:1::/48 nomatch
add six 2001:db8:1::7
create wide hash:ip family inet6 netmask 64
add wide fd00::5
create services6 hash:ip,port family inet6
add services6 fd00::1,icmpv6:128/0
add services6 fd00::1,icmpv6:neighbour-solicitation
create ranges hash:net
add ranges 10.0.0.1-10.0.0.20
add ranges 10.0.0.7 nomatch
add ranges 10.0.0.10/31 nomatch
add ranges 10.0.0.11
create netports hash:net,port
add netports 10.0.0.0/8,tcp:80-90
add netports 10.0.0.0/24,tcp:85 nomatch
add netports 10.0.0.4/30,tcp:85
create triples hash:ip,port,ip
add triples 10.0.0.1,tcp:80,10.0.0.2
"""
ADDRESSES4 = ["10.1.2.0", "10.1.2.200", "10.1.3.1", "10.2.0.1", "192.0.2.1", *(f"10.0.0.{at}" for at in range(1, 22))]
ADDRESSES4 += ["10.0.4.0", "10.0.4.255", "10.0.5.0", "10.1.2.5"]
ADDRESSES6 = ["2001:db8::1", "2001:db8:1::1", "2001:db8:1::7", "fd00::1", "fd00::ffff", "fd00:0:0:1::", "::1"]
PORTS = [
    "tcp:80",
    "tcp:85",
    "tcp:90",
    "tcp:91",
    "udp:53",
    "udp:55",
    "icmp:8/0",
    "icmp:8/1",
    "icmp:3/4",
    "sctp:99",
    "gre:0",
]
PORTS6 = ["ipv6-icmp:128/0", "ipv6-icmp:135/0", "tcp:128"]


def candidates(one: Set) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Elements to ask a set for, as ipset writes them and as numbers; some are in it, some nearly."""
    six = "ipv6_addr" in one.parts
    few = [text for text in ADDRESSES4 if text.endswith((".1", ".2", ".5"))] if len(one.parts) > 3 else ADDRESSES4
    addresses: list[tuple[str, tuple[int, ...]]] = [(text, (packed(text),)) for text in (ADDRESSES6 if six else few)]
    if one.parts == ("inet_service",):
        yield from ((str(port), (port,)) for port in (1, 79, 80, 83, 84, 1000))
        return
    choices: list[list[tuple[str, tuple[int, ...]]]] = []
    for part in one.parts:
        if part in ("ipv4_addr", "ipv6_addr"):
            choices.append(addresses)
        elif part == "inet_proto":
            choices.append([(text, port_key(text)) for text in (PORTS6 if six else PORTS)])
        elif part == "ifname":
            choices.append(
                [(name, (number(name.encode().ljust(16, b"\0")),)) for name in ("eth0", "eth", "eth1", "lo")]
            )
    for made in itertools.product(*choices):
        yield ",".join(text for text, _ in made), tuple(value for _, values in made for value in values)


def port_key(text: str) -> tuple[int, int]:
    name, _, port = text.partition(":")
    kind = {"tcp": 6, "udp": 17, "icmp": 1, "sctp": 132, "gre": 47, "ipv6-icmp": 58}[name]
    high, slash, low = port.partition("/")
    return kind, int(high) << 8 | int(low) if slash else int(port)
