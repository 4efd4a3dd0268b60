"""The kernel's own trace of the next packet that somebody looks for (nftrace).

While it is watched, a table of our own asks the kernel to trace such packets (`nftrace_rules`); it changes nothing of
what they meet, and ends with our socket, whatever ends us. Every chain then tells what it does with them
(`nftrace_events`), which is put together again by packet (`nftrace_gather`).
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from segctl.kernel.errors import KernelRefused, NotUnderstood
from segctl.kernel.nfset import NFT
from segctl.kernel.nftrace_events import Ear, NoTracing, cannot_trace
from segctl.kernel.nftrace_gather import Bit, Gatherer, Ours, Seen
from segctl.kernel.nftrace_rules import BORN, PREFIX, TOLD, Layout, bits_told, messages
from segctl.kernel.wire import NLM_F_DUMP, Channel, Message, answer, number, steadily, string, text
from segctl.model.sought import Sought
from segctl.runner import Runner

__all__ = ["PREFIX", "Layout", "NoTracing", "Seen", "Watch", "rule_handles", "watching"]

Handles = dict[tuple[str, str, str], tuple[int, ...]]

_GETRULE = NFT | 7
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_QUIET = 0.3
"""Seconds after which a packet that is under way won't be seen again: rules take microseconds."""


class Watch:
    """Hears of packets while tracing is on."""

    def __init__(self, ear: Ear, ours: Ours) -> None:
        self._ear = ear
        self._gatherer = Gatherer(ours)
        self._whole: list[Seen] = []

    def next(self, until: float) -> Seen | None:
        """The next packet, whole; None if none has come by that time (`time.monotonic`). Unsteady if some was lost."""
        while not self._whole:
            now = time.monotonic()
            if now >= until and not self._gatherer.under_way:
                return None
            heard = list(self._ear.heard(now + _QUIET if self._gatherer.under_way else until))
            for event in heard:
                self._whole += self._gatherer.hear(event)
            if not heard:
                self._whole += self._gatherer.left()
        return self._whole.pop(0)


@contextmanager
def watching(runner: Runner, sought: Sought, layout: Layout) -> Iterator[Watch]:
    """Tracing is on inside the block, for packets as sought. Raises NoTracing, NoPrivilege, KernelRefused.

    The rules' generation (`tables.generation`) goes up by one.
    """
    table = f"{PREFIX}{os.getpid()}"
    with closing(Ear(runner)) as ear, Channel(runner) as holder:
        try:
            holder.transact(messages(table, sought, layout))
        except KernelRefused as error:
            raise cannot_trace(runner.where, error.errno) from error
        yield Watch(ear, Ours(table, _bits(holder, table, sought, layout)))


def _bits(holder: Channel, table: str, sought: Sought, layout: Layout) -> Mapping[int, Bit]:
    """The handles that the kernel gave to the rules that tell a bit."""
    found: dict[int, Bit] = {}
    family = 2 if sought.family == 4 else 10
    held = _handles(holder, family, table)
    for chain in (BORN, TOLD):
        told = bits_told(layout, sought, chain)
        handles = held.get((_FAMILIES[family], table, chain), ())
        if len(handles) != len(told):
            raise NotUnderstood(f"the kernel lists {len(handles)} of {len(told)} rules that trace")
        found |= dict(zip(handles, told, strict=True))
    return found


def rule_handles(runner: Runner) -> Handles:
    """The handles of every chain's rules in order, by family, table and chain: iptables-save doesn't tell them."""
    with Channel(runner) as channel:
        return _handles(channel)


def _handles(channel: Channel, family: int = 0, table: str = "") -> Handles:
    found: Handles = {}
    asked = text(1, table) if table else b""
    for body in steadily(channel, Message(_GETRULE, asked, "reading the rules' handles", NLM_F_DUMP, family)):
        said = answer(body)  # NFTA_RULE_*: 1 table, 2 chain, 3 handle
        key = _FAMILIES.get(body[0], str(body[0])), string(said[1]), string(said[2])
        found[key] = (*found.get(key, ()), number(said[3]))
    return found
