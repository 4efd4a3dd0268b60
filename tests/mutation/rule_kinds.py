"""Mutants that drop, add or move a rule, or change where it leads."""

import re
from random import Random

from tests.mutation.edits import edited, pick
from tests.mutation.mutant import Mutant, kind, rule_aim
from tests.mutation.tables import Table
from tests.mutation.targets import Aim

_VERDICT = re.compile(r"\b(?:accept|drop|return)$|\b(jump|goto) (\w+)$")
_NEW_RULES = (
    "accept", "drop", "return", "tcp dport 22 accept", "tcp dport 443 drop", "udp dport 53 accept",
    "udp dport 53 drop", "ct state established accept", "ct state related accept", "ct state new accept",
    "ct state invalid accept", "ct state untracked accept", "ct state invalid drop", "meta l4proto icmp accept",
    "meta l4proto ipv6-icmp accept", "meta l4proto gre accept", "icmp type echo-request accept",
    "icmpv6 type echo-request drop", "meta nfproto ipv6 accept", "meta nfproto ipv4 drop", "meta mark set 0x7",
    "ct mark set 0x7", "meta priority set 1:1", "meta mark set 0x00010001", "meta mark 0x7 accept",
    "tcp flags & (syn|ack) == syn|ack accept", "ip ttl 255 accept", "tcp dport 1-65535 accept",
    "ct direction reply accept", "ct mark set ct mark | 0x80000000", "fib daddr type local accept",
    "meta pkttype host accept", "tcp dport 8000-9000 counter accept", "ip protocol udp accept",
    "ip6 nexthdr udp accept", "meta length < 100 accept", "limit rate 1000/second accept",
    "limit rate over 1/second drop", "ct mark & 0x1 == 0x1 accept", "counter", 'log prefix "x "',
)  # fmt: skip


@kind("rule dropped")
def _dropped(table: Table, chosen: Random) -> Mutant | None:
    if (picked := pick(table, chosen)) is None:
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
    return Mutant("rule added", f"chain {name}: '{new}' stands before rule {at + 1}", made, new_aim(new))


@kind("rule added to a base chain")
def _base_added(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice([name for name, chain in table.chains.items() if chain.hook])
    rules = table.chains[name].rules
    at, new = chosen.choice((0, 0, chosen.randint(0, len(rules)), len(rules))), chosen.choice(_NEW_RULES)
    made = table.with_rules(name, (*rules[:at], new, *rules[at:]))
    return Mutant(
        "rule added to a base chain", f"chain {name}: '{new}' stands before rule {at + 1}", made, new_aim(new)
    )


def new_aim(rule: str) -> Aim:
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

    return edited(
        "jump turned goto, and back", table, chosen, edit, lambda rule: re.search(r"\b(jump|goto) \w+$", rule)
    )


@kind("other chain")
def _elsewhere(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        other = chosen.choice([name for name, chain in table.chains.items() if not chain.hook])
        return re.sub(r"\b(jump|goto) \w+$", rf"\1 {other}", rule)

    return edited("other chain", table, chosen, edit, lambda rule: re.search(r"\b(jump|goto) \w+$", rule))


@kind("lenient and observe swapped")
def _lenient(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        new = {"lenient": ("observe", "special"), "observe": ("lenient", "default_allow")}
        return re.sub(r"(lenient|observe)$", lambda m: chosen.choice(new[m[1]]), rule)

    return edited(
        "lenient and observe swapped", table, chosen, edit, lambda rule: re.search(r"(lenient|observe)$", rule)
    )


@kind("verdict changed")
def _verdict(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, chosen: Random) -> str:
        now = _VERDICT.search(rule)
        assert now
        others = [word for word in ("accept", "drop", "return", "continue") if word != now[0]]
        return rule[: now.start()] + chosen.choice(others)

    return edited("verdict changed", table, chosen, edit, _VERDICT.search)


@kind("verdict gone")
def _no_verdict(table: Table, chosen: Random) -> Mutant | None:
    def edit(rule: str, _: Random) -> str:
        return _VERDICT.sub("", rule).strip() or "continue"

    return edited("verdict gone", table, chosen, edit, _VERDICT.search)
