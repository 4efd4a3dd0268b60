"""The second engine for tests: all ways of a listing walked once, then asked for one packet after another."""

from segctl.listing.rule import Ending, Listing
from segctl.model.packet import Packet, Way
from segctl.model.ranges import family
from segctl.prove.bdd.diagrams import Diagrams
from segctl.prove.bdd.domain import Awake, Walked, fields_of, routes, walk
from segctl.prove.bdd.witness import endings

Walks = dict[tuple[Way, int], Walked]


def walks(listing: Listing, awake: Awake | None = None) -> Walks:
    """Every way of both families."""
    ways = routes(listing, awake)
    fields = fields_of(Diagrams(), listing, ways)
    return {(route.way, route.family): walk(route, fields) for route in ways}


def asked(held: Walks, packet: Packet) -> set[Ending | None]:
    """What may become of a packet; without what conntrack can't say of it."""
    return set(endings(held[packet.way, family(packet.source)], packet)) - {Ending.CONTINUE}
