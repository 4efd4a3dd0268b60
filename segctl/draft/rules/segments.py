"""Blocks that meet the same as segments: the largest is the world, the others get names."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segctl.draft.names import Names
from segctl.draft.rules.labels import Labels
from segctl.draft.rules.matrix import Matrix
from segctl.draft.rules.verdict import Verdict
from segctl.model.ranges import Ranges
from segctl.model.selector import WORLD
from segctl.model.service import ICMP_TRAFFIC, of_family

SELF = ""
"""In a pair: the machine itself."""
_BIT = 1 << 24
_FAMILY = re.compile(r"[-_.]?(?:ip)?v?[46]\Z")


@dataclass(slots=True)
class Made:
    """A segment to be. `at`: by family a block that stands for all of it, as a place in the matrix; `label`: what
    somebody calls it.
    """

    homes: tuple[str, ...]
    at: dict[int, int] = field(default_factory=dict)
    addresses: Ranges = field(default_factory=Ranges)
    name: str = WORLD
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Segments with what each pair meets, by names and family. SELF is the machine."""

    segments: tuple[Made, ...]
    met: Mapping[tuple[str, str], Mapping[int, Verdict]]


def segments(matrices: tuple[Matrix, ...], labels: Labels, names: Names) -> Pairs:
    """All families' blocks as segments, the world first."""
    made = _world([_groups(one, labels) for one in matrices], matrices)
    for one in made[1:]:
        one.name = names.take(one.label or labels.of(one.addresses, one.homes), "net")
    return Pairs(tuple(made), dict(_met(made, matrices)))


def _groups(one: Matrix, labels: Labels) -> list[Made]:
    """Blocks of one home that meet the same, whoever is at the other end."""
    land = one.land
    rows, columns = _numbered(one, rows=True), _numbered(one, rows=False)
    found: dict[object, list[int]] = defaultdict(list)
    for at, number in enumerate(land.blocks):
        own = (one.into[at] if one.into else 0, one.out_of[at] if one.out_of else 0)
        found[(land.homes[number], rows[at], columns[at], *own)].append(at)
    out = []
    for members in found.values():
        classes = tuple(land.blocks[at] for at in members)
        addresses = land.addresses(classes)
        label = labels.named(addresses)
        out.append(Made(land.homes[classes[0]], {land.family: members[0]}, addresses, label=label))
    return sorted(out, key=lambda made: -made.addresses.size())


def _numbered(one: Matrix, rows: bool) -> list[int]:
    """Rows (or columns) that are equal have one number."""
    import numpy

    if one.pairs is None:
        return [0] * len(one.land.blocks)
    _, inverse = numpy.unique(one.pairs if rows else one.pairs.T, axis=0, return_inverse=True)
    return [int(number) for number in inverse.reshape(-1)]


def _world(groups: list[list[Made]], matrices: tuple[Matrix, ...]) -> list[Made]:
    """The groups of all families, those of the second with those of the first that they fare like."""
    out = groups[0]
    for number, some in enumerate(groups[1:], 1):
        for one in some:
            like = next((o for o in out if _alike(o, one, out, matrices, number, some[0])), None)
            if like is None:
                out.append(one)
            else:
                like.at |= one.at
                like.addresses |= one.addresses
                like.label = _stem(like.label)
    return out


def _alike(one: Made, other: Made, all_: list[Made], matrices: tuple[Matrix, ...], number: int, largest: Made) -> bool:
    """Whether two groups of two families can be one segment: whatever both meet is the same but for the family."""
    here, there = matrices[0], matrices[number]
    family = there.land.family
    if one.homes != other.homes or family in one.at or here.land.family not in one.at:
        return False
    called = [_stem(made.label) for made in (one, other)]
    neighbours = not any(called) and len(one.homes) == 1 and one is not all_[0]
    if not (neighbours or (called[0] and called[0] == called[1]) or (one is all_[0] and other is largest)):
        return False
    both = [(held, held.at[here.land.family], held.at[family]) for held in all_ if len(held.at) > 1]
    mine, theirs = one.at[here.land.family], other.at[family]
    if here.into and _plain(here.kinds[here.into[mine]]) != _plain(there.kinds[there.into[theirs]]):
        return False
    if here.out_of and _plain(here.kinds[here.out_of[mine]]) != _plain(there.kinds[there.out_of[theirs]]):
        return False
    if here.pairs is None or there.pairs is None:
        return True
    for _, first, second in [*both, (one, mine, theirs)]:
        for x, y in (((mine, first), (theirs, second)), ((first, mine), (second, theirs))):
            if _plain(here.kinds[here.pairs[x]]) != _plain(there.kinds[there.pairs[y]]):
                return False
    return True


def _stem(label: str) -> str:
    """A name without what says its family."""
    return _FAMILY.sub("", label)


def _plain(one: Verdict) -> object:
    """A verdict without its family, and without ICMP, of which each family has its own."""
    return tuple(
        (any(part == of_family(family) for family in (4, 6)),
         tuple((first % _BIT, last % _BIT) for first, last in part - ICMP_TRAFFIC))
        for part in one.parts()
    )  # fmt: skip


def _met(made: list[Made], matrices: tuple[Matrix, ...]) -> Iterator[tuple[tuple[str, str], Mapping[int, Verdict]]]:
    for one in made:
        for other in made:
            found = {
                f: m.kinds[m.pairs[one.at[f], other.at[f]]]
                for m in matrices
                if m.pairs is not None and (f := m.land.family) in one.at.keys() & other.at.keys()
            }
            if found:
                yield (one.name, other.name), found
        mine = [(m, one.at[m.land.family]) for m in matrices if m.land.family in one.at]
        if into := {m.land.family: m.kinds[m.into[at]] for m, at in mine if m.into}:
            yield (one.name, SELF), into
        if out_of := {m.land.family: m.kinds[m.out_of[at]] for m, at in mine if m.out_of}:
            yield (SELF, one.name), out_of
