"""Which points stand between two addresses (design, section 2, Coverage)."""

from segctl.model.point import Point
from segctl.model.selector import POINTS
from segctl.model.site import Site
from segctl.policy.policy import Policy


def covered(policy: Policy, source: int, destination: int) -> bool:
    """Whether some point sees what passes between these two addresses; special ones are the caller's affair."""
    ends = (source, destination)
    if any(end in policy.partition.own[POINTS] or end in policy.host_addresses for end in ends):
        return True
    first, second = policy.home_of(source), policy.home_of(destination)
    return first is not None and second is not None and gateway_between(policy.site, first, second)


def segments_covered(policy: Policy, first: str, second: str) -> bool:
    """Whether a gateway stands between two segments (host points cover single addresses of them)."""
    return POINTS in (first, second) or gateway_between(policy.site, first, second)


def gateway_between(site: Site, first: str, second: str) -> bool:
    """Whether some gateway stands between two segments."""
    return any(stand_between(gateway, first, second) for gateway in site.gateways())


def stand_between(gateway: Point, first: str, second: str) -> bool:
    """The gateway lists each segment on some interface, and none of its interfaces lists both."""
    listed = [interface.segments for interface in gateway.interfaces.values()]
    apart = not any(first in segments and second in segments for segments in listed)
    return apart and all(any(name in segments for segments in listed) for name in (first, second))


def bound(site: Site, name: str) -> bool:
    """Whether some gateway's interface lists the segment."""
    return any(name in i.segments for gateway in site.gateways() for i in gateway.interfaces.values())


def behind(policy: Policy, gateway: Point, address: int) -> tuple[str, ...]:
    """The interfaces of a gateway behind which an address lives, as its binding counts; its own lives behind none.

    Another gateway's address is where a declared network holds it, else where `points` is listed.
    """
    interfaces = gateway.interfaces.values()
    if address in policy.gateways[gateway.name]:
        return ()
    if address in policy.partition.own[POINTS]:
        holding = tuple(interface.name for interface in interfaces if address in interface.networks())
        return holding or tuple(interface.name for interface in interfaces if POINTS in interface.segments)
    home = policy.home_of(address)
    return tuple(interface.name for interface in interfaces if home in interface.segments)
