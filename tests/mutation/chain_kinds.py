"""Mutants that change a chain's hook, priority, policy or type, or the whole table."""

import re
from dataclasses import replace
from random import Random

from tests.mutation.mutant import Mutant, kind
from tests.mutation.tables import Chain, Table

_PRIORITIES = ("-400", "-300", "-199", "-150", "-1", "1", "10", "100", "300")
_HOOKS = ("prerouting", "input", "forward", "output", "postrouting")


def _base(table: Table, chosen: Random) -> str:
    return chosen.choice([name for name, chain in table.chains.items() if chain.hook])


def _hooked(kind_: str, table: Table, name: str, old: str, new: str) -> Mutant | None:
    hook = table.chains[name].hook or ""
    if new == old or not re.search(old, hook):
        return None
    changed = re.sub(old, new, hook)
    made = table.with_chain(name, replace(table.chains[name], hook=changed))
    return Mutant(kind_, f"chain {name}: '{hook}' became '{changed}'", made) if changed != hook else None


@kind("policy accept")
def _policy(table: Table, chosen: Random) -> Mutant | None:
    return _hooked("policy accept", table, _base(table, chosen), "policy drop", "policy accept")


@kind("policy accept, and the last rule gone")
def _default_entry(table: Table, chosen: Random) -> Mutant | None:
    """What no rule ends comes to the policy."""
    name = _base(table, chosen)
    if (made := _hooked("policy accept, and the last rule gone", table, name, "policy drop", "policy accept")) is None:
        return None
    rules = table.chains[name].rules
    words = f"{made.words}; its last rule '{rules[-1]}' is gone"
    return replace(made, words=words, table=made.table.with_rules(name, rules[:-1]))


@kind("priority changed")
def _priority(table: Table, chosen: Random) -> Mutant | None:
    new = f"priority {chosen.choice(_PRIORITIES)}"
    return _hooked("priority changed", table, _base(table, chosen), "priority [a-z0-9-]+", new)


@kind("hook changed")
def _hook(table: Table, chosen: Random) -> Mutant | None:
    new = f"hook {chosen.choice(_HOOKS)}"
    return _hooked("hook changed", table, _base(table, chosen), "hook [a-z]+", new)


@kind("type changed")
def _type(table: Table, chosen: Random) -> Mutant | None:
    return _hooked(
        "type changed", table, _base(table, chosen), "type [a-z]+", f"type {chosen.choice(('route', 'nat'))}"
    )


@kind("base chain on no hook")
def _regular(table: Table, chosen: Random) -> Mutant | None:
    name = _base(table, chosen)
    made = table.with_chain(name, Chain(table.chains[name].rules))
    return Mutant("base chain on no hook", f"chain {name} is on no hook", made)


@kind("chain emptied")
def _flushed(table: Table, chosen: Random) -> Mutant | None:
    name = chosen.choice([name for name, chain in table.chains.items() if chain.rules])
    return Mutant("chain emptied", f"chain {name} has no rules", table.with_rules(name, ()))


@kind("second base chain of ours")
def _second(table: Table, chosen: Random) -> Mutant | None:
    hook, priority = chosen.choice(_HOOKS), chosen.choice(("-300", "-1", "1", "200"))
    policy = chosen.choice(("accept", "accept", "drop"))
    rules = chosen.choice(
        ((), ("tcp dport 443 drop",), ("accept",), ("meta nfproto ipv6 drop",), ("meta mark set 0x5",))
    )
    made = table.with_chain("more", Chain(rules, f"type filter hook {hook} priority {priority}; policy {policy};"))
    words = f"a chain `more` on {hook} at {priority}, policy {policy}, rules {list(rules)}"
    return Mutant("second base chain of ours", words, made)


@kind("table dormant")
def _dormant(table: Table, _: Random) -> Mutant | None:
    return Mutant("table dormant", "the table sleeps", replace(table, flags="dormant"))


@kind("table of one family")
def _one_family(table: Table, chosen: Random) -> Mutant | None:
    """The same rules in a table `ip` or `ip6`: what names the other family goes."""
    family = chosen.choice(("ip", "ip6"))
    other = r"\bip6 |icmpv6|icmpx" if family == "ip" else r"\bip |\bicmp |icmpx"
    chains = {
        name: replace(chain, rules=tuple(rule for rule in chain.rules if not re.search(other, rule)))
        for name, chain in table.chains.items()
    }
    groups = {name: group for name, group in table.groups.items() if not re.search(other, " ".join(group.head) + " ")}
    kept = {
        name: replace(chain, rules=tuple(rule for rule in chain.rules if _known(rule, groups)))
        for name, chain in chains.items()
    }
    made = replace(table, family=family, chains=kept, groups=groups)
    return Mutant("table of one family", f"the table's family is {family}, and rules of the other are gone", made)


def _known(rule: str, groups: object) -> bool:
    assert isinstance(groups, dict)
    return all(name in groups for name in re.findall(r"@(\w+)", rule) if name not in ("th", "ih", "nh"))


@kind("second slot awake")
def _slot(table: Table, chosen: Random) -> Mutant | None:
    """Another generation beside the one that should be alone."""
    other, words = chosen.choice(_OTHERS)
    if other == "same":
        beside = replace(table, name="segctl_b").text()
    elif other == "fewer":
        flow = max((name for name in table.groups if name.endswith("_port")), key=lambda n: len(table.groups[n].items))
        items = table.groups[flow].items
        gone = chosen.choice(items)
        beside = replace(table.with_items(flow, tuple(i for i in items if i is not gone)), name="segctl_b").text()
        words = f"{words}: {flow} lacks {gone}"
    elif other == "asleep":
        beside = replace(table.with_rules("forward", ("drop",)), name="segctl_b", flags="dormant").text()
    else:
        chain = chosen.choice(("forward", "input", "output"))
        hook = f"type filter hook {chain} priority filter; policy {other};"
        beside = f"table inet segctl_b {{\n chain {chain} {{\n  {hook}\n }}\n}}\n"
        words = f"{words}, {chain}"
    return Mutant("second slot awake", f"beside it, {words}", replace(table, beside=beside))


_OTHERS = (
    ("same", "segctl_b, awake, with the same rules"),
    ("fewer", "segctl_b, awake, with one element fewer"),
    ("asleep", "segctl_b, asleep, that would drop all that is forwarded"),
    ("accept", "segctl_b, awake, that accepts all"),
    ("drop", "segctl_b, awake, that drops all"),
)
