"""All ways of both families walked and compared: what the second engine says of a point."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from segctl.listing.rule import Listing
from segctl.model.point import Point
from segctl.policy import Policy
from segctl.prove.bdd.compare import Comparison, no_numbers
from segctl.prove.bdd.diagrams import MOST_NODES, Diagrams, bounded
from segctl.prove.bdd.domain import Awake, fields_of, routes, walk
from segctl.prove.bdd.witness import Told, told
from segctl.prove.effects import Effects
from segctl.prove.path import Stage, ways_of

MOST_CLASHES = 5_000
"""Where rules and intent clash more often, the comparison ends."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is wrong and what nobody can judge; `regions` that were compared, the `packets` that they stand for; the
    `stages` that were walked.
    """

    told: Told
    regions: int
    packets: int
    stages: tuple[Stage, ...]


def compared(
    listing: Listing,
    policy: Policy,
    point: Point,
    at: datetime,
    awake: Awake | None = None,
    nodes: int = MOST_NODES,
) -> Answer:
    """Every packet of every family and way, rules against intent. TooLarge if the diagrams don't hold it."""
    with bounded():
        diagrams = Diagrams(nodes)
        ways = routes(listing, awake, ways_of(point))
        fields = fields_of(diagrams, listing, ways, point.interfaces)
        effects = Effects(policy, point, at)
        comparisons = [Comparison(walk(route, fields), effects) for route in ways]
        numbers = no_numbers()
        for one in comparisons:
            one.beginnings(numbers)
        clashes = ((one, clash) for one in comparisons for clash in one.clashes(numbers))
        return Answer(
            told(islice(clashes, MOST_CLASHES), listing, awake),
            sum(one.compared for one in comparisons),
            sum(one.walked.packets for one in comparisons),
            tuple(stage for route in ways for stage in route.stages),
        )
