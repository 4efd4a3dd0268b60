"""Expressions that aren't modelled, by rule, and what can't be told for them."""

from collections.abc import Iterable, Iterator

from segctl.draft.audit.given import Given, rules
from segctl.draft.result import NotModelled, Reach
from segctl.listing.rule import (
    Bits,
    Choose,
    Expression,
    Join,
    Lookup,
    Mapped,
    Match,
    Maybe,
    Opaque,
    Set,
    Shift,
    Statement,
    Strange,
    Table,
    Update,
)

_MOST = 3


def not_modelled(given: Given, reaches: Iterable[Reach], told: dict[int, str]) -> Iterator[NotModelled]:
    """Every rule with such an expression. `told`: of rules the words by which a walk names their place."""
    rows = list(reaches)
    for table, _, rule in rules(given.listing):
        place = f"({told[id(rule)]})"
        here = [row for row in rows if any(place in reason for reason in row.reasons)]
        said = (reason.replace(place, "").strip() for row in here for reason in row.reasons if place in reason)
        why = dict.fromkeys(word for statement in rule.statements for word in _words(statement, table))
        why |= dict.fromkeys(word for word in said if not why)
        if why:
            yield NotModelled(given.span(rule), rule.text, "; ".join(why), _leaves(here))


def _words(statement: Statement, table: Table) -> Iterator[str]:
    """What of a statement isn't modelled."""
    match statement:
        case Maybe(text=text) | Opaque(text=text) | Update(text=text):
            yield text
        case Match(left=left):
            yield from _strange(left)
        case Lookup(key=key, set=named) | Choose(key=key, map=named):
            yield from _strange(key)
            found = named if isinstance(named, Set) else table.sets.get(named)
            if found is None:
                yield f"the set {named} isn't in the files"
            elif found.fault:
                yield f"set {found.name}: {found.fault}"
            elif found.dynamic:
                yield f"the set {found.name} is changed by packets"


def _strange(expression: Expression) -> Iterator[str]:
    match expression:
        case Strange(text=text):
            yield text
        case Bits(of=of) | Shift(of=of) | Mapped(key=of):
            yield from _strange(of)
        case Join(parts=parts):
            for part in parts:
                yield from _strange(part)


def _leaves(rows: list[Reach]) -> str:
    """What these rows leave open, in a few words."""
    if not rows:
        return ""
    said = [f"{row.way} (IPv{row.family})" for row in rows]
    counted = [f"{n} {'row' if n == 1 else 'rows'} of {one}" for one in dict.fromkeys(said) if (n := said.count(one))]
    return "; ".join(counted[:_MOST])
