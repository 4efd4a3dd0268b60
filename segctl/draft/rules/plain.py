"""The rules as the import reads them: without what NAT does, without checks that segctl's binding replaces, without
what is done for later connections (a helper's expectations).
"""

from dataclasses import replace

from segctl.draft.audit.bare import bare
from segctl.listing.rule import Chain, Listing, Maybe, Opaque, Rule, Statement, Table

_REVERSE_PATH = "rpfilter"
_HELPER = ("-j CT --helper", "ct helper set")
_INVERTED = "--invert"


def plain(listing: Listing) -> Listing:
    """Who comes back the way that a reply would take is taken for granted: iptables' rpfilter (nft's `fib saddr . iif
    oif` is an axis of the walk, see endings.py).
    """
    return replace(bare(listing), tables=tuple(map(_table, bare(listing).tables)))


def _table(table: Table) -> Table:
    return replace(table, chains={name: _chain(chain) for name, chain in table.chains.items()})


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
