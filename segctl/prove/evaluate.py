"""What one statement makes of one row: who matches, who doesn't, what a register holds afterwards."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from segctl.listing.rule import (
    Bits,
    Expression,
    Join,
    Mapped,
    Match,
    Set,
    Shift,
    Strange,
    Table,
)
from segctl.prove.axes import Seen, read
from segctl.prove.compute import REGISTERS_OF, Expressions, rest_of
from segctl.prove.path import Stage
from segctl.prove.rewriting import rewrites
from segctl.prove.row import Row
from segctl.prove.space import Cube, Spans, bits
from segctl.prove.values import Known, NotModelled, Of, Unknown, Value, complement
from segctl.prove.values import Table as ByClass

_SETTERS: dict[str, Callable[[Row, Value], Row]] = {
    "meta mark": lambda row, value: row._replace(mark=value),
    "meta priority": lambda row, value: row._replace(priority=value),
    "ct mark": lambda row, value: row._replace(connection=value),
}


class Forked(NamedTuple):
    """Rows that matched, and rows that didn't; `ordered`: the second hold the first as well, and come after them.

    `negated`: they are the other way round, and it is the second that matched. `lacking` didn't match either way.
    """

    hits: list[Row]
    misses: list[Row]
    ordered: bool = False
    negated: bool = False
    lacking: Sequence[Row] = ()


class _Sought(NamedTuple):
    """Rows with their key in a set, rows without, and rows that lack the key; `ordered` as in Forked."""

    hits: list[Row]
    misses: list[Row]
    ordered: bool
    lacking: list[Row]


class Evaluator(Expressions):
    """The statements of a walk's rules over its space."""

    def match(self, row: Row, left: Expression, spans: Spans, negated: bool, table: Table, stage: Stage) -> Forked:
        """Rows whose value is in the spans (`negated`: in none of them)."""
        computed = self._compute(row, left, table, stage)
        hits, misses = [], list(computed.misses)
        for part, (value,) in computed.values:
            inside, outside = self._split(part, value, spans)
            hits += outside if negated else inside
            misses += inside if negated else outside
        return Forked(hits, misses, computed.ordered)

    def match_all(self, rows: Sequence[Row], statement: Match, stage: Stage) -> Forked | None:
        """The same for many rows at once, where one axis says it and no row was rewritten; None where it takes more."""
        of = self._plain(statement.left, stage)
        try:
            narrow = self._lookups.narrow(of, statement.spans) if of is not None else None
        except NotModelled:  # each row is told to be doubtful
            narrow = None
        if narrow is None:
            return None
        hits: list[Row] = []
        misses: list[Row] = []
        for row in rows:
            if row.rewritten:
                return None
            inside, outside = _parted(row, *narrow)
            hits += outside if statement.negated else inside
            misses += inside if statement.negated else outside
        return Forked(hits, misses)

    def any_bit(self, row: Row, left: Expression, bits: int, negated: bool, table: Table, stage: Stage) -> Forked:
        """Rows with one of these bits set."""
        return self.match(row, Bits(left, bits), ((0, 0),), not negated, table, stage)

    def look_up(self, row: Row, key: Expression, found: Set, table: Table, stage: Stage) -> Forked:
        """Rows whose key is in the set."""
        sought = self._sought(row, key, found, table, stage)
        return Forked(sought.hits, sought.misses + sought.lacking, sought.ordered)

    def _sought(self, row: Row, key: Expression, found: Set, table: Table, stage: Stage) -> _Sought:
        computed = self._compute(row, key, table, stage)
        hits: list[Row] = []
        misses: list[Row] = []
        ordered = computed.ordered
        for part, values in computed.values:
            shape = self._lookups.shape(values, found)
            self.alive.hit(found, shape.elements)
            for at, value in enumerate(values):
                if isinstance(value, Of) and value.axis == "ct mark":
                    self.alive.numbers(found, at)
            cubes = shape.within(part.cube)
            hits += [part._replace(cube=cube) for cube in cubes]
            rest = rest_of(part.cube, cubes)
            misses += [part] if rest is None else [part._replace(cube=cube) for cube in rest]
            ordered |= rest is None
        return _Sought(hits, misses, ordered, computed.misses)

    def look_past(self, row: Row, key: Expression, found: Set, table: Table, stage: Stage) -> Forked:
        """Rows whose key is not in the set; the others.

        It is the row that has the key which keeps its whole cube and comes later: what a rule finds to be out of place
        is decided in a few products, and the rest goes on as one.
        """
        chosen = self._sought(row, key, found, table, stage)
        hits = chosen.hits
        if not chosen.ordered:
            return Forked(chosen.misses, hits + chosen.lacking)
        whole = len(chosen.misses) == 1 and chosen.misses[0].cube == row.cube
        outside = _outside(row.cube, [hit.cube for hit in hits]) if whole else None
        if outside is None:
            return Forked(hits, chosen.misses, True, negated=True, lacking=chosen.lacking)
        return Forked([row._replace(cube=cube) for cube in outside], [row], True)

    def assign(self, row: Row, name: str, value: Expression, table: Table, stage: Stage, last: bool) -> Forked:
        """The row with a register set; what another field is set to we don't follow.

        `last`: the rule ends here, so that those who miss a map differ from the others in the register alone.
        """
        if rewrites(name):
            if read(name, 0, self._family) is None:
                return Forked([], [row])  # the packet has no such header: the rule's unlisted condition
            raise NotModelled(f"{name} is rewritten")
        if last and name != "ct mark" and isinstance(value, Mapped):
            one = self._kept(row, name, value, table, stage)
            if one is not None:
                return Forked([one], [])
        setter = _SETTERS.get(name)
        if name == "ct mark" and (row.untracked or Seen.CONNECTION not in stage.seen):
            setter = None  # there is no connection to mark (nft_ct_set_eval)
        computed = self._compute(row, value, table, stage)
        hits = [setter(part, got) if setter else part for part, (got,) in computed.values]
        return Forked(hits, computed.misses, computed.ordered)

    def _kept(self, row: Row, name: str, value: Mapped, table: Table, stage: Stage) -> Row | None:
        """One row whose register is a map's answer or, for the classes that miss it, what it was."""
        found = self.set(value.map, table)
        if found.dynamic or found.fault or isinstance(value.key, Join) or name not in _SETTERS:
            return None
        computed = self._compute(row, value.key, table, stage)
        if computed.misses or len(computed.values) != 1:
            return None
        _, (key,) = computed.values[0]
        if isinstance(key, int) or key.axis in self._registers:
            return None
        answers, known = self._table(key, found)
        at = self._space.index[answers.axis]
        old = REGISTERS_OF[name](row)
        if not row.cube[at] & ~known:
            return _SETTERS[name](row, answers)
        if isinstance(old, Of | Unknown) or (isinstance(old, ByClass) and old.axis != answers.axis):
            return None
        memo = (id(answers), old if isinstance(old, int) else id(old))
        if memo not in self._overlaid:
            before = [old] * len(answers.values) if isinstance(old, int) else old.values
            mixed = [new if known >> n & 1 else before[n] for n, new in enumerate(answers.values)]
            self._overlaid[memo] = ByClass(answers.axis, mixed), answers, old
        return _SETTERS[name](row, self._overlaid[memo][0])

    def _split(self, row: Row, value: Known, spans: Spans) -> tuple[list[Row], list[Row]]:
        """The row's packets with the value in the spans, and the others: disjoint."""
        if isinstance(value, int):
            inside = any(first <= value <= last for first, last in spans)
            return ([row], []) if inside else ([], [row])
        if (narrow := self._lookups.narrow(value, spans)) is not None:
            return _parted(row, *narrow)
        # bits of a register that lie on several axes: what isn't in the spans is in the others
        hits = self._limited(row, self._lookups.cubes(value, spans))
        return hits, self._limited(row, self._lookups.cubes(value, complement(spans, (1 << 32) - 1)))

    def _limited(self, row: Row, products: Iterable[tuple[tuple[int, int], ...]]) -> list[Row]:
        out = []
        for limits in products:
            cube = list(row.cube)
            for at, mask in limits:
                cube[at] &= mask
            if all(cube):
                out.append(row._replace(cube=tuple(cube)))
        return out


def _parted(row: Row, at: int, mask: int) -> tuple[list[Row], list[Row]]:
    """A row by one of its axes. Most are wholly on one side: they stay what they are."""
    cube = row.cube
    inside, outside = cube[at] & mask, cube[at] & ~mask
    if not inside:
        return [], [row]
    if not outside:
        return [row], []
    head, tail = cube[:at], cube[at + 1 :]
    return [row._replace(cube=(*head, inside, *tail))], [row._replace(cube=(*head, outside, *tail))]


def has_map(expression: Expression) -> bool:
    """Whether a map is asked somewhere in it: a miss ends the rule."""
    match expression:
        case Mapped():
            return True
        case Bits(of=of) | Shift(of=of):
            return has_map(of)
        case Join(parts=parts):
            return any(map(has_map, parts))
        case Strange(text=text):
            return "map" in text
    return False


def unknown_in(row: Row, name: str, reason: str) -> Row:
    """The row with a register that holds nobody knows what; the row itself if it is none that we follow."""
    setter = _SETTERS.get(name)
    return setter(row, Unknown(reason)) if setter else row


def _outside(cube: Cube, hits: list[Cube]) -> list[Cube] | None:
    """What of a cube is in none of the hits, as products, if they differ from it on two axes at most."""
    odd = sorted(
        {at for hit in hits for at, (mine, theirs) in enumerate(zip(hit, cube, strict=True)) if mine != theirs}
    )
    if len(odd) != 2:
        return None
    first, second = odd
    held: dict[int, int] = {}
    for hit in hits:
        for number in bits(hit[first]):
            held[number] = held.get(number, 0) | hit[second]
    by_rest: dict[int, int] = {}
    for number in bits(cube[first]):
        if rest := cube[second] & ~held.get(number, 0):
            by_rest[rest] = by_rest.get(rest, 0) | 1 << number
    made = []
    for rest, numbers in by_rest.items():
        out = list(cube)
        out[first], out[second] = numbers, rest
        made.append(tuple(out))
    return made
