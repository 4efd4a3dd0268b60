"""What some of RULES mean, by hand from the kernel's own rules (`nft --debug=netlink`); texts are left empty."""

from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Bits,
    Choose,
    Constant,
    Decide,
    Element,
    Ending,
    Expression,
    Join,
    Load,
    Lookup,
    Mapped,
    Match,
    Maybe,
    Opaque,
    Set,
    Shift,
    Span,
    Statement,
    Strange,
    Translate,
    Untrack,
    Update,
    Verdict,
)

ETH0 = int.from_bytes(b"eth0".ljust(16, b"\0"), "big")
ETH = (int.from_bytes(b"eth".ljust(16, b"\0"), "big"), int.from_bytes(b"eth".ljust(16, b"\xff"), "big"))
WG = (int.from_bytes(b"wg".ljust(16, b"\0"), "big"), int.from_bytes(b"wg".ljust(16, b"\xff"), "big"))
LO = int.from_bytes(b"lo".ljust(16, b"\0"), "big")
MARK, CTMARK, FLAGS, STATE = Load("meta mark", 32), Load("ct mark", 32), Load("tcp flags", 8), Load("ct state", 32)
SADDR, DPORT, DSCP = Load("ip saddr", 32), Load("tcp dport", 16), Load("ip dscp", 6)
IPV4, IPV6 = Match(Load("meta nfproto", 8), ((2, 2),)), Match(Load("meta nfproto", 8), ((10, 10),))
TCP = Match(Load("meta l4proto", 8), ((6, 6),))
ALL = 0xFFFFFFFF


def eq(left: Expression, *values: int | Span, no: bool = False) -> Match:
    """Equal to one of these."""
    return Match(left, tuple((value, value) if isinstance(value, int) else value for value in values), no)


def v4(text: str) -> int:
    return int.from_bytes(bytes(map(int, text.split("."))), "big")


def end(word: str, chain: str | None = None) -> Decide:
    return Decide(Verdict(Ending(word), chain))


def held(parts: tuple[str, ...], *rows: Element, answers: str | None = None) -> Set:
    """An anonymous set."""
    return Set("", parts, answers, rows)


def row(*key: int | Span, value: int | Verdict | None = None) -> Element:
    return Element(tuple((part, part) if isinstance(part, int) else part for part in key), value)


ACCEPT, DROP = Verdict(Ending.ACCEPT), Verdict(Ending.DROP)
ADDRESS_PORT = ("ipv4_addr", "inet_service")

MEANINGS: dict[str, tuple[Statement, ...]] = {
    "accept": (end("accept"),),
    "return": (end("return"),),
    "continue": (end("continue"),),
    "jump b": (end("jump", "b"),),
    "goto b": (end("goto", "b"),),
    'counter packets 5 bytes 7 accept comment "five, and seven"': (Aside(""), end("accept")),
    "counter name c1": (Aside(""),),
    'counter name tcp dport map { 22 : "c1" }': (
        Lookup(DPORT, held(("inet_service",), row(22), answers="counter")),
        Aside(""),
    ),
    "counter name tcp dport map @cm": (Lookup(DPORT, "cm"), Aside("")),
    "quota over 5 mbytes": (Maybe(""),),
    "limit name l1": (Maybe(""),),
    'limit rate 5/second burst 3 packets counter log prefix "a { b" accept': (
        *(Maybe(""), Aside(""), Aside(""), end("accept")),
    ),
    'log prefix "x # y" flags ip options counter': (Aside(""), Aside("")),
    "reject": (end("reject"),),
    "reject with icmp port-unreachable": (IPV4, end("reject")),
    "reject with icmpv6 no-route": (IPV6, end("reject")),
    "reject with icmpx admin-prohibited": (end("reject"),),
    "notrack": (Untrack(),),
    "ct count over 3": (Maybe(""),),
    'ct helper set "h1"': (Aside(""),),
    'ct expectation set "e1"': (Opaque(""),),
    "masquerade": (Translate(""),),
    "snat ip to 1.2.3.4": (IPV4, Translate("")),
    "snat ip6 to fd00::1": (IPV6, Translate("")),
    "meta l4proto tcp dnat ip to ip saddr . tcp dport map @nm": (
        *(IPV4, Lookup(Join((SADDR, DPORT)), "nm"), Translate("")),
    ),
    "tcp dport 80 redirect": (eq(DPORT, 80), Translate("")),
    "update @s4 { ip saddr limit rate 5/second }": (Update("s4", ""), Maybe("")),
    "update @s4 { ip saddr counter } drop": (Update("s4", ""), end("drop")),
    "delete @s4 { ip saddr }": (Update("s4", ""),),
    "add @sl { ip saddr ct count over 5 } drop": (Update("sl", ""), Maybe(""), end("drop")),
    "update @dm { ip saddr : meta mark }": (Update("dm", ""),),
    "meter mm { ip saddr limit rate 5/second } accept": (Update("mm", ""), Maybe(""), end("accept")),
    "meta mark 0x10/28": (eq(MARK, (16, 31)),),
    "meta mark != 0x10/28": (eq(MARK, (16, 31), no=True),),
    "meta mark >= 0x10000": (eq(MARK, (0x10000, ALL)),),
    "meta mark { 1-5, 0x10000/16 }": (eq(MARK, (1, 5), (0x10000, 0x1FFFF)),),
    "meta mark @marks": (Lookup(MARK, "marks"),),
    "meta mark & 0xff 1-5": (eq(Bits(MARK, 0xFF), (1, 5)),),
    "meta mark & 0xffff0000 | 0x12 == 0x10012": (eq(Bits(MARK, 0xFFFF0000, 0x12), 0x10012),),
    "meta mark ^ 0x5 == 0x4": (eq(MARK, 1),),
    "meta mark or 0x5 == 0x5": (eq(Bits(MARK, 0xFFFFFFFA, 5), 5),),
    "meta mark set 5": (Assign("meta mark", Constant(5)),),
    "meta mark set meta mark or 0xff": (Assign("meta mark", Bits(MARK, 0xFFFFFF00, 0xFF)),),
    "meta mark set meta mark xor 0xff": (Assign("meta mark", Bits(MARK, ALL, 0xFF)),),
    "meta mark set meta mark & 0xffff0000 | 0x12": (Assign("meta mark", Bits(MARK, 0xFFFF0000, 0x12)),),
    "meta mark set ct mark and 0xff00 xor 0x10": (Assign("meta mark", Bits(CTMARK, 0xFF00, 0x10)),),
    "meta mark set (meta mark | 0x10) & 0x1f": (Assign("meta mark", Bits(MARK, 0xF, 0x10)),),
    "meta mark set (meta mark | 0x10) ^ 0x1f": (Assign("meta mark", Bits(MARK, 0xFFFFFFEF, 0xF)),),
    "meta mark set meta mark << 4": (Assign("meta mark", Bits(Shift(MARK, 4), ALL)),),
    "meta mark set meta mark >> 4": (Assign("meta mark", Shift(MARK, -4)),),
    "meta mark set (meta mark & 0xff) << 8": (Assign("meta mark", Bits(Shift(Bits(MARK, 0xFF), 8), ALL)),),
    "meta mark set ip saddr map { 1.1.1.1 : 5, 2.2.2.0/24 : 6 }": (
        Assign(
            "meta mark",
            Mapped(
                SADDR,
                held(
                    ("ipv4_addr",),
                    row(v4("1.1.1.1"), value=5),
                    row((v4("2.2.2.0"), v4("2.2.2.255")), value=6),
                    answers="mark",
                ),
            ),
        ),
    ),
    "meta mark set ip saddr map @dm": (Assign("meta mark", Mapped(SADDR, "dm")),),
    "meta mark set symhash mod 2": (Assign("meta mark", Strange("")),),
    "numgen inc mod 10 < 5": (Maybe(""),),
    "ct mark & 0x80000000 == 0": (eq(CTMARK, (0, 0x7FFFFFFF)),),
    "ct mark & 0x80000000 != 0": (eq(CTMARK, (0, 0x7FFFFFFF), no=True),),
    "ct mark and 0xff == { 1, 2 }": (eq(Bits(CTMARK, 0xFF), 1, 2),),
    "ct mark set ct mark & 0x0000ffff or 0x00050000": (Assign("ct mark", Bits(CTMARK, 0xFFFF, 0x50000)),),
    "ct mark . meta mark { 1 . 2 }": (Lookup(Join((CTMARK, MARK)), held(("mark", "mark"), row(1, 2))),),
    "ct state new": (Anybit(STATE, 8),),
    "ct state established,related,untracked accept": (Anybit(STATE, 70), end("accept")),
    "ct state { new, established }": (eq(STATE, 2, 8),),
    "ct state == new": (eq(STATE, 8),),
    "ct state != new": (eq(STATE, 8, no=True),),
    "ct state != { new, established }": (eq(STATE, 2, 8, no=True),),
    "ct state != new,established": (eq(STATE, 10, no=True),),
    "ct state ! new,established": (Anybit(STATE, 10, True),),
    "ct state & new == new": (eq(Bits(STATE, 8), 8),),
    "ct state & (established|related) != 0": (Anybit(STATE, 6),),
    "ct state vmap { invalid : drop, established : accept, related : accept }": (
        Choose(
            STATE,
            held(("ct_state",), row(1, value=DROP), row(2, value=ACCEPT), row(4, value=ACCEPT), answers="verdict"),
        ),
    ),
    "ct status != dnat": (eq(Load("ct status", 32), 32, no=True),),
    "ct status & (snat|dnat) == snat": (eq(Bits(Load("ct status", 32), 48), 16),),
    "ct direction reply": (eq(Load("ct direction", 8), 1),),
    "ct original ip saddr 1.2.3.4": (eq(Load("ct original ip saddr", 32), v4("1.2.3.4")),),
    "ct original packets > 3": (eq(Load("ct original packets", 64), (4, (1 << 64) - 1)),),
    "ct expiration > 1h2m3s": (eq(Load("ct expiration", 32), (3723001, ALL)),),
    "ct label 1,3": (Anybit(Load("ct label", 128), 10),),
    "ct label != 3": (eq(Load("ct label", 128), 8, no=True),),
    "ct label set 5": (Assign("ct label", Constant(32)),),
    'meta day { "Sunday", "Monday" }': (Maybe(""),),
    "meta skgid { 0, 5 }": (Maybe(""),),
    "meta protocol { ip, ip6 }": (eq(Load("meta protocol", 16), 0x800, 0x86DD),),
    "meta l4proto 58": (eq(Load("meta l4proto", 8), 58),),
    "meta priority 1:2": (eq(Load("meta priority", 32), 0x10002),),
    "meta priority none": (eq(Load("meta priority", 32), 0),),
    "meta priority 1:0-1:ffff": (eq(Load("meta priority", 32), (0x10000, 0x1FFFF)),),
    "meta priority & 0xffff0000 == 0x10000": (eq(Bits(Load("meta priority", 32), 0xFFFF0000), 0x10000),),
    "iif lo accept": (eq(Load("meta iif", 32), 1), end("accept")),
    "iif 0": (eq(Load("meta iif", 32), 0),),
    "iif != 1-5": (eq(Load("meta iif", 32), (1, 5), no=True),),
    'iif { "lo", 5-7 }': (eq(Load("meta iif", 32), 1, (5, 7)),),
    'oif { "lo", 77 }': (eq(Load("meta oif", 32), 1, 77),),
    'iifname "eth0"': (eq(Load("meta iifname", 128), ETH0),),
    'iifname "eth*"': (eq(Load("meta iifname", 128), ETH),),
    'iifname "eth\\*"': (eq(Load("meta iifname", 128), int.from_bytes(b"eth*".ljust(16, b"\0"), "big")),),
    'iifname != { "eth0", "wg*" }': (eq(Load("meta iifname", 128), ETH0, WG, no=True),),
    "fib saddr . iif oif missing": (eq(Load("fib saddr . iif oif", 32), 0),),
    "fib saddr . iif oif exists": (eq(Load("fib saddr . iif oif", 32), 0, no=True),),
    'fib saddr . mark . iif oifname "lo"': (eq(Load("fib saddr . mark . iif oifname", 128), LO),),
    "fib daddr . oif type != unicast": (eq(Load("fib daddr . oif type", 32), 1, no=True),),
    "ip saddr != 10.0.0.0/8": (eq(SADDR, (v4("10.0.0.0"), v4("10.255.255.255")), no=True),),
    "ip saddr 0.0.0.0/0": (eq(SADDR, (0, ALL)),),
    "ip saddr { 10.0.0.0/8, 11.0.0.1, 12.0.0.1-12.0.0.6 }": (
        eq(SADDR, (0x0A000000, 0x0AFFFFFF), 0x0B000001, (0x0C000001, 0x0C000006)),
    ),
    "ip saddr & 255.0.0.255 == 10.0.0.1": (eq(Bits(SADDR, 0xFF0000FF), 0x0A000001),),
    "ip saddr & 0.0.0.255 < 0.0.0.127": (eq(Bits(SADDR, 0xFF), (0, 126)),),
    "ip saddr . tcp dport { 1.1.1.1 . 22, 3.3.3.0/24 . 80-90 }": (
        Lookup(
            Join((SADDR, DPORT)),
            held(ADDRESS_PORT, row(v4("1.1.1.1"), 22), row((v4("3.3.3.0"), v4("3.3.3.255")), (80, 90))),
        ),
    ),
    "ip saddr . tcp dport != @pairs": (Lookup(Join((SADDR, DPORT)), "pairs", True),),
    "ip saddr vmap @vm": (Choose(SADDR, "vm"),),
    "ip saddr vmap { 1.1.1.1 : drop, * : accept } counter": (
        Choose(
            SADDR, held(("ipv4_addr",), row(v4("1.1.1.1"), value=DROP), row((0, ALL), value=ACCEPT), answers="verdict")
        ),
        Aside(""),
    ),
    "ip dscp { cs1, af11 }": (eq(DSCP, 8, 10),),
    "ip dscp set cs1": (Assign("ip dscp", Constant(8)),),
    "ip dscp & 0x38 == 0x8": (
        IPV4,
        eq(Bits(Shift(Bits(Load("@nh,8,8", 8), 0xFC), -2), 0x38), 8),
    ),
    "ip frag-off & 0x1fff != 0": (eq(Bits(Load("ip frag-off", 16), 0x1FFF), 0, no=True),),
    "ip ttl >= 64": (eq(Load("ip ttl", 8), (64, 255)),),
    "ip option lsrr exists": (eq(Load("ip option lsrr", 1), 1),),
    "ip6 daddr ::ffff:1.2.3.4": (eq(Load("ip6 daddr", 128), 0xFFFF01020304),),
    "ip6 dscp @dscp6": (Match(Strange(""), ()),),
    "exthdr frag missing": (eq(Load("exthdr frag", 1), 0),),
    "frag frag-off != 0": (eq(Load("frag frag-off", 13), 0, no=True),),
    "icmp type { echo-request, echo-reply }": (IPV4, eq(Load("icmp type", 8), 0, 8)),
    "icmp mtu 1500": (IPV4, eq(Load("icmp type", 8), 3), eq(Load("icmp mtu", 16), 1500)),
    "icmp gateway 5": (IPV4, eq(Load("icmp type", 8), 5), eq(Load("icmp gateway", 32), 5)),
    "icmpv6 type 133-136": (IPV6, eq(Load("icmpv6 type", 8), (133, 136))),
    "icmpv6 mtu 1280": (IPV6, eq(Load("icmpv6 type", 8), 2), eq(Load("icmpv6 mtu", 32), 1280)),
    "ip6 saddr ::1 icmp type echo-request": (eq(Load("ip6 saddr", 128), 1), eq(Load("icmp type", 8), 8)),
    "meta nfproto ipv4 icmpv6 type 128": (IPV4, eq(Load("icmpv6 type", 8), 128)),
    "meta nfproto { ipv4, ipv6 } icmp type 8": (*(eq(Load("meta nfproto", 8), 2, 10), eq(Load("icmp type", 8), 8)),),
    "meta protocol ip6 icmp type echo-request": (
        *(eq(Load("meta protocol", 16), 0x86DD), IPV4, eq(Load("icmp type", 8), 8)),
    ),
    "igmp type membership-query": (IPV4, eq(Load("igmp type", 8), 17)),
    "meta l4proto igmp igmp type membership-query": (eq(Load("igmp type", 8), 17),),
    "tcp dport != { 22, 80 }": (eq(DPORT, 22, 80, no=True),),
    "tcp dport > 1024": (eq(DPORT, (1025, 65535)),),
    "tcp dport <= 1024": (eq(DPORT, (0, 1024)),),
    "tcp flags syn,ack": (Anybit(FLAGS, 18),),
    "tcp flags == syn": (eq(FLAGS, 2),),
    "tcp flags == syn|ack": (eq(FLAGS, 18),),
    "tcp flags != syn": (eq(FLAGS, 2, no=True),),
    "tcp flags syn / syn,ack": (eq(Bits(FLAGS, 18), 2),),
    "tcp flags != syn / syn,ack": (eq(Bits(FLAGS, 18), 2, no=True),),
    "tcp flags { syn, syn|ack }": (eq(FLAGS, 2, 18),),
    "tcp flags & (fin|syn|rst|ack) == syn": (eq(Bits(FLAGS, 23), 2),),
    "tcp flags & syn == 0": (Anybit(FLAGS, 2, True),),
    "tcp flags & (fin|syn|rst|psh|ack|urg) < 0x10": (eq(Bits(FLAGS, 63), (0, 15)),),
    "tcp option maxseg size set rt mtu": (Assign("tcp option maxseg size", Load("rt mtu", 16)),),
    "tcp option sack-perm exists": (eq(Load("tcp option sack-perm", 1), 1),),
    "tcp option 77 exists": (eq(Load("tcp option 77", 1), 1),),
    "tcp option @77,8,8 5": (eq(Load("tcp option @77,8,8", 8), 5),),
    "@th,0,16 5": (eq(Load("th sport", 16), 5),),
    "@th,16,16 set 5": (Assign("th dport", Constant(5)),),
    "@nh,96,32 0x0a000001": (eq(Load("@nh,96,32", 32), 0x0A000001),),
    "ether saddr 00:11:22:33:44:55": (eq(Load("ether saddr", 48), 0x001122334455),),
    "tcp dport vmap { 22 : accept, 23 : drop, 24-30 : return, 31 : jump b, 32 : goto b, 33 : continue }": (
        Choose(
            DPORT,
            held(
                ("inet_service",),
                row(22, value=ACCEPT),
                row(23, value=DROP),
                row((24, 30), value=Verdict(Ending.RETURN)),
                row(31, value=Verdict(Ending.JUMP, "b")),
                row(32, value=Verdict(Ending.GOTO, "b")),
                row(33, value=Verdict(Ending.CONTINUE)),
                answers="verdict",
            ),
        ),
    ),
}
"""By the rule as it is written in a table of `inet`."""
FAMILIES: dict[tuple[str, str], tuple[Statement, ...]] = {
    ("ip", "icmp type echo-request"): (eq(Load("icmp type", 8), 8),),
    ("ip", "icmpv6 type echo-request"): (eq(Load("icmpv6 type", 8), 128),),
    ("ip", "reject with tcp reset"): (TCP, end("reject")),
    ("ip", "ct original saddr 1.2.3.4"): (eq(Load("ct original ip saddr", 32), v4("1.2.3.4")),),
    ("ip6", "ct reply saddr ::1"): (eq(Load("ct reply ip6 saddr", 128), 1),),
    ("bridge", "icmp type echo-request"): (eq(Load("meta protocol", 16), 0x800), eq(Load("icmp type", 8), 8)),
    ("bridge", "ether type ip6 icmp type 8"): (eq(Load("ether type", 16), 0x86DD), eq(Load("icmp type", 8), 8)),
    ("bridge", "arp saddr ip 1.2.3.4"): (eq(Load("arp saddr ip", 32), v4("1.2.3.4")),),
    ("netdev", "reject with icmp port-unreachable"): (eq(Load("meta protocol", 16), 0x800), end("reject")),
    ("netdev", 'fwd to "lo"'): (Opaque(""),),
    ("arp", "arp saddr ether 00:11:22:33:44:55"): (eq(Load("arp saddr ether", 48), 0x001122334455),),
}
"""By the table's family and the rule, in tables of other families."""
