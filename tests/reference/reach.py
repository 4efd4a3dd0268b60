"""Who reaches whom in any number of hops, walked machine by machine: slow and plain on purpose.

Of each class of addresses that the law can't tell apart all named machines' addresses take part, and two more. Special
addresses are nobody's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from segctl.model.decision import Effect, Step
from segctl.model.ranges import Ranges
from segctl.model.selector import WORLD
from segctl.model.service import ICMP, ICMP6, protocol_of
from segctl.model.strictness import Verdict
from segctl.policy import Policy, judge

OTHERS = 2


class Hop(NamedTuple):
    """What lets something pass."""

    allowed: bool
    observed: bool
    uncovered: bool


@dataclass(frozen=True, slots=True)
class Walker:
    """`hops`: by the addresses at their ends. `machines`: of each address all of its machine."""

    policy: Policy
    hops: dict[tuple[int, int], Hop]
    machines: dict[int, frozenset[int]]

    @classmethod
    def of(
        cls, policy: Policy, at: datetime, pieces: list[tuple[Ranges, Ranges, Ranges]], also: Iterable[int] = ()
    ) -> "Walker":
        """Over these pieces of sources, destinations and traffic, which the law can't cut; `also` take part."""
        machines = dict(owners(policy))
        some: dict[Ranges, list[int]] = {}
        for source, _, _ in pieces:
            if source not in some:
                some[source] = list(chosen(source, {*machines, *also}))
        hops: dict[tuple[int, int], Hop] = {}
        for source, destination, traffic in pieces:
            hop = passes(policy, at, source.first(), destination.first(), traffic)
            if hop is None:
                continue
            for one in some[source]:
                for other in some[destination]:
                    known = hops.get((one, other), hop)
                    hops[one, other] = Hop(*(this or that for this, that in zip(known, hop, strict=True)))
        hops = {ends: hop for ends, hop in hops.items() if not any(end in policy.special for end in ends)}
        every = {one for those in some.values() for one in those}
        whose = {one: machines.get(one, frozenset({one})) for one in every}
        return cls(policy, {(a, b): hop for (a, b), hop in hops.items() if b not in whose[a]}, whose)

    def reached(
        self, start: int, *, observed: bool = True, uncovered: bool = True, world: bool = False
    ) -> dict[int, int]:
        """From that address's machine: the hops to each address of others."""
        own = self.machines[start]
        speaking, spoken, found, hops = set(own), set(own), dict[int, int](), 0
        while speaking:
            hops += 1
            new = {
                other
                for (one, other), hop in self.hops.items()
                if one in speaking and other not in found and wanted(hop, observed, uncovered)
            }
            found |= dict.fromkeys(new, hops)
            goes = {one for one in new if world or self.policy.segment_of(one) != WORLD}
            speaking = {one for other in goes for one in self.machines[other]} - spoken
            spoken |= speaking
        return {one: hops for one, hops in found.items() if one not in own}


def wanted(hop: Hop, observed: bool, uncovered: bool) -> bool:
    return hop.allowed or (hop.observed and observed) or (hop.uncovered and uncovered)


def owners(policy: Policy) -> Iterator[tuple[int, frozenset[int]]]:
    """Of each address of an endpoint or a gateway all addresses that it has; special ones are nobody's."""
    every = [set(one.addresses) for one in policy.site.endpoints.values()]
    every += [{one for first, last in own for one in range(first, last + 1)} for own in policy.gateways.values()]
    every = [{one for one in addresses if one not in policy.special} for addresses in every]
    for addresses in every:  # who shares an address is one machine
        while more := {one for other in every if other & addresses for one in other} - addresses:
            addresses |= more
        yield from ((one, frozenset(addresses)) for one in addresses)


def chosen(some: Ranges, machines: set[int]) -> Iterator[int]:
    """All that machines have of them, and two that none has."""
    yield from (one for one in machines if one in some)
    left = OTHERS
    for first, last in some:
        for one in range(first, min(last, first + 64) + 1):
            if left and one not in machines:
                left -= 1
                yield one


def passes(policy: Policy, at: datetime, source: int, destination: int, traffic: Ranges) -> Hop | None:
    """None if it doesn't pass, or is nothing that an intruder could use."""
    if all(protocol_of(first) == protocol_of(last) in (ICMP, ICMP6) for first, last in traffic):
        return None
    outcome = judge(policy, source, destination, traffic.first(), at)
    if outcome.effect is not Effect.PASS or outcome.decision.step is Step.ESSENTIAL:
        return None
    allowed = outcome.decision.verdict is Verdict.ALLOW
    return Hop(allowed, not allowed and not outcome.uncovered, not allowed and outcome.uncovered)
