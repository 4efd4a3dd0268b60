"""`explain --point`: one connection of each part of an answer, put to the rules that a point's kernel holds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from segctl.ask.result import Answer, Part
    from segctl.model.packet import Packet
    from segctl.model.point import Point
    from segctl.model.ranges import Ranges
    from segctl.policy import Policy

_MOST = 12
"""Parts of an answer that are put to the kernel."""
_PORT = 40000
_ANY_LINK = "eth0"  # a host's rules ask of no other than lo


def packets_of(policy: "Policy", point: "Point", answer: "Answer") -> "list[tuple[Packet, str]]":
    """One new packet of each part that this point sees, and its effect as the site says. UsageError if it sees none."""
    found = [
        (one, part.outcome.effect.value)
        for part in answer.parts[:_MOST]
        if (one := _packet(policy, point, part)) is not None
    ]
    if not found:
        raise click.UsageError(f"{point.name} sees none of this: without --point the law says who decides")
    return found


def _packet(policy: "Policy", point: "Point", part: "Part") -> "Packet | None":
    from segctl.load.packets import parse_packet
    from segctl.model.ranges import ALL_V4, ALL_V6, show_address
    from segctl.model.service import family_of

    traffic = part.traffic.first()
    half = ALL_V4 if family_of(traffic) == 4 else ALL_V6
    source, destination = (_address(policy, ends & half) for ends in (part.sources, part.destinations))
    way = next(_ways(policy, point, source, destination), None)
    if way is None:
        return None
    return parse_packet(f"{way} {show_address(source)} -> {show_address(destination)} {_service(traffic)}")


def _address(policy: "Policy", addresses: "Ranges") -> int:
    """An endpoint's, if one is among them."""
    named = (one for endpoint in policy.site.endpoints.values() for one in endpoint.addresses)
    return next((one for one in named if one in addresses), addresses.first())


def _ways(policy: "Policy", point: "Point", source: int, destination: int) -> Iterator[str]:
    """By which interfaces such a packet crosses the point, leaves it or comes to it; none if it does none of that."""
    from segctl.model.point import PointKind
    from segctl.policy.coverage import behind

    ends = source, destination
    if point.kind is PointKind.HOST:
        own = policy.hosts[point.name]
        if source in own and destination not in own:
            yield f"out {_ANY_LINK}"
        elif destination in own and source not in own:
            yield f"in {_ANY_LINK}"
        return
    own = policy.gateways[point.name]
    places = [behind(policy, point, end) if end not in policy.special else () for end in ends]
    if source in own:
        yield from (f"out {place}" for place in places[1])
    elif destination in own:
        yield from (f"in {place}" for place in places[0])
    else:
        yield from (f"in {into} out {out}" for into in places[0] for out in places[1] if into != out)


def _service(traffic: int) -> str:
    from segctl.model.service import ICMP, ICMP6, WITH_PORTS, family_of, port_of, protocol_of

    protocol, port = protocol_of(traffic), port_of(traffic)
    if protocol in WITH_PORTS:
        return f"{WITH_PORTS[protocol]} {_PORT} -> {port}"
    if protocol == (ICMP if family_of(traffic) == 4 else ICMP6):
        return f"icmp {port}"
    return f"proto {protocol}"
