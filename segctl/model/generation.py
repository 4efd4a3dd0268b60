"""One version of a point's rules, ready to be loaded: by whoever compiled it, or from disk with no site at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segctl.model.elements import Elements


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a number stands for: kind, name, and where it was said (for the side file; never in rules)."""

    kind: str
    name: str
    place: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loadable:
    """All that a slot holds.

    structure: nft's text of the sleeping table without its elements, for the slot and the generation that stand in it.
    elements: of each named set and map, with the times when they end (`until`) and not what remains.
    meanings: what each connection's number stands for.
    """

    point: str
    structure: str
    elements: tuple[Elements, ...]
    meanings: Mapping[int, Meaning] = field(default_factory=dict)

    def count(self) -> int:
        """How many elements there are."""
        return sum(map(len, self.elements))
