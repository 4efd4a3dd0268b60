"""Where a question has to be cut: every set by which the law tells two addresses or two services apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from segctl.model.ranges import NOTHING, Ranges
from segctl.model.service import of_family
from segctl.model.strictness import ModeKind
from segctl.policy import Policy
from segctl.policy.classes import split
from segctl.policy.effect import mode_of

Piece = tuple[Ranges, Ranges, Ranges]
"""Sources, destinations and traffic that the law cannot tell apart."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A statement as what it tells apart; one that meets none of a question's pairs tells nothing apart in it."""

    source: Ranges
    destination: Ranges
    traffic: Ranges
    own: Ranges = NOTHING  # an essential's point: what it says may hang on that end

    @property
    def ends(self) -> tuple[Ranges, ...]:
        return self.source, self.destination, self.own

    def meets(self, source: Ranges, destination: Ranges, traffic: Ranges) -> bool:
        return self.source.meets(source) and self.destination.meets(destination) and self.traffic.meets(traffic)


def questions(policy: Policy, source: Ranges, destination: Ranges, traffic: Ranges, *also: Cut) -> Iterator[Piece]:
    """Sources, destinations and traffic, all of one family, that the law cannot tell apart; nor do the cuts `also`."""
    asked = source, destination, traffic
    said = (cut for cut in (*_near(policy, *asked), *also) if cut.meets(*asked))
    addresses, services = list(end_sets(policy, source | destination)), list(mode_sets(policy))
    for cut in said:
        addresses += cut.ends
        services.append(cut.traffic)
    places = {family: pieces(traffic & of_family(family), services) for family in (4, 6)}
    halves = ((4, source.v4(), destination.v4()), (6, source.v6(), destination.v6()))
    for family, from_half, to_half in halves:
        if not (from_half and to_half and places[family]):
            continue
        targets = pieces(to_half, addresses)
        for sources in pieces(from_half, addresses):
            for destinations in targets:
                for place in places[family]:
                    yield sources, destinations, place


def pieces(whole: Ranges, sets: Iterable[Ranges]) -> list[Ranges]:
    """The coarsest partition of `whole` that respects each set."""
    if not whole:
        return []
    meeting = [part & whole for part in sets if part.meets(whole)]
    return [piece.addresses for piece in split({"": whole}, meeting)]


def statement_cuts(policy: Policy) -> Iterator[Cut]:
    """Every statement of a site, and what its points need to live."""
    for group in (policy.flows.items, policy.guardrails.items, policy.management.items):
        yield from (Cut(one.source, one.destination, one.traffic) for one in group)
    yield from (Cut(row.source, row.destination, row.traffic, row.own) for row in policy.essentials)


def _near(policy: Policy, source: Ranges, destination: Ranges, traffic: Ranges) -> Iterator[Cut]:
    """Of `statement_cuts` those that may speak of it: of thousands of flows a few."""
    for group in (policy.flows, policy.guardrails, policy.management):
        yield from (Cut(o.source, o.destination, o.traffic) for o in group.meeting(source, destination, traffic))
    yield from (Cut(row.source, row.destination, row.traffic, row.own) for row in policy.essentials)


def end_sets(policy: Policy, within: Ranges | None = None) -> Iterator[Ranges]:
    """Every set by which two addresses are told apart whatever is said of them: segments, points, special ones.

    within: only what has some of these addresses is wanted.
    """
    made = policy.partition
    for owner, sets in ((made.owner, made.own), (made.home_owner, made.home)):
        yield from sets.values() if within is None else (sets[name] for name in owner.names_in(within) if name in sets)
    yield from (policy.special, policy.host_addresses)
    for point in policy.site.gateways():
        for interface in point.interfaces.values():
            yield from (interface.own(), interface.networks())


def mode_sets(policy: Policy) -> Iterator[Ranges]:
    """Every set of services by which a mode tells two of them apart."""
    modes = [mode_of(policy, name) for name in policy.site.segments] + [policy.site.default_mode]
    yield from (mode.services for mode in modes if mode is not None and mode.kind is ModeKind.SELECTIVE)


def address_sets(policy: Policy) -> Iterator[Ranges]:
    """Every set of addresses by which the law tells two addresses apart."""
    yield from (end for cut in statement_cuts(policy) for end in cut.ends)
    yield from end_sets(policy)
