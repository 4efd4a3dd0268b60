"""Which pairs of address classes are to be looked at between two interfaces, and which decided rows hold each.

Most pairs are treated like many others, so that one stands for all of them:

- *closed* pairs, of which an end can't be where it is, or is special: no statement speaks of them. They are taken in
  blocks, which the rows split in their order until all packets of a block have their row: the first few do.
- *open* pairs. The rows of few of them (*narrow*: a flow's, or an element of a bundle) are looked at pair by pair, as
  are the pairs that a narrow statement speaks of; all others are in groups whose ends meet the same broad rows and the
  same broad statements.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.prove.axes import DADDR, IIF, OIF, SADDR
from segctl.prove.bundle import Bundle
from segctl.prove.frame import Frame, shadowed
from segctl.prove.space import Cube, bits, meet, without

Pair = tuple[int, int]
"""The classes of a source and of a destination."""
Narrow = tuple[int, int]
"""The place of a row that holds few pairs, and of a row of a bundle which element (-1: none)."""
_MOST_NARROW = 4096
_NO_ELEMENT = -1


class Spot(NamedTuple):
    """A pair, how many it stands for, and the places of the rows that hold it, in their order.

    Of pairs that are looked at one by one `rows` are the broad ones, `narrow` the others, and `groups` tell whose ends
    are like whose.
    """

    source: int
    destination: int
    pairs: int
    rows: list[int]
    narrow: tuple[Narrow, ...] = ()
    groups: Pair | None = None


class _Row(NamedTuple):
    source: int
    destination: int
    narrow: bool
    bundle: Bundle | None


@dataclass(frozen=True, slots=True)
class Alike:
    """What tells address classes apart between two interfaces, as sources and as destinations.

    `open_source`, `open_target`: masks of the classes of open pairs. `closed`: all classes in groups, as masks, of each
    side (0, 1); `stances`: the same for open pairs, of either side; `touched`: the pairs that narrow statements speak
    of.
    """

    open_source: int
    open_target: int
    closed: tuple[Sequence[int], Sequence[int]]
    stances: Sequence[int]
    touched: Iterable[Pair]


class _Block(NamedTuple):
    """`left`: a number for the packets that no row holds yet."""

    source: int
    destination: int
    left: int
    rows: tuple[int, ...]


@dataclass(slots=True)
class Layout:
    """The spots of one walk. `classes`: how many address classes there are."""

    frame: Frame
    classes: int
    _rows: list[_Row] = field(init=False)
    _buckets: dict[Pair, list[int]] = field(init=False)
    _shadows: dict[object, bool] = field(default_factory=dict)
    _clipped: dict[Pair, int | None] = field(default_factory=dict)
    _lefts: list[tuple[Cube, ...]] = field(default_factory=list)
    _numbers: dict[tuple[Cube, ...], int] = field(default_factory=dict)
    _hit: dict[tuple[int, int, int], int] = field(default_factory=dict)
    _ends: dict[int, list[Pair | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        index = self.frame.evaluated.space.index
        iif, oif = index[IIF], index[OIF]
        self._rows = []
        self._buckets = defaultdict(list)
        for place, one in enumerate(self.frame.evaluated.decided):
            self._row(place)
            self._buckets[one.cube[iif], one.cube[oif]].append(place)

    def _row(self, place: int) -> _Row:
        """What of a row matters here; the frame may have got new ones."""
        for new in range(len(self._rows), place + 1):
            source, destination = (self.frame.decided[new].cube[at] for at in self._addresses())
            narrow = source.bit_count() * destination.bit_count() <= self._most()
            self._rows.append(_Row(source, destination, narrow, self.frame.bundles[new]))
        return self._rows[place]

    def _addresses(self) -> tuple[int, int]:
        index = self.frame.evaluated.space.index
        return index[SADDR], index[DADDR]

    def _most(self) -> int:
        return min(max(1, self.classes**2 // 64), _MOST_NARROW)

    def spots(self, iif: int, oif: int, alike: Alike) -> Iterator[Spot]:
        """Every pair between two interface classes, in some spot."""
        rows = [place for (i, o), held in self._buckets.items() if i >> iif & 1 and o >> oif & 1 for place in held]
        rows.sort()
        yield from self._closed(rows, alike)
        if alike.open_source and alike.open_target:
            yield from self._open(rows, alike)

    def _closed(self, rows: Sequence[int], alike: Alike) -> Iterator[Spot]:
        """Blocks of closed pairs."""
        blocks = []
        for source in alike.closed[0]:
            for target in alike.closed[1]:
                both_open = source & alike.open_source and target & alike.open_target
                if not both_open:
                    blocks.append(_Block(source, target, self._left(self.frame.domain), ()))
        by_ends: dict[Pair, list[int]] = defaultdict(list)
        for place in rows:
            by_ends[self._rows[place].source, self._rows[place].destination].append(place)
        for block in blocks:
            meeting = [held for (s, d), held in by_ends.items() if s & block.source and d & block.destination]
            yield from self._filled(block, sorted(place for held in meeting for place in held))

    def _filled(self, block: _Block, rows: list[int]) -> Iterator[Spot]:
        """A block with the rows that hold some of it, in parts that each of them holds wholly or not at all."""
        work = [(block, rows)]
        known = self._rows
        while work:
            now, candidates = work.pop()
            for at, place in enumerate(candidates):
                row = known[place] if place < len(known) else self._row(place)
                if row.bundle is not None:
                    if now.source & row.source and now.destination & row.destination:
                        if self._less(now.left, place) is None:
                            continue
                        work.append((now, [*self._inside(place, now), *candidates[at + 1 :]]))
                        break
                    continue
                source, target = now.source & row.source, now.destination & row.destination
                left = self._less(now.left, place) if source and target else None
                if left is None:
                    continue
                later = candidates[at + 1 :]
                if outside := now.source & ~source:
                    work.append((now._replace(source=outside), later))
                if outside := now.destination & ~target:
                    work.append((now._replace(source=source, destination=outside), later))
                now = _Block(source, target, left, (*now.rows, place))
                if not self._lefts[left]:
                    yield _spot(now)
                    break
            else:
                yield _spot(now)

    def _inside(self, place: int, block: _Block) -> Iterator[int]:
        """The parts of a bundle's row, by element, that hold some pair of a block."""
        for element in self._elements(place, block.source, block.destination):
            yield from self.frame.part(place, element)

    def _elements(self, place: int, sources: int, targets: int) -> Iterable[int]:
        """The elements of a bundle's row that some of these sources hit, and some of these destinations."""
        bundle = self._row(place).bundle
        assert bundle is not None
        held = self.frame.decided[place].cube[bundle.at]
        return bits(held & self._hitting(bundle, 0, sources) & self._hitting(bundle, 1, targets))

    def _hitting(self, bundle: Bundle, side: int, ends: int) -> int:
        key = bundle.at, side, ends
        if key not in self._hit:
            pairs = enumerate(self._ends_of(bundle))
            self._hit[key] = sum(1 << n for n, pair in pairs if pair is not None and pair[side] & ends)
        return self._hit[key]

    def _ends_of(self, bundle: Bundle) -> list[Pair | None]:
        """The sources and destinations that hit each element."""
        if bundle.at not in self._ends:
            source, target = self._addresses()
            every = (1 << self.classes) - 1
            ends: list[Pair | None] = []
            for limits in bundle.limits:
                asked = dict(limits) if limits is not None else None
                ends.append(None if asked is None else (asked.get(source, every), asked.get(target, every)))
            self._ends[bundle.at] = ends
        return self._ends[bundle.at]

    def _left(self, cubes: tuple[Cube, ...]) -> int:
        """Packets by number: they are large to compare."""
        if cubes not in self._numbers:
            self._numbers[cubes] = len(self._lefts)
            self._lefts.append(cubes)
        return self._numbers[cubes]

    def _less(self, left: int, place: int) -> int | None:
        """What a row leaves of some packets; None if it holds none of them."""
        key = left, self.frame.kinds[place]
        if key not in self._clipped:
            cube, cubes = self.frame.rests[place], self._lefts[left]
            if all(meet(one, cube) is None for one in cubes):
                self._clipped[key] = None
            elif self.frame.decided[place].maybe:
                self._clipped[key] = left
            else:
                self._clipped[key] = self._left(tuple(piece for one in cubes for piece in without(one, cube)))
        return self._clipped[key]

    def _open(self, rows: Sequence[int], alike: Alike) -> Iterator[Spot]:
        here = [
            p for p in rows if self._row(p).source & alike.open_source and self._row(p).destination & alike.open_target
        ]
        narrow, broad = self._split(here, alike)
        ends = [
            self._alike(broad, alike, side, mask) for side, mask in enumerate((alike.open_source, alike.open_target))
        ]
        groups = _Groups(ends[0], ends[1], self._rows)
        touched: dict[Pair, list[Narrow]] = {pair: [] for pair in alike.touched}
        hidden: dict[tuple[int, Pair], bool] = {}
        for place, element, sources, targets in narrow:
            for source in bits(sources):
                for target in bits(targets):
                    key = place, groups.of(source, target)
                    if key not in hidden:
                        hidden[key] = self._shadowed(place, groups.met(broad, source, target))
                    if not hidden[key]:
                        touched.setdefault((source, target), []).append((place, element))
        for (source, target), held in touched.items():
            met = groups.met(broad, source, target)
            yield Spot(source, target, 1, met, tuple(held), groups.of(source, target))
        for source, target, pairs in groups.untouched(touched):
            yield Spot(source, target, pairs, groups.met(broad, source, target))

    def _split(self, here: Iterable[int], alike: Alike) -> tuple[list[tuple[int, int, int, int]], list[int]]:
        """Narrow rows, and elements of bundles, with the open ends that they hold; and broad rows."""
        narrow: list[tuple[int, int, int, int]] = []
        broad: list[int] = []
        most = self._most()
        for place in here:
            row = self._row(place)
            sources, targets = row.source & alike.open_source, row.destination & alike.open_target
            if row.bundle is None:
                if row.narrow:
                    narrow.append((place, _NO_ELEMENT, sources, targets))
                else:
                    broad.append(place)
                continue
            ends = self._ends_of(row.bundle)
            for element in self._elements(place, sources, targets):
                pair = ends[element]
                assert pair is not None
                if pair[0].bit_count() * pair[1].bit_count() <= most:
                    narrow.append((place, element, pair[0] & sources, pair[1] & targets))
                else:
                    broad += self.frame.part(place, element)
        broad.sort(key=self.frame.order.__getitem__)
        self._row(len(self.frame.decided) - 1)
        return narrow, broad

    def _alike(self, broad: Sequence[int], alike: Alike, side: int, open_ones: int) -> list[list[int]]:
        """Open classes of a side that meet the same broad rows and have one stance."""
        parts = [held for group in alike.stances if (held := group & open_ones)]
        rows = [self._row(place) for place in broad]
        for mask in dict.fromkeys((row.source, row.destination)[side] for row in rows):
            parts = [half for part in parts for half in (part & mask, part & ~mask) if half]
        return [list(bits(group)) for group in parts]

    def _shadowed(self, place: int, broad: list[int]) -> bool:
        """Whether broad rows that come before this one hold all of its packets that can be."""
        frame = self.frame
        order = frame.order
        before = broad[: bisect_left(broad, order[place], key=order.__getitem__)]
        key = frame.kinds[place], tuple(frame.kinds[at] for at in before)
        if key not in self._shadows:
            mine = [both for cube in frame.domain if (both := meet(frame.rests[place], cube)) is not None]
            certain = (frame.rests[at] for at in before if not frame.decided[at].maybe)
            self._shadows[key] = shadowed(mine, certain)
        return self._shadows[key]


@dataclass(slots=True)
class _Groups:
    """Open classes in groups that broad rows and statements treat alike; what two groups meet is remembered."""

    sources: list[list[int]]
    targets: list[list[int]]
    rows: list[_Row]
    _met: dict[Pair, list[int]] = field(default_factory=dict)
    _of_source: dict[int, int] = field(init=False)
    _of_target: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._of_source = {number: at for at, group in enumerate(self.sources) for number in group}
        self._of_target = {number: at for at, group in enumerate(self.targets) for number in group}

    def met(self, broad: Sequence[int], source: int, target: int) -> list[int]:
        """The broad rows that hold a pair, as all pairs of its groups."""
        key = self._of_source[source], self._of_target[target]
        if key not in self._met:
            rows = self.rows
            self._met[key] = [a for a in broad if rows[a].source >> source & 1 and rows[a].destination >> target & 1]
        return self._met[key]

    def of(self, source: int, target: int) -> Pair:
        """Whose groups the ends are in."""
        return self._of_source[source], self._of_target[target]

    def untouched(self, touched: Mapping[Pair, object]) -> Iterator[tuple[int, int, int]]:
        """Of each two groups one pair beside the touched ones, and how many there are."""
        inside: dict[Pair, int] = defaultdict(int)
        for source, target in touched:
            inside[self._of_source[source], self._of_target[target]] += 1
        for s, some in enumerate(self.sources):
            for t, others in enumerate(self.targets):
                if left := len(some) * len(others) - inside[s, t]:
                    source, target = next((a, b) for a in some for b in others if (a, b) not in touched)
                    yield source, target, left


def grouped(numbers: Iterable[int], key: Callable[[int], object]) -> list[int]:
    """Numbers of one key together, as masks."""
    found: dict[object, int] = {}
    for number in numbers:
        said = key(number)
        found[said] = found.get(said, 0) | 1 << number
    return list(found.values())


def _spot(block: _Block) -> Spot:
    source, target = ((mask & -mask).bit_length() - 1 for mask in (block.source, block.destination))
    return Spot(source, target, block.source.bit_count() * block.destination.bit_count(), list(block.rows))
