"""The rules as the import reads them: without what NAT does, and without checks that segctl's binding replaces."""

from dataclasses import replace

from segctl.draft.audit.bare import bare
from segctl.listing.rule import Chain, Listing, Maybe, Rule, Table

_REVERSE_PATH = "rpfilter"
_INVERTED = "--invert"


def plain(listing: Listing) -> Listing:
    """Who comes back the way that a reply would take is taken for granted: iptables' rpfilter (nft's `fib saddr . iif
    oif` is an axis of the walk, see endings.py).
    """
    return replace(bare(listing), tables=tuple(map(_table, bare(listing).tables)))


def _table(table: Table) -> Table:
    return replace(table, chains={name: _chain(chain) for name, chain in table.chains.items()})


def _chain(chain: Chain) -> Chain:
    if not any(asks_the_way_back(rule) for rule in chain.rules):
        return chain
    rules = (_rule(rule) for rule in chain.rules if not (asks_the_way_back(rule) and _INVERTED in rule.text))
    return replace(chain, rules=tuple(rules))


def asks_the_way_back(rule: Rule) -> bool:
    """Whether a rule asks rpfilter."""
    return any(isinstance(one, Maybe) and _REVERSE_PATH in one.text for one in rule.statements)


def _rule(rule: Rule) -> Rule:
    if not asks_the_way_back(rule):
        return rule
    kept = (one for one in rule.statements if not (isinstance(one, Maybe) and _REVERSE_PATH in one.text))
    return replace(rule, statements=tuple(kept))
