"""Who reaches whom, by effect, in one hop and in any number: exact, by classes of addresses that are treated alike.

A hop is a connection whose effect is pass, over TCP, UDP, SCTP or a whole protocol (design, section 2, Hops); never one
over ICMP alone, nor by what a point needs to live. Who takes over one address of a machine has all of it: an endpoint's
or a gateway's other addresses, in either family, are his to speak from. Special addresses are nobody's. `world` begins
and ends ways, it continues none.

Sets of classes are masks, as in `joint`. A class is looked at when it is first asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

from segctl.ask.joint import Joint, bits
from segctl.ask.look import Look
from segctl.ask.search import Group, Piece, Search
from segctl.ask.side import Side
from segctl.model.decision import Effect, Outcome, Step
from segctl.model.ranges import Ranges
from segctl.model.selector import WORLD
from segctl.model.service import ICMP_TRAFFIC
from segctl.model.strictness import Verdict
from segctl.policy import Policy

_MANY = 256  # addresses that no machine has


class Hops(NamedTuple):
    """What a class reaches in one hop over something that is allowed, that is denied and only observed, or that nothing
    denies in deed: a target may be in several.
    """

    allowed: int = 0
    observed: int = 0
    uncovered: int = 0

    def chosen(self, *, observed: bool, uncovered: bool) -> int:
        """All together, or without what is only observed or uncovered."""
        return self.allowed | (self.observed if observed else 0) | (self.uncovered if uncovered else 0)


class Rings(NamedTuple):
    """Classes by the number of hops.

    reached: those that are reached first in one hop, in two, …; speaking: those from which he can speak first after
    none, after one, …: of what he reached, with the other addresses of the machines there.
    """

    reached: tuple[int, ...]
    speaking: tuple[int, ...]

    def all(self) -> int:
        """All that is reached."""
        return reduce(or_, self.reached, 0)


class Machine(NamedTuple):
    """Whoever has these addresses: `name` of an endpoint or a gateway; `classes` in which they are."""

    name: str
    addresses: Ranges
    classes: int


@dataclass(slots=True)
class Reach:
    """The ways of one side of a search. `linked`: of each class all classes of the machines with addresses in it."""

    search: Search
    side: int = 0
    machines: list[Machine] = field(init=False)
    linked: dict[int, int] = field(init=False)
    world: int = field(init=False)
    _whose: int = field(init=False)  # all but the special classes
    _owners: dict[int, int] = field(init=False)  # of a machine's address: its place in `machines`
    _known: dict[Group, Hops] = field(default_factory=dict)
    _hops: dict[int, Hops] = field(default_factory=dict)
    _rings: dict[tuple[int, bool, bool, bool, int], Rings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policy, joint = self.policy, self.joint
        self.world = joint.mask(policy.partition.own[WORLD])
        self._whose = (joint.masks[0] | joint.masks[1]) & ~joint.mask(policy.special)
        self.machines = [Machine(name, one, self.touching(one)) for name, one in _machines(policy)]
        self._owners = {one: at for at, machine in enumerate(self.machines) for one in _each(machine.addresses)}
        self.linked = {}
        for machine in self.machines:
            if machine.classes & (machine.classes - 1):  # in several
                for at in bits(machine.classes):
                    self.linked[at] = self.linked.get(at, 0) | machine.classes

    @property
    def policy(self) -> Policy:
        return self.search.sides[self.side].policy

    @property
    def joint(self) -> Joint:
        return self.search.known.joint

    def touching(self, addresses: Ranges) -> int:
        """The classes in which some of these are, special ones left out."""
        return self.joint.meeting(addresses) & self._whose

    def kinds(self, addresses: Ranges) -> dict[int, Ranges]:
        """The machines among these addresses by the classes that each can speak from: their addresses here."""
        found: dict[int, list[tuple[int, int]]] = {}
        rest = addresses - self.policy.special
        for machine in self.machines:
            if here := machine.addresses & rest:
                found.setdefault(machine.classes, []).extend(here)
        rest -= Ranges.of(span for spans in found.values() for span in spans)
        for at in bits(self.touching(rest)):
            found.setdefault(1 << at, []).extend(self.joint.classes[at] & rest)
        return {classes: Ranges.of(spans) for classes, spans in sorted(found.items())}

    def hops(self, source: int) -> Hops:
        """What a class reaches in one hop; itself only if there is another machine in it."""
        if source not in self._hops:
            found = self._found(source)
            if self._alone(source):
                found = Hops(*(mask & ~(1 << source) for mask in found))
            self._hops[source] = found
        return self._hops[source]

    def direct(self, source: int) -> Iterator[tuple[int, list[Piece]]]:
        """What a class reaches in one hop, in parts (masks) that are treated alike, with what passes on some side."""
        itself = 1 << source if self._alone(source) else 0
        for whole, pieces in self.search.found(self._group(source), source):
            if (part := whole & ~itself) and any(map(self.passing, pieces)):
                yield part, pieces

    def _group(self, source: int) -> Group:
        return self.search.group(source, self.joint.half(source) & self._whose)

    def _found(self, source: int) -> Hops:
        group = self._group(source)
        if group not in self._known:
            allowed = observed = uncovered = 0
            for part, pieces in self.search.found(group, source):
                for look in filter(None, map(self.passing, pieces)):
                    if look.verdict is Verdict.ALLOW:
                        allowed |= part
                    elif look.uncovered:
                        uncovered |= part
                    else:
                        observed |= part
            self._known[group] = Hops(allowed, observed, uncovered)
        return self._known[group]

    def own(self, start: int) -> int:
        """Those of the classes of one machine in which nobody else is."""
        return sum(1 << at for at in bits(start) if self._alone(at))

    def _alone(self, at: int) -> bool:
        """Whether a class is one machine's."""
        one = self.joint.classes[at]
        if one.size() == 1:
            return True
        owners = {self._owners.get(address) for address in _each(one)} if one.size() < _MANY else {None}
        return len(owners) == 1 and None not in owners

    def passing(self, piece: Piece) -> Look | None:
        """How a piece passes for this side, as a hop."""
        look = piece.looks[self.side]
        return look if is_hop(look.effect, look.step) and (piece.traffic - ICMP_TRAFFIC) else None

    def rings(
        self,
        start: int,
        *,
        through_world: bool = False,
        observed: bool = True,
        uncovered: bool = True,
        without: int = 0,
    ) -> Rings:
        """From one machine that can speak from these classes, its own addresses left out.

        `without`: no way leads through those.
        """
        key = start, through_world, observed, uncovered, without
        if key not in self._rings:
            self._rings[key] = self._spread(start, through_world, observed, uncovered, without)
        return self._rings[key]

    def _spread(self, start: int, through_world: bool, observed: bool, uncovered: bool, without: int) -> Rings:
        own = self.own(start)

        def hops(at: int) -> int:
            return self.hops(at).chosen(observed=observed, uncovered=uncovered) & ~own

        return self.spread(
            start,
            hops,
            through_world=through_world,
            without=without,
        )

    def spread(
        self, start: int, hops: Callable[[int], int], *, through_world: bool = False, without: int = 0
    ) -> Rings:  # fmt: skip
        """As `rings`, where a class reaches in one hop what `hops` says."""
        reached, spoken, frontier = 0, start, start
        rings: list[int] = []
        speaking = [start]
        while frontier:
            new = 0
            for at in bits(frontier):
                new |= hops(at)
            new &= ~reached
            if not new:
                break
            reached |= new
            rings.append(new)
            frontier = (new if through_world else new & ~self.world) & ~without
            for at in bits(frontier):
                frontier |= self.linked.get(at, 0)
            frontier &= ~spoken & ~without
            spoken |= frontier
            speaking.append(frontier)
        return Rings(tuple(rings), tuple(speaking))


def reach(policy: Policy, at: datetime) -> Reach:
    """All ways of one policy at a time."""
    return Reach(Search((Side(policy, at),), may_hop))


def may_hop(outcomes: tuple[Outcome, ...]) -> bool:
    """Whether it passes on some side, as a hop does."""
    return any(is_hop(one.effect, one.decision.step) for one in outcomes)


def is_hop(effect: Effect, step: Step) -> bool:
    """What a point needs to live takes nobody further (docs/decisions/readings.md)."""
    return effect is Effect.PASS and step is not Step.ESSENTIAL


def _machines(policy: Policy) -> Iterator[tuple[str, Ranges]]:
    """Endpoints and gateways; those that share an address are taken for one."""
    every = [(one.name, Ranges.of((a, a) for a in one.addresses)) for one in policy.site.endpoints.values()]
    every += policy.gateways.items()
    found: dict[int, tuple[str, Ranges]] = {}
    owners: dict[int, int] = {}
    for number, (name, said) in enumerate(every):
        addresses = said - policy.special
        for other in sorted({owners[one] for one in _each(addresses) if one in owners}):
            also, more = found.pop(other)
            name, addresses = f"{also}, {name}", addresses | more
        found[number] = name, addresses
        owners |= dict.fromkeys(_each(addresses), number)
    yield from found.values()


def _each(addresses: Ranges) -> Iterator[int]:
    for first, last in addresses:
        yield from range(first, last + 1)
