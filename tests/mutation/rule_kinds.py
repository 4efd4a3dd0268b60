"""Mutants that change a rule, or the order of rules."""

import re
from collections.abc import Callable
from random import Random

from tests.mutation.mutant import Mutant, kind, rule_aim
from tests.mutation.tables import Table
from tests.mutation.targets import Aim

_MATCH = re.compile(
    r"ct state [a-z,]+|ct direction (?:reply|original)|ct mark & 0x\w+ (?:==|!=) 0x\w+|ct mark @\w+"
    r'|(?:iifname|oifname) (?:"[^"]+"|\{[^}]*\})|[io]if 0'
    r"|iifname \. oifname \. \([^)]*\) (?:!= )?@\w+|(?:iifname|oifname) \. \([^)]*\) (?:!= )?@\w+"
    r"|ip6? [sd]addr \{[^}]*\}|meta l4proto \w+|meta nfproto \S+|th [sd]port \{[^}]*\}"
    r"|icmp(?:v6)? type (?:\{[^}]*\}|[a-z-]+|\d+)(?! map)|icmp(?:v6)? code [a-z-]+|ip6? (?:ttl|hoplimit) \d+"
    r"|tcp flags & (?:\([^)]*\)|\w+) (?:!=|==) \w+|meta (?:mark|priority) & 0xffff0000 (?:== \S+|@\w+)"
)
_VERDICT = re.compile(r"\b(?:accept|drop|return)$|\b(jump|goto) (\w+)$")
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
_NEW_RULES = (
    "accept", "drop", "return", "tcp dport 22 accept", "tcp dport 443 drop", "udp dport 53 accept", "udp dport 53 drop",
    "ct state established accept", "ct state related accept", "ct state new accept", "ct state invalid accept",
    "ct state untracked accept", "ct state invalid drop", "meta l4proto icmp accept", "meta l4proto ipv6-icmp accept",
    "meta l4proto gre accept", "icmp type echo-request accept", "icmpv6 type echo-request drop", "meta nfproto ipv6 accept",  # noqa: E501
    "meta nfproto ipv4 drop", "meta mark set 0x7", "ct mark set 0x7", "meta priority set 1:1", "meta mark set 0x00010001",  # noqa: E501
    "meta mark 0x7 accept", "tcp flags & (syn|ack) == syn|ack accept", "ip ttl 255 accept", "tcp dport 1-65535 accept",
    "ct direction reply accept", "ct mark set ct mark | 0x80000000", "fib daddr type local accept", "meta pkttype host accept",  # noqa: E501
    "tcp dport 8000-9000 counter accept", "ip protocol udp accept", "ip6 nexthdr udp accept", "meta length < 100 accept",  # noqa: E501
    "limit rate 1000/second accept", "limit rate over 1/second drop", "ct mark & 0x1 == 0x1 accept", "counter", 'log prefix "x "',  # noqa: E501
)  # fmt: skip

Edit = Callable[[str, Random], str | None]


def _pick(table: Table, chosen: Random, wanted: Callable[[str], object] = bool) -> tuple[str, int, str] | None:
    """A chain by chance, and one of its rules: so that long chains don't get all."""
    chains = [name for name, chain in table.chains.items() if any(wanted(rule) for rule in chain.rules)]
    if not chains:
        return None
    name = chosen.choice(chains)
    at = chosen.choice([at for at, rule in enumerate(table.chains[name].rules) if wanted(rule)])
    return name, at, table.chains[name].rules[at]


def _edited(
    kind_: str, table: Table, chosen: Random, edit: Edit, wanted: Callable[[str], object] = bool
) -> Mutant | None:
    """One rule in place of another; None if nothing came of it."""
    if (picked := _pick(table, chosen, wanted)) is None:
        return None
    name, at, rule = picked
    new = edit(rule, chosen)
    if new is None or new == rule:
        return None
    rules = table.chains[name].rules
    made = table.with_rules(name, (*rules[:at], new, *rules[at + 1 :]))
    return Mutant(kind_, f"chain {name}, rule {at + 1}: '{rule}' became '{new}'", made, rule_aim(rule, new))


def _matches(rule: str) -> list[re.Match[str]]:
    return list(_MATCH.finditer(rule))


def _without(rule: str, found: re.Match[str]) -> str:
    return re.sub(r"  +", " ", rule[: found.start()] + rule[found.end() :]).strip()


@kind("rule dropped")
def _dropped(table: Table, chosen: Random) -> Mutant | None:
    if (picked := _pick(table, chosen)) is None:
        return None
    name, at, rule = picked
    rules = table.chains[name].rules
    words = f"chain {name}: rule {at + 1} '{rule}' is gone"
    return Mutant("rule dropped", words, table.with_rules(name, rules[:at] + rules[at + 1 :]), rule_aim(rule))


@kind("base chain's rule dropped")
def _base_dropped(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice([name for name, chain in table.chains.items() if chain.hook])
    rules = table.chains[name].rules
    at = chosen.randrange(len(rules))
    made = table.with_rules(name, rules[:at] + rules[at + 1 :])
    words = f"chain {name}: rule {at + 1} '{rules[at]}' is gone"
    return Mutant("base chain's rule dropped", words, made, rule_aim(rules[at]))


@kind("rule added")
def _added(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice(list(table.chains))
    rules = table.chains[name].rules
    at, new = chosen.randint(0, len(rules)), chosen.choice(_NEW_RULES)
    made = table.with_rules(name, (*rules[:at], new, *rules[at:]))
    return Mutant("rule added", f"chain {name}: '{new}' stands before rule {at + 1}", made, _new_aim(new))


@kind("rule added to a base chain")
def _base_added(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice([name for name, chain in table.chains.items() if chain.hook])
    rules = table.chains[name].rules
    at, new = chosen.choice((0, 0, chosen.randint(0, len(rules)), len(rules))), chosen.choice(_NEW_RULES)
    made = table.with_rules(name, (*rules[:at], new, *rules[at:]))
    return Mutant(
        "rule added to a base chain", f"chain {name}: '{new}' stands before rule {at + 1}", made, _new_aim(new)
    )


def _new_aim(rule: str) -> Aim:
    found = re.search(r"(tcp|udp) dport (\d+)", rule)
    aim = rule_aim(rule)
    if found:
        return Aim(aim.addresses, (*aim.services, (6 if found[1] == "tcp" else 17, int(found[2]))), aim.numbers)
    return aim


@kind("rules swapped")
def _swapped(table: Table, chosen: Random) -> Mutant | None:
    chains = [name for name, chain in table.chains.items() if len(chain.rules) > 1]
    name = chosen.choice(chains)
    rules = list(table.chains[name].rules)
    one = chosen.randrange(len(rules) - 1)
    two = chosen.choice((one + 1, chosen.randrange(len(rules))))
    rules[one], rules[two] = rules[two], rules[one]
    words = f"chain {name}: rules {one + 1} and {two + 1} change places: '{rules[two]}', '{rules[one]}'"
    return Mutant("rules swapped", words, table.with_rules(name, tuple(rules)), rule_aim(rules[one], rules[two]))


@kind("rule moved")
def _moved(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice([name for name, chain in table.chains.items() if len(chain.rules) > 2])
    rules = list(table.chains[name].rules)
    rule = rules.pop(at := chosen.randrange(len(rules)))
    to = chosen.choice((0, len(rules), chosen.randint(0, len(rules))))
    rules.insert(to, rule)
    words = f"chain {name}: '{rule}' from place {at + 1} to {to + 1}"
    return Mutant("rule moved", words, table.with_rules(name, tuple(rules)), rule_aim(rule))


@kind("jump turned goto, and back")
def _turned(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, _: Random) -> str:
        return re.sub(r"\b(jump|goto)\b", lambda m: "goto" if m[1] == "jump" else "jump", rule, count=1)

    return _edited(
        "jump turned goto, and back", table, chosen, edit, lambda rule: re.search(r"\b(jump|goto) \w+$", rule)
    )


@kind("other chain")
def _elsewhere(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        other = chosen.choice([name for name, chain in table.chains.items() if not chain.hook])
        return re.sub(r"\b(jump|goto) \w+$", rf"\1 {other}", rule)

    return _edited("other chain", table, chosen, edit, lambda rule: re.search(r"\b(jump|goto) \w+$", rule))


@kind("lenient and observe swapped")
def _lenient(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        new = {"lenient": ("observe", "special"), "observe": ("lenient", "default_allow")}
        return re.sub(r"(lenient|observe)$", lambda m: chosen.choice(new[m[1]]), rule)

    return _edited(
        "lenient and observe swapped", table, chosen, edit, lambda rule: re.search(r"(lenient|observe)$", rule)
    )


@kind("verdict changed")
def _verdict(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        now = _VERDICT.search(rule)
        assert now
        others = [word for word in ("accept", "drop", "return", "continue") if word != now[0]]
        return rule[: now.start()] + chosen.choice(others)

    return _edited("verdict changed", table, chosen, edit, _VERDICT.search)


@kind("verdict gone")
def _no_verdict(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, _: Random) -> str:
        return _VERDICT.sub("", rule).strip() or "continue"

    return _edited("verdict gone", table, chosen, edit, _VERDICT.search)


@kind("match removed")
def _match_removed(table: Table, chosen: Random) -> Mutant | None:
    return _edited(
        "match removed", table, chosen, lambda rule, chosen: _without(rule, chosen.choice(_matches(rule))), _matches
    )


def _of_match(name: str, words: str) -> None:
    """A kind that removes matches with these words."""

    @kind(name)
    def _remove(table: Table, chosen: Random) -> Mutant | None:
        def wanted(rule: str) -> list[re.Match[str]]:
            return [match for match in _matches(rule) if re.search(words, match[0])]

        return _edited(name, table, chosen, lambda rule, chosen: _without(rule, chosen.choice(wanted(rule))), wanted)


_of_match("ct state removed", r"^ct state")
_of_match("direction removed", r"^ct direction")
_of_match("binding look-up removed", r"@behind|@live")
_of_match("interface removed", r'^[io]ifname ["{]|^[io]if 0')
_of_match("ICMP type or hop limit removed", r"icmp|hoplimit|ttl")


@kind("match negated")
def _negated(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        match = chosen.choice(_matches(rule))
        return rule[: match.start()] + _not(match[0]) + rule[match.end() :]

    return _edited("match negated", table, chosen, edit, _matches)


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

    return _edited("list narrowed", table, chosen, edit, lambda rule: re.search(r"\{ [^}:]*, [^}:]* \}", rule))


@kind("special address dropped from the list")
def _special(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        head, _, rest = rule.partition("{ ")
        inner, _, tail = rest.partition(" }")
        items = inner.split(", ")
        items.pop(chosen.randrange(len(items)))
        return f"{head}{{ {', '.join(items)} }}{tail}"

    return _edited("special address dropped from the list", table, chosen, edit, lambda rule: "goto special" in rule)


@kind("list widened")
def _widened(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice([m for m in re.finditer(r"\{ ([^}]*) \}", rule)])
        return f"{rule[: found.start()]}{{ {found[1]}, {_more(rule[: found.start()], chosen)} }}{rule[found.end() :]}"

    return _edited(
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

    return _edited("ICMP types of related widened or narrowed", table, chosen, edit, wanted)


@kind("range moved by one")
def _range(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(r"(?<=[ ,])\d{1,5}(?=-\d|[ ,]|$)|(?<=-)\d{1,5}(?= )", rule)))
        return rule[: found.start()] + str(int(found[0]) + chosen.choice((-1, 1))) + rule[found.end() :]

    return _edited(
        "range moved by one", table, chosen, edit, lambda rule: re.search(r"(port|type) \{ \d|(limit|ttl) \d", rule)
    )


@kind("prefix longer or shorter")
def _prefix(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(r"/(\d{1,3})\b", rule)))
        return f"{rule[: found.start()]}/{int(found[1]) + chosen.choice((-1, 1, 1))}{rule[found.end() :]}"

    return _edited("prefix longer or shorter", table, chosen, edit, lambda rule: re.search(r"/\d", rule))


@kind("one bit of a mask")
def _mask(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        found = chosen.choice(list(re.finditer(r"& 0x([0-9a-f]{8})\b", rule)))
        value = int(found[1], 16) ^ 1 << chosen.choice((0, 7, 15, 16, 17, 18, 19, 30, 31, chosen.randrange(32)))
        return f"{rule[: found.start()]}& 0x{value:08x}{rule[found.end() :]}"

    return _edited("one bit of a mask", table, chosen, edit, lambda rule: re.search(r"& 0x[0-9a-f]{8}\b", rule))


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

    return _edited("one bit of a mark or class", table, chosen, edit, lambda rule: re.search(pattern, rule))


@kind("another field or map")
def _field(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str | None:
        able = [(old, new) for old, new in _SWAPS if old in rule]
        if not able:
            return None
        old, new = chosen.choice(able)
        return rule.replace(old, new, 1)

    return _edited("another field or map", table, chosen, edit)


@kind("another ct state")
def _state(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        return re.sub(r"ct state [a-z,]+", f"ct state {chosen.choice(_STATES)}", rule)

    return _edited("another ct state", table, chosen, edit, lambda rule: "ct state" in rule)


@kind("other TCP flags")
def _flags(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        flags = ("(fin|syn|rst|ack) != ack", "(syn|rst|ack) != syn", "(fin|syn|rst) != syn", "(syn|ack) != syn",
                 "syn != syn", "(fin|syn|rst|ack|psh) != syn", "(fin|syn|rst|ack|urg) != syn",
                 "(fin|syn|rst|psh|ack|urg|ecn|cwr) != syn")  # fmt: skip
        return re.sub(r"\(fin\|syn\|rst\|ack\) != syn|rst == rst", chosen.choice(flags), rule)

    return _edited("other TCP flags", table, chosen, edit, lambda rule: "tcp flags" in rule)


@kind("one family, protocol or state only")
def _only(table: Table, chosen: Random) -> Mutant | None:
    return _edited("one family, protocol or state only", table, chosen, lambda rule, c: f"{c.choice(_ONLY)} {rule}")


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
    return _edited("now and then only", table, chosen, lambda rule, c: f"{c.choice(some)} {rule}")
