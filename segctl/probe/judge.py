"""From what was noticed to what it means: pure, no I/O, so that it is tried without a packet.

*Delivered* needs the far side's word that this very packet came. Silence is *blocked* only with a positive control on
the same path, before and after; and as the policy may forbid everything between two ends, the control is made of legs:

    source ──(a)──▶ gateway ──(b)── routes it ──(c)──▶ destination

(a) this very packet was captured arriving at the gateway, before its filter; (b) the gateway's routing would send it
on towards the destination, and it knows its neighbour's link-layer address; (c) a frame put on the wire behind the
gateway's filter reached the destination. Between (a) and (c) there is nothing but the gateway itself: what came in and
did not leave, although the rest of the way works, was stopped there. The same holds with several gateways, each link in
turn, and for the gateways' own addresses, where (c) is that their sockets hear what the input hook lets through. On
output the kernel itself says that a filter refused the packet (EPERM). Whatever lacks a leg is *inconclusive*, never a
pass.
"""

from collections.abc import Set
from dataclasses import dataclass

from segctl.model.decision import Effect
from segctl.model.ranges import show_address
from segctl.model.service import TCP, protocol_of
from segctl.probe.event import Event, Kind
from segctl.probe.result import Answer, Cell, Seen, Standing, Tried
from segctl.probe.way import Link, Pair, Way

Listener = tuple[str, int, int]
"""A machine, a family, a protocol: what it lets in of these is heard by one socket."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One packet of a cell with all that was noticed of it."""

    token: int
    events: tuple[Event, ...]

    def has(self, kind: Kind, node: str, interface: str | None = None) -> bool:
        """Whether that was noticed there, by that interface or by any."""
        return any(e.kind is kind and e.node == node and interface in (None, e.interface) for e in self.events)

    def answer(self) -> Answer | None:
        """What came back; a refusal counts before anything else."""
        answers = [event.answer for event in self.events if event.kind is Kind.ANSWERED and event.answer]
        return min(answers, key=lambda answer: _REFUSALS.index(answer) if answer in _REFUSALS else 9, default=None)


_REFUSALS = (Answer.RESET, Answer.PROHIBITED, Answer.CLOSED)


@dataclass(frozen=True, slots=True)
class Trial:
    """A cell with its way and its attempts; which of its ends may have a filter of their own."""

    cell: Cell
    way: Way
    source_filters: bool
    destination_filters: bool
    attempts: tuple[Attempt, ...] = ()

    @property
    def pair(self) -> Pair:
        """What its way was asked for."""
        return self.cell.source.node, self.cell.source.address, self.cell.destination.address

    @property
    def listener(self) -> Listener:
        """Which socket hears it, if its destination filters."""
        return self.cell.destination.node, self.cell.family, protocol_of(self.cell.traffic)


@dataclass(frozen=True, slots=True)
class Controls:
    """What worked before and after the cells: `carried` by link and family, `listening` by listener.

    known: links whose sender knew the next machine's link-layer address.
    changed: pairs whose way was another one afterwards. deaf: machines whose sockets ran over.
    answering: machines whose ICMP errors are under no rate limit.
    """

    carried: Set[tuple[Link, int]] = frozenset()
    listening: Set[Listener] = frozenset()
    known: Set[Link] = frozenset()
    changed: Set[Pair] = frozenset()
    deaf: Set[str] = frozenset()
    answering: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of one attempt; `at` is the machine that stopped it."""

    seen: Seen
    reason: str
    answer: Answer | None = None
    at: str = ""


def settle(trial: Trial, controls: Controls) -> Tried:
    """A cell's result: the surest of its attempts, held against what the law expects."""
    fates = [_fate(trial, attempt, controls) for attempt in trial.attempts]
    fate = min(fates, key=lambda fate: _SUREST.index(fate.seen), default=_Fate(Seen.INCONCLUSIVE, "it was not tried"))
    standing, note = _compare(trial.cell, fate, controls)
    return Tried(trial.cell, fate.seen, standing, fate.reason, fate.answer, note)


_SUREST = (Seen.DELIVERED, Seen.REJECTED, Seen.BLOCKED, Seen.INCONCLUSIVE)


def settled(trial: Trial, attempt: Attempt, answering: Set[str]) -> bool:
    """Whether a second attempt could tell us nothing more. A lost packet must not become a blocked one unnoticed."""
    everything = Controls(answering=answering)
    fate = _fate(trial, attempt, everything, trust=True)
    return fate.seen is Seen.DELIVERED or _compare(trial.cell, fate, everything) == (Standing.AGREES, "")


def _fate(trial: Trial, attempt: Attempt, controls: Controls, trust: bool = False) -> _Fate:
    """With `trust` the controls count as good: they aren't done yet."""
    node, answer = trial.cell.destination.node, attempt.answer()
    if attempt.has(Kind.RECEIVED if trial.destination_filters else Kind.ARRIVED, node):
        return _Fate(Seen.DELIVERED, f"{node} got it", answer)
    at, doubt = _stopped(trial, attempt)
    if not doubt and answer is Answer.UNREACHABLE:
        doubt = f"{at or 'a machine'} says that the destination can't be reached"
    if not doubt and not trust:
        doubt = _missing_leg(trial, at, controls)
    if doubt:
        return _Fate(Seen.INCONCLUSIVE, doubt, answer, at)
    if answer in _REFUSALS:
        return _Fate(Seen.REJECTED, f"{at} refused it", answer, at)
    return _Fate(Seen.BLOCKED, f"{at} stopped it", answer, at)


def _stopped(trial: Trial, attempt: Attempt) -> tuple[str, str]:
    """The machine that got the packet and let it go no further; or, in the second place, why that can't be said."""
    source, links = trial.cell.source.node, trial.way.links
    if trial.way.broken:
        return "", trial.way.broken
    if attempt.has(Kind.REFUSED, source):
        own = f"a filter on {source} itself, where none of the site's should be, refused to send it"
        return source, "" if trial.source_filters else own
    if not attempt.has(Kind.SENT, source):
        return "", f"{source} could not send it: {_words(attempt)}"
    for place, link in enumerate(links):
        if not attempt.has(Kind.ARRIVED, link.to, link.into):
            return "", f"{link.node} sent it, but it never arrived at {link.to} by {link.into}"
        following = links[place + 1] if place + 1 < len(links) else None
        if following is None or not attempt.has(Kind.LEFT, link.to):
            return link.to, ""
        if not attempt.has(Kind.LEFT, link.to, following.out):
            return "", f"{link.to} sent it on, but not by {following.out}"
    return "", f"{source} has no way to {trial.cell.destination.node}"


def _missing_leg(trial: Trial, at: str, controls: Controls) -> str:
    """Which control a stop at that machine lacks; empty if none."""
    if trial.pair in controls.changed:
        return "the routes changed while it was tried"
    behind = [link for link in trial.way.links if link.node == at]
    behind = list(trial.way.links[trial.way.links.index(behind[0]) :]) if behind else []
    for link in behind:
        if (link, trial.cell.family) not in controls.carried:
            return f"no control frame came from {link.node} to {link.to}"
        if link not in controls.known:
            return f"{link.node} does not know the link-layer address of {show_address(link.next)}"
    for name in (at, *(link.to for link in behind)):
        if name in controls.deaf:
            return f"{name} could not hear all that came"
    if at == trial.cell.destination.node and trial.listener not in controls.listening:
        return f"the control packet was not heard on {at} itself"
    return ""


def _compare(cell: Cell, fate: _Fate, controls: Controls) -> tuple[Standing, str]:
    """How it stands to the law's effect, and what was odd without counting."""
    expected = cell.expected.effect
    if cell.expected.uncovered:
        return Standing.UNCOVERED, ""
    if fate.seen is Seen.INCONCLUSIVE:
        return Standing.INCONCLUSIVE, ""
    if expected is Effect.REJECT and fate.seen is Seen.BLOCKED:
        if protocol_of(cell.traffic) != TCP and fate.at not in controls.answering:
            return Standing.AGREES, "no answer came, and ICMP errors are rate-limited there"
        return Standing.DIFFERS, "it was stopped, but without the answer that the site promises"
    if expected is Effect.DROP and fate.seen is Seen.REJECTED:
        return Standing.DIFFERS, "it was stopped, but with an answer where the site wants silence"
    wanted = {Effect.PASS: Seen.DELIVERED, Effect.DROP: Seen.BLOCKED, Effect.REJECT: Seen.REJECTED}[expected]
    return (Standing.AGREES if fate.seen is wanted else Standing.DIFFERS), ""


def _words(attempt: Attempt) -> str:
    return next((event.words for event in attempt.events if event.kind is Kind.FAILED), "no reason given")
