"""What pictures know of answers by segments: an intruder's leaps, and what passes where no statement speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Leap:
    """What an intruder goes through in one hop: from a segment where he is to one that he then reaches first.

    Because it is allowed, or else only because somebody observes, or nothing enforces a deny.
    """

    source: str
    destination: str
    observed: bool
    uncovered: bool


@dataclass(frozen=True, slots=True)
class Spreading:
    """A blast by segments: where he starts, the least hops to each that he reaches (his own too, if others are in it),
    and the leaps; `joined`: segments between which he moves without a hop, for one machine has addresses in both.
    """

    start: tuple[str, ...]
    hops: Mapping[str, int]
    leaps: tuple[Leap, ...]
    joined: tuple[tuple[str, str], ...]


class Rest(StrEnum):
    """What of a connection from one segment to another passes where no statement allows it, as it is met (effect)."""

    ALLOWED = "allowed"  # by defaults, or within one segment
    OBSERVED = "observed"  # denied, at least in part, and the refusing ends only observe
    UNCOVERED = "uncovered"  # no point stands between some pair of addresses
    DENIED = "denied"
    LOST = "lost"  # an end is on no interface: also what is allowed dies
