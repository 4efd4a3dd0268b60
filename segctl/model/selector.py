"""Whom a statement or a segment's member list names, as written."""

from dataclasses import dataclass
from typing import NamedTuple

from segctl.model.ranges import Ranges
from segctl.model.span import Span

WORLD, POINTS, QUARANTINE, ANY = "world", "points", "quarantine", "any"
BUILT_IN = (WORLD, POINTS, QUARANTINE)

Labels = tuple[tuple[str, tuple[str, ...]], ...]
"""Label keys with the values that match, sorted: all keys must match, each by one of its values."""


class Named(NamedTuple):
    """A segment, an endpoint, a point, `world`, `points`, `quarantine` or `any`."""

    name: str
    span: Span

    def __str__(self) -> str:
        return self.name


class Block(NamedTuple):
    """Exactly these addresses, `first` to `last`, both included: a CIDR, an address or a range.

    A tuple without a set of its own, since member lists have a million of them: a frozen dataclass that holds its
    `Ranges` takes five times as long to make, and twice the memory.
    """

    text: str
    first: int
    last: int
    span: Span

    def __str__(self) -> str:
        return self.text

    @property
    def addresses(self) -> Ranges:
        """They as a set."""
        return Ranges.span(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Labelled:
    """`{labels: …}`: the endpoints that carry them."""

    labels: Labels
    span: Span

    def __str__(self) -> str:
        return f"{{labels: {_show(self.labels)}}}"


@dataclass(frozen=True, slots=True)
class Within:
    """`{within: SEGMENT}`: the segment and all that lies within it."""

    segment: str
    span: Span

    def __str__(self) -> str:
        return f"{{within: {self.segment}}}"


@dataclass(frozen=True, slots=True)
class SegmentsLabelled:
    """`{segments: {labels: …}}`: the segments that carry them, each as if named."""

    labels: Labels
    span: Span

    def __str__(self) -> str:
        return f"{{segments: {{labels: {_show(self.labels)}}}}}"


Selector = Named | Block | Labelled | Within | SegmentsLabelled
Selectors = tuple[Selector, ...]


def show_selectors(selectors: Selectors) -> str:
    """As a person would write it."""
    return ", ".join(str(selector) for selector in selectors)


def matches(labels: Labels, carried: dict[str, str]) -> bool:
    """Whether something that carries these labels is selected."""
    return all(carried.get(key) in values for key, values in labels)


def _show(labels: Labels) -> str:
    pairs = (f"{key}: {values[0] if len(values) == 1 else '[' + ', '.join(values) + ']'}" for key, values in labels)
    return "{" + ", ".join(pairs) + "}"
