"""The rules as the import reads them: without what NAT does, without checks that segctl's binding replaces, without
what is done for later connections (a helper's expectations).
"""

from dataclasses import replace

from segctl.draft.audit.bare import bare
from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Chain,
    Decide,
    Ending,
    Listing,
    Lookup,
    Match,
    Maybe,
    Opaque,
    Rule,
    Statement,
    Table,
)

_REFUSES = (Ending.DROP, Ending.REJECT, Ending.QUEUE, Ending.STOLEN)
_REVERSE_PATH = "rpfilter"
_HELPER = ("-j CT --helper", "ct helper set")
_INVERTED = "--invert"


def plain(listing: Listing) -> Listing:
    """Who comes back the way that a reply would take is taken for granted: iptables' rpfilter (nft's `fib saddr . iif
    oif` is an axis of the walk, see endings.py).
    """
    return replace(bare(listing), tables=tuple(map(_table, bare(listing).tables)))


def _table(table: Table) -> Table:
    chains = {name: _chain(chain) for name, chain in table.chains.items() if not _only_last(chain, table)}
    return replace(table, chains=chains)


def _only_last(chain: Chain, table: Table) -> bool:
    """A chain behind all that decide, in a table that refuses nothing there: then it would only stand in the place of
    the rule that let a packet through.
    """
    if chain.hook is None or chain.hook.name != "postrouting" or chain.hook.policy is not Ending.ACCEPT:
        return False
    reached, work = {chain.name}, [chain]
    while work:
        for rule in work.pop().rules:
            for one in rule.statements:
                if not isinstance(one, Decide | Assign | Match | Anybit | Lookup | Aside):
                    return False
                if isinstance(one, Decide) and one.verdict.ending in _REFUSES:
                    return False
                if isinstance(one, Decide) and one.verdict.chain and one.verdict.chain not in reached:
                    reached.add(one.verdict.chain)
                    work.append(table.chains[one.verdict.chain])
    return True


def _chain(chain: Chain) -> Chain:
    if not any(asks_the_way_back(rule) or gives_help(rule) for rule in chain.rules):
        return chain
    rules = (_rule(rule) for rule in chain.rules if not (asks_the_way_back(rule) and _INVERTED in rule.text))
    return replace(chain, rules=tuple(rules))


def asks_the_way_back(rule: Rule) -> bool:
    """Whether a rule asks rpfilter."""
    return any(isinstance(one, Maybe) and _REVERSE_PATH in one.text for one in rule.statements)


def _rule(rule: Rule) -> Rule:
    kept = tuple(one for one in rule.statements if not _idle(one))
    return rule if len(kept) == len(rule.statements) else replace(rule, statements=kept)


def gives_help(rule: Rule) -> bool:
    """Whether a rule gives a connection to a helper, which changes nothing about its own packets."""
    return any(isinstance(one, Opaque) and one.text.startswith(_HELPER) for one in rule.statements)


def _idle(one: Statement) -> bool:
    if isinstance(one, Opaque):
        return one.text.startswith(_HELPER)
    return isinstance(one, Maybe) and _REVERSE_PATH in one.text
