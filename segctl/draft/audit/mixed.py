"""Sets of packets as one normal form, so that two that hold the same packets are equal: a decision diagram of masks.

A form is True (all packets), False, or for the next axis pairs of a mask of classes and the form behind it, sorted,
no two with the same form. `places` are the axes of a cube in the space that it came from.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from segctl.prove.space import Cube, bits

Form = tuple[tuple[int, "Form"], ...]
"""Behind the last axis (), which is *yes*; no packets are a form without pairs on the first axis."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A set of packets on some axes of a space."""

    places: tuple[int, ...]
    form: Form

    def __bool__(self) -> bool:
        return bool(self.form)

    def cubes(self) -> Iterator[Cube]:
        """Disjoint products that make it up."""
        return _cubes(self.form, len(self.places))


def join(places: tuple[int, ...], cubes: Iterable[Cube], keep: Sequence[int] | None = None) -> Mixed:
    """The union of cubes, on the axes of `keep` alone if that is given: whatever the others are."""
    kept = places if keep is None else tuple(keep)
    at = [places.index(place) for place in kept]
    return Mixed(kept, _form(tuple(sorted({tuple(cube[n] for n in at) for cube in cubes})), len(kept)))


def _form(cubes: tuple[Cube, ...], depth: int) -> Form:
    if not cubes or not depth:
        return ()
    by_members: dict[tuple[int, ...], int] = {}
    together = 0
    for cube in cubes:
        together |= cube[0]
    for number in bits(together):
        members = tuple(at for at, cube in enumerate(cubes) if cube[0] >> number & 1)
        by_members[members] = by_members.get(members, 0) | 1 << number
    out: dict[Form, int] = {}
    for members, mask in by_members.items():
        behind = _form(tuple(sorted({cubes[at][1:] for at in members})), depth - 1)
        out[behind] = out.get(behind, 0) | mask
    return tuple(sorted((mask, behind) for behind, mask in out.items()))


def _cubes(form: Form, depth: int) -> Iterator[Cube]:
    if not depth:
        yield ()
    for mask, behind in form:
        for rest in _cubes(behind, depth - 1):
            yield (mask, *rest)
