"""Real packets decide: what one rule set lets through and another does not."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from segctl.kernel import nft
from segctl.kernel.errors import KernelRefused
from tests.mutation import helpers
from tests.mutation.ground import Asked, Ground, ground
from tests.mutation.oddities import oddities
from tests.mutation.places import STRAY_ADDRESSES, Places
from tests.mutation.range import Range, opened
from tests.mutation.seen import ANSWER, Loaded, Seen
from tests.mutation.sessions import Session, fresh, made, sessions, shots, ways
from tests.mutation.shots import ACK, FOREIGN, Head, Shot
from tests.mutation.sweeps import Found, common, forward_cells, own_cells, sweep
from tests.mutation.tables import Table
from tests.mutation.targets import Aim, Known, aimed, lives
from tests.packets.truth.bodies import GRE, ICMP, ICMP6, TCP, UDP

_AIMED = 10_000_000  # numbers of aimed shots
_KIN = 3  # questions that are kept of each number
_OF_NUMBER = 5  # connections that are kept of each service and number
_SHOWN = 40  # differing packets that are told


class Refused(Exception):
    """The kernel does not take this rule set."""


@dataclass(frozen=True, slots=True)
class Change:
    """A packet that meets another fate: where it was seen under the original, and under the mutant."""

    shot: Shot
    before: Seen
    after: Seen

    @property
    def passes(self) -> bool:
        """Whether what passes is another: not only the answer."""
        return passed(self.before) != passed(self.after)

    @property
    def outside(self) -> bool:
        """Whether docs/proof.md assumes that there is no such packet: marked by others, or with an address of the
        gateway that the site doesn't name.
        """
        strays = (end for head in (self.shot.head, self.shot.quote) if head for end in (head.source, head.destination))
        marked = FOREIGN <= self.shot.channel < FOREIGN + len(helpers.MARKS)
        return marked or any(end in STRAY_ADDRESSES for end in strays)

    def __str__(self) -> str:
        return f"{self.shot}: before {words(self.before)}, now {words(self.after)}"


def passed(seen: Seen) -> Seen:
    return frozenset(place for place in seen if not place.startswith(ANSWER))


def words(seen: Seen) -> str:
    """Where it was seen, for people."""
    return ", ".join(sorted(seen)) or "nowhere"


@dataclass(slots=True)
class Oracle:
    """A gateway with its original rules, and what became of the common packets under these."""

    range: Range
    original: Table
    ground: Ground
    known: Known
    sessions: list[Session]
    shots: list[Shot]
    loaded: Loaded
    prepared: list[tuple[Shot, bytes]]
    baseline: list[Seen] = field(default_factory=list)
    unsteady: set[int] = field(default_factory=set)

    @property
    def places(self) -> Places:
        return self.range.places

    def load(self, table: Table) -> None:
        """These rules and what stands beside them, nothing else; ours are awake. Refused if the kernel won't."""
        try:
            nft.load(self.places.gateway, "flush ruleset\n" + table.text() + table.beside)
        except KernelRefused as error:
            raise Refused(str(error)) from error
        self.run(table.commands)
        if table.wait:
            time.sleep(table.wait)

    def run(self, commands: Sequence[Sequence[str]]) -> None:
        """Programs in the gateway. Refused if one says no."""
        for argv in commands:
            done = self.places.gateway.run(list(argv))
            if done.code:
                raise Refused(f"{' '.join(argv)}: {done.stderr.strip()}")

    def unload(self) -> None:
        """No rules of anybody's, those of iptables-legacy neither."""
        nft.load(self.places.gateway, "flush ruleset\n")
        for program in ("iptables-legacy", "ip6tables-legacy"):
            for table in ("filter", "mangle", "raw", "nat"):
                self.places.gateway.run([program, "-t", table, "-F"])
            for chain in ("INPUT", "FORWARD", "OUTPUT"):
                self.places.gateway.run([program, "-P", chain, "ACCEPT"])

    def shoot(
        self,
        table: Table,
        more: Sequence[Session],
        volleys: Sequence[tuple[Loaded, int]],
        alone: Sequence[bytes] | None = None,
    ) -> list[list[Seen]]:
        """Sessions made where all passes, then the table, then the volleys.

        `alone`: only the sessions of `more`, each begun by its asking end whatever its mark; then these requests, to
        conntrack.
        """
        text = "flush ruleset\n" + helpers.PREPARE + helpers.HELP
        nft.load(self.places.gateway, text)
        self.range.forget()
        self.range.prepare(made(more, False) if alone is not None else [*self.prepared, *made(more)])
        for request in alone or ():
            self.range.ask(request)
        try:  # in one transaction: conntrack never stops to look
            nft.load(self.places.gateway, "flush ruleset\n" + helpers.HELP + table.text() + table.beside)
        except KernelRefused as error:
            raise Refused(str(error)) from error
        self.run(table.commands)
        if table.wait:
            time.sleep(table.wait)
        return [self.range.volley(loaded, first) for loaded, first in volleys]

    def settle(self) -> None:
        """The common packets under the original, twice: what differs then is no witness."""
        (self.baseline,) = self.shoot(self.original, (), [(self.loaded, 1)])
        (again,) = self.shoot(self.original, (), [(self.loaded, 1)])
        self.unsteady = {at for at, (one, two) in enumerate(zip(self.baseline, again, strict=True)) if one != two}

    def changes(self, table: Table, aim: Aim, seed: int = 1, legacy: bool = False) -> list[Change]:
        """Packets that meet another fate under this table, seen twice; some of each kind. Refused if it won't load."""
        more, aims = aimed(self.ground, aim, self.known, seed)
        loaded = Loaded.of(aims, _AIMED)
        found = self._compared(table, more, loaded, legacy)
        if found:
            again = self._compared(table, more, loaded, legacy)
            found = {at: one for at, one in found.items() if again.get(at) == one}
        return _first(list(found.values()))

    def _compared(self, table: Table, more: Sequence[Session], aims: Loaded, legacy: bool) -> dict[int, Change]:
        """By place in the common packets, then in the aimed ones: what became of them otherwise."""
        before = self.shoot(self.original, more, [(aims, _AIMED)])[0] if aims.shots else []
        try:
            common, now = self.shoot(table, more, [(self.loaded, 1), (aims, _AIMED)])
        finally:
            if legacy:
                self.unload()
        rows = zip([*self.shots, *aims.shots], [*self.baseline, *before], [*common, *now], strict=True)
        return {
            at: Change(shot, one, two)
            for at, (shot, one, two) in enumerate(rows)
            if one != two and at not in self.unsteady
        }


def _first(found: list[Change]) -> list[Change]:
    """Those of which what passes is another before the others; of each kind some."""
    ordered = sorted(found, key=lambda one: (not one.passes, one.outside))
    kinds: dict[object, list[Change]] = {}
    for one in ordered:
        kinds.setdefault((one.passes, one.shot.why, one.shot.head.version), []).append(one)
    turns = [row[at] for at in range(_SHOWN) for row in kinds.values() if at < len(row)][:_SHOWN]
    return [one for one in turns if one.passes] or turns


@contextmanager
def oracle(places: Places, original: Table, bare: bool = False) -> Iterator[Oracle]:
    """For the length of a block; the gateway's rules are its own affair. `bare`: without the common packets."""
    with opened(places) as place:
        if bare:
            yield Oracle(place, original, ground(places, original), Known((), set(), {}, {}), [], [], Loaded(), [])
        else:
            yield _made(place, original)


def _made(place: Range, original: Table) -> Oracle:
    here = ground(place.places, original)
    quiet = helpers.PREPARE.split(" chain carried")[0] + "}\n"
    nft.load(place.places.gateway, "flush ruleset\n" + original.text() + quiet)
    found = [*sweep(place, forward_cells(here)), *sweep(place, own_cells(here))]
    held = sessions(here, found)
    fired = [
        *fresh(here, found),
        *shots(here, held),
        *common(found),
        *oddities(here, found, place.places.policy.essentials),
    ]
    known = Known(tuple(_telling(found)), lives(original), _numbered(found), _let_through(here, found))
    made_ = Oracle(place, original, here, known, held, fired, Loaded.of(fired), list(made(held)))
    made_.settle()
    return made_


def _telling(found: Iterable[Found]) -> list[Asked]:
    """Services by which each number is given, two for each: what aimed packets ask for."""
    by_number: dict[object, list[Asked]] = {}
    for one in found:
        service = one.cell.service
        if one.passed and service[0] in (ICMP, TCP, UDP, GRE, ICMP6):
            some = by_number.setdefault((one.number, one.cell.shot.head.version), [])
            if len(some) < 2 and service not in some:
                some.append(service)
    return list(dict.fromkeys(service for some in by_number.values() for service in some))


def _numbered(found: Iterable[Found]) -> dict[int, list[Head]]:
    """Of each number some questions that it was given to."""
    by_number: dict[int, list[Head]] = {}
    for one in found:
        if one.passed and one.number:
            some = by_number.setdefault(one.number, [])
            if len(some) < _KIN:
                some.append(one.cell.shot.head)
    return by_number


def _let_through(here: Ground, found: Iterable[Found]) -> dict[Asked, list[Session]]:
    """Of each service some connections that are let through, of each number that it is given."""
    by_number: dict[tuple[Asked, int], list[Session]] = {}
    for one in found:
        if one.passed and one.number:
            asks = one.cell.shot.head.with_flags(ACK)
            held = by_number.setdefault((one.cell.service, one.number), [])
            held.append(Session(asks, *ways(here, one), 0, "passed"))
    by_service: dict[Asked, list[Session]] = {}
    for (service, _), held in by_number.items():
        by_service.setdefault(service, []).extend(held[:: max(1, -(-len(held) // _OF_NUMBER))])
    return by_service
