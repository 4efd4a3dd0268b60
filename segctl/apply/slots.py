"""The two tables that generations alternate between: which is awake, which generation each holds."""

import secrets
from contextlib import suppress
from dataclasses import dataclass

from segctl.apply.result import CannotApply, NotApplied, Unsettled
from segctl.compile import render_delete
from segctl.kernel import netlink, nft
from segctl.kernel.errors import KernelError
from segctl.kernel.image import chain_names
from segctl.runner import Runner, RunnerError

SLOTS = ("segctl_a", "segctl_b")
_NEVER_AWAKE = 1 << 31


@dataclass(frozen=True, slots=True)
class Slot:
    """One of our tables; `generation` None: it has no number (half loaded, never awake, or not ours any more)."""

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
    live = Slot(awake[0], generation_of(runner, awake[0])) if awake else None
    sleepers = [Slot(name, generation_of(runner, name)) for name in asleep]
    return Slots(live, max(sleepers, key=lambda slot: slot.generation or 0, default=None))


def awake(runner: Runner) -> tuple[str, ...]:
    """Which slots are awake: one at most, unless somebody else wakes them."""
    found = (t for t in netlink.tables(runner) if t.family == "inet" and t.name in SLOTS and not t.dormant)
    return tuple(sorted(t.name for t in found))


def generation_of(runner: Runner, table: str) -> int | None:
    """The number of the generation that a slot holds, as a chain's name tells it (compile.generation_name); or None."""
    try:
        names = [name for name in chain_names(runner, table) if name.startswith("gen_")]
        (found,) = (int(name.removeprefix("gen_"), 16) for name in names)
    except (KernelError, ValueError):
        return None
    return found if found < _NEVER_AWAKE else None


def ticket() -> int:
    """What a slot has in place of its generation's number until its flip: nobody else's, and no generation's.

    So a slot that was left half loaded is nothing to flip to, and of two that load at once only one can flip.
    """
    return _NEVER_AWAKE | secrets.randbits(31)


def demand_back(runner: Runner, slots: Slots, error: BaseException) -> None:
    """After a change that failed: Unsettled if what was live before it isn't, as somebody else took our tables away."""
    now: tuple[str, ...] = ()
    with suppress(KernelError, RunnerError):
        now = awake(runner)
    if slots.live is not None and slots.live.name not in now:
        raise Unsettled(
            f"{error}; and what was live before on {runner.where} isn't any more: somebody else took our tables away",
            "`segctl apply`, or `segctl boot`, which loads what was confirmed last",
        ) from error


def delete_empty(runner: Runner) -> None:
    """Take sleeping slots away that hold nothing, as a word to a table that is gone leaves them: nft 1.0.6 can't list
    them (its JSON ends in the middle).
    """
    for one in netlink.tables(runner):
        if one.family == "inet" and one.name in SLOTS and one.dormant and not chain_names(runner, one.name):
            nft.load(runner, render_delete(one.name))


def delete_slot(runner: Runner, table: str) -> None:
    """Take a sleeping table of ours away, if it is there; NotApplied if somebody woke it meanwhile."""
    found = next((t for t in netlink.tables(runner) if t.name == table and t.family == "inet"), None)
    if found is None:
        return
    if not found.dormant:
        raise NotApplied(
            f"{table} on {runner.where} was woken meanwhile: somebody else changes our tables", "try again"
        )
    nft.load(runner, render_delete(table))
