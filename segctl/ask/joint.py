"""All addresses in the coarsest classes that a list of sets respects, found by one sweep, and sets of classes as bits.

A set of classes is an integer with one bit for each: thousands are compared, cut and put together at once.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from segctl.model.ranges import ALL_V4, ALL_V6, Ranges

_WHOLE = 0b11  # the first two sets: each class is of one family


@dataclass(slots=True)
class Joint:
    """Classes are numbered by their first address; sets in the order in which they came, equal ones once.

    masks: of each set its classes (the first two are all of IPv4, all of IPv6); holding: of each class its sets.
    """

    classes: list[Ranges]
    masks: list[int]
    holding: list[list[int]]
    _numbers: dict[Ranges, int]
    _by_id: dict[int, tuple[Ranges, int]] = field(default_factory=dict)
    _joined: dict[int, Ranges] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)
    _digits: list[tuple[int, int]] = field(default_factory=list)
    _begins: list[tuple[int, int]] = field(
        default_factory=list
    )  # of each span of a class: its first address, the class

    @classmethod
    def of(cls, sets: Iterable[Ranges]) -> "Joint":
        """The classes of all addresses."""
        numbers: dict[Ranges, int] = {ALL_V4: 0, ALL_V6: 1}
        by_id: dict[int, tuple[Ranges, int]] = {}
        for one in sets:
            if id(one) not in by_id:  # thousands of statements share one set, which is slow to hash
                by_id[id(one)] = one, numbers.setdefault(one, len(numbers))
        turns: dict[int, int] = {}
        for ranges, number in numbers.items():
            bit = 1 << number
            for first, last in ranges:
                turns[first] = turns.get(first, 0) ^ bit
                turns[last + 1] = turns.get(last + 1, 0) ^ bit
        found: dict[int, list[tuple[int, int]]] = {}
        begin = held = 0
        for place in sorted(turns):
            if held & _WHOLE:
                found.setdefault(held, []).append((begin, place - 1))
            begin, held = place, held ^ turns[place]
        masks = [0] * len(numbers)
        holding = [list(bits(signature)) for signature in found]
        for at, those in enumerate(holding):
            for number in those:
                masks[number] |= 1 << at
        return cls([Ranges.of(spans) for spans in found.values()], masks, holding, numbers, by_id)

    def number(self, one: Ranges) -> int:
        """Of a set that was in the list."""
        known = self._by_id.get(id(one))
        return known[1] if known is not None else self._numbers[one]

    def mask(self, one: Ranges) -> int:
        """The classes of a set that was in the list."""
        return self.masks[self.number(one)]

    def meeting(self, addresses: Ranges) -> int:
        """The classes in which some of any addresses are."""
        if not self._begins:
            self._begins = sorted((first, at) for at, one in enumerate(self.classes) for first, _ in one)
        found = 0
        for first, last in addresses:
            at = bisect_right(self._begins, first, key=_first) - 1
            while at < len(self._begins) and self._begins[at][0] <= last:
                found |= 1 << self._begins[at][1]
                at += 1
        return found

    def size(self, mask: int) -> int:
        """How many addresses these classes have, by the binary digits of their sizes: counting bits is fast."""
        if mask not in self._sizes:
            if not self._digits:
                self._digits = digits(one.size() for one in self.classes)
            self._sizes[mask] = sum((mask & digit).bit_count() << at for at, digit in self._digits)
        return self._sizes[mask]

    def half(self, at: int) -> int:
        """All classes of the same family as this one."""
        v4 = self.masks[0]
        return v4 if v4 >> at & 1 else self.masks[1]

    def addresses(self, mask: int) -> Ranges:
        """Of these classes together."""
        if mask not in self._joined:
            self._joined[mask] = Ranges.of(span for at in bits(mask) for span in self.classes[at])
        return self._joined[mask]

    def pairs(self, sources: int, destinations: int) -> int:
        """How many pairs of addresses of one family there are between them."""
        return sum(self.size(sources & half) * self.size(destinations & half) for half in self.masks[:2])


def bits(mask: int) -> Iterator[int]:
    """The places of those that are set, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def digits(sizes: Iterable[int]) -> list[tuple[int, int]]:
    """Of each binary digit those sizes that have it, as a mask; without digits that none has."""
    found: dict[int, int] = {}
    for at, size in enumerate(sizes):
        for digit in bits(size):
            found[digit] = found.get(digit, 0) | 1 << at
    return sorted(found.items())


def _first(row: tuple[int, int]) -> int:
    return row[0]


def lowest(mask: int) -> int:
    """The first of them; there must be one."""
    return (mask & -mask).bit_length() - 1
