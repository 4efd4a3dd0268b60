"""Dead weight: elements that ask for a connection's number which no rule that was read gives to any connection.

Such a number is of an earlier generation, or of nobody: the comparison can't say what a connection with it means. None
has a place in a set that is asked for a connection's mark, but for those that the law's *keep* has handed over.
"""

from collections.abc import Iterable, Iterator

from segctl.listing.rule import (
    Assign,
    Bits,
    Choose,
    Constant,
    Expression,
    Join,
    Load,
    Lookup,
    Mapped,
    Set,
    Table,
)
from segctl.prove.alive import element_said
from segctl.prove.clauses import NUMBER_MASK
from segctl.prove.path import Stage
from segctl.prove.result import Dead
from segctl.prove.row import By, rule_said

_MARK = "ct mark"


def unheld(stages: list[Stage], kept: Iterable[int] = ()) -> Iterator[Dead]:
    """Each such element, once for each rule that looks for it; none if a rule gives numbers that nobody can list.

    `kept`: the numbers that were handed over.
    """
    tables = list({id(stage.table): stage.table for stage in stages}.values())
    given: set[int] = set(kept)
    for by, value in _assigned(tables):
        if (some := _values(value, by.table)) is None:
            return
        given |= {number & NUMBER_MASK for number in some}
    for by, key, found in _asked(tables):
        for at, part in enumerate(key.parts if isinstance(key, Join) else (key,)):
            if _reads(part):
                for element in found.elements:
                    if at < len(element.key) and _nobodys(element.key[at], given):
                        yield Dead(rule_said(by), element_said(found, element))


def _rules(tables: list[Table]) -> Iterator[tuple[By, object]]:
    for table in tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                yield from ((By(table, chain, rule), statement) for statement in rule.statements)


def _assigned(tables: list[Table]) -> Iterator[tuple[By, Expression]]:
    for by, statement in _rules(tables):
        if isinstance(statement, Assign) and statement.field == _MARK:
            yield by, statement.value


def _asked(tables: list[Table]) -> Iterator[tuple[By, Expression, Set]]:
    """Each look-up by key, with its set."""
    for by, statement in _rules(tables):
        if isinstance(statement, Lookup | Choose):
            named = statement.set if isinstance(statement, Lookup) else statement.map
            found = by.table.sets.get(named) if isinstance(named, str) else named
            if found is not None:
                yield by, statement.key, found


def _values(value: Expression, table: Table) -> set[int] | None:
    """What a mark may be set to, but for bits of its own; None if that isn't said."""
    match value:
        case Constant(value=number):
            return {number}
        case Mapped(map=named):
            found = table.sets.get(named) if isinstance(named, str) else named
            if found is None or found.dynamic:
                return None
            return {element.value for element in found.elements if isinstance(element.value, int)}
        case Bits(of=Load(field=field), mask=mask, flip=flip) if field == _MARK:
            return set() if mask & NUMBER_MASK == NUMBER_MASK and not flip & NUMBER_MASK else None
    return None


def _reads(part: Expression) -> bool:
    if isinstance(part, Bits):
        return _reads(part.of) and part.mask & NUMBER_MASK == NUMBER_MASK
    return isinstance(part, Load) and part.field == _MARK


def _nobodys(span: tuple[int, int], given: set[int]) -> bool:
    number = span[0] & NUMBER_MASK
    return span[0] == span[1] and number != 0 and number not in given
