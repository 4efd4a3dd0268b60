"""Rules without what NAT does to a packet: the filter hooks see the source before translation, the destination after.

So a chain of type nat that only translates decides nothing, and is left out; of one that also drops or marks each
translation is an `accept`, which is what it is to the other chains (net/netfilter/nf_nat_core.c). Left out is any other
base chain, too, by which every packet passes unchanged.
"""

from collections.abc import Iterator
from dataclasses import replace

from segctl.listing.rule import (
    Anybit,
    Aside,
    Chain,
    Decide,
    Ending,
    Listing,
    Load,
    Lookup,
    Match,
    Maybe,
    Opaque,
    Rule,
    Statement,
    Table,
    Translate,
    Verdict,
)

_BEFORE = -100  # NF_IP_PRI_NAT_DST: earlier chains see the destination before it is translated
_ACCEPT = Decide(Verdict(Ending.ACCEPT))


def bare(listing: Listing) -> Listing:
    """The same tables, without translation. Rules that aren't touched stay the same objects."""
    return replace(listing, tables=tuple(map(_table, listing.tables)))


def _table(table: Table) -> Table:
    left_out = {chain.name for chain in table.chains.values() if _decides_nothing(chain, table)}
    chains = {name: _chain(chain) for name, chain in table.chains.items() if name not in left_out}
    return replace(table, chains=chains)


def beside(listing: Listing) -> set[tuple[str, str, str]]:
    """Family, table and name of each chain that what is left out leads to: it isn't walked, or not wholly."""
    return {
        (str(table.family), table.name, led.name)
        for table in listing.tables
        for chain in table.chains.values()
        if _decides_nothing(chain, table)
        for led in _led_to(chain, table)
    }


def _decides_nothing(chain: Chain, table: Table) -> bool:
    if chain.hook is None or chain.hook.policy is not Ending.ACCEPT:
        return False
    harmless = _PASSING if chain.hook.kind != "nat" else (*_PASSING, Translate, Opaque)
    return all(_passes(one, harmless) for led in _led_to(chain, table) for r in led.rules for one in r.statements)


_PASSING: tuple[type, ...] = (Match, Anybit, Lookup, Maybe, Aside)
_STOPS = (Ending.DROP, Ending.REJECT, Ending.QUEUE, Ending.STOLEN)


def _passes(statement: Statement, harmless: tuple[type, ...]) -> bool:
    if isinstance(statement, Decide):
        return statement.verdict.ending not in _STOPS
    return isinstance(statement, harmless)


def _led_to(chain: Chain, table: Table) -> Iterator[Chain]:
    """A chain, and those that its rules lead to, by whatever way."""
    found = {chain.name: chain}
    work = [chain]
    while work:
        now = work.pop()
        yield now
        for name, other in table.chains.items():
            if name not in found and any(name in rule.text for rule in now.rules):
                found[name] = other
                work.append(other)


def _chain(chain: Chain) -> Chain:
    if not any(isinstance(statement, Translate) for rule in chain.rules for statement in rule.statements):
        return chain
    return replace(chain, rules=tuple(map(_rule, chain.rules)))


def _rule(rule: Rule) -> Rule:
    if not any(isinstance(statement, Translate) for statement in rule.statements):
        return rule
    return replace(rule, statements=tuple(_ACCEPT if isinstance(one, Translate) else one for one in rule.statements))


def translations(listing: Listing) -> Iterator[tuple[Table, Chain, Rule]]:
    """The rules that translate."""
    for table in listing.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                if any(isinstance(statement, Translate) for statement in rule.statements):
                    yield table, chain, rule


def early_readers(listing: Listing) -> Iterator[tuple[Table, Chain, Rule]]:
    """Rules of chains before destinations are translated that ask for the destination, or its port."""
    for table in listing.tables:
        for chain in table.chains.values():
            if chain.hook is None or chain.hook.name != "prerouting" or chain.hook.priority >= _BEFORE:
                continue
            for rule in chain.rules:
                if any(_asks(statement) for statement in rule.statements):
                    yield table, chain, rule


def _asks(statement: Statement) -> bool:
    left = getattr(statement, "left", None) or getattr(statement, "key", None)
    fields = [left, *getattr(left, "parts", ())]
    return any(isinstance(one, Load) and one.field.endswith((" daddr", " dport")) for one in fields)


__all__ = ["bare", "beside", "early_readers", "translations"]
