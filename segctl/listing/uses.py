"""Which rules of a table read or set what outlives a rule: the packet's mark and priority, the connection's mark.

Of a statement that isn't modelled only its words are known: if they speak of such a field, it counts as read and set.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from segctl.listing.implied import loads
from segctl.listing.rule import (
    Anybit,
    Assign,
    Bits,
    Choose,
    Decide,
    Expression,
    Hook,
    Join,
    Lookup,
    Mapped,
    Match,
    Maybe,
    Opaque,
    Rule,
    Set,
    Shift,
    Statement,
    Strange,
    Table,
    Translate,
    Update,
)

CONNECTION_MARK, PACKET_MARK, PRIORITY = "ct mark", "meta mark", "meta priority"

_WORDS = {
    CONNECTION_MARK: re.compile(r"\bct mark\b|connmark|ctmask", re.IGNORECASE),
    PACKET_MARK: re.compile(r"(?<!\bct )\b(fw|sk|nf)?mark\b|nfmask", re.IGNORECASE),
    PRIORITY: re.compile(r"\bmeta priority\b|\bclassify\b|\bmap-prio\b", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Use:
    """A rule's dealings with one field. `hooks`: where it can be met; none: no base chain leads to it now."""

    field: str
    reads: bool
    sets: bool
    chain: str
    rule: Rule
    hooks: tuple[Hook, ...]


def uses(table: Table) -> Iterator[Use]:
    """Every use of the three fields in a table's rules, in its order. What a rule only adds to itself isn't read."""
    hooks = hooks_of(table)
    for chain in table.chains.values():
        for rule in chain.rules:
            for field in _WORDS:
                reads = any(_reads(one, field) for one in rule.statements)
                sets = any(_sets(one, field) for one in rule.statements)
                if reads or sets:
                    yield Use(field, reads, sets, chain.name, rule, hooks[chain.name])


def hooks_of(table: Table) -> dict[str, tuple[Hook, ...]]:
    """Each chain with the hooks from which packets come to it. A map of verdicts that nobody read leads everywhere."""
    found: dict[str, list[Hook]] = {name: [] for name in table.chains}
    for chain in table.chains.values():
        if chain.hook is not None:
            for name in _reached(table, chain.name):
                found[name].append(chain.hook)
    return {name: tuple(hooks) for name, hooks in found.items()}


def _reached(table: Table, first: str) -> set[str]:
    seen: set[str] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in table.chains:
            seen.add(name)
            for rule in table.chains[name].rules:
                for statement in rule.statements:
                    waiting += _leads_to(table, statement)
    return seen


def _leads_to(table: Table, statement: Statement) -> list[str]:
    match statement:
        case Decide(verdict=verdict):
            return [verdict.chain] if verdict.chain else []
        case Choose(map=said):
            held = table.sets.get(said) if isinstance(said, str) else said
            if held is None or held.fault is not None:
                return [name for name, chain in table.chains.items() if chain.hook is None]
            return _chains_in(held)
        case _:
            return []


def _chains_in(held: Set) -> list[str]:
    verdicts = (element.value for element in held.elements)
    return [verdict.chain for verdict in verdicts if not isinstance(verdict, int) and verdict and verdict.chain]


def _reads(statement: Statement, field: str) -> bool:
    match statement:
        case Match(left=key) | Anybit(left=key) | Lookup(key=key) | Choose(key=key):
            return _asks(key, field)
        case Assign(field=to, value=value):
            return to != field and _asks(value, field)
        case Opaque(text=text) | Maybe(text=text) | Update(text=text) | Translate(text=text):
            return bool(_WORDS[field].search(text))
        case _:
            return False


def _sets(statement: Statement, field: str) -> bool:
    match statement:
        case Assign(field=to):
            return to == field
        case Opaque(text=text):
            return bool(_WORDS[field].search(text))
        case _:
            return False


def _asks(expression: Expression, field: str) -> bool:
    """Whether it is computed of the field; a route that is looked up by the mark is."""
    if any(one == field or (one.startswith("fib ") and _WORDS[field].search(one)) for one in loads(expression)):
        return True
    return any(_WORDS[field].search(text) for text in _strange(expression))


def _strange(expression: Expression) -> Iterator[str]:
    match expression:
        case Strange(text=text):
            yield text
        case Bits(of=of) | Shift(of=of) | Mapped(key=of):
            yield from _strange(of)
        case Join(parts=parts):
            for part in parts:
                yield from _strange(part)
