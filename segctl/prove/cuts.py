"""Where the axes are cut: every set of values that a rule compares a field with.

A first guess, so that most walks go through at once: what it misses (a comparison of bits that moved through
registers) is cut when it is met (`space.NeedsCut`), and the walk begins again.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from segctl.listing.rule import (
    Anybit,
    Assign,
    Bits,
    Chain,
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
    Statement,
    Table,
)
from segctl.prove.axes import REGISTERS, WIDTHS, read
from segctl.prove.space import Spans
from segctl.prove.values import NotModelled, Of, preimage

Cuts = dict[str, set[Spans]]
Masks = dict[str, set[int]]


class Collector:
    """What the rules of some chains compare, for packets of one family: `cuts` by axis, `masks` by register,
    `numbers` what a connection's mark is set to, `joined` the maps that are asked by several values at once, in each
    rule that asks.
    """

    def __init__(self, family: int, lasts: dict[str, int]) -> None:
        self.family = family
        self.lasts = lasts
        self.cuts: Cuts = {}
        self.masks: Masks = {register: set() for register in REGISTERS}
        self.numbers: set[int] = set()
        self.joined: list[Set] = []

    def table(self, table: Table, chains: Iterable[Chain]) -> None:
        """All of these chains of a table."""
        for chain in chains:
            for rule in chain.rules:
                for statement in rule.statements:
                    self._statement(statement, table)

    def _statement(self, statement: Statement, table: Table) -> None:
        match statement:
            case Match(left=left, spans=spans):
                self._expression(left, table)
                self._compare(left, spans)
            case Anybit(left=left, bits=bits):
                self._any_bit(left, bits)
            case Lookup(key=key, set=named) | Choose(key=key, map=named):
                self._look_up(key, named, table)
            case Assign(field=name, value=value):
                if name == "ct mark":
                    self._number(value, table)
                self._expression(value, table)

    def _number(self, value: Expression, table: Table) -> None:
        """What a connection's mark is set to is compared later, in the intent."""
        if isinstance(value, Constant):
            self.numbers.add(value.value)
        elif isinstance(value, Mapped):
            found = table.sets.get(value.map) if isinstance(value.map, str) else value.map
            self.numbers |= (
                {element.value for element in found.elements if isinstance(element.value, int)} if found else set()
            )

    def _expression(self, expression: Expression, table: Table) -> None:
        match expression:
            case Mapped(key=key, map=named):
                self._look_up(key, named, table)
                found = table.sets.get(named) if isinstance(named, str) else named
                if isinstance(key, Join) and found is not None:
                    self.joined.append(found)
            case Bits(of=of) | Shift(of=of):
                self._mask(expression)
                self._expression(of, table)
            case Join(parts=parts):
                for part in parts:
                    self._expression(part, table)

    def _look_up(self, key: Expression, named: str | Set, table: Table) -> None:
        found = table.sets.get(named) if isinstance(named, str) else named
        parts = key.parts if isinstance(key, Join) else (key,)
        self._expression(key, table)
        for at, part in enumerate(parts):
            if found is None or self._read(part) is None:
                continue
            if len(parts) == 1:
                self._compare(part, *_by_value(found))
            else:
                self._compare(part, *((span,) for span in {one.key[at] for one in found.elements if len(one.key) > at}))

    def _compare(self, left: Expression, *sets: Spans) -> None:
        of = self._read(left)
        if of is None or of.axis in REGISTERS:
            return
        cuts, last = self.cuts.setdefault(of.axis, set()), self._last(of.axis, left)
        for spans in sets:
            with suppress(NotModelled):
                cuts.add(preimage(of, spans, last))

    def _any_bit(self, left: Expression, bits: int) -> None:
        """One bit after another: each combination of them is a class then."""
        of = self._read(left)
        if of is None or of.axis in REGISTERS:
            return
        last = self._last(of.axis, left)
        for at in range(last.bit_length()):
            if bits >> at & 1 and last <= 0xFFFF:
                self.cuts.setdefault(of.axis, set()).add(preimage(Of(of.axis, 1 << at), ((1 << at, 1 << at),), last))

    def _read(self, expression: Expression) -> Of | None:
        """The axis that an expression takes its value from, if nothing else comes in."""
        try:
            match expression:
                case Load(field="meta iif" | "meta oif"):
                    return None  # by index: each interface that is there has a class of its own
                case Load(field=field, bits=bits):
                    found = read(field, bits, self.family)
                    if found is not None:
                        for axis, spans in found.needs:
                            self.cuts.setdefault(axis, set()).add(spans)
                        if isinstance(found.of, Of) and found.of.axis not in REGISTERS:
                            self.cuts.setdefault(found.of.axis, set())
                            self._last(found.of.axis, expression)
                    return found.of if found is not None and isinstance(found.of, Of) else None
                case Bits(of=of, mask=mask, flip=flip):
                    under = self._read(of)
                    done = under.bitwise(mask, flip) if under is not None else None
                    return done if isinstance(done, Of) else None
                case Shift(of=of, by=by):
                    under = self._read(of)
                    return under.shifted(by) if under is not None else None
        except NotModelled:
            return None
        return None

    def _mask(self, expression: Bits | Shift) -> None:
        found = self._read(expression)
        if found is not None and found.axis in REGISTERS:
            self.masks[found.axis].add(found.mask)

    def _last(self, axis: str, left: Expression) -> int:
        """The last value of an axis; of one that no other rule named its own field tells."""
        if axis not in self.lasts:
            self.lasts[axis] = (1 << WIDTHS.get(axis, _width(left))) - 1
        return self.lasts[axis]


def _width(expression: Expression) -> int:
    match expression:
        case Load(bits=bits):
            return bits
        case Bits(of=of) | Shift(of=of):
            return _width(of)
    return 32


def _by_value(found: Set) -> Iterator[Spans]:
    """The keys of a set or map, those with one answer together."""
    together: dict[object, list[tuple[int, int]]] = {}
    for element in found.elements:
        if element.key:
            together.setdefault(element.value, []).append(element.key[0])
    return (tuple(sorted(spans)) for spans in together.values())
