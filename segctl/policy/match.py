"""Statements with their addresses, and which of them match a question: bit sets, so that 10,000 flows are one AND."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from operator import xor
from typing import Generic, TypeVar

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.ranges import Ranges

T = TypeVar("T", Flow, Guardrail, Management)


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """A flow, guardrail or management entry with what its words mean: all pairs of `source` and `destination`."""

    said: T
    source: Ranges
    destination: Ranges
    traffic: Ranges


@dataclass(frozen=True, slots=True)
class _Index:
    """A number line cut where a statement begins or ends to hold: `bits` has one bit for each that holds there."""

    firsts: tuple[int, ...]
    bits: tuple[int, ...]

    @classmethod
    def of(cls, parts: Iterable[Ranges]) -> "_Index":
        """Statements that share one set (as thousands of flows of one segment do) are turned on and off together."""
        together: dict[int, tuple[Ranges, int]] = {}
        for place, ranges in enumerate(parts):
            held = together.get(id(ranges), (ranges, 0))[1]
            together[id(ranges)] = ranges, held | 1 << place
        turns: dict[int, int] = {0: 0}
        for ranges, held in together.values():
            for first, last in ranges:
                turns[first] = turns.get(first, 0) ^ held
                turns[last + 1] = turns.get(last + 1, 0) ^ held
        firsts = tuple(sorted(turns))
        return cls(firsts, tuple(accumulate((turns[first] for first in firsts), xor)))

    def __getitem__(self, value: int) -> int:
        return self.bits[bisect_right(self.firsts, value) - 1]

    def meeting(self, ranges: Ranges) -> int:
        """Those that hold somewhere in these."""
        found = 0
        for first, last in ranges:
            begin = bisect_right(self.firsts, first) - 1
            for bits in self.bits[begin : bisect_right(self.firsts, last)]:
                found |= bits
        return found


@dataclass(frozen=True, slots=True)
class Statements(Generic[T]):
    """All statements of a kind in order of name; the caches only remember what was worked out."""

    items: tuple[Statement[T], ...]
    _indices: list[_Index] = field(default_factory=list, compare=False, repr=False)

    def matching(self, source: int, destination: int, traffic: int) -> Iterator[Statement[T]]:
        """Those that match, in order of name."""
        if self.items:
            sources, destinations, services = self._indexed()
            yield from self._those(sources[source] & destinations[destination] & services[traffic])

    def meeting(self, source: Ranges, destination: Ranges, traffic: Ranges) -> Iterator[Statement[T]]:
        """Those that may match a connection between these, in order of name: each end is met somewhere."""
        if self.items:
            sources, destinations, services = self._indexed()
            near = sources.meeting(source) & destinations.meeting(destination)
            yield from self._those(near & services.meeting(traffic) if near else 0)

    def _indexed(self) -> list[_Index]:
        if not self._indices:
            self._indices.append(_Index.of(statement.source for statement in self.items))
            self._indices.append(_Index.of(statement.destination for statement in self.items))
            self._indices.append(_Index.of(statement.traffic for statement in self.items))
        return self._indices

    def _those(self, bits: int) -> Iterator[Statement[T]]:
        while bits:
            lowest = bits & -bits
            yield self.items[lowest.bit_length() - 1]
            bits ^= lowest
