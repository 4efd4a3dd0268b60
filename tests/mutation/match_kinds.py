"""Mutants that change what a rule matches or computes."""

import re
from random import Random

from tests.mutation.edits import edited, matches, without
from tests.mutation.mutant import Mutant, kind
from tests.mutation.tables import Table

_SWAPS = (
    ("saddr", "daddr"), ("daddr", "saddr"), ("sport", "dport"), ("dport", "sport"), ("iifname", "oifname"),
    ("oifname", "iifname"), ("reply", "original"), ("original", "reply"), ("behind_source", "behind_target"),
    ("@source4", "@own_source4"), ("@target4", "@own_target4"), ("@own_target4", "@target4"), ("@live", "@live_own"),
    ("lenient_source", "lenient_target"), ("icmp ", "icmpv6 "), ("ip6 ", "ip "), ("@source6", "@source4"),
    ("manage_", "flow_"), ("flow_", "guard_"), ("guard_", "flow_"), ("_back", ""), ("@numbers_own", "@numbers"),
    ("source_behaviour", "target_behaviour"), ("inside_denied", "inside"),
)  # fmt: skip
_STATES = (
    "new",
    "established",
    "related",
    "invalid",
    "untracked",
    "established,related",
    "new,established",
    "new,untracked",
)
_ONLY = (
    "meta nfproto ipv6", "meta nfproto ipv4", "meta l4proto tcp", "meta l4proto udp", "meta l4proto != icmp",
    "ct state new", "ct state established", "ct direction original", "ip6 nexthdr tcp", "meta mark 0x0", "ct mark 0x0",
    "tcp flags & syn == syn", "meta l4proto { tcp, udp }", "th dport 1-1023", "ip ttl 64",
)  # fmt: skip


@kind("match removed")
def _match_removed(table: Table, chosen: Random) -> Mutant | None:
    return edited(
        "match removed", table, chosen, lambda rule, chosen: without(rule, chosen.choice(matches(rule))), matches
    )


def _of_match(name: str, words: str) -> None:
    """A kind that removes matches with these words."""

    @kind(name)
    def _remove(table: Table, chosen: Random) -> Mutant | None:
        def wanted(rule: str) -> list[re.Match[str]]:
            return [match for match in matches(rule) if re.search(words, match[0])]

        return edited(name, table, chosen, lambda rule, chosen: without(rule, chosen.choice(wanted(rule))), wanted)


_of_match("ct state removed", r"^ct state")
_of_match("direction removed", r"^ct direction")
_of_match("binding look-up removed", r"@behind|@live")
_of_match("interface removed", r'^[io]ifname ["{]|^[io]if 0')
_of_match("ICMP type or hop limit removed", r"icmp|hoplimit|ttl")


@kind("match negated")
def _negated(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        match = chosen.choice(matches(rule))
        return rule[: match.start()] + _not(match[0]) + rule[match.end() :]

    return edited("match negated", table, chosen, edit, matches)


def _not(match: str) -> str:
    for old, new in ((" != @", " @"), (" @", " != @"), (" == ", " != "), (" != ", " == "), (" {", " != {")):
        if old in match:
            return match.replace(old, new)
    head, _, last = match.rpartition(" ")
    return f"{head} != {last}"


@kind("list narrowed")
def _narrowed(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str | None:
        found = chosen.choice([m for m in re.finditer(r"\{ ([^}:]*) \}", rule)])
        items = found[1].split(", ")
        items.pop(chosen.randrange(len(items)))
        return f"{rule[: found.start()]}{{ {', '.join(items)} }}{rule[found.end() :]}" if items else None

    return edited("list narrowed", table, chosen, edit, lambda rule: re.search(r"\{ [^}:]*, [^}:]* \}", rule))


@kind("special address dropped from the list")
def _special(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        head, _, rest = rule.partition("{ ")
        inner, _, tail = rest.partition(" }")
        items = inner.split(", ")
        items.pop(chosen.randrange(len(items)))
        return f"{head}{{ {', '.join(items)} }}{tail}"

    return edited("special address dropped from the list", table, chosen, edit, lambda rule: "goto special" in rule)


@kind("list widened")
def _widened(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice([m for m in re.finditer(r"\{ ([^}]*) \}", rule)])
        return f"{rule[: found.start()]}{{ {found[1]}, {_more(rule[: found.start()], chosen)} }}{rule[found.end() :]}"

    return edited(
        "list widened", table, chosen, edit, lambda rule: re.search(r"\{ [^}]* \}", rule) and "vmap" not in rule
    )


def _more(before: str, chosen: Random) -> str:
    field = before.split()[-1]
    if field in ("saddr", "daddr"):
        four = ("10.0.0.0/24", "203.0.113.77", "1.1.1.1", "100.64.0.0/10", "8.8.4.4")
        return chosen.choice(("2001:4860::8888", "fd00:dead::/64", "2a00::7") if before.split()[-2] == "ip6" else four)
    if field in ("dport", "sport"):
        return chosen.choice(("69", "53", "8081", "20000-20010"))
    if field == "type":
        return chosen.choice(("0", "5", "8", "13", "137", "128"))
    return '"stray"'


@kind("ICMP types of related widened or narrowed")
def _related(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        lists = (
            "{ 3, 11 }",
            "{ 3 }",
            "{ 3, 4, 5, 11, 12 }",
            "{ 0-255 }",
            "{ 1, 2, 3 }",
            "{ 1-127 }",
            "{ 2, 3 }",
            "{ 3, 5 }",
        )
        return re.sub(r"type \{[^}]*\}", f"type {chosen.choice(lists)}", rule)

    def wanted(rule: str) -> bool:
        return "unmarked" in rule or ("type {" in rule and rule.endswith("} accept"))

    return edited("ICMP types of related widened or narrowed", table, chosen, edit, wanted)


@kind("range moved by one")
def _range(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(r"(?<=[ ,])\d{1,5}(?=-\d|[ ,]|$)|(?<=-)\d{1,5}(?= )", rule)))
        return rule[: found.start()] + str(int(found[0]) + chosen.choice((-1, 1))) + rule[found.end() :]

    return edited(
        "range moved by one", table, chosen, edit, lambda rule: re.search(r"(port|type) \{ \d|(limit|ttl) \d", rule)
    )


@kind("prefix longer or shorter")
def _prefix(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(r"/(\d{1,3})\b", rule)))
        return f"{rule[: found.start()]}/{int(found[1]) + chosen.choice((-1, 1, 1))}{rule[found.end() :]}"

    return edited("prefix longer or shorter", table, chosen, edit, lambda rule: re.search(r"/\d", rule))


@kind("one bit of a mask")
def _mask(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(r"& 0x([0-9a-f]{8})\b", rule)))
        value = int(found[1], 16) ^ 1 << chosen.choice((0, 7, 15, 16, 17, 18, 19, 30, 31, chosen.randrange(32)))
        return f"{rule[: found.start()]}& 0x{value:08x}{rule[found.end() :]}"

    return edited("one bit of a mask", table, chosen, edit, lambda rule: re.search(r"& 0x[0-9a-f]{8}\b", rule))


@kind("one bit of a mark or class")
def _bit(table: Table, chosen: Random) -> Mutant | None:
    pattern = r"(?<=set )(0x[0-9a-f]+|\d+)\b|(?<=set )([0-9a-f]+):([0-9a-f]+)\b|(?<== )0x[0-9a-f]+"

    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(pattern, rule)))
        if ":" in found[0]:
            value = int(found[2], 16) << 16 | int(found[3], 16)
            value ^= 1 << chosen.choice((0, 1, 16, 17, 18))
            new = f"{value >> 16:x}:{value & 0xFFFF:x}"
        else:
            new = hex(int(found[0], 0) ^ 1 << chosen.choice((0, 1, 2, 3, 16, 31)))
        return rule[: found.start()] + new + rule[found.end() :]

    return edited("one bit of a mark or class", table, chosen, edit, lambda rule: re.search(pattern, rule))


@kind("another field or map")
def _field(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str | None:
        able = [(old, new) for old, new in _SWAPS if old in rule]
        if not able:
            return None
        old, new = chosen.choice(able)
        return rule.replace(old, new, 1)

    return edited("another field or map", table, chosen, edit)


@kind("another ct state")
def _state(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        return re.sub(r"ct state [a-z,]+", f"ct state {chosen.choice(_STATES)}", rule)

    return edited("another ct state", table, chosen, edit, lambda rule: "ct state" in rule)


@kind("other TCP flags")
def _flags(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        flags = ("(fin|syn|rst|ack) != ack", "(syn|rst|ack) != syn", "(fin|syn|rst) != syn", "(syn|ack) != syn",
                 "syn != syn", "(fin|syn|rst|ack|psh) != syn", "(fin|syn|rst|ack|urg) != syn",
                 "(fin|syn|rst|psh|ack|urg|ecn|cwr) != syn")  # fmt: skip
        return re.sub(r"\(fin\|syn\|rst\|ack\) != syn|rst == rst", chosen.choice(flags), rule)

    return edited("other TCP flags", table, chosen, edit, lambda rule: "tcp flags" in rule)


@kind("one family, protocol or state only")
def _only(table: Table, chosen: Random) -> Mutant | None:
    return edited("one family, protocol or state only", table, chosen, lambda rule, c: f"{c.choice(_ONLY)} {rule}")


@kind("now and then only")
def _maybe(table: Table, chosen: Random) -> Mutant | None:
    """Nobody can prove that a rule matches which asks a clock, a bucket or chance."""
    some = (
        "limit rate 1/second",
        "numgen random mod 2 0",
        "meta random < 1000000000",
        "quota 1000 bytes",
        "meta cpu 0",
    )
    return edited("now and then only", table, chosen, lambda rule, c: f"{c.choice(some)} {rule}")
