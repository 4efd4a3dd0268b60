"""The positive controls: what must be seen to work, before and after, for silence to mean anything (see judge)."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from segctl.model.service import TCP, protocol_of
from segctl.probe.event import Event, Kind
from segctl.probe.judge import Listener, Trial
from segctl.probe.listen import Ears
from segctl.probe.numbers import Numbers
from segctl.probe.packet import Packet, control, make
from segctl.probe.send import Voice
from segctl.probe.way import Link, Map

_AGAIN = 0.15  # seconds until a control is sent again

LinkOf = tuple[Link, int]
T = TypeVar("T")


def links_of(trials: Iterable[Trial]) -> dict[LinkOf, Trial]:
    """Each link, by family, with a trial whose addresses its control frame bears.

    The links out of the sending hosts too, though no judgement rests on them: they must be ready before a cell is sent.
    """
    found: dict[LinkOf, Trial] = {}
    for trial in trials:
        for link in trial.way.links:
            found.setdefault((link, trial.cell.family), trial)
    return found


def listeners_of(trials: Iterable[Trial]) -> dict[Listener, Trial]:
    """Each socket that hears for a machine with a filter, with a trial that needs it."""
    found: dict[Listener, Trial] = {}
    for trial in trials:
        if trial.destination_filters:
            found.setdefault(trial.listener, trial)
    return found


class Bench:
    """Carries the controls out with a run's own ears and voice."""

    def __init__(
        self,
        voice: Voice,
        ears: Ears,
        numbers: Numbers,
        known: Map,
        sent: dict[int, Packet],
        notice: Callable[[Iterable[Event]], None],
        patience: float,
    ) -> None:
        """`notice` gets what is heard meanwhile, late packets of cells too; `patience`: seconds for each control."""
        self._voice, self._ears, self._numbers, self._known, self._sent = voice, ears, numbers, known, sent
        self._notice, self._patience = notice, patience

    def carried(self, links: Mapping[LinkOf, Trial]) -> set[LinkOf]:
        """The links on which a frame that no filter sees came over."""

        def send(wanted: LinkOf, token: int) -> None:
            link, cell = wanted[0], links[wanted].cell
            packet = control(cell.source.address, cell.destination.address, token)
            self._sent[token] = packet
            ours = self._known.link_address(link.node, link.out)
            self._voice.inject(link.node, link.out, ours, self._known.link_address(link.to, link.into), packet)

        def heard(wanted: LinkOf, event: Event) -> bool:
            return event.kind is Kind.ARRIVED and (event.node, event.interface) == (wanted[0].to, wanted[0].into)

        return self._tried(links, send, heard)

    def listening(self, listeners: Mapping[Listener, Trial]) -> set[Listener]:
        """The sockets that hear what their machine says to itself over loopback, which every point lets live."""

        def send(wanted: Listener, token: int) -> None:
            own, asked = listeners[wanted].cell.destination.address, listeners[wanted].cell.traffic
            if protocol_of(asked) == TCP:
                packet = control(own, own, token)
            else:
                packet = make(own, own, asked, self._numbers.port(), token)
            self._sent[token] = packet
            self._voice.send(wanted[0], packet)

        def heard(wanted: Listener, event: Event) -> bool:
            return event.kind is Kind.RECEIVED and event.node == wanted[0]

        return self._tried(listeners, send, heard)

    def _tried(self, wanted: Iterable[T], send: Callable[[T, int], None], heard: Callable[[T, Event], bool]) -> set[T]:
        """Those of `wanted` that were heard in time; what isn't is sent again, with another token, every so often."""
        missing = set(wanted)
        good: set[T] = set()
        under_way: dict[int, T] = {}
        end = time.monotonic() + self._patience
        while missing and time.monotonic() < end:
            for each in missing:
                token = self._numbers.token()
                under_way[token] = each
                send(each, token)
            again = time.monotonic() + _AGAIN
            while missing and time.monotonic() < again:
                events = self._ears.hear(max(0.0, again - time.monotonic()))
                self._notice(events)
                good |= {under_way[e.token] for e in events if e.token in under_way and heard(under_way[e.token], e)}
                missing -= good
        return good
