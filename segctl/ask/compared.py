"""Two policies over joint address classes: what each of them looks at in a class, and where the two don't agree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from segctl.ask.joint import Joint
from segctl.ask.side import Kind, Said, Side, Stance
from segctl.model.ranges import Ranges
from segctl.policy.partition import Lookup

BEFORE, AFTER = 1, 2

Kin = tuple[int, int, int, int]
"""Who shares a segment with a class, as masks: its own and its home, each before and after."""
Stances = tuple[Stance, Stance]
"""Before and after."""


class Statement(NamedTuple):
    """What is said, ends as masks of classes; `by`: BEFORE, AFTER or both."""

    source: int
    destination: int
    traffic: Ranges
    kind: Kind
    by: int

    @property
    def changed(self) -> bool:
        return self.by != BEFORE | AFTER


@dataclass(frozen=True, slots=True)
class Compared:
    """`changed`: mask of the classes in which some stance differs, or that have moved to another segment.

    stances: of each kind of class; kinds: of each class its kind; by_kind: of each kind its classes, as a mask.
    named_from, named_to: of each class the statements that name it as source and as destination, as bits.
    """

    joint: Joint
    statements: list[Statement]
    stances: list[Stances]
    kinds: list[int]
    by_kind: list[int]
    kin: list[Kin]
    changed: int
    named_from: list[int]
    named_to: list[int]


def compared(sides: tuple[Side, Side]) -> Compared:
    """All that there is to compare, sorted out."""
    said = [list(side.statements()) for side in sides]
    ends = (end for those in said for one in those for end in (one.source, one.destination))
    joint = Joint.of([*(one for side in sides for one in side.sets()), *ends])
    numbers = _once(joint, said)
    statements = [
        Statement(joint.masks[source], joint.masks[destination], traffic, kind, by)
        for (source, destination, traffic, kind), by in numbers.items()
    ]
    named_from, named_to = (_naming(joint, (key[end] for key in numbers)) for end in (0, 1))
    places: dict[Stances, int] = {}
    kinds = [places.setdefault(_stances(sides, one.first()), len(places)) for one in joint.classes]
    by_kind = [0] * len(places)
    for at, kind in enumerate(kinds):
        by_kind[kind] |= 1 << at
    kin, changed = _kin(sides, joint)
    for (before, after), mask in zip(places, by_kind, strict=True):
        if before != after:
            changed |= mask
    return Compared(joint, statements, list(places), kinds, by_kind, kin, changed, named_from, named_to)


def _once(joint: Joint, said: Iterable[Iterable[Said]]) -> dict[tuple[int, int, Ranges, Kind], int]:
    """Each statement once, and who says it, whatever it is called; ends as numbers of sets."""
    found: dict[tuple[int, int, Ranges, Kind], int] = {}
    for by, those in zip((BEFORE, AFTER), said, strict=True):
        for one in those:
            key = joint.number(one.source), joint.number(one.destination), one.traffic, one.kind
            found[key] = found.get(key, 0) | by
    return found


def _naming(joint: Joint, ends: Iterable[int | Ranges]) -> list[int]:
    """Of each class the statements that name it at one end, as bits."""
    by_set = [0] * len(joint.masks)
    for at, number in enumerate(ends):
        assert isinstance(number, int)
        by_set[number] |= 1 << at
    found = []
    for holding in joint.holding:
        held = 0
        for number in holding:
            held |= by_set[number]
        found.append(held)
    return found


def _stances(sides: tuple[Side, Side], address: int) -> Stances:
    return sides[0].stance(address), sides[1].stance(address)


def _kin(sides: tuple[Side, Side], joint: Joint) -> tuple[list[Kin], int]:
    """Of each class who is in one segment with it; and those that have moved.

    A class has moved if its segment is neither called as before nor has the addresses that it had: a segment that only
    is renamed moves nobody, nor does one that gains or loses others.
    """
    before, after = (side.policy.partition for side in sides)
    own = _sharing(joint, before.own, before.owner), _sharing(joint, after.own, after.owner)
    home = _sharing(joint, before.home, before.home_owner), _sharing(joint, after.home, after.home_owner)
    moved = 0
    for was, now in (own, home):
        for at, (one, other) in enumerate(zip(was, now, strict=True)):
            if one[0] != other[0] and one[1] != other[1]:
                moved |= 1 << at
    masks = ([mask for _, mask in one] for one in (*own, *home))
    return list(zip(*masks, strict=True)), moved


def _sharing(joint: Joint, sets: Mapping[str, Ranges], owner: Lookup) -> list[tuple[str | None, int]]:
    """Of each class its segment, and the classes of that one; no segment shares nothing."""
    masks: dict[str | None, int] = {name: joint.mask(addresses) for name, addresses in sets.items()}
    names = (owner(addresses.first()) for addresses in joint.classes)
    return [(name, masks.get(name, 0)) for name in names]
