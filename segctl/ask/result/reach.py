"""Who reaches whom, how far, by which way, and what would stop it."""

from collections.abc import Mapping
from dataclasses import dataclass

from segctl.ask.result.called import Called, Hop, Passing
from segctl.model.flow import Flow


@dataclass(frozen=True, slots=True)
class Direct:
    """What is reached in one hop, and what lets it pass: each of `to` in the same way."""

    to: Called
    services: tuple[Passing, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """What is reached first in so many hops; `machines` are endpoints and gateways, by name."""

    hops: int
    reached: Called
    machines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blast:
    """What an intruder reaches who has taken over any one machine of `start`.

    radius: how many addresses he reaches, his own machine's and the world's left out; a /64 counts as 256 at most.
    addresses: the same by family, counted out. machines: how many of them have names. segments: in which he reaches
    somebody, with the least hops; his own is there only for others in it. world: the least hops to it, 0 for none.
    observed, uncovered: how many he reaches only because somebody observes, or because nothing enforces a deny.
    """

    start: Called
    direct: tuple[Direct, ...]
    rings: tuple[Ring, ...]
    radius: int
    addresses: tuple[int, int]
    machines: int
    segments: Mapping[str, int]
    world: int
    observed: int
    uncovered: int


@dataclass(frozen=True, slots=True)
class Reached:
    """Who of some others is reached from any one machine of `start`: by the least hops, and who never is."""

    start: Called
    by_hops: tuple[tuple[int, Called], ...]
    never: Called | None


@dataclass(frozen=True, slots=True)
class Severed:
    """Flows without which there is no way: as few as could be found; fewer than `least` can't do.

    `without` is a way that needs no flow: where there is one, no flows sever, and `flows` is empty.
    """

    flows: tuple[Flow, ...]
    least: int
    without: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A shortest way, and what all ways have in common; all is empty where there is no way.

    segments: through which each way leads, apart from its ends; flows: each of which every way needs.
    """

    way: tuple[Hop, ...] = ()
    segments: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()
    severed: Severed | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """How far a segment lies open: from how many of the other segments, the world and the points among them, somebody
    gets to somebody in it, in one hop and in any number; `others` is how many there are that have addresses.

    radius: that of the machine in it that reaches most (see Blast). world: the least hops from there, 0 for none.
    """

    segment: str
    radius: int
    direct: int
    any: int
    others: int
    world: int

    @property
    def share(self) -> float:
        """0 (nobody gets there) to 1 (everybody)."""
        return self.any / self.others if self.others else 0.0
