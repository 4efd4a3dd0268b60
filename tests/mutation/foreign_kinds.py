"""Mutants that leave our table alone: somebody else's table stands beside it."""

from dataclasses import replace
from random import Random

from tests.mutation.mutant import Mutant, kind
from tests.mutation.rule_kinds import new_aim
from tests.mutation.tables import Table

_HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
_PRIORITIES = ("-400", "-300", "-190", "-150", "-1", "0", "1", "10", "100", "300")
_MATCHES = (
    "", "", "", "tcp dport 443", "tcp dport 22", "udp dport 53", "meta l4proto gre", "ct state new",
    "ct state established", "ct state related", "meta l4proto icmp", "meta l4proto ipv6-icmp",
    "tcp flags & (fin|syn|rst|ack) == syn", "meta mark 0x0", "meta mark 0x99", "ct mark 0x0", "ct direction reply",
    "meta length > 9000", "ip saddr 10.0.0.0/8", "ip6 saddr fd00::/8", "ip daddr 203.0.113.250", "ip ttl < 2",
    "meta nfproto ipv6", "meta l4proto udp", "fib saddr . iif oif missing", "fib daddr type local", "tcp sport 443",
    "meta pkttype multicast", "ct status assured", "ip dscp cs5", "tcp dport { 22, 80, 443 }", "udp sport 1-1023",
    "meta iifname != lo",
)  # fmt: skip
_ENDS = (
    "accept",
    "drop",
    "drop",
    "reject",
    "counter",
    "log",
    "continue",
    "limit rate 5/minute drop",
    "limit rate over 1/second drop",
)
_MARKS = (
    "meta mark set 0x7", "meta mark set 0x00010001", "meta priority set 1:1", "meta mark set meta mark | 0x1",
    "ct mark set 0x0", "ct mark set 0x7", "ct mark set ct mark | 0x80000000", "ct mark set ct mark & 0xfffffffe",
    "ct mark set meta mark", "meta mark set ct mark", "ip dscp set cs1", "ip ttl set 7", "ip6 hoplimit set 9",
    "tcp option maxseg size set 1300", "tcp dport set 8443", "ip daddr set 10.0.1.10", "ip saddr set 10.0.1.1",
    "meta nftrace set 1", "meta pkttype set host", 'ct helper set "x"', "ct label set 1", "udp sport set 5353",
)  # fmt: skip


def _beside(kind_: str, table: Table, family: str, hook: str, priority: str, rule: str, policy: str = "accept",
            type_: str = "filter", device: str = "") -> Mutant:  # fmt: skip
    on = f" device {device}" if device else ""
    text = (
        f"table {family} other {{\n chain a {{\n  type {type_} hook {hook}{on} priority {priority}; policy {policy};\n"
        f"  {rule}\n }}\n}}\n"
    )
    where = f"table {family}, {type_} {hook}{on} at {priority}, policy {policy}"
    return Mutant(kind_, f"{where}: '{rule}'", replace(table, beside=text), new_aim(rule))


def _family(chosen: Random) -> str:
    return chosen.choice(("inet", "inet", "ip", "ip6"))


def _ending(name: str, ends: tuple[str, ...]) -> None:
    @kind(name)
    def _made(table: Table, chosen: Random) -> Mutant | None:
        rule = f"{chosen.choice(_MATCHES)} {chosen.choice(ends)}".strip()
        return _beside(name, table, _family(chosen), chosen.choice(_HOOKS), chosen.choice(_PRIORITIES), rule)


_ending("another table accepts", ("accept", "counter accept", "continue"))
_ending(
    "another table drops",
    ("drop", "counter drop", "reject", "limit rate over 1/second drop", "limit rate 1/day accept"),
)
_ending("another table looks on", ("counter", 'log prefix "x "', "return", "jump empty", "limit rate 1/second log"))


@kind("another table's policy")
def _policy(table: Table, chosen: Random) -> Mutant | None:
    rule = chosen.choice(("accept", "counter", "ct state established,related accept", "meta mark 0 accept", "return"))
    where = _family(chosen), chosen.choice(_HOOKS), chosen.choice(_PRIORITIES)
    return _beside("another table's policy", table, *where, rule, "drop")


@kind("another table marks or changes")
def _mark(table: Table, chosen: Random) -> Mutant | None:
    rule = f"{chosen.choice(_MATCHES[:16])} {chosen.choice(_MARKS)}".strip()
    where = _family(chosen), chosen.choice(_HOOKS), chosen.choice(_PRIORITIES)
    return _beside("another table marks or changes", table, *where, rule)


@kind("another table un-tracks")
def _untrack(table: Table, chosen: Random) -> Mutant | None:
    rule = f"{chosen.choice(_MATCHES)} {chosen.choice(('notrack', 'notrack', 'ct zone set 7'))}".strip()
    hook, priority = chosen.choice(("prerouting", "output")), chosen.choice(("-300", "-350", "-201", "-150"))
    return _beside("another table un-tracks", table, _family(chosen), hook, priority, rule)


@kind("another table translates")
def _nat(table: Table, chosen: Random) -> Mutant | None:
    hook, rule = chosen.choice((
        ("postrouting", "masquerade"), ("postrouting", "snat to 203.0.113.99"), ("prerouting", "dnat to 10.0.2.20"),
        ("prerouting", "redirect to :22"), ("output", "dnat to 10.0.2.20"), ("prerouting", "redirect"),
        ("input", "snat to 9.9.9.9"),
    ))  # fmt: skip
    match = chosen.choice(("", "tcp dport 443", "tcp dport 81", "oifname eth0", "udp dport 53", "tcp dport 9"))
    if hook in ("prerouting", "input") and match.startswith("oifname"):
        match = ""
    if "redirect to" in rule:
        match = match if match[:3] in ("tcp", "udp") else "tcp dport 81"
    rule = f"{match} {rule}".strip()
    return _beside("another table translates", table, "ip", hook, chosen.choice(("-100", "100")), rule, type_="nat")


@kind("netdev table")
def _netdev(table: Table, chosen: Random) -> Mutant | None:
    faces = sorted({item.key[0].strip('"') for item in table.groups["behind_source"].items})
    hook = chosen.choice(("ingress", "ingress", "egress"))
    action = chosen.choice(
        ("drop", "accept", "meta mark set 0x7", "counter", "ip daddr set 10.0.1.10", "meta priority set 1:1")
    )
    match = chosen.choice((
        "", "", "tcp dport 443", "ip6 saddr fd00::/8", "meta protocol ip6", "ip saddr 10.0.0.0/8", "udp dport 1-1023",
        "ether type arp", "meta l4proto icmp",
    ))  # fmt: skip
    rule = f"{match} {action}".strip()
    return _beside(
        "netdev table",
        table,
        "netdev",
        hook,
        chosen.choice(("-500", "0", "100")),
        rule,
        device=f'"{chosen.choice(faces)}"',
    )


_IPTABLES = (
    ("filter", "FORWARD", "-j ACCEPT"), ("filter", "FORWARD", "-p tcp --dport 443 -j DROP"),
    ("filter", "INPUT", "-j DROP"), ("filter", "FORWARD", "-m state --state RELATED,ESTABLISHED -j ACCEPT"),
    ("filter", "OUTPUT", "-p udp --dport 53 -j DROP"), ("filter", "FORWARD", "-m conntrack --ctstate NEW -j DROP"),
    ("filter", "FORWARD", "-p udp -j REJECT"), ("raw", "PREROUTING", "-p udp -j NOTRACK"),
    ("raw", "PREROUTING", "-p tcp --dport 22 -j CT --notrack"), ("mangle", "FORWARD", "-j MARK --set-mark 7"),
    ("mangle", "PREROUTING", "-j MARK --set-mark 7"), ("mangle", "FORWARD", "-j CONNMARK --set-mark 7"),
    ("mangle", "POSTROUTING", "-j CONNMARK --set-mark 0"), ("mangle", "PREROUTING", "-m mark --mark 7 -j DROP"),
    ("mangle", "PREROUTING", "-m mark ! --mark 7 -j DROP"), ("filter", "FORWARD", "-m limit --limit 1/s -j DROP"),
    ("filter", "FORWARD", "-p tcp -m multiport --dports 22,80 -j DROP"),
    ("filter", "FORWARD", "-m addrtype --dst-type LOCAL -j DROP"), ("filter", "FORWARD", "-m ttl --ttl-lt 5 -j DROP"),
    ("filter", "FORWARD", "-m statistic --mode random --probability 0.5 -j DROP"),
    ("nat", "POSTROUTING", "-j MASQUERADE"), ("nat", "PREROUTING", "-p tcp --dport 81 -j REDIRECT --to-ports 22"),
    ("mangle", "FORWARD", "-j DSCP --set-dscp 10"), ("filter", "FORWARD", "-i eth1 -j DROP"),
    ("filter", "FORWARD", "-p gre -j DROP"), ("filter", "INPUT", "-p icmp -j ACCEPT"),
    ("filter", "FORWARD", "-m comment --comment nothing"), ("filter", "FORWARD", "-j LOG"),
)  # fmt: skip


_HOLDS = (
    "ip saddr 10.0.0.0/8 drop", "ip daddr 198.51.100.0/24 drop", "ip6 saddr fd00::/8 drop", "drop",
    "ct state new drop", "meta nfproto ipv6 drop", "tcp dport { 22, 443 } drop", "udp dport 53 drop",
)  # fmt: skip
_EXCEPTIONS = (
    "accept", "tcp dport 22 accept", "meta l4proto { icmp, ipv6-icmp } accept", "ct state established accept",
    "ip saddr 10.0.0.0/8 accept", "ip6 nexthdr udp accept",
)  # fmt: skip


@kind("hold table out of order")
def _held(table: Table, chosen: Random) -> Mutant | None:
    """The table that holds what must be cut off at once, where the site cuts nothing off: exceptions, then drops.

    In that order, turned round, without the one or the other, after our own chain, asleep.
    """
    hook, hold, but = chosen.choice(_HOOKS[1:4]), chosen.choice(_HOLDS), chosen.choice(_EXCEPTIONS)
    rules = chosen.choice(((but, hold), (hold, but), (but,), (hold,)))
    priority, flags = chosen.choice(("-10", "-10", "10")), chosen.choice(("", "", "", " flags dormant\n"))
    lines = "".join(f"  {rule}\n" for rule in rules)
    text = (
        f"table inet segctl_hold {{\n{flags} chain {hook} {{\n"
        f"  type filter hook {hook} priority {priority}; policy accept;\n{lines} }}\n}}\n"
    )
    words = f"table inet segctl_hold{', asleep' if flags else ''}, {hook} at {priority}: {list(rules)}"
    return Mutant("hold table out of order", words, replace(table, beside=text), new_aim(hold))


def _iptables(name: str, engine: str) -> None:
    @kind(name)
    def _made(table: Table, chosen: Random) -> Mutant | None:
        which, chain, words = chosen.choice(_IPTABLES)
        program = chosen.choice(("iptables", "iptables", "ip6tables")) + f"-{engine}"
        argv = (program, "-t", which, chosen.choice(("-A", "-I")), chain, *words.split())
        made = replace(table, commands=(argv,))
        return Mutant(name, " ".join(argv), made, new_aim(words.replace("--dport", "dport").replace("-p ", "")))


_iptables("iptables-nft rule", "nft")
_iptables("iptables-legacy rule", "legacy")


@kind("iptables' policy")
def _iptables_policy(table: Table, chosen: Random) -> Mutant | None:
    program = chosen.choice(("iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"))
    argv = (program, "-P", chosen.choice(("FORWARD", "INPUT", "OUTPUT")), "DROP")
    return Mutant("iptables' policy", " ".join(argv), replace(table, commands=(argv,)))
