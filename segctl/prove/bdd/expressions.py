"""What an expression makes of the packets of a branch: a value, those that lack it, and those of whom nobody knows."""

from collections.abc import Sequence
from typing import NamedTuple

from segctl.listing.rule import (
    STATES,
    Bits,
    Constant,
    Expression,
    Join,
    Load,
    Mapped,
    Set,
    Shift,
    Strange,
    Table,
)
from segctl.prove.axes import IIF, OIF, REGISTERS, STATE, Seen, holder, read
from segctl.prove.bdd.branch import Registers
from segctl.prove.bdd.diagrams import Node
from segctl.prove.bdd.lookup import Hits, Lookups
from segctl.prove.bdd.packet import Fields, less_one
from segctl.prove.bdd.values import NotModelled, Value, Word
from segctl.prove.path import Stage
from segctl.prove.rewriting import touches
from segctl.prove.space import Spans
from segctl.prove.values import Of

_CONNECTED: Spans = tuple((STATES[word], STATES[word]) for word in ("established", "related", "new"))
_HOPS = ("ip ttl", "ip6 hoplimit")
_OF_INTERFACE = {
    **dict.fromkeys(("meta iifgroup", "meta iiftype", "meta iifkind"), Seen.IIF),
    **dict.fromkeys(("meta oifgroup", "meta oiftype", "meta oifkind"), Seen.OIF),
}


class Computed(NamedTuple):
    """A value for each part of a concatenation; the packets that lack one; those of whom nobody knows (not lacking)."""

    parts: tuple[Value, ...]
    lacking: Node
    doubt: Node


class Chosen(NamedTuple):
    """Packets by the answer of the element that they hit, those that lack the key, and those of whom nobody knows."""

    hits: Hits
    lacking: Node
    doubt: Node


class Expressions:
    """The expressions of a walk's rules, for packets of one family."""

    def __init__(self, fields: Fields, family: int) -> None:
        self.fields = fields
        self.family = family
        self.diagrams = fields.diagrams
        self.values = fields.values
        self._lookups = Lookups(fields.values, fields.diagrams)
        self._lessened: dict[Word, Word] = {}
        self._nobody = Computed((Value(()),), self.diagrams.true, self.diagrams.false)

    def set(self, named: str | Set, table: Table) -> Set:
        """A set by name; NotModelled if the table has none such, or if it may be another by the next packet."""
        found = table.sets.get(named) if isinstance(named, str) else named
        if found is None:
            raise NotModelled(f"no set {named}")
        if found.dynamic or found.fault:
            raise NotModelled(f"set {found.name} may change")
        return found

    def choose(self, here: Registers, key: Expression, found: Set, table: Table, stage: Stage) -> Chosen:
        """Who hits which element."""
        computed = self.compute(here, key, table, stage)
        doubt = computed.doubt
        for part in computed.parts:
            doubt |= self.values.inside(part, ())[1]
        return Chosen(self._lookups.hits(computed.parts, found), computed.lacking, doubt & ~computed.lacking)

    def compute(self, here: Registers, expression: Expression, table: Table, stage: Stage) -> Computed:
        """An expression's value under these registers."""
        match expression:
            case Constant(value=value):
                return self._certain(self.values.constant(value))
            case Load(field=field, bits=bits):
                return self._load(here, field, bits, stage)
            case Bits(of=of, mask=mask, flip=flip):
                under = self.compute(here, of, table, stage)
                return under._replace(parts=tuple(self.values.bitwise(part, mask, flip) for part in under.parts))
            case Shift(of=of, by=by):
                under = self.compute(here, of, table, stage)
                return under._replace(parts=tuple(self.values.shifted(part, by) for part in under.parts))
            case Join(parts=parts):
                return self._join([self.compute(here, part, table, stage) for part in parts])
            case Mapped(key=key, map=named):
                return self._answer(here, key, self.set(named, table), table, stage)
            case Strange(text=text):
                raise NotModelled(text)

    def _certain(self, value: Value) -> Computed:
        return Computed((value,), self.diagrams.false, self.diagrams.false)

    def _join(self, parts: Sequence[Computed]) -> Computed:
        lacking, doubt = self.diagrams.false, self.diagrams.false
        for one in parts:
            lacking |= one.lacking
            doubt |= one.doubt
        return Computed(tuple(value for one in parts for value in one.parts), lacking, doubt & ~lacking)

    def _answer(self, here: Registers, key: Expression, found: Set, table: Table, stage: Stage) -> Computed:
        """What a map answers; who misses it lacks the value."""
        chosen = self.choose(here, key, found, table, stage)
        cases = [(packets, answer) for answer, packets in chosen.hits.items() if isinstance(answer, int)]
        known = self.diagrams.either(packets for packets, _ in cases)
        lacking = chosen.lacking | ~known & ~chosen.doubt
        return Computed((Value(tuple(cases)),), lacking, chosen.doubt)

    def _load(self, here: Registers, field: str, bits: int, stage: Stage) -> Computed:
        reading = read(field, bits, self.family)
        if reading is None or _unseen(field, stage):
            return self._nobody
        for name in here.rewritten:
            if touches(name, field):
                raise NotModelled(f"{name} is rewritten")
        if field == "meta length" and stage.chain.hook is not None and stage.chain.hook.name == "egress":
            raise NotModelled("meta length counts the link's header on the way out")
        connected = Seen.CONNECTION in stage.seen
        if reading.connection and (here.untracked or not connected):
            return self._nobody
        needs = self.fields.product(dict(reading.needs), self.family)
        if (header := holder(field)) is not None:
            self.fields.bits(header, 1)
            needs &= self.fields.holds(header, ((1, 1),), self.family)
        if reading.connection:
            needs &= self.fields.holds(STATE, _CONNECTED, self.family)
        if isinstance(reading.of, int):
            value = self.values.constant(reading.of)
        else:
            value = self._of(reading.of, here, field, bits, stage)
        return Computed((value,), ~needs, self.diagrams.false)

    def _of(self, of: Of, here: Registers, field: str, bits: int, stage: Stage) -> Value:
        """What a packet has on an axis or in a register where this stage hangs."""
        axis = of.axis
        if axis in REGISTERS:
            return self._bits(here.held(axis), of)
        if axis == STATE and (here.untracked or Seen.CONNECTION not in stage.seen):
            return self.values.constant(STATES["untracked" if here.untracked else "invalid"])
        if axis in (IIF, OIF):
            if Seen(axis) not in stage.seen:
                return self.values.constant(0)
            return self.fields.index(axis) if field in ("meta iif", "meta oif") else self.fields.value(axis, 4)
        if axis in _HOPS and Seen.ROUTED in stage.seen:
            return self.values.constant(self._less_one(self.fields.word(axis, self.family, bits)))
        return self._bits(self.fields.value(axis, self.family, bits), of)

    def _bits(self, value: Value, of: Of) -> Value:
        """The bits of an axis that a field is."""
        if all(isinstance(atom, Word) and of.mask == (1 << len(atom.bits)) - 1 for _, atom in value.cases):
            return value
        if of.mask == (1 << 32) - 1 and of.axis in REGISTERS:
            return value
        kept = self.values.bitwise(value, of.mask, of.flip)
        return self.values.shifted(kept, -of.shift) if of.shift else kept

    def _less_one(self, word: Word) -> Word:
        if word not in self._lessened:
            self._lessened[word] = less_one(self.values, word)
        return self._lessened[word]


def _unseen(field: str, stage: Stage) -> bool:
    return field in _OF_INTERFACE and _OF_INTERFACE[field] not in stage.seen
