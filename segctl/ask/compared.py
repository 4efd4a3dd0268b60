"""One policy, or two that are compared, over joint address classes: what each looks at in a class, and where two don't
agree.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from segctl.ask.joint import Joint
from segctl.ask.side import Kind, Said, Side, Stance
from segctl.model.ranges import Ranges
from segctl.policy.partition import Lookup

Sides = tuple[Side, ...]
Kin = tuple[int, ...]
"""How classes stand to a class, as masks: who shares its segment by each side, then its home by each; then, by each
side, who is where its places tell the two apart (`placing`).
"""
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
    stances = [tuple(side.stance(one.first()) for side in sides) for one in joint.classes]
    places: dict[Stances, int] = {}
    kinds = [places.setdefault(tuple(map(_anywhere, sides, one)), len(places)) for one in stances]
    by_kind = [0] * len(places)
    for at, kind in enumerate(kinds):
        by_kind[kind] |= 1 << at
    kin, changed = _kin(sides, joint)
    placed = [placing([those[at] for those in stances]) for at, side in enumerate(sides) if side.point is None]
    kin = [tuple(mask for part in one for mask in part) for one in zip(kin, *placed, strict=True)]
    for at, those in enumerate(stances):
        if any(one != those[0] for one in those):
            changed |= 1 << at
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


def _anywhere(side: Side, stance: Stance) -> Stance:
    """What is looked at in an address, but for where it lives: that `placing` tells of two.

    At a point it stays: there it matters whether the point sees the two.
    """
    if side.point is not None:
        return stance
    return stance._replace(own=_SOMEWHERE if stance.own else frozenset(), lives=_LIVES if stance.lives else frozenset())


_SOMEWHERE = frozenset({""})
_LIVES = frozenset({("", "")})


def placing(stances: Sequence[Stance]) -> list[Kin]:
    """Of each class, as masks: those from which a gateway parts it; those that live behind a gateway whose own it is;
    those that are the own of a gateway behind which it lives.

    That is all that coverage and binding ask of two places (design, section 2), beside whether there are any.
    """
    behind: dict[tuple[str, str], int] = {}
    at_gateway: dict[str, int] = {}
    own_of: dict[str, int] = {}
    for at, one in enumerate(stances):
        for place in one.lives:
            behind[place] = behind.get(place, 0) | 1 << at
            at_gateway[place[0]] = at_gateway.get(place[0], 0) | 1 << at
        for name in one.own:
            own_of[name] = own_of.get(name, 0) | 1 << at
    known: dict[tuple[frozenset[str], frozenset[tuple[str, str]]], Kin] = {}
    for one in stances:
        if (one.own, one.lives) not in known:
            parted = sees = seen = 0
            for name in {gateway for gateway, _ in one.lives}:
                beside = 0
                for place in one.lives:
                    beside |= behind[place] if place[0] == name else 0
                parted |= at_gateway[name] & ~beside
                seen |= own_of.get(name, 0)
            for name in one.own:
                sees |= at_gateway.get(name, 0)
            known[one.own, one.lives] = parted, sees, seen
    return [known[one.own, one.lives] for one in stances]


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
