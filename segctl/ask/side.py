"""One of two policies that are compared: what it says of pairs, what it looks at in an address, how it judges.

As a whole, by `judge`; or at one of its points, by what the packet meets there: coverage is left out, and of what
points need to live only that point's own counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntFlag
from typing import NamedTuple

from segctl.model.decision import Decision, Effect, Outcome, Step
from segctl.model.point import Point, PointKind
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.selector import POINTS, WORLD
from segctl.model.strictness import Answer, Mode, ModeKind, Verdict
from segctl.policy import Policy, decide, judge, judge_at_point
from segctl.policy.coverage import behind
from segctl.policy.effect import lenient, mode_of


class Kind(IntFlag):
    """What a statement does to a pair that it speaks of: all that the law's steps tell apart in it."""

    NEEDED = 1
    MANAGED = 2
    GUARDED = 4
    ALLOWED = 8
    REMEDIED = 16


class Said(NamedTuple):
    """A statement that holds at that time, whatever it is called: all pairs of `source` and `destination`."""

    source: Ranges
    destination: Ranges
    traffic: Ranges
    kind: Kind


class Like(NamedTuple):
    """A mode without its words."""

    kind: ModeKind
    services: Ranges


class Stance(NamedTuple):
    """All that the judgement looks at in an address, but for the statements that name it and whose segment it shares.

    falls: intra, ingress and egress, the answer, quarantine; None of a special address. mode: None of a world that
    takes the other end's; `default` stands there then. own: the gateways whose own it is; lives: the interfaces (with
    their gateway) behind which it lives. is_point, is_host: covered for what it is. site: whether there are points, and
    gateways.
    """

    falls: tuple[Verdict, Verdict, Verdict, Answer, bool] | None
    mode: Like | None
    default: Like | None
    own: frozenset[str]
    lives: frozenset[tuple[str, str]]
    is_point: bool
    is_host: bool
    site: tuple[bool, bool]

    @property
    def special(self) -> bool:
        return self.falls is None

    @property
    def here(self) -> bool:
        """Whether a packet from or to it may be at the gateway that is looked at."""
        return self.special or bool(self.own) or bool(self.lives)

    def selected(self) -> Iterator[Ranges]:
        """Services that its mode tells from others."""
        for mode in (self.mode, self.default):
            if mode is not None and mode.kind is ModeKind.SELECTIVE:
                yield mode.services


@dataclass(slots=True)
class Side:
    """A policy at a time, and perhaps at one point; a point that it doesn't have enforces nothing."""

    policy: Policy
    at: datetime
    point: str | None = None
    _here: Point | None = field(init=False)
    _own_addresses: Ranges = field(init=False)
    _places: dict[str | None, frozenset[tuple[str, str]]] = field(init=False)

    def __post_init__(self) -> None:
        site = self.policy.site
        self._here = site.points.get(self.point) if self.point is not None else None
        self._own_addresses = _own(self.policy, self._here)
        if self.point is not None:
            kept = tuple(row for row in self.policy.essentials if row.point in (None, self.point))
            self.policy = replace(self.policy, essentials=kept if self._here is not None else ())
        found: dict[str | None, set[tuple[str, str]]] = {}
        for gateway in self._gateways():
            for interface in gateway.interfaces.values():
                for name in interface.segments:
                    found.setdefault(name, set()).add((gateway.name, interface.name))
        self._places = {name: frozenset(places) for name, places in found.items()}

    def _gateways(self) -> tuple[Point, ...]:
        """Those whose interfaces matter."""
        if self.point is None:
            return self.policy.site.gateways()
        return (self._here,) if self._here is not None and self._here.kind is PointKind.GATEWAY else ()

    def statements(self) -> Iterator[Said]:
        """Everything that is said of pairs at that time."""
        policy = self.policy
        for flow in policy.flows.items:
            if flow.said.active(self.at):
                kind = Kind.REMEDIED if flow.said.remediation else Kind.ALLOWED
                yield Said(flow.source, flow.destination, flow.traffic, kind)
        for rail in policy.guardrails.items:
            yield Said(rail.source, rail.destination, rail.traffic, Kind.GUARDED)
        for entry in policy.management.items:
            yield Said(entry.source, entry.destination, entry.traffic, Kind.MANAGED)
        for row in policy.essentials:
            if not (row.own_end or row.near):
                yield Said(row.source, row.destination, row.traffic, Kind.NEEDED)
                continue
            ends = policy.special if row.near else row.own | policy.special  # one end must be such: two products
            yield Said(row.source & ends, row.destination, row.traffic, Kind.NEEDED)
            yield Said(row.source, row.destination & ends, row.traffic, Kind.NEEDED)

    def sets(self) -> Iterator[Ranges]:
        """Every set by which two addresses are told apart whatever is said of them.

        What points need to live says the most of it, too; this doesn't rely on it.
        """
        policy = self.policy
        yield from policy.partition.own.values()
        yield from policy.partition.home.values()
        yield from (policy.special, policy.host_addresses, self._own_addresses)
        points = policy.partition.own[POINTS]
        for gateway in policy.site.gateways():
            yield policy.gateways[gateway.name]
            for interface in gateway.interfaces.values():
                yield interface.networks() & points  # tells only where another gateway's address lives

    def stance(self, address: int) -> Stance:
        """What matters of an address."""
        policy = self.policy
        name = policy.segment_of(address)
        said = mode_of(policy, name if name is not None else WORLD)
        mode = _like(said)
        default = _like(policy.site.default_mode) if mode is None else None
        site = self._site()
        is_host = address in (self._own_addresses if self.point is not None else policy.host_addresses)
        if name is None:
            return Stance(None, mode, default, frozenset(), frozenset(), False, is_host, site)
        profile = policy.site.segments[name].profile
        falls = (profile.intra, profile.ingress, profile.egress, profile.answer, profile.quarantine)
        own = frozenset(one.name for one in self._gateways() if address in policy.gateways[one.name])
        is_point = address in policy.partition.own[POINTS]
        return Stance(falls, mode, default, own, self._lives(address, is_point), is_point, is_host, site)

    def _site(self) -> tuple[bool, bool]:
        if self.point is not None:
            return self._here is not None, bool(self._gateways())
        return bool(self.policy.site.points), bool(self.policy.site.gateways())

    def _lives(self, address: int, is_point: bool) -> frozenset[tuple[str, str]]:
        if not is_point:
            return self._places.get(self.policy.home_of(address), frozenset())
        gateways = self._gateways()
        return frozenset((one.name, place) for one in gateways for place in behind(self.policy, one, address))

    def looks_at(self, source: Stance, destination: Stance) -> bool:
        """Whether the point, if there is one, sees what these two say to each other."""
        if self.point is None:
            return True
        if self._here is None:
            return False
        if self._here.kind is PointKind.HOST:
            return source.is_host or destination.is_host
        if not (source.here and destination.here):
            return False
        one_place = source.lives == destination.lives and len(source.lives) == 1
        return not one_place

    def decide(self, source: int, destination: int, traffic: int) -> Decision:
        """The decision alone, at a half of the cost."""
        return decide(self.policy, source, destination, traffic, self.at)

    def judge(self, source: int, destination: int, traffic: int) -> Outcome:
        """What a new connection meets: everywhere, or at the point."""
        if self.point is None:
            return judge(self.policy, source, destination, traffic, self.at)
        if self._here is None:
            return Outcome(self.decide(source, destination, traffic), Effect.PASS, uncovered=True)
        outcome = judge_at_point(self.policy, source, destination, traffic, self.at)
        fixed = outcome.decision.step in (Step.ESSENTIAL, Step.SPECIAL)
        if fixed or self._here.kind is PointKind.HOST or all(self._is_here(end) for end in (source, destination)):
            return outcome
        if lenient(self.policy, self.policy.segment_of(source), self.policy.segment_of(destination)):
            return replace(outcome, unbound=True)
        return Outcome(outcome.decision, Effect.DROP, unbound=True)

    def _is_here(self, address: int) -> bool:
        """Whether binding lets it be at this gateway."""
        return address in self._own_addresses or bool(self._lives(address, address in self.policy.own[POINTS]))


def _own(policy: Policy, point: Point | None) -> Ranges:
    """A point's own addresses."""
    if point is None:
        return NOTHING
    if point.kind is PointKind.GATEWAY:
        return policy.gateways[point.name]
    endpoint = policy.site.endpoints.get(point.endpoint or "")
    return Ranges.of((one, one) for one in endpoint.addresses) if endpoint is not None else NOTHING


def _like(mode: Mode | None) -> Like | None:
    return Like(mode.kind, mode.services) if mode is not None else None
