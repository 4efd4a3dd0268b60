"""May A open a service to B? Exact over all addresses and services of the question.

Both ends and the traffic are cut wherever any statement, segment or essential tells two of them apart; one of each
piece is put to the law. Only what meets the question is looked at, so a small question on a large site stays small.
"""

from datetime import datetime

from segctl.ask.cuts import Piece, questions
from segctl.ask.result import Answer, Part
from segctl.model.decision import Outcome
from segctl.model.diagnostic import Diagnostic, SiteError
from segctl.model.ranges import Ranges
from segctl.model.selector import Selectors, show_selectors
from segctl.policy import Policy, judge
from segctl.policy.resolve import asked_in


def can(
    policy: Policy, source: Selectors, destination: Selectors, traffic: Ranges, at: datetime, *, inner: bool = False
) -> Answer:
    """The answer with its parts; `inner`: a segment's name means those within it as well.

    SiteError if there is no pair of addresses of one family with a service of that family.
    """
    ends = asked_addresses(policy, source, inner=inner), asked_addresses(policy, destination, inner=inner)
    found: dict[Outcome, list[Piece]] = {}
    for sources, destinations, places in questions(policy, *ends, traffic):
        outcome = judge(policy, sources.first(), destinations.first(), places.first(), at)
        found.setdefault(outcome, []).append((sources, destinations, places))
    if not found:
        named = zip((source, destination), ends, strict=True)
        raise SiteError(tuple(nobody(said) for said, addresses in named if not addresses) or (_no_pair(source),))
    parts = (
        Part(outcome, *(Ranges.union(piece[side] for piece in pieces) for side in range(3)))
        for outcome, pieces in found.items()
    )
    return Answer(tuple(sorted(parts, key=lambda part: (part.outcome.decision.step, part.sources.spans))))


def asked_addresses(policy: Policy, selectors: Selectors, *, inner: bool) -> Ranges:
    """As in a flow; but who asks for a special address alone gets an answer on it."""
    return asked_in(policy.site, policy.partition, selectors, inner=inner)


def nobody(selectors: Selectors) -> Diagnostic:
    """Says that an end of a question is empty."""
    return Diagnostic(selectors[0].span, "empty", f"'{show_selectors(selectors)}' names no address", "name somebody")


def _no_pair(source: Selectors) -> Diagnostic:
    what = "the question has no pair of addresses of one family with a service of that family"
    return Diagnostic(source[0].span, "impossible", what, "give both ends an address of one family")
