"""What a rule set under way has used by now."""

from dataclasses import dataclass, field
from random import Random

from tests.packets.truth.hints import Hints

_PRIORITIES = (-450, -300, -201, -150, -100, -10, 0, 0, 5, 50, 100, 150, 225, 300)


_KERNELS = (-400, -200, -199, -100, 100)  # where the kernel's own hooks are, or ours that watch: no order among them


@dataclass(slots=True)
class Draft:
    """What a rule set under way has used by now: priorities of each hook, as chains of one priority have no order."""

    rng: Random
    hints: Hints
    tracked: bool
    early: bool = False
    taken: set[tuple[str, int]] = field(default_factory=set)

    def priority(self, hook: str, *, floor: int = -1000) -> int:
        """One that no chain of this hook has."""
        while True:
            drawn = self.rng.choice(_PRIORITIES) + self.rng.choice((0, 0, 0, 1, -1, 7))
            if hook in ("ingress", "egress"):
                drawn = self.rng.randrange(-400, 400)
            if drawn > floor and (hook, drawn) not in self.taken and drawn not in _KERNELS:
                self.taken.add((hook, drawn))
                self.early |= hook in ("ingress", "egress") or (hook == "prerouting" and drawn < -400)
                return drawn

    def free(self, hook: str, wanted: int) -> int:
        """That priority, or the first before it that no chain of this hook has."""
        while (hook, wanted) in self.taken:
            wanted -= 1
        self.taken.add((hook, wanted))
        return wanted
