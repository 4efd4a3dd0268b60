"""Statements with their addresses, and which of them match a question: bit sets, so that 10,000 flows are one AND."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
class Statements(Generic[T]):
    """All statements of a kind in order of name; the caches only remember what was asked."""

    items: tuple[Statement[T], ...]
    _sources: dict[int, int] = field(default_factory=dict, compare=False, repr=False)
    _destinations: dict[int, int] = field(default_factory=dict, compare=False, repr=False)
    _traffic: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def matching(self, source: int, destination: int, traffic: int) -> Iterator[Statement[T]]:
        """Those that match, in order of name."""
        bits = (
            self._mask(self._sources, source, lambda statement: statement.source)
            & self._mask(self._destinations, destination, lambda statement: statement.destination)
            & self._mask(self._traffic, traffic, lambda statement: statement.traffic)
        )
        while bits:
            lowest = bits & -bits
            yield self.items[lowest.bit_length() - 1]
            bits ^= lowest

    def _mask(self, cache: dict[int, int], value: int, part: Callable[[Statement[T]], Ranges]) -> int:
        """One bit for each statement whose part holds the value."""
        if (known := cache.get(value)) is None:
            known = 0
            for place, statement in enumerate(self.items):
                if value in part(statement):
                    known |= 1 << place
            cache[value] = known
        return known
