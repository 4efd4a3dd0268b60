"""May A open a service to B? Exact over all addresses and services of the question.

Both ends and the traffic are cut wherever any statement, segment or essential tells two of them apart; one of each
piece is put to the law. Only what meets the question is looked at, so a small question on a large site stays small.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from segctl.ask.result import Answer, Part
from segctl.model.decision import Outcome
from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.point import PointKind
from segctl.model.ranges import Ranges
from segctl.model.selector import Block, Selectors
from segctl.model.service import of_family
from segctl.model.strictness import ModeKind
from segctl.policy import Policy, judge, resolve
from segctl.policy.classes import split
from segctl.policy.effect import mode_of


def can(
    policy: Policy, source: Selectors, destination: Selectors, traffic: Ranges, at: datetime, *, inner: bool = False
) -> Answer:
    """The answer with its parts; `inner`: a segment's name means those within it as well.

    SiteError if there is no pair of addresses of one family with a service of that family.
    """
    ends = asked_addresses(policy, source, inner=inner), asked_addresses(policy, destination, inner=inner)
    found: dict[Outcome, list[tuple[Ranges, Ranges, Ranges]]] = {}
    for sources, destinations, places in questions(policy, *ends, traffic):
        outcome = judge(policy, sources.first(), destinations.first(), places.first(), at)
        found.setdefault(outcome, []).append((sources, destinations, places))
    if not found:
        raise SiteError((_no_pair(source),))
    parts = (
        Part(outcome, *(_union(piece[side] for piece in pieces) for side in range(3)))
        for outcome, pieces in found.items()
    )
    return Answer(tuple(sorted(parts, key=lambda part: (part.outcome.decision.step, part.sources.spans))))


def asked_addresses(policy: Policy, selectors: Selectors, *, inner: bool) -> Ranges:
    """As in a flow; but who asks for a special address alone gets an answer on it."""
    found = resolve(policy, selectors, inner=inner)
    special = (s.addresses for s in selectors if isinstance(s, Block) and policy.special.covers(s.addresses))
    return found | _union(special)


def questions(
    policy: Policy, source: Ranges, destination: Ranges, traffic: Ranges
) -> Iterator[tuple[Ranges, Ranges, Ranges]]:
    """Sources, destinations and traffic, all of one family, that the law cannot tell apart."""
    addresses, services = list(address_sets(policy)), list(traffic_sets(policy))
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


def address_sets(policy: Policy) -> Iterator[Ranges]:
    """Every set of addresses by which the law tells two addresses apart."""
    for group in (policy.flows.items, policy.guardrails.items, policy.management.items):
        for statement in group:
            yield statement.source
            yield statement.destination
    for row in policy.essentials:
        yield from (row.source, row.destination, row.own)
    yield from policy.partition.own.values()
    yield from policy.partition.home.values()
    yield from (policy.special, policy.host_addresses)
    for point in policy.site.points.values():
        if point.kind is PointKind.GATEWAY:
            for interface in point.interfaces.values():
                yield from (interface.own(), interface.networks())


def traffic_sets(policy: Policy) -> Iterator[Ranges]:
    """Every set of services by which the law tells two services apart."""
    for group in (policy.flows.items, policy.guardrails.items, policy.management.items):
        yield from (statement.traffic for statement in group)
    yield from (row.traffic for row in policy.essentials)
    modes = [mode_of(policy, name) for name in policy.site.segments] + [policy.site.default_mode]
    yield from (mode.services for mode in modes if mode is not None and mode.kind is ModeKind.SELECTIVE)


def _union(parts: Iterable[Ranges]) -> Ranges:
    return Ranges.of(span for part in parts for span in part)


def _no_pair(source: Selectors) -> Diagnostic:
    what = "the question has no pair of addresses of one family with a service of that family"
    return Diagnostic(source[0].span, "impossible", what, "give both ends an address of one family")
