"""What the rules name one by one: interfaces, by which packets are told apart, and the numbers of connections.

An interface is one of few codes instead of 128 bits: each set of names that a rule or the site compares is cut out of
all names, and names that are in the same sets share a code.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segctl.listing.rule import (
    Anybit,
    Assign,
    Bits,
    Choose,
    Constant,
    Expression,
    Join,
    Load,
    Lookup,
    Mapped,
    Match,
    Set,
    Shift,
    Span,
    Statement,
    Table,
)
from segctl.policy.numbers import SWAPPED
from segctl.prove.path import Stage
from segctl.prove.space import Spans, merged

NUMBER_MASK = SWAPPED - 1
_NAMES = ("meta iifname", "meta oifname")
_LAST_NAME = (1 << 128) - 1


@dataclass(frozen=True, slots=True)
class Named:
    """What the rules compare: `interfaces` sets of names, `numbers` of connections."""

    interfaces: frozenset[Spans]
    numbers: frozenset[int]


def named(stages: Iterable[Stage]) -> Named:
    """What the tables of these stages name."""
    interfaces: set[Spans] = set()
    numbers: set[int] = set()
    seen: set[int] = set()
    for stage in stages:
        if stage.devices:
            interfaces |= {(span,) for span in stage.devices}
        if id(stage.table) not in seen:
            seen.add(id(stage.table))
            for expression, spans in _compared(stage.table):
                if isinstance(expression, Load) and expression.field in _NAMES:
                    interfaces.add(merged(spans))
                elif (mask := _connection(expression)) is not None:
                    numbers |= {(v ^ mask[1]) & NUMBER_MASK for v, last in spans if v == last and mask[0] == _ALL}
            numbers |= {value & NUMBER_MASK for value in _given(stage.table)}
    return Named(frozenset(interfaces), frozenset(numbers - {0}))


_ALL = NUMBER_MASK


def _connection(expression: Expression) -> tuple[int, int] | None:
    """If it is the connection's mark under a mask: which bits of the number are looked at, and which are flipped."""
    match expression:
        case Load(field="ct mark"):
            return _ALL, 0
        case Bits(of=of, mask=mask, flip=flip):
            under = _connection(of)
            return None if under is None else (under[0] & mask, (under[1] & mask) ^ flip)
    return None


def _compared(table: Table) -> Iterator[tuple[Expression, Spans]]:
    """Every expression with the values that it is compared with."""
    for chain in table.chains.values():
        for rule in chain.rules:
            for statement in rule.statements:
                yield from _of_statement(statement, table)


def _of_statement(statement: Statement, table: Table) -> Iterator[tuple[Expression, Spans]]:
    match statement:
        case Match(left=left, spans=spans):
            yield left, spans
            yield from _within(left, table)
        case Anybit(left=left):
            yield from _within(left, table)
        case Lookup(key=key, set=found) | Choose(key=key, map=found):
            yield from _keys(key, found, table)
        case Assign(value=value):
            yield from _within(value, table)


def _within(expression: Expression, table: Table) -> Iterator[tuple[Expression, Spans]]:
    match expression:
        case Mapped(key=key, map=found):
            yield from _keys(key, found, table)
        case Bits(of=of) | Shift(of=of):
            yield from _within(of, table)
        case Join(parts=parts):
            for part in parts:
                yield from _within(part, table)


def _keys(key: Expression, found: str | Set, table: Table) -> Iterator[tuple[Expression, Spans]]:
    held = table.sets.get(found) if isinstance(found, str) else found
    for at, part in enumerate(key.parts if isinstance(key, Join) else (key,)):
        yield from _within(part, table)
        for span in {element.key[at] for element in held.elements if len(element.key) > at} if held else ():
            yield part, (span,)


def _given(table: Table) -> Iterator[int]:
    """What connections' marks are set to."""
    for chain in table.chains.values():
        for rule in chain.rules:
            for statement in rule.statements:
                match statement:
                    case Assign(field="ct mark", value=Constant(value=value)):
                        yield value
                    case Assign(field="ct mark", value=Mapped(map=found)):
                        held = table.sets.get(found) if isinstance(found, str) else found
                        for element in held.elements if held else ():
                            if isinstance(element.value, int):
                                yield element.value


def codes(sets: Iterable[Spans]) -> list[list[Span]]:
    """All names in parts that none of the sets cuts, in order of their smallest."""
    distinct = sorted(set(sets))
    points = sorted({0} | {at for spans in distinct for first, last in spans for at in (first, last + 1)})
    points = [at for at in points if at <= _LAST_NAME]
    members: list[set[int]] = [set() for _ in points]
    for number, spans in enumerate(distinct):
        for first, last in spans:
            for at in range(bisect_right(points, first) - 1, bisect_right(points, last)):
                members[at].add(number)
    parts: dict[frozenset[int], list[Span]] = {}
    for at, begin in enumerate(points):
        end = points[at + 1] - 1 if at + 1 < len(points) else _LAST_NAME
        parts.setdefault(frozenset(members[at]), []).append((begin, end))
    return list(parts.values())
