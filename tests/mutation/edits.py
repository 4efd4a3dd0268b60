"""What kinds of mutants that edit rules share: one rule in place of another, and the matches of a rule."""

import re
from collections.abc import Callable
from random import Random

from tests.mutation.mutant import Mutant, rule_aim
from tests.mutation.tables import Table

_MATCH = re.compile(
    r"ct state [a-z,]+|ct direction (?:reply|original)|ct mark & 0x\w+ (?:==|!=) 0x\w+|ct mark @\w+"
    r'|(?:iifname|oifname) (?:"[^"]+"|\{[^}]*\})|[io]if 0'
    r"|iifname \. oifname \. \([^)]*\) (?:!= )?@\w+|(?:iifname|oifname) \. \([^)]*\) (?:!= )?@\w+"
    r"|ip6? [sd]addr \{[^}]*\}|meta l4proto \w+|meta nfproto \S+|th [sd]port \{[^}]*\}"
    r"|icmp(?:v6)? type (?:\{[^}]*\}|[a-z-]+|\d+)(?! map)|icmp(?:v6)? code [a-z-]+|ip6? (?:ttl|hoplimit) \d+"
    r"|tcp flags & (?:\([^)]*\)|\w+) (?:!=|==) \w+|meta (?:mark|priority) & 0xffff0000 (?:== \S+|@\w+)"
)
Edit = Callable[[str, Random], str | None]


def pick(table: Table, chosen: Random, wanted: Callable[[str], object] = bool) -> tuple[str, int, str] | None:
    """A chain by chance, and one of its rules: so that long chains don't get all."""
    chains = [name for name, chain in table.chains.items() if any(wanted(rule) for rule in chain.rules)]
    if not chains:
        return None
    name = chosen.choice(chains)
    at = chosen.choice([at for at, rule in enumerate(table.chains[name].rules) if wanted(rule)])
    return name, at, table.chains[name].rules[at]


def edited(
    kind_: str, table: Table, chosen: Random, edit: Edit, wanted: Callable[[str], object] = bool
) -> Mutant | None:
    """One rule in place of another; None if nothing came of it."""
    if (picked := pick(table, chosen, wanted)) is None:
        return None
    name, at, rule = picked
    new = edit(rule, chosen)
    if new is None or new == rule:
        return None
    rules = table.chains[name].rules
    made = table.with_rules(name, (*rules[:at], new, *rules[at + 1 :]))
    return Mutant(kind_, f"chain {name}, rule {at + 1}: '{rule}' became '{new}'", made, rule_aim(rule, new))


def matches(rule: str) -> list[re.Match[str]]:
    return list(_MATCH.finditer(rule))


def without(rule: str, found: re.Match[str]) -> str:
    return re.sub(r"  +", " ", rule[: found.start()] + rule[found.end() :]).strip()
