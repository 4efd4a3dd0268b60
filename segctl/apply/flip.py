"""The one transaction that changes what is awake, with the hold table's exceptions as the new generation has them."""

import time
from contextlib import suppress

from segctl.apply import hold
from segctl.compile import render_flip, render_sleep
from segctl.kernel import netlink, nft
from segctl.kernel.errors import NotUnderstood
from segctl.model.generation import Side
from segctl.runner import Runner
from segctl.store import State, StoreError


def flip(runner: Runner, state: State, slot: str, generation: int, old: str | None, ticket: int | None = None) -> None:
    """Wake a slot that holds `generation` (or still its ticket), and put `old` to sleep.

    KernelRefused, and nothing was done, if the slot isn't what it should be.
    """
    there = {one.name for one in netlink.tables(runner) if one.family == "inet"}
    words = render_flip(slot, generation, old if old in there else None, ticket)  # else it would be made, and be empty
    if hold.TABLE in there and (side := side_of(state, generation)) is not None:
        with suppress(NotUnderstood):  # kept by another segctl: then what passes stays as it is
            words += "\n" + hold.text(side, time.time_ns() // 1_000_000)
    nft.load(runner, words)


def put_to_sleep(runner: Runner, slot: str) -> None:
    """Nothing of ours is enforced then, but for what is held."""
    nft.load(runner, render_sleep(slot))


def side_of(state: State, generation: int | None) -> Side | None:
    """What is kept of a generation, None if it can't be read: no flip backwards may fail for that."""
    with suppress(StoreError):
        return state.generations.side(generation) if generation is not None else None
    return None
