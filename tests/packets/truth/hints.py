"""The values that rules speak of, so that packets can have them, or be next to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Hints:
    """Values by kind: `address4`, `port`, `mark`, `ttl` …"""

    values: dict[str, list[int]] = field(default_factory=dict)

    def note(self, kind: str, *values: int) -> None:
        """A rule speaks of these."""
        self.values.setdefault(kind, []).extend(values)

    def pick(self, rng: Random, kind: str, otherwise: Callable[[], int], most: int, chance: float = 0.6) -> int:
        """Mostly one that rules speak of, sometimes its neighbour; else another. Never beyond 0 and `most`."""
        known = self.values.get(kind)
        if known and rng.random() < chance:
            return min(max(rng.choice(known) + rng.choice((0, 0, 0, 0, -1, 1)), 0), most)
        return otherwise()
