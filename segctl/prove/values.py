"""What a rule has computed of a packet: a number, bits of one axis, or a number for each class of one axis."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from segctl.listing.rule import Span
from segctl.prove.space import Axis, Spans, merged

_MOST = 4096  # spans that one masked comparison may become


class NotModelled(Exception):
    """An operation that the engine can't follow: what depends on it is unproven."""


@dataclass(frozen=True, slots=True)
class Of:
    """`((raw & mask) ^ flip)`, shifted right by `shift`, where raw is the packet's value on an axis (or register)."""

    axis: str
    mask: int
    flip: int = 0
    shift: int = 0

    def bitwise(self, mask: int, flip: int) -> "Of | int":
        """The kernel's bitwise expression on it."""
        if self.shift < 0:
            raise NotModelled("bits of a value that was shifted to the left")
        mask, flip = mask << self.shift, flip << self.shift
        kept = self.mask & mask
        low = (1 << self.shift) - 1  # what the shift throws away
        changed = ((self.flip & mask) ^ flip) & ~low
        return Of(self.axis, kept & ~low, changed, self.shift) if kept & ~low else changed >> self.shift

    def shifted(self, by: int) -> "Of":
        """Shifted left by `by` (to the right if negative)."""
        if by > 0:
            raise NotModelled("a shift to the left")
        return Of(self.axis, self.mask, self.flip, self.shift - by)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A number for each class of one axis, as an address map gives it."""

    axis: str
    values: Sequence[int]
    _derived: dict[tuple[int, int], "Table"] = field(default_factory=dict, repr=False)
    _inverse: dict[int, int] = field(default_factory=dict, repr=False)

    def bitwise(self, mask: int, flip: int) -> "Table":
        """Always the same object for the same operation: look-ups are remembered by it."""
        if (known := self._derived.get((mask, flip))) is None:
            known = self._derived[mask, flip] = Table(self.axis, [(value & mask) ^ flip for value in self.values])
        return known

    def shifted(self, by: int) -> "Table":
        return Table(self.axis, [value << by if by > 0 else value >> -by for value in self.values])

    def inverse(self) -> dict[int, int]:
        """Value to the classes that have it."""
        if not self._inverse:
            for number, value in enumerate(self.values):
                self._inverse[value] = self._inverse.get(value, 0) | 1 << number
        return self._inverse

    def within(self, spans: Spans) -> int:
        """The classes whose value is in one of the spans."""
        inverse = self.inverse()
        if len(spans) == 1 and spans[0][0] == spans[0][1]:
            return inverse.get(spans[0][0], 0)
        ordered = merged(spans)
        firsts = [first for first, _ in ordered]
        out = 0
        for value, mask in inverse.items():
            at = bisect_right(firsts, value) - 1
            if at >= 0 and value <= ordered[at][1]:
                out |= mask
        return out


@dataclass(frozen=True, slots=True)
class Unknown:
    """A register that holds something that isn't followed: who compares it may match or not."""

    reason: str


Known = int | Of | Table
Value = Known | Unknown


def preimage(of: Of, spans: Spans, last: int) -> Spans:
    """The raw values, from 0 to `last` (2**n - 1), whose bits are in one of the spans."""
    if of.shift:
        low = (1 << of.shift) - 1
        spans = tuple((first << of.shift, end << of.shift | low) for first, end in spans)
    if of.mask == last and not of.flip:
        return tuple((first, min(end, last)) for first, end in spans if first <= last)
    found = [span for first, end in spans for span in _masked(of.mask, of.flip, first, end, last)]
    return merged(found)


def _masked(mask: int, flip: int, first: int, end: int, last: int) -> Iterator[Span]:
    free = last & ~mask
    if not flip and free & (free + 1) == 0:  # the mask is a prefix: the order of values stays
        begin = first if first & free == 0 else (first | free) + 1
        stop = min(end, last) & ~free
        if begin <= stop:
            yield begin, stop | free
        return
    for value, care in blocks(first, min(end, (last | flip)), (last | flip).bit_length()):
        fixed = care & mask
        if (value ^ flip) & care & ~mask:
            continue
        yield from _with_bits((value ^ flip) & fixed, fixed, last)


def _with_bits(value: int, fixed: int, last: int) -> Iterator[Span]:
    """The spans of all numbers up to `last` that have `value` in the `fixed` bits."""
    free = last & ~fixed
    run = 0
    while free >> run & 1:
        run += 1
    high = free & ~((1 << run) - 1)
    if 1 << high.bit_count() > _MOST:
        raise NotModelled(f"a comparison under the mask {fixed:#x}")
    part = high
    while True:
        begin = value | (high ^ part)
        yield begin, begin | ((1 << run) - 1)
        if not part:
            return
        part = (part - 1) & high


def blocks(first: int, last: int, width: int) -> Iterator[tuple[int, int]]:
    """A range as aligned blocks: each a value, and the mask of the bits that its members share (as CIDR prefixes)."""
    full = (1 << width) - 1
    while first <= last:
        size = first & -first or 1 << width
        while first + size - 1 > last:
            size >>= 1
        yield first, full & ~(size - 1)
        first += size


def complement(spans: Spans, last: int) -> Spans:
    """All other values of an axis."""
    out, begin = [], 0
    for first, end in merged(spans):
        if begin < first:
            out.append((begin, first - 1))
        begin = end + 1
    if begin <= last:
        out.append((begin, last))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Group:
    """A run of bits of a register that the rules treat alike: an axis of its own."""

    register: str
    low: int
    width: int

    @property
    def axis(self) -> str:
        return f"{self.register}[{self.low}:{self.low + self.width}]"

    @property
    def mask(self) -> int:
        return ((1 << self.width) - 1) << self.low


class NeedsGroups(Exception):
    """A register's bits must be told apart as this mask does: begin again."""

    def __init__(self, register: str, mask: int) -> None:
        super().__init__(register)
        self.register = register
        self.mask = mask


def groups(register: str, bits: int, masks: set[int]) -> tuple[Group, ...]:
    """The runs of bits between which some mask changes."""
    cuts = {0, bits}
    for mask in masks:
        cuts |= {at for at in range(1, bits) if (mask >> at & 1) != (mask >> (at - 1) & 1)}
    ordered = sorted(cuts)
    return tuple(Group(register, low, high - low) for low, high in pairwise(ordered))


def register_cubes(of: Of, spans: Spans, parts: Sequence[Group]) -> list[dict[str, Spans]]:
    """When a register's bits are in one of the spans: disjoint products of spans on the axes of its groups."""
    if of.shift:
        low = (1 << of.shift) - 1
        spans = tuple((first << of.shift, end << of.shift | low) for first, end in spans)
    out = []
    for first, end in spans:
        for value, care in blocks(first, min(end, (1 << 32) - 1), 32):
            cube = _block_cube(of, value, care, parts)
            if cube is not None:
                out.append(cube)
    return out


def _block_cube(of: Of, value: int, care: int, parts: Sequence[Group]) -> dict[str, Spans] | None:
    if (value ^ of.flip) & care & ~of.mask:
        return None
    cube: dict[str, Spans] = {}
    for part in parts:
        symbolic = of.mask & part.mask
        if symbolic not in (0, part.mask):
            raise NeedsGroups(part.register, of.mask)
        fixed = care & symbolic
        if not fixed:
            continue
        first = ((value ^ of.flip) & fixed) >> part.low
        cube[part.axis] = ((first, first | (symbolic & ~fixed) >> part.low),)
    return cube


def axis_spans(axis: Axis, of: Of, spans: Spans) -> int:
    """The classes of an axis whose bits are in one of the spans."""
    return axis.mask(preimage(of, spans, axis.last))
