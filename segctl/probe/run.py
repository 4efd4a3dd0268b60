"""A whole run: ways, controls, every cell, a second try of what is missing, controls again, the judgement."""

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from segctl.model.service import protocol_of
from segctl.probe.controls import Bench, links_of, listeners_of
from segctl.probe.event import Event
from segctl.probe.forget import forget, waves
from segctl.probe.judge import Attempt, Controls, Trial, settle, settled
from segctl.probe.limits import answering
from segctl.probe.listen import Ears
from segctl.probe.neighbours import known
from segctl.probe.numbers import Numbers
from segctl.probe.packet import Packet, make
from segctl.probe.result import Cell, Tried
from segctl.probe.send import Voice
from segctl.probe.stage import Stage
from segctl.probe.way import Map, Pair, survey, ways

Progress = Callable[[int, int], None]
"""Told how many packets are sent, of how many."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Packets sent without a look at the ears; seconds of quiet that end a round, seconds that it takes at most.

    `ready`: seconds that interfaces may take for duplicate address detection before the first packet. `patience`:
    seconds that a control may take; a new bridge's port forwards up to a second late (the kernel's link watch).
    """

    batch: int = 64
    quiet: float = 0.06
    longest: float = 1.0
    ready: float = 3.0
    patience: float = 2.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A run's cells, and the packets that it took, controls included."""

    tried: tuple[Tried, ...]
    packets: int


def plan(stage: Stage, cells: Iterable[Cell], points: Collection[str] = (), pace: Pace | None = None) -> "Planned":
    """Ask the machines for the ways of all cells. With `points`, only cells that end at one of these or cross it stay.

    Raises StageError, RunnerError.
    """
    known = _survey_when_ready(stage, pace or Pace())
    kept = tuple(cells)
    found = ways(stage, known, (_pair(cell) for cell in kept))
    trials = []
    for cell in kept:
        way = found[_pair(cell)]
        names = {cell.source.node, cell.destination.node, *(link.to for link in way.links)}
        if not points or any(stage.by_name[name].point in points for name in names):
            source, destination = stage.by_name[cell.source.node], stage.by_name[cell.destination.node]
            trials.append(Trial(cell, way, source.filters, destination.filters))
    return Planned(stage, known, tuple(trials), pace or Pace())


@dataclass(frozen=True)
class Planned:
    """What a run will do: `trials` without attempts."""

    stage: Stage
    known: Map
    trials: tuple[Trial, ...]
    pace: Pace

    def carry_out(self, progress: Progress = lambda done, of: None, seed: int | None = None) -> Ran:
        """Send, listen, judge. Nothing stays behind but what the packets themselves left in connection tracking."""
        sent: dict[int, Packet] = {}
        protocols = {(trial.cell.family, protocol_of(trial.cell.traffic)) for trial in self.trials}
        with Voice(self.stage) as voice, Ears(self.stage, protocols, sent) as ears:
            return _Run(self, voice, ears, Numbers(seed), sent, progress).whole()


class _Run:
    """One run's state: what was sent, and what was noticed of it."""

    def __init__(
        self, plan: Planned, voice: Voice, ears: Ears, numbers: Numbers, sent: dict[int, Packet], progress: Progress
    ) -> None:
        self._plan, self._voice, self._ears, self._numbers = plan, voice, ears, numbers
        self._sent, self._progress = sent, progress
        self._noticed: dict[int, list[Event]] = {}
        self._tokens: dict[int, list[int]] = {}  # of a trial, by its place
        stops = {name for t in plan.trials for name in (t.cell.source.node, *(link.to for link in t.way.links))}
        self._filtering = tuple(node for node in plan.stage.nodes if node.filters and node.name in stops)

    def whole(self) -> Ran:
        trials = self._plan.trials
        free = frozenset(node.name for node in self._filtering if answering(node.runner))
        patience = self._plan.pace.patience
        bench = Bench(self._voice, self._ears, self._numbers, self._plan.known, self._sent, self._notice, patience)
        links, listeners = links_of(trials), listeners_of(trials)
        hops = {link for link, _ in links}
        carried, listening = bench.carried(links), bench.listening(listeners)
        resolved = known(self._plan.stage, hops, patience)
        self._round(range(len(trials)), len(trials))
        again = [n for n, trial in enumerate(trials) if not settled(trial, self._attempts(n)[0], free)]
        self._round(again, len(trials) + len(again))
        carried &= bench.carried({link: links[link] for link in carried})
        listening &= bench.listening({listener: listeners[listener] for listener in listening})
        resolved &= known(self._plan.stage, resolved, patience)
        controls = Controls(carried, listening, resolved, self._changed(), self._ears.deaf(), free)
        judged = (settle(replace(t, attempts=self._attempts(n)), controls) for n, t in enumerate(trials))
        return Ran(tuple(judged), self._voice.packets)

    def _round(self, places: Collection[int], total: int) -> None:
        """Once each of these trials; those that could be taken for one another's replies apart."""
        done = total - len(places)
        plain, there, back = waves(places, self._plan.trials)
        self._wave(plain, done, total)
        for way, sent in ((there, done + len(plain)), (back, total - len(back))):
            if way:
                self._forget(way)
                self._wave(way, sent, total)
                self._forget(way)

    def _forget(self, places: Iterable[int]) -> None:
        forget(self._filtering, (self._plan.trials[place] for place in places))

    def _wave(self, places: Collection[int], done: int, total: int) -> None:
        """One packet for each of these trials, with a token and a source port of its own; then until it is quiet."""
        for count, place in enumerate(places, 1):
            cell = self._plan.trials[place].cell
            token = self._numbers.token()
            packet = make(cell.source.address, cell.destination.address, cell.traffic, self._numbers.port(), token)
            self._sent[token] = packet
            self._tokens.setdefault(place, []).append(token)
            self._notice([self._voice.send(cell.source.node, packet)])
            if count % self._plan.pace.batch == 0:
                self._notice(self._ears.hear(0))
                self._progress(done + count, total)
        end = time.monotonic() + self._plan.pace.longest
        while places and time.monotonic() < end and (heard := self._ears.hear(self._plan.pace.quiet)):
            self._notice(heard)
        self._progress(done + len(places), total)

    def _notice(self, events: Iterable[Event]) -> None:
        for event in events:
            self._noticed.setdefault(event.token, []).append(event)

    def _attempts(self, place: int) -> tuple[Attempt, ...]:
        return tuple(Attempt(token, tuple(self._noticed.get(token, ()))) for token in self._tokens.get(place, ()))

    def _changed(self) -> frozenset[Pair]:
        """Pairs that would go another way now than before."""
        before = {trial.pair: trial.way for trial in self._plan.trials}
        after = ways(self._plan.stage, survey(self._plan.stage), before)
        return frozenset(pair for pair, way in before.items() if after[pair] != way)


def _pair(cell: Cell) -> Pair:
    return cell.source.node, cell.source.address, cell.destination.address


def _survey_when_ready(stage: Stage, pace: Pace) -> Map:
    """Addresses that are still tentative (RFC 4862, section 5.4) neither send nor receive: wait for them a little."""
    end = time.monotonic() + pace.ready
    while True:
        known = survey(stage)
        waiting = [port for ports in known.ports.values() for port in ports.values() if port.tentative]
        if not waiting or time.monotonic() > end:
            return known
        time.sleep(0.1)
