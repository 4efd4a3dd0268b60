"""A site for a page that answers many questions by itself: every statement with the pairs that it says something of.

The same as the edges of `segctl.ask.graph` (tests compare them), as products of segments instead of pairs: one flow
from `any` to `any` would be 25 million edges of 5,000 segments. All that the law decides is decided here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from segctl.ask.fallback import Coverage, families
from segctl.ask.graph import names_left, segment_nodes
from segctl.ask.register import state
from segctl.ask.rest import Guards, rest, touched, unforbidden
from segctl.ask.result import State
from segctl.ask.result.page import Atlas, Block, Stated
from segctl.ask.spread import Spread
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.ranges import Ranges
from segctl.model.segment import Waiver, Waivers
from segctl.model.selector import Named, Selectors
from segctl.policy import Policy
from segctl.policy.match import Statement
from segctl.policy.waive import void

Parts = Mapping[str, Ranges]
Said = Statement[Flow] | Statement[Guardrail] | Statement[Management]


def atlas(policy: Policy, at: datetime) -> Atlas:
    """The whole site at a time with zone."""
    maker = _Maker(policy, at)
    said: tuple[Said, ...] = (*policy.management.items, *policy.guardrails.items, *policy.flows.items)
    made = (maker.stated(one) for one in said)
    return Atlas(
        policy.site.name,
        at,
        bool(policy.site.points),
        segment_nodes(policy, at),
        {name: tuple(map(str, segment.members)) for name, segment in policy.site.segments.items()},
        tuple(one for one in made if one.blocks),
        rest(policy, Coverage(policy), maker.guards),
    )


@dataclass(slots=True)
class _Maker:
    policy: Policy
    at: datetime
    spread: Spread = field(init=False)
    guards: Guards = field(init=False)

    def __post_init__(self) -> None:
        self.spread = Spread(self.policy)
        self.guards = Guards(self.policy, self.spread)

    def stated(self, one: Said) -> Stated:
        said = one.said
        sources, destinations = self.spread.parts(one.source), self.spread.parts(one.destination)
        inner = isinstance(said, Guardrail)
        return Stated(
            said,
            state(said, self.at) if isinstance(said, Flow) else State.ACTIVE,
            () if isinstance(said, Management) else self._judged(said.waive),
            dict(self._words(sources, said.source, said.source_except if isinstance(said, Flow) else (), inner)),
            dict(self._words(destinations, *self._to(said), inner)),
            tuple(self._blocks(one, sources, destinations)),
        )

    def _to(self, said: Flow | Guardrail | Management) -> tuple[Selectors, Selectors]:
        """What it names as its destination, and what it takes out."""
        if isinstance(said, Management):
            hosts = (point for point in self.policy.site.hosts() if point.endpoint is not None)
            return tuple(Named(str(point.endpoint), point.span) for point in hosts), ()
        return said.destination, said.destination_except if isinstance(said, Flow) else ()

    def _words(self, parts: Parts, named: Selectors, without: Selectors, inner: bool) -> Iterator[tuple[str, str]]:
        for name, part in parts.items():
            if (words := self.spread.words(name, part, named, without, inner=inner)) is not None:
                yield name, words

    def _blocks(self, one: Said, sources: Parts, destinations: Parts) -> Iterator[Block]:
        """Ends that nothing tells apart are one; one of each answers for all."""
        said, near = one.said, self._near(one, sources, destinations)
        for mine in self._alike(sources, near, self.guards.sources):
            for theirs in self._alike(destinations, near, self.guards.destinations):
                ends = mine[0], theirs[0]
                first, second = sources[ends[0]], destinations[ends[1]]
                if not isinstance(said, Flow):
                    if left := one.traffic & families(first, second):
                        yield Block(mine, theirs, names_left(said.services, left) if said.services else ("all",))
                    continue
                guards = self.guards.between(*ends) if near else []
                left = unforbidden(first, second, one.traffic, guards)
                cut_off = any(self.policy.site.segments[name].profile.quarantine for name in ends)
                if left and (said.remediation or not cut_off):
                    partly = touched(first, second, left, guards)
                    yield Block(mine, theirs, names_left(said.services, left), partly)

    def _near(self, one: Said, sources: Parts, destinations: Parts) -> list[int]:
        """The places of the guardrails that may forbid some of a flow."""
        if not isinstance(one.said, Flow) or not self.guards.narrow:
            return []
        first = {place for name in sources for place in self.guards.sources.get(name, ())}
        second = {place for name in destinations for place in self.guards.destinations.get(name, ())}
        items = self.policy.guardrails.items
        return sorted(place for place in first & second if items[place].traffic.meets(one.traffic))

    def _alike(self, parts: Parts, near: list[int], held: Mapping[str, Mapping[int, Ranges]]) -> list[tuple[str, ...]]:
        out: dict[tuple[object, ...], list[str]] = {}
        for name, part in parts.items():
            mine = held.get(name, {})
            meets = tuple(_met(mine[place], part) if place in mine else None for place in near)
            quarantine = self.policy.site.segments[name].profile.quarantine
            out.setdefault((bool(part.v4()), bool(part.v6()), quarantine, meets), []).append(name)
        return [tuple(names) for names in out.values()]

    def _judged(self, waivers: Waivers) -> tuple[tuple[Waiver, bool], ...]:
        today = self.at.astimezone(UTC).date()
        return tuple((waiver, void(waiver, today)) for waiver in waivers)


def _met(forbidden: Ranges, part: Ranges) -> tuple[bool, ...]:
    """All that it can matter of a guardrail's part of a segment, beside a flow's."""
    return forbidden.covers(part), forbidden.meets(part), bool(forbidden.v4()), bool(forbidden.v6())
