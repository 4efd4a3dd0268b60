"""What the site wants of a new connection between two addresses, service by service: `decide`, asked seldom.

`decide` is asked on representatives. Between two addresses its answer changes only where a statement that speaks of
both begins or ends to speak of a service, or a segment in selective mode does; so one service of each such part stands
for all. Essentials are left out: in the rules they hold on their own interface alone (`clauses.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from segctl.model.decision import Effect, Outcome
from segctl.model.flow import Flow
from segctl.model.point import Point, PointKind
from segctl.model.ranges import Ranges
from segctl.model.segment import Segment
from segctl.model.selector import POINTS, WORLD
from segctl.model.service import of_family
from segctl.model.strictness import ModeKind
from segctl.policy import Policy, judge_at_point
from segctl.policy.coverage import behind, bound
from segctl.policy.effect import lenient, mode_of
from segctl.policy.special import special_at_host
from segctl.prove.kinds import half, kinds
from segctl.prove.martians import Martian, kind_of
from segctl.prove.pattern import Item, traffic_items
from segctl.prove.space import Spans

Part = tuple[Ranges, Effect]


class Place(NamedTuple):
    """What matters of an address to the intent, but for the statements that name it.

    `behind`: the point's interfaces behind which it lives. `own`: the point's. `nowhere`: of a segment that no gateway
    lists; at a host its own address, which no other machine has. `stance`: how its segment falls back; two addresses
    of different segments with equal stances are treated alike where no statement names them. `martian`: the kernel has
    its own word on it. `distant`: at a host a broadcast address of a network that it isn't in. `held`: in quarantine at
    run time.
    """

    special: bool
    own: bool
    nowhere: bool
    behind: frozenset[str]
    stance: object
    segment: str | None
    martian: Martian | None = None
    distant: bool = False
    held: bool = False

    @property
    def kind(self) -> tuple[bool, ...]:
        """What it is to the point, whatever its segment."""
        return self.special, self.own, self.nowhere, self.distant, self.held


class Said(NamedTuple):
    """What a statement says of one family: services, addresses, and `items`: the services as `pattern.py` has them."""

    traffic: Ranges
    source: Spans
    destination: Spans
    items: list[Item]


@dataclass(slots=True)
class Effects:
    """The intent of a site for one point, at a time.

    `own`: the point's addresses, in the segments `homes`. `special`: those that the point can meet.
    """

    policy: Policy
    point: Point
    at: datetime
    own: Ranges = field(init=False)
    special: Ranges = field(init=False)
    homes: frozenset[str] = field(init=False)
    _bare: Policy = field(init=False)
    _said: dict[int, list[Said]] = field(default_factory=dict)
    _places: dict[int, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policy, point = self.policy, self.point
        self._bare = replace(policy, essentials=())
        self.own = policy.hosts[point.name] if self.host else policy.gateways[point.name]
        self.special = special_at_host(policy.site, self.own) if self.host else policy.special
        owners = (policy.segment_of(address) for first, last in self.own for address in range(first, last + 1))
        self.homes = frozenset(name for name in owners if name is not None)

    @property
    def host(self) -> bool:
        """Whether the point is a host, which sees its own addresses alone, on interfaces that nobody lists."""
        return self.point.kind is PointKind.HOST

    def place(self, address: int) -> Place:
        """What matters of an address."""
        if address not in self._places:
            self._places[address] = self._place(address)._replace(held=address in self.policy.held)
        return self._places[address]

    def _place(self, address: int) -> Place:
        policy = self.policy
        name = policy.segment_of(address)
        home = policy.home_of(address)
        segment = policy.site.segments[name] if name is not None else None
        own = address in self.own
        martian = kind_of(address) if name is None else None
        if self.host:
            special = address in self.special
            distant = name is None and not special
            return Place(special, own, own, frozenset(), stance(segment), name, martian, distant)
        lost = name is not None and not own and home != POINTS and not bound(policy.site, str(home))
        lives = behind(policy, self.point, address) if name is not None else ()
        held = [i.name for i in self.point.interfaces.values() if address in i.networks()]
        if name == POINTS and held and lives:  # another gateway's address lives behind one interface
            lives = (held[0],)
        return Place(name is None, own, lost, frozenset(lives), stance(segment), name, martian)

    def said(self, family: int) -> list[Said]:
        """All statements about one family, in the law's order of kinds."""
        if family not in self._said:
            self._said[family] = list(self._statements(family))
        return self._said[family]

    def _statements(self, family: int) -> Iterator[Said]:
        policy = self.policy
        for kind in (policy.flows, policy.guardrails, policy.management):
            for statement in kind.items:
                if not concerns(self, statement.source, statement.destination):
                    continue
                some = statement.traffic & of_family(family)
                items = traffic_items(self._like(statement.said), kinds(some, family))
                yield Said(some, half(statement.source, family), half(statement.destination, family), items)

    def _like(self, said: object) -> object:
        """All that the law looks at in a statement but for its ends and services."""
        if isinstance(said, Flow):
            return "flow", said.active(self.at), said.remediation
        return type(said).__name__

    def lenient(self, source: Place, destination: Place) -> bool:
        """Whether both ends observe, as the law's last clause has it."""
        return lenient(self.policy, source.segment, destination.segment)

    def lenient_at_home(self, other: Place) -> bool:
        """The same of all of the point's own segments: of a local address that is no machine's."""
        return all(lenient(self.policy, home, other.segment) for home in self.homes)

    def leniency(self, place: Place) -> object:
        """All that `lenient` looks at in an end."""
        mode = mode_of(self.policy, place.segment or WORLD)
        return mode and mode.kind is ModeKind.ENFORCE

    def parts(self, source: int, destination: int, family: int, told: Iterable[Ranges]) -> tuple[Part, ...]:
        """Every service of the family with its effect; `told`: the traffic of the statements that speak of both ends.

        Disjoint, the largest part last.
        """
        by_effect: dict[Effect, list[tuple[int, int]]] = {}
        for part in _apart(of_family(family), [*told, *self._selected(source, destination)]):
            outcome = self._judge(source, destination, part.first())
            by_effect.setdefault(outcome.effect, []).extend(part)
        parts = [(Ranges.of(spans), effect) for effect, spans in by_effect.items()]
        return tuple(sorted(parts, key=lambda part: part[0].size()))

    def _judge(self, source: int, destination: int, service: int) -> Outcome:
        return judge_at_point(self._bare, source, destination, service, self.at)

    def _selected(self, source: int, destination: int) -> Iterator[Ranges]:
        """The services that a segment in selective mode enforces."""
        site = self.policy.site
        modes = {site.default_mode}
        for end in (source, destination):
            name = self.policy.segment_of(end)
            mode = site.segments[name].mode if name is not None else None
            if mode is not None:
                modes.add(mode)
        yield from (mode.services for mode in modes if mode.kind is ModeKind.SELECTIVE)


def stance(segment: Segment | None) -> object:
    """How a segment falls back. World without a mode takes the other end's: a stance of its own."""
    return None if segment is None else (segment.profile, segment.mode, segment.name == WORLD)


def _apart(whole: Ranges, sets: Iterable[Ranges]) -> list[Ranges]:
    """The parts of a set that each of the others holds wholly or not at all."""
    parts = [whole]
    for cutter in sets:
        parts = [half for part in parts for half in (part & cutter, part - cutter) if half]
    return parts


def concerns(effects: Effects, source: Ranges, destination: Ranges) -> bool:
    """Whether a statement with these ends may speak of a packet that the point sees: at a host an end is its own."""
    return not effects.host or effects.own.meets(source) or effects.own.meets(destination)
