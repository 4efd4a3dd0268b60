"""What a rule computes of a row: the value of an expression, or the element of a set that a key hits."""

from collections.abc import Callable, Mapping
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
    name_span,
)
from segctl.prove.alive import Alive
from segctl.prove.axes import DADDR, IIF, OIF, PROTO, SADDR, STATE, Seen, read
from segctl.prove.bundle import FEWEST, Bundles, Hits
from segctl.prove.lookup import Groups, Lookups
from segctl.prove.path import Stage
from segctl.prove.rewriting import touches
from segctl.prove.row import Row
from segctl.prove.space import Cube, NeedsCut, Space, Spans, bits
from segctl.prove.values import Known, NotModelled, Of, Unknown, Value
from segctl.prove.values import Table as ByClass

_CONNECTED: Spans = tuple((STATES[word], STATES[word]) for word in ("established", "related", "new"))
_NOWHERE = 1 << 31  # no index of an interface, but within the type
_PLAIN = (IIF, OIF, SADDR, DADDR, PROTO)
_HOPS = ("ip ttl", "ip6 hoplimit")
_OF_INTERFACE = {
    **dict.fromkeys(("meta iifgroup", "meta iiftype", "meta iifkind"), Seen.IIF),
    **dict.fromkeys(("meta oifgroup", "meta oiftype", "meta oifkind"), Seen.OIF),
}


class Chosen(NamedTuple):
    """Rows with the place of the element that they hit, rows that hit none, and rows that lack the key."""

    hits: list[tuple[Row, int]]
    misses: list[Row]
    ordered: bool
    lacking: list[Row]

    def and_(self, other: "Chosen") -> "Chosen":
        """Both."""
        return Chosen(
            self.hits + other.hits,
            self.misses + other.misses,
            self.ordered or other.ordered,
            self.lacking + other.lacking,
        )


class Computed(NamedTuple):
    """An expression's value for each part of a row, and the parts that don't have it."""

    values: list[tuple[Row, tuple[Known, ...]]]
    misses: list[Row]
    ordered: bool = False


class Expressions:
    """The expressions of a walk's rules over its space."""

    def __init__(
        self,
        space: Space,
        registers: Groups,
        family: int,
        interfaces: Mapping[int, str],
        hits: Hits = (),
        fewest: int = FEWEST,
    ) -> None:
        self._space = space
        self._registers = registers
        self._family = family
        self._lookups = Lookups(space, registers)
        self.alive = Alive()
        self.bundles = Bundles(space, registers, self._lookups, hits, fewest)
        self._indices = {axis: self._by_index(axis, interfaces) for axis in (IIF, OIF)}
        self._overlaid: dict[tuple[int, int], tuple[ByClass, ByClass, Value]] = {}
        self._lessened: dict[str, ByClass] = {}
        self._tables: dict[tuple[int, Known], tuple[Set, Known, ByClass, int]] = {}

    def _by_index(self, axis: str, interfaces: Mapping[int, str]) -> ByClass:
        """The index of each interface class; of one that isn't there a number that no rule names."""
        known = {name_span(name)[0]: index for index, name in interfaces.items()} | {0: 0}
        classes = self._space.axes[self._space.index[axis]]
        return ByClass(axis, [known.get(value, _NOWHERE) for value in classes.least])

    def set(self, named: str | Set, table: Table) -> Set:
        """A set by name; NotModelled if the table has none such."""
        if isinstance(named, Set):
            return named
        found = table.sets.get(named)
        if found is None:
            raise NotModelled(f"no set {named}")
        return found

    def choose(self, row: Row, key: Expression, found: Set, table: Table, stage: Stage) -> Chosen:
        """The same, each with the element that it hits."""
        computed = self._compute(row, key, table, stage)
        chosen = Chosen([], [], computed.ordered, computed.misses)
        for part, values in computed.values:
            chosen = chosen.and_(self._chosen(part, values, found))
        return chosen

    def _chosen(self, row: Row, values: tuple[Known, ...], found: Set) -> Chosen:
        """The same of a key that is known."""
        star = _star(found)
        few = self.bundles.few(row.cube, values, found)
        every = self._lookups.hits(row.cube, values, found) if few is None else few
        got = [hit for hit in every if hit.element != star]
        self.alive.hit(found, sum(1 << element for element in {hit.element for hit in got}))
        hits = [(row._replace(cube=hit.cube), hit.element) for hit in got]
        rest = rest_of(row.cube, [hit.cube for hit in got])
        if star is not None:
            if rest is None:
                raise NotModelled(f"the catch-all element of {found.name or 'a map'}")
            self.alive.hit(found, int(bool(rest)) << star)
            return Chosen([*hits, *((row._replace(cube=cube), star) for cube in rest)], [], False, [])
        if rest is None:
            return Chosen(hits, [row], True, [])
        return Chosen(hits, [row._replace(cube=cube) for cube in rest], False, [])

    def _compute(self, row: Row, expression: Expression, table: Table, stage: Stage) -> Computed:
        match expression:
            case Constant(value=value):
                return Computed([(row, (value,))], [])
            case Load(field=field, bits=bits):
                return self._load(row, field, bits, stage)
            case Bits(of=of, mask=mask, flip=flip):
                return self._mapped_values(self._compute(row, of, table, stage), lambda v: _bitwise(v, mask, flip))
            case Shift(of=of, by=by):
                return self._mapped_values(self._compute(row, of, table, stage), lambda v: _shifted(v, by))
            case Join(parts=parts):
                return self._join(row, parts, table, stage)
            case Mapped(key=key, map=named):
                return self._answer(row, key, self.set(named, table), table, stage)
            case Strange(text=text):
                raise NotModelled(text)

    @staticmethod
    def _mapped_values(computed: Computed, work: Callable[[Known], Known]) -> Computed:
        values: list[tuple[Row, tuple[Known, ...]]] = [(row, (work(value),)) for row, (value,) in computed.values]
        return Computed(values, computed.misses, computed.ordered)

    def _join(self, row: Row, parts: tuple[Expression, ...], table: Table, stage: Stage) -> Computed:
        done: list[tuple[Row, tuple[Known, ...]]] = [(row, ())]
        misses: list[Row] = []
        ordered = False
        for part in parts:
            after = []
            for now, values in done:
                computed = self._compute(now, part, table, stage)
                after += [(made, (*values, *value)) for made, value in computed.values]
                misses += computed.misses
                ordered |= computed.ordered
            done = after
        return Computed(done, misses, ordered)

    def _load(self, row: Row, field: str, bits: int, stage: Stage) -> Computed:
        reading = read(field, bits, self._family)
        if reading is None:
            return Computed([], [row])
        for name in row.rewritten:
            if touches(name, field):
                raise NotModelled(f"{name} is rewritten")
        if field == "meta length" and stage.chain.hook is not None and stage.chain.hook.name == "egress":
            raise NotModelled("meta length counts the link's header on the way out")
        value: Known = reading.of
        needs = list(reading.needs)
        connected = Seen.CONNECTION in stage.seen
        if isinstance(value, Of):
            if value.axis in REGISTERS_OF:
                held = REGISTERS_OF[value.axis](row)
                if isinstance(held, Unknown):
                    raise NotModelled(held.reason)
                value = held
            elif value.axis == STATE and (row.untracked or not connected):
                value = STATES["untracked"] if row.untracked else STATES["invalid"]
            elif value.axis in (IIF, OIF):
                if Seen(value.axis) not in stage.seen:
                    value = 0
                elif field in ("meta iif", "meta oif"):
                    value = self._indices[value.axis]
            elif field in _OF_INTERFACE and _OF_INTERFACE[field] not in stage.seen:
                return Computed([], [row])
            elif field in _HOPS and Seen.ROUTED in stage.seen:
                value = self._less_one(value.axis)
        if reading.connection:
            if row.untracked or not connected:
                return Computed([], [row])
            needs.append((STATE, _CONNECTED))
        return self._needing(row, value, needs)

    def _plain(self, expression: Expression, stage: Stage) -> Of | None:
        """What an expression is of every row whose header no rule has rewritten; None where that takes more to say."""
        reading = read(expression.field, expression.bits, self._family) if isinstance(expression, Load) else None
        if reading is None or not isinstance(reading.of, Of) or reading.of.axis not in _PLAIN or reading.needs:
            return None
        axis = reading.of.axis
        by_index = isinstance(expression, Load) and expression.field in ("meta iif", "meta oif")
        return None if axis in (IIF, OIF) and (by_index or Seen(axis) not in stage.seen) else reading.of

    def _less_one(self, name: str) -> ByClass:
        """What a router leaves of a packet's life (ip_forward, ip6_forward: before the forward hook)."""
        if name not in self._lessened:
            axis = self._space.axes[self._space.index[name]]
            if any(size > 1 for size in axis.sizes):
                raise NeedsCut(name, *(((value, value),) for value in range(256)))
            self._lessened[name] = ByClass(name, [max(value - 1, 0) for value in axis.least])
        return self._lessened[name]

    def _needing(self, row: Row, value: Known, needs: list[tuple[str, Spans]]) -> Computed:
        """The row's packets that have the field, and those that lack it."""
        misses = []
        for axis, spans in needs:
            at = self._space.index[axis]
            mask = self._space.axes[at].mask(spans)
            if outside := row.cube[at] & ~mask:
                misses.append(row._replace(cube=(*row.cube[:at], outside, *row.cube[at + 1 :])))
            if not row.cube[at] & mask:
                return Computed([], misses)
            row = row._replace(cube=(*row.cube[:at], row.cube[at] & mask, *row.cube[at + 1 :]))
        return Computed([(row, (value,))], misses)

    def _answer(self, row: Row, key: Expression, found: Set, table: Table, stage: Stage) -> Computed:
        """What a map answers: by class of one axis where the key is that axis, else by element."""
        if found.dynamic or found.fault:
            raise NotModelled(f"map {found.name} may change")
        computed = self._compute(row, key, table, stage)
        if not isinstance(key, Join) and not computed.ordered:
            by_class = self._by_class(computed, found)
            if by_class is not None:
                return by_class
        values: list[tuple[Row, tuple[Known, ...]]] = []
        misses, ordered = list(computed.misses), computed.ordered
        for part, known in computed.values:
            if (together := self._together(part, known, found)) is not None:
                values += together
                misses.append(part)
                ordered = True
                continue
            chosen = self._chosen(part, known, found)
            misses += chosen.misses
            ordered |= chosen.ordered
            for hit, element in chosen.hits:
                answer = found.elements[element].value
                if isinstance(answer, int):
                    values.append((hit, (answer,)))
        return Computed(values, misses, ordered)

    def _together(self, row: Row, parts: tuple[Known, ...], found: Set) -> list[tuple[Row, tuple[Known, ...]]] | None:
        """The hits of many elements as few rows, each with all answers; None if they are asked one by one."""
        if len(parts) < 2 or _star(found) is not None:
            return None
        if (place := self.bundles.through(parts, found)) is not None:
            said = list(self.bundles.answered(row.cube, parts, place, found))
            for answer in said:
                self.alive.hit(found, answer.elements)
            return [(row._replace(cube=answer.cube), (answer.table,)) for answer in said]
        several = self.bundles.of(row.cube, parts, found)
        if several is None:
            return None
        bundle, hit = several
        self.alive.hit(found, hit)
        cube = (*row.cube[: bundle.at], hit, *row.cube[bundle.at + 1 :])
        return [(row._replace(cube=cube), (bundle.answers,))]

    def _by_class(self, computed: Computed, found: Set) -> Computed | None:
        values: list[tuple[Row, tuple[Known, ...]]] = []
        misses = list(computed.misses)
        for row, (value,) in computed.values:
            if isinstance(value, int) or value.axis in self._registers:
                return None
            table, known = self._table(value, found)
            at = self._space.index[table.axis]
            if inside := row.cube[at] & known:
                values.append((row._replace(cube=(*row.cube[:at], inside, *row.cube[at + 1 :])), (table,)))
            if outside := row.cube[at] & ~known:
                misses.append(row._replace(cube=(*row.cube[:at], outside, *row.cube[at + 1 :])))
        return Computed(values, misses)

    def _table(self, value: Known, found: Set) -> tuple[ByClass, int]:
        """The map's answer for each class of the value's axis, and the classes that it answers."""
        key = id(found), value
        if key not in self._tables:
            assert not isinstance(value, int)
            axis = self._space.axes[self._space.index[value.axis]]
            answers = [0] * len(axis.least)
            known = 0
            by_answer: dict[int, list[tuple[int, int]]] = {}
            met = 0
            star = _star(found)
            for at, element in enumerate(found.elements):
                if isinstance(element.value, int) and at != star:
                    by_answer.setdefault(element.value, []).append(element.key[0])
                    met |= int(isinstance(value, Of) or bool(value.within((element.key[0],)))) << at
            for answer, spans in by_answer.items():
                mask = self._classes(value, tuple(sorted(spans)))
                known |= mask
                for number in bits(mask):
                    answers[number] = answer
            if star is not None and isinstance(other := found.elements[star].value, int):
                answers = [answer if known >> number & 1 else other for number, answer in enumerate(answers)]
                met |= int(known != axis.full) << star
                known = axis.full
            self.alive.hit(found, met)
            self._tables[key] = found, value, ByClass(axis.name, answers), known
        return self._tables[key][2:]

    def _classes(self, value: Of | ByClass, spans: Spans) -> int:
        (((_, mask),),) = self._lookups.cubes(value, spans)
        return mask


def _star(found: Set) -> int | None:
    """The place of a map's catch-all element: the last, over all keys; the others come before it."""
    if found.answers is None or not found.elements or len(found.elements) < 2:
        return None
    last = found.elements[-1].key
    return (
        len(found.elements) - 1 if all(first == 0 and end + 1 & end == 0 and end > 0 for first, end in last) else None
    )


def _bitwise(value: Known, mask: int, flip: int) -> Known:
    return (value & mask) ^ flip if isinstance(value, int) else value.bitwise(mask, flip)


def _shifted(value: Known, by: int) -> Known:
    if isinstance(value, int):
        return value << by if by > 0 else value >> -by
    return value.shifted(by)


REGISTERS_OF: dict[str, Callable[[Row], Value]] = {
    "meta mark": lambda row: row.mark,
    "meta priority": lambda row: row.priority,
    "ct mark": lambda row: row.connection,
}


def rest_of(cube: Cube, hits: list[Cube]) -> list[Cube] | None:
    """What of a cube was not hit, if that is one product or nothing; None if it isn't so simple."""
    if not hits:
        return [cube]
    odd = {at for hit in hits for at, (mine, theirs) in enumerate(zip(hit, cube, strict=True)) if mine != theirs}
    if len(odd) > 1:
        return None
    for at in odd:
        left = cube[at]
        for hit in hits:
            left &= ~hit[at]
        return [(*cube[:at], left, *cube[at + 1 :])] if left else []
    return []
