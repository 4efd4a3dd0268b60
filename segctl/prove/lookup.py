"""Which packets of a row hit which element of a set or map, found without asking every element for every row."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from segctl.listing.rule import Element, Set, Span
from segctl.prove.space import Cube, NeedsCut, Space, Spans, joined
from segctl.prove.values import Group, Known, NotModelled, Of, Table, preimage, register_cubes

Groups = dict[str, tuple[Group, ...]]


class Hit(NamedTuple):
    """Packets that hit an element (by its place in the set)."""

    cube: Cube
    element: int


class Shape(NamedTuple):
    """What the keys of a set hold: products of masks on the axes at these places; and the elements that a packet can
    have for its key (a mask).
    """

    places: tuple[int, ...]
    products: list[tuple[int, ...]]
    elements: int

    def within(self, cube: Cube) -> list[Cube]:
        """A cube's packets whose key is in the set."""
        out = []
        for product in self.products:
            made = list(cube)
            for at, mask in zip(self.places, product, strict=True):
                made[at] &= mask
                if not made[at]:
                    break
            else:
                out.append(tuple(made))
        return out


class Lookups:
    """The sets of one walk, indexed as they are asked. The caches hold what they index: an id stays its object's."""

    def __init__(self, space: Space, registers: Groups) -> None:
        self._space = space
        self._registers = registers
        self._grouped: dict[tuple[int, int], dict[Span, list[tuple[int, Element]]]] = {}
        self._points: dict[tuple[int, int], dict[int, list[tuple[int, Element]]]] = {}
        self._ranged: dict[tuple[int, int], list[tuple[Span, list[tuple[int, Element]]]]] = {}
        self._restrictions: dict[tuple[Known, Span], tuple[tuple[tuple[int, int], ...], ...]] = {}
        self._narrow: dict[tuple[Known, Spans], tuple[int, int] | None] = {}
        self._held: dict[int, Set] = {}
        self._shapes: dict[tuple[int, tuple[Known, ...]], Shape] = {}

    def hits(self, row: Cube, parts: Sequence[Known], found: Set) -> Iterator[Hit]:
        """Disjoint cubes of the row (an interval set's elements are disjoint), each with the element that it hits."""
        self._held[id(found)] = found
        lead = _lead(parts)
        for span, elements in self._leading(row, parts[lead], found, lead):
            first = self.restrict(row, parts[lead], span)
            for at, element in elements:
                cubes = first
                for place, part in enumerate(parts):
                    if place != lead and cubes:
                        cubes = [made for cube in cubes for made in self.restrict(cube, part, element.key[place])]
                for cube in cubes:
                    yield Hit(cube, at)

    def _leading(
        self, row: Cube, part: Known, found: Set, lead: int
    ) -> Iterator[tuple[Span, list[tuple[int, Element]]]]:
        """The elements whose leading part the row can hit, those of one span together."""
        key = id(found), lead
        if key not in self._grouped:
            self._group(found, lead)
        if isinstance(part, int):
            if part in self._points[key]:
                yield (part, part), self._points[key][part]
            for span, elements in self._ranged[key]:
                if span[0] <= part <= span[1]:
                    yield span, elements
            return
        if not isinstance(part, Table):
            self._all_cuts(part, self._grouped[key])
        yield from self._grouped[key].items()

    def _group(self, found: Set, lead: int) -> None:
        key = id(found), lead
        grouped: dict[Span, list[tuple[int, Element]]] = {}
        for at, element in enumerate(found.elements):
            if len(element.key) > lead:
                grouped.setdefault(element.key[lead], []).append((at, element))
        self._grouped[key] = grouped
        self._points[key] = {first: held for (first, last), held in grouped.items() if first == last}
        self._ranged[key] = [(span, held) for span, held in grouped.items() if span[0] != span[1]]

    def _all_cuts(self, part: Of, spans: dict[Span, list[tuple[int, Element]]]) -> None:
        """Meet all missing cuts at once, instead of one in each walk."""
        missing: dict[str, list[Spans]] = {}
        for span in spans:
            try:
                self._cubes(part, span)
            except NeedsCut as need:
                missing.setdefault(need.axis, []).extend(need.sets)
        for axis, sets in missing.items():
            raise NeedsCut(axis, *sets)

    def shape(self, parts: tuple[Known, ...], found: Set) -> "Shape":
        """All keys of a set as products that don't depend on a row."""
        key = id(found), parts
        if key not in self._shapes:
            self._held[id(found)] = found
            self._shapes[key] = self._shape(parts, found)
        return self._shapes[key]

    def _shape(self, parts: tuple[Known, ...], found: Set) -> "Shape":
        """Elements that differ in their last part alone are asked at once."""
        together: dict[tuple[Span, ...], list[Span]] = {}
        places_of: dict[tuple[Span, ...], int] = {}
        for place, element in enumerate(found.elements):
            if len(element.key) == len(parts):
                together.setdefault(element.key[:-1], []).append(element.key[-1])
                places_of[element.key[:-1]] = places_of.get(element.key[:-1], 0) | 1 << place
        elements = 0
        products: list[dict[int, int]] = []
        missing: dict[str, list[Spans]] = {}
        for rest, lasts in together.items():
            here: list[dict[int, int]] = [{}]
            try:
                for part, spans in zip(parts, [*((span,) for span in rest), tuple(sorted(lasts))], strict=True):
                    here = [made for limits in here for made in self._more(limits, part, spans)]
            except NeedsCut as need:
                missing.setdefault(need.axis, []).extend(need.sets)
            products += here
            elements |= places_of[rest] if here else 0
        for axis, sets in missing.items():
            raise NeedsCut(axis, *sets)  # all at once, instead of one in each walk
        places = tuple(sorted({at for limits in products for at in limits}))
        full = [self._space.axes[at].full for at in places]
        masks = [tuple(limits.get(at, all_) for at, all_ in zip(places, full, strict=True)) for limits in products]
        return Shape(places, joined(masks), elements)

    def _more(self, limits: dict[int, int], part: Known, spans: Spans) -> Iterator[dict[int, int]]:
        if isinstance(part, int):
            if any(first <= part <= last for first, last in spans):
                yield limits
            return
        for more in self.cubes(part, spans):
            made = dict(limits)
            for at, mask in more:
                made[at] = made.get(at, mask) & mask
            if all(made.values()):
                yield made

    def restrict(self, cube: Cube, part: Known, span: Span) -> list[Cube]:
        """The packets of a cube whose value is in the span."""
        if isinstance(part, int):
            return [cube] if span[0] <= part <= span[1] else []
        out = []
        for limits in self._cubes(part, span):
            made = list(cube)
            for at, mask in limits:
                made[at] &= mask
                if not made[at]:
                    break
            else:
                out.append(tuple(made))
        return out

    def _cubes(self, part: Of | Table, span: Span) -> tuple[tuple[tuple[int, int], ...], ...]:
        """When a value is in a span: products, each as pairs of an axis' place and a mask."""
        key = part, span
        if (known := self._restrictions.get(key)) is None:
            known = self._restrictions[key] = tuple(self.cubes(part, (span,)))
        return known

    def cubes(self, part: Of | Table, spans: Spans) -> Iterator[tuple[tuple[int, int], ...]]:
        """The same for several spans."""
        index, axes = self._space.index, self._space.axes
        if isinstance(part, Table):
            at = index[part.axis]
            yield ((at, part.within(spans)),)
        elif part.axis in self._registers:
            if (group := self._whole(part)) is not None:
                at = index[group]
                last = axes[at].last
                clipped = tuple((first, min(end, last)) for first, end in spans if first <= last)
                yield ((at, axes[at].mask(clipped)),)
                return
            for cube in register_cubes(part, spans, self._registers[part.axis]):
                yield tuple((index[axis], axes[index[axis]].mask(held)) for axis, held in cube.items())
        else:
            at = index[part.axis]
            axis = axes[at]
            yield ((at, axis.mask(preimage(part, spans, axis.last))),)

    def narrow(self, part: Of | Table, spans: Spans) -> tuple[int, int] | None:
        """The one axis' place and the mask that say whether a value is in the spans; None if it takes several axes."""
        key = part, spans
        if key not in self._narrow:
            several = isinstance(part, Of) and part.axis in self._registers and self._whole(part) is None
            self._narrow[key] = None if several else next(self.cubes(part, spans))[0]
        return self._narrow[key]

    def _whole(self, of: Of) -> str | None:
        """The axis of a register's group of bits that a value is the whole of."""
        if of.flip:
            return None
        return next((g.axis for g in self._registers[of.axis] if g.mask == of.mask and g.low == of.shift), None)


def _lead(parts: Sequence[Known]) -> int:
    """The part to begin with: a number picks one element of thousands, a table one in each class."""
    for kind in (int, Table):
        for at, part in enumerate(parts):
            if isinstance(part, kind):
                return at
    return 0


__all__ = ["Groups", "Hit", "Lookups", "NotModelled"]
