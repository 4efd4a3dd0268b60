"""On which ports the lab listens: those that the site's statements name, and a few more."""

from collections.abc import Iterator

from segctl.lab.topology import Port, Proto
from segctl.model.flow import Services
from segctl.model.ranges import Ranges
from segctl.model.service import ALL_TRAFFIC, FAMILIES, SCTP, TCP, UDP, port_of, traffic_range
from segctl.model.site import Site

MORE = (Port(Proto.TCP, 22), Port(Proto.TCP, 8080), Port(Proto.UDP, 53))
"""What listens on every node, whether the site names it or not: a wrong accept must find somebody at home."""

MOST = 200
_NUMBERS = {Proto.TCP: TCP, Proto.UDP: UDP}


def ports(site: Site) -> tuple[tuple[Port, ...], tuple[str, ...]]:
    """The ports, sorted (of a range its first and its last), and notes on what has no listener."""
    found: dict[Port, None] = dict.fromkeys(MORE)
    named = list(_named(site))
    for traffic in named:
        found.update(dict.fromkeys(_ends(traffic)))
    kept = sorted(list(found)[:MOST])
    notes = [f"{len(found) - MOST} ports have no listener: {MOST} are the most"] if len(found) > MOST else []
    sctp = Ranges.of(traffic_range(family, SCTP) for family in FAMILIES)
    if any(traffic.meets(sctp) for traffic in named if not traffic.covers(ALL_TRAFFIC)):
        notes.append("SCTP services have no listener: not every kernel speaks SCTP")
    return tuple(kept), tuple(notes)


def _named(site: Site) -> Iterator[Ranges]:
    """The traffic of each service that a statement or a mode names."""
    statements: tuple[tuple[Services, ...], ...] = (
        tuple(flow.services for flow in site.flows),
        tuple(guardrail.services for guardrail in site.guardrails),
        tuple(management.services for management in site.management),
        tuple(expectation.services for expectation in site.expectations),
    )
    for kind in statements:
        for services in kind:
            yield from (service.traffic for service in services)
    yield from (segment.mode.services for segment in site.segments.values() if segment.mode is not None)


def _ends(traffic: Ranges) -> Iterator[Port]:
    for family in FAMILIES:
        for proto, number in _NUMBERS.items():
            whole = traffic_range(family, number)
            for span in traffic & Ranges.of([whole]):
                if span != whole:  # all ports: those that are there anyway will do
                    yield from (Port(proto, port) for port in map(port_of, span) if port)
