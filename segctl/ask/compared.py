"""One policy, or two that are compared, over joint address classes: what each looks at in a class, and where two don't
agree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from segctl.ask.joint import Joint
from segctl.ask.side import Kind, Said, Side, Stance
from segctl.model.ranges import Ranges
from segctl.policy.partition import Lookup

Sides = tuple[Side, ...]
Kin = tuple[int, ...]
"""Who shares a segment with a class, as masks: its own by each side, then its home by each."""
Stances = tuple[Stance, ...]
"""By each side."""


class Statement(NamedTuple):
    """What is said, ends as masks of classes; `by`: which sides say it, as bits; `changed`: not all do."""

    source: int
    destination: int
    traffic: Ranges
    kind: Kind
    by: int
    changed: bool


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


def compared(sides: Sides) -> Compared:
    """All that there is to compare, sorted out."""
    said = [list(side.statements()) for side in sides]
    ends = (end for those in said for one in those for end in (one.source, one.destination))
    joint = Joint.of([*(one for side in sides for one in side.sets()), *ends])
    numbers = _once(joint, said)
    statements = [
        Statement(joint.masks[source], joint.masks[destination], traffic, kind, by, by != (1 << len(sides)) - 1)
        for (source, destination, traffic, kind), by in numbers.items()
    ]
    named_from, named_to = (_naming(joint, (key[end] for key in numbers)) for end in (0, 1))
    places: dict[Stances, int] = {}
    kinds = [places.setdefault(_stances(sides, one.first()), len(places)) for one in joint.classes]
    by_kind = [0] * len(places)
    for at, kind in enumerate(kinds):
        by_kind[kind] |= 1 << at
    kin, changed = _kin(sides, joint)
    for stances, mask in zip(places, by_kind, strict=True):
        if any(one != stances[0] for one in stances):
            changed |= mask
    return Compared(joint, statements, list(places), kinds, by_kind, kin, changed, named_from, named_to)


def _once(joint: Joint, said: Iterable[Iterable[Said]]) -> dict[tuple[int, int, Ranges, Kind], int]:
    """Each statement once, and who says it, whatever it is called; ends as numbers of sets."""
    found: dict[tuple[int, int, Ranges, Kind], int] = {}
    for side, those in enumerate(said):
        for one in those:
            key = joint.number(one.source), joint.number(one.destination), one.traffic, one.kind
            found[key] = found.get(key, 0) | 1 << side
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


def _stances(sides: Sides, address: int) -> Stances:
    return tuple(side.stance(address) for side in sides)


def _kin(sides: Sides, joint: Joint) -> tuple[list[Kin], int]:
    """Of each class who is in one segment with it; and those that have moved.

    A class has moved if its segment is neither called as before nor has the addresses that it had: a segment that only
    is renamed moves nobody, nor does one that gains or loses others.
    """
    partitions = [side.policy.partition for side in sides]
    own = [_sharing(joint, one.own, one.owner) for one in partitions]
    home = [_sharing(joint, one.home, one.home_owner) for one in partitions]
    moved = 0
    for shared in (own, home):
        for at, (was, now) in enumerate(zip(shared[0], shared[-1], strict=True)):
            if was[0] != now[0] and was[1] != now[1]:
                moved |= 1 << at
    masks = ([mask for _, mask in one] for one in (*own, *home))
    return list(zip(*masks, strict=True)), moved


def _sharing(joint: Joint, sets: Mapping[str, Ranges], owner: Lookup) -> list[tuple[str | None, int]]:
    """Of each class its segment, and the classes of that one; no segment shares nothing."""
    masks: dict[str | None, int] = {name: joint.mask(addresses) for name, addresses in sets.items()}
    names = (owner(addresses.first()) for addresses in joint.classes)
    return [(name, masks.get(name, 0)) for name in names]
