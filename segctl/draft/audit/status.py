"""`ct status snat` and `dnat` as fields of their own: whether a connection's source, or destination, was translated.

The prover knows `ct status` as one number of 32 bits, of which it can't compare single ones; each of these two is a
question to which the answer may be yes or no, and a rule that asks it says so in the audit's answer.
"""

from collections.abc import Iterator
from dataclasses import replace

from segctl.listing.rule import Anybit, Chain, Listing, Load, Match, Rule, Statement, Table

_NAMES = {0x10: "ct status snat", 0x20: "ct status dnat"}  # IPS_SRC_NAT, IPS_DST_NAT (nf_conntrack_common.h)
_YES = ((1, 1),)


def with_status(listing: Listing) -> Listing:
    """The same rules, asking so. Rules that don't ask stay the same objects."""
    return replace(listing, tables=tuple(map(_table, listing.tables)))


def _table(table: Table) -> Table:
    return replace(table, chains={name: _chain(chain) for name, chain in table.chains.items()})


def _chain(chain: Chain) -> Chain:
    return replace(chain, rules=tuple(map(_rule, chain.rules)))


def _rule(rule: Rule) -> Rule:
    if not any(_asks(statement) for statement in rule.statements):
        return rule
    return replace(rule, statements=tuple(one for statement in rule.statements for one in _said(statement)))


def _asks(statement: Statement) -> bool:
    """Both bits at once are asked as *neither* alone: *one of both* is no conjunction."""
    if not isinstance(statement, Anybit) or statement.left != Load("ct status", 32):
        return False
    return statement.bits in _NAMES or (statement.negated and statement.bits == 0x30)


def _said(statement: Statement) -> Iterator[Statement]:
    if not isinstance(statement, Anybit) or not _asks(statement):
        yield statement
        return
    for bit, name in _NAMES.items():
        if statement.bits & bit:
            yield Match(Load(name, 1), _YES, statement.negated)
