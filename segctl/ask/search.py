"""What new connections meet by one policy, or by two at once, exactly, and never address by address.

Nor class by class where that can be left out:

- All addresses are put in joint classes, which nothing in a policy cuts through.
- Sources of one kind that the same statements name are looked at together, each with all its targets at once: these are
  cut by kind, by who shares a segment with the source, and by the statements that name the source.
- Between a group of sources and a part of the targets services are cut by the statements that speak of the pair, and
  by what a mode selects. One of each kind of piece is put to `judge` of each policy; pieces are of one kind if the same
  kinds of statement hold there between ends of the same stances.

Every group is looked at when it is first asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.ask.compared import Compared, Kin, Sides, compared
from segctl.ask.joint import bits, lowest
from segctl.ask.look import Look, look
from segctl.model.decision import Outcome
from segctl.model.ranges import Ranges, family
from segctl.model.service import of_family

One = tuple[int, int, int]
"""A connection: source, destination, service."""
Looks = tuple[Look, ...]
"""By each side."""
Wanted = Callable[[tuple[Outcome, ...]], bool]
"""Whether what the sides say of a connection is of interest."""

_KINDS = 5  # bits of Kind
_DEAR = 10  # to cut all targets that many times costs as much as to look at each


class Piece(NamedTuple):
    """What is judged alike between a source and targets: over this traffic, which these statements speak of."""

    traffic: Ranges
    said: tuple[int, ...]
    looks: Looks


class Group(NamedTuple):
    """Sources that are treated alike with these targets.

    kin: of the targets alone. said: the statements that name the sources and some target, as bits.
    """

    kind: int
    targets: int
    kin: Kin
    said: int


class _Pair(NamedTuple):
    """What tells the pairs of a group and a part of its targets from others; `kin`: who of them share a segment."""

    source: int
    destination: int
    kin: tuple[bool, ...]
    said: int
    family: int


@dataclass(slots=True)
class Search:
    """Remembers what was asked.

    _asked: of each kind of piece how it is judged, None if that isn't wanted. _exact: of one side, where a statement
    decides: which does.
    """

    sides: Sides
    wanted: Wanted
    known: Compared = field(init=False)
    _parts: dict[int, list[int]] = field(default_factory=dict)
    _meeting: dict[int, int] = field(default_factory=dict)
    _pieces: dict[_Pair, list[Piece]] = field(default_factory=dict)
    _asked: dict[tuple[object, ...], Looks | None] = field(default_factory=dict)
    _exact: dict[tuple[object, ...], Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = compared(self.sides)

    def group(self, source: int, targets: int) -> Group:
        """A class as a source, with these targets, which are of its family."""
        near = tuple(mask & targets for mask in self.known.kin[source])
        said = self.known.named_from[source] & self._naming_some(targets)
        return Group(self.known.kinds[source], targets, near, said)

    def found(self, group: Group, source: int) -> Iterator[tuple[int, list[Piece]]]:
        """All that is wanted between a group, of which `source` is one, and its targets: by parts of these (masks)."""
        for part in self._cut(group):
            if pieces := self._wanted(group, source, lowest(part)):
                yield part, pieces

    def between(self, source: int, target: int) -> list[Piece]:
        """All that is wanted between two classes of one family."""
        return self._wanted(self.group(source, 1 << target), source, target)

    def _naming_some(self, targets: int) -> int:
        """The statements that name some of these as destinations."""
        if targets not in self._meeting:
            found = 0
            for target in bits(targets):
                found |= self.known.named_to[target]
            self._meeting[targets] = found
        return self._meeting[targets]

    def _cut(self, group: Group) -> list[int]:
        """The targets of a group in parts that it treats alike."""
        parts = self._by_kind(group.targets)
        said = (self.known.statements[at].destination & group.targets for at in bits(group.said))
        masks = {*group.kin, *said} - {0}
        if len(masks) * len(parts) > _DEAR * group.targets.bit_count():
            return self._one_by_one(group)
        for mask in sorted(masks):
            parts = [half for part in parts for half in (part & mask, part & ~mask) if half]
        return parts

    def _by_kind(self, targets: int) -> list[int]:
        if targets not in self._parts:
            self._parts[targets] = [part for mask in self.known.by_kind if (part := mask & targets)]
        return self._parts[targets]

    def _one_by_one(self, group: Group) -> list[int]:
        """The same, target by target: cheaper where much is said."""
        found: dict[object, int] = {}
        for target in bits(group.targets):
            near = tuple(mask >> target & 1 for mask in group.kin)
            key = self.known.kinds[target], near, self.known.named_to[target] & group.said
            found[key] = found.get(key, 0) | 1 << target
        return list(found.values())

    def _wanted(self, group: Group, source: int, target: int) -> list[Piece]:
        """What is wanted between two classes, asked of one address of each."""
        kin = tuple(bool(mask >> target & 1) for mask in group.kin)
        said = group.said & self.known.named_to[target]
        first, last = (self.known.joint.classes[at].first() for at in (source, target))
        pair = _Pair(group.kind, self.known.kinds[target], kin, said, family(first))
        if pair not in self._pieces:
            self._pieces[pair] = list(self._judged(pair, first, last)) if self._looked_at(pair) else []
        return self._pieces[pair]

    def _looked_at(self, pair: _Pair) -> bool:
        ends = self.known.stances[pair.source], self.known.stances[pair.destination]
        return any(side.looks_at(one, other) for side, one, other in zip(self.sides, *ends, strict=True))

    def _judged(self, pair: _Pair, source: int, destination: int) -> Iterator[Piece]:
        said = list(bits(pair.said))
        ends = *self.known.stances[pair.source], *self.known.stances[pair.destination]
        selected = list(dict.fromkeys(services for stance in ends for services in stance.selected()))
        sets = [*selected, *(self.known.statements[at].traffic for at in said)]
        for held, spans in _apart(of_family(pair.family), sets).items():
            modes = held & (1 << len(selected)) - 1
            here = tuple(said[at] for at in bits(held >> len(selected)))
            looks = self._looks(pair, modes, here, (source, destination, spans[0][0]))
            if looks is not None:
                yield Piece(Ranges.of(spans), here, looks)

    def _looks(self, pair: _Pair, modes: int, said: tuple[int, ...], one: One) -> Looks | None:
        """How a piece is judged by each side, by one of its connections; None if that isn't wanted.

        modes: which of the services that the ends' modes select hold it, as bits; said: which statements.
        """
        ends = pair.source, pair.destination, pair.kin, modes
        kinds = 0
        for at in said:
            statement = self.known.statements[at]
            for side in bits(statement.by):
                kinds |= statement.kind << side * _KINDS
        if (*ends, kinds) not in self._asked:
            self._asked[(*ends, kinds)] = self._ask(one)
        looks = self._asked[(*ends, kinds)]
        if looks is None:
            return None
        return tuple(
            self._exactly(side, known, (*ends, said), one) if known.decided else known
            for side, known in enumerate(looks)
        )

    def _ask(self, one: One) -> Looks | None:
        outcomes = tuple(side.judge(*one) for side in self.sides)
        if not self.wanted(outcomes):
            return None
        return tuple(look(side.policy, said, *one[:2]) for side, said in zip(self.sides, outcomes, strict=True))

    def _exactly(self, side: int, known: Look, ends: tuple[object, ...], one: One) -> Look:
        """A look that a statement decides, with the one that does of those that hold there."""
        key = side, *ends
        if key not in self._exact:
            self._exact[key] = known._replace(decided=self.sides[side].decide(*one))
        return self._exact[key]


def _apart(whole: Ranges, sets: list[Ranges]) -> dict[int, list[tuple[int, int]]]:
    """The parts of one range by which of the sets hold them, as bits."""
    ((first, last),) = whole.spans
    turns = {first: 0}
    for number, ranges in enumerate(sets):
        for low, high in ranges:
            if low <= last and high >= first:
                begin = max(low, first)
                turns[begin] = turns.get(begin, 0) ^ 1 << number
                if high < last:
                    turns[high + 1] = turns.get(high + 1, 0) ^ 1 << number
    found: dict[int, list[tuple[int, int]]] = {}
    places = sorted(turns)
    held = 0
    for place, following in zip(places, [*places[1:], last + 1], strict=True):
        held ^= turns[place]
        found.setdefault(held, []).append((place, following - 1))
    return found
