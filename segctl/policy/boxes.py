"""Products of source, destination and traffic, and what remains of one when others are taken out."""

from collections.abc import Iterable
from dataclasses import dataclass

from segctl.model.ranges import V6, Ranges
from segctl.model.service import of_family


@dataclass(frozen=True, slots=True)
class Box:
    """All connections from `source` to `destination` over `traffic`, of one family."""

    source: Ranges
    destination: Ranges
    traffic: Ranges

    def __bool__(self) -> bool:
        return bool(self.source and self.destination and self.traffic)

    def meets(self, other: "Box") -> bool:
        return (
            self.traffic.meets(other.traffic)
            and self.source.meets(other.source)
            and self.destination.meets(other.destination)
        )

    def without(self, other: "Box") -> "tuple[Box, ...]":
        """At most three disjoint boxes that hold the rest."""
        if not self.meets(other):
            return (self,)
        source, destination = self.source & other.source, self.destination & other.destination
        parts = (
            Box(self.source - other.source, self.destination, self.traffic),
            Box(source, self.destination - other.destination, self.traffic),
            Box(source, destination, self.traffic - other.traffic),
        )
        return tuple(part for part in parts if part)


def boxes(source: Ranges, destination: Ranges, traffic: Ranges) -> tuple[Box, ...]:
    """The pairs of one family that a statement speaks of: none if it can match no packet."""
    made = (
        Box(source.v4(), destination.v4(), traffic & of_family(4)),
        Box(source.v6(), destination.v6(), traffic & of_family(6)),
    )
    return tuple(box for box in made if box)


def possible(source: Ranges, destination: Ranges, traffic: Ranges) -> bool:
    """Whether there are any: `boxes` without making them."""
    if not (source and destination and traffic):
        return False
    sets = (source, V6), (destination, V6), (traffic, of_family(6).first())
    return all(one.spans[0][0] < border for one, border in sets) or all(
        one.spans[-1][1] >= border for one, border in sets
    )


def remaining(whole: Iterable[Box], taken: Iterable[Box]) -> tuple[Box, ...]:
    """What is left of `whole` once all of `taken` is out of it."""
    left = tuple(whole)
    for other in taken:
        left = tuple(part for box in left for part in box.without(other))
    return left
