"""The two tables that generations alternate between: which is awake, which generation each holds."""

import sys
from dataclasses import dataclass

from segctl.apply.result import CannotApply
from segctl.kernel import netlink, nft
from segctl.kernel.errors import KernelError
from segctl.runner import Runner

SLOTS = ("segctl_a", "segctl_b")


@dataclass(frozen=True, slots=True)
class Slot:
    """One of our tables; `generation` None: it is there, but has no number (half loaded, or not ours any more)."""

    name: str
    generation: int | None


@dataclass(frozen=True, slots=True)
class Slots:
    """What is awake and what sleeps; None where there is no such table."""

    live: Slot | None
    sleeping: Slot | None

    @property
    def free(self) -> str:
        """Where the next generation goes."""
        return SLOTS[1] if self.live is not None and self.live.name == SLOTS[0] else SLOTS[0]

    @property
    def next_generation(self) -> int:
        """One more than any generation that is there."""
        return 1 + max((slot.generation or 0 for slot in (self.live, self.sleeping) if slot), default=0)


def read_slots(runner: Runner) -> Slots:
    """The slots as the kernel holds them; CannotApply if both are awake."""
    found = {t.name: t for t in netlink.tables(runner) if t.family == "inet" and t.name in SLOTS}
    awake = [name for name in SLOTS if name in found and not found[name].dormant]
    asleep = [name for name in SLOTS if name in found and found[name].dormant]
    if len(awake) > 1:
        raise CannotApply(
            f"both {SLOTS[0]} and {SLOTS[1]} are awake on {runner.where}: somebody else changed our tables",
            f"put the older one to sleep (`nft add table inet {SLOTS[0]} '{{ flags dormant; }}'`), or delete it",
        )
    live = Slot(awake[0], _generation(runner, awake[0])) if awake else None
    sleeping = Slot(asleep[-1], _generation(runner, asleep[-1])) if asleep else None
    return Slots(live, sleeping)


def _generation(runner: Runner, table: str) -> int | None:
    try:
        keys = netlink.dump(runner, table, "gen").keys
    except KernelError:
        return None
    return int.from_bytes(keys[0].tobytes(), sys.byteorder) if len(keys) == 1 else None


def delete_slot(runner: Runner, table: str) -> None:
    """Take a sleeping table of ours away, if it is there."""
    if any(t.name == table and t.family == "inet" for t in netlink.tables(runner)):
        nft.load(runner, f"delete table inet {table}\n")
