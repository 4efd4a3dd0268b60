"""What a change opens and closes: every new connection whose verdict or effect differs between two policies, exactly.

Never pair by pair of addresses, nor of address classes where that can be left out:

- All addresses are put in joint classes, which nothing in either policy cuts through. A class is *changed* if anything
  that the judgement looks at in it differs (its `Stance`, or with whom it shares a segment); a statement is changed if
  only one policy has it, by all that the law looks at. Only pairs with a changed class in them, or in a changed
  statement's product, can differ.
- Sources of one kind that the same statements name are looked at together, each with all its targets at once: these are
  cut by kind, by who shares a segment with the source, and by the statements that name the source.
- Between a group of sources and a part of the targets services are cut by the statements that speak of the pair, and
  by what a mode selects. One of each kind of piece is put to `judge` of both policies; pieces are of one kind if the
  same kinds of statement hold there between ends of the same stances.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from segctl.ask.compared import AFTER, BEFORE, Compared, Kin, compared
from segctl.ask.joint import bits, lowest
from segctl.ask.look import Look, look
from segctl.ask.result import Difference
from segctl.ask.rows import Box, Looks, One, rows
from segctl.ask.side import Side
from segctl.model.ranges import Ranges, family
from segctl.model.service import of_family
from segctl.policy import Policy

MOST = 64
"""Rows that differ in their ends and services alone; what is more is told in fewer words."""

_KINDS = 5  # bits of Kind
_DEAR = 10  # to cut all targets that many times costs as much as to look at each


def difference(
    before: Policy, after: Policy, at: datetime, *, point: str | None = None, most: int = MOST
) -> Difference:  # fmt: skip
    """All that opens, closes, or is answered otherwise at that time, as rows.

    `point`: only what crosses that gateway, or ends at it (or at that host), by what it meets there; ValueError if
    neither policy has it. `most`: as `MOST`, at least 1.
    """
    if point is not None and not (point in before.site.points or point in after.site.points):
        raise ValueError(f"no point '{point}' in either policy")
    sides = Side(before, at, point), Side(after, at, point)
    search = _Search(sides, compared(sides))
    return Difference(at, point, rows(sides, search.known.joint, search.boxes(), most))


class _Group(NamedTuple):
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
class _Search:
    """Remembers what was asked.

    _asked: of each kind of piece how it is judged, None if alike by both. _exact: of one side, where a statement
    decides: which does.
    """

    sides: tuple[Side, Side]
    known: Compared
    _parts: dict[int, list[int]] = field(default_factory=dict)
    _meeting: dict[int, int] = field(default_factory=dict)
    _pieces: dict[_Pair, list[tuple[Looks, Ranges]]] = field(default_factory=dict)
    _asked: dict[tuple[object, ...], Looks | None] = field(default_factory=dict)
    _exact: dict[tuple[object, ...], Look] = field(default_factory=dict)

    def boxes(self) -> dict[Looks, list[Box]]:
        """Everything that differs, by how it is judged before and after."""
        found: dict[Looks, list[Box]] = {}
        classes = self.known.joint.classes
        for group, sources in self._groups().items():
            source = classes[lowest(sources)].first()
            for part in self._cut(group):
                destination = classes[lowest(part)].first()
                for looks, traffic in self._differing(group, part, source, destination):
                    one = source, destination, traffic.first()
                    found.setdefault(looks, []).append(Box(sources, part, traffic, one))
        return found

    def _groups(self) -> dict[_Group, int]:
        """All sources that may differ with some target."""
        found: dict[_Group, int] = {}
        for source, targets in enumerate(self._targets()):
            if targets:
                kin = self.known.kin[source]
                near = kin[0] & targets, kin[1] & targets, kin[2] & targets, kin[3] & targets
                said = self.known.named_from[source] & self._naming_some(targets)
                group = _Group(self.known.kinds[source], targets, near, said)
                found[group] = found.get(group, 0) | 1 << source
        return found

    def _targets(self) -> Iterator[int]:
        """Of each class as a source the targets with which it may differ."""
        by_source: dict[int, int] = {}
        for one in self.known.statements:
            if one.changed:
                by_source[one.source] = by_source.get(one.source, 0) | one.destination
        reached = [self.known.changed] * len(self.known.kinds)
        for sources, targets in by_source.items():
            for source in bits(sources):
                reached[source] |= targets
        for source, targets in enumerate(reached):
            half = self.known.joint.half(source)
            yield half if self.known.changed >> source & 1 else targets & half

    def _naming_some(self, targets: int) -> int:
        """The statements that name some of these as destinations."""
        if targets not in self._meeting:
            found = 0
            for target in bits(targets):
                found |= self.known.named_to[target]
            self._meeting[targets] = found
        return self._meeting[targets]

    def _cut(self, group: _Group) -> list[int]:
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

    def _one_by_one(self, group: _Group) -> list[int]:
        """The same, target by target: cheaper where much is said."""
        found: dict[object, int] = {}
        for target in bits(group.targets):
            near = tuple(mask >> target & 1 for mask in group.kin)
            key = self.known.kinds[target], near, self.known.named_to[target] & group.said
            found[key] = found.get(key, 0) | 1 << target
        return list(found.values())

    def _differing(self, group: _Group, part: int, source: int, destination: int) -> list[tuple[Looks, Ranges]]:
        """The services on which the policies differ between a group and a part, asked of one address of each."""
        target = lowest(part)
        kin = tuple(bool(mask >> target & 1) for mask in group.kin)
        said = group.said & self.known.named_to[target]
        pair = _Pair(group.kind, self.known.kinds[target], kin, said, family(source))
        if pair not in self._pieces:
            found = self._judged(pair, source, destination) if self._looked_at(pair) else ()
            self._pieces[pair] = list(found)
        return self._pieces[pair]

    def _looked_at(self, pair: _Pair) -> bool:
        ends = self.known.stances[pair.source], self.known.stances[pair.destination]
        return any(side.looks_at(one, other) for side, one, other in zip(self.sides, *ends, strict=True))

    def _judged(self, pair: _Pair, source: int, destination: int) -> Iterator[tuple[Looks, Ranges]]:
        said = list(bits(pair.said))
        ends = *self.known.stances[pair.source], *self.known.stances[pair.destination]
        selected = list(dict.fromkeys(services for stance in ends for services in stance.selected()))
        sets = [*selected, *(self.known.statements[at].traffic for at in said)]
        found: dict[Looks, list[tuple[int, int]]] = {}
        for held, spans in _apart(of_family(pair.family), sets).items():
            modes = held & (1 << len(selected)) - 1
            here = tuple(said[at] for at in bits(held >> len(selected)))
            looks = self._looks(pair, modes, here, (source, destination, spans[0][0]))
            if looks is not None:
                found.setdefault(looks, []).extend(spans)
        for looks, spans in found.items():
            yield looks, Ranges.of(spans)

    def _looks(self, pair: _Pair, modes: int, said: tuple[int, ...], one: One) -> Looks | None:
        """How a piece is judged before and after, by one of its connections; None if alike.

        modes: which of the services that the ends' modes select hold it, as bits; said: which statements.
        """
        ends = pair.source, pair.destination, pair.kin, modes
        kinds = 0
        for at in said:
            statement = self.known.statements[at]
            kinds |= statement.kind if statement.by & BEFORE else 0
            kinds |= statement.kind << _KINDS if statement.by & AFTER else 0
        if (*ends, kinds) not in self._asked:
            self._asked[(*ends, kinds)] = self._ask(one)
        looks = self._asked[(*ends, kinds)]
        if looks is None:
            return None
        before, after = (
            self._exactly(side, looks[side], (*ends, said), one) if looks[side].decided else looks[side]
            for side in (0, 1)
        )
        return before, after

    def _ask(self, one: One) -> Looks | None:
        before, after = (side.judge(*one) for side in self.sides)
        if before.decision.verdict is after.decision.verdict and before.effect is after.effect:
            return None
        return look(self.sides[0].policy, before, *one[:2]), look(self.sides[1].policy, after, *one[:2])

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
