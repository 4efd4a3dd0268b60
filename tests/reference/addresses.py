"""The law's paragraphs on addresses and names, asked of one address at a time."""

from functools import cache

from segctl.model.point import Interface, Point, PointKind
from segctl.model.ranges import family, parse_address, prefix
from segctl.model.segment import Segment
from segctl.model.selector import (
    ANY,
    POINTS,
    QUARANTINE,
    WORLD,
    Block,
    Labelled,
    Named,
    SegmentsLabelled,
    Selector,
    Selectors,
    Within,
    matches,
)
from segctl.model.site import Site

# "special address: 0.0.0.0, 127/8, 169.254/16, 224/4, 255.255.255.255, …; ::, ::1, fe80::/10, ff00::/8, ::ffff:0:0/96"
SPECIAL = ("0.0.0.0", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255",
           "::", "::1", "fe80::/10", "ff00::/8", "::ffff:0:0/96")  # fmt: skip


@cache
def network(text: str) -> tuple[int, int]:
    """First and last address of what `text` says, an address or a network."""
    base, _, length = text.partition("/")
    address = parse_address(base)
    return prefix(address, int(length)) if length else (address, address)


def in_network(address: int, text: str) -> bool:
    first, last = network(text)
    return first <= address <= last


def is_special(site: Site, address: int) -> bool:
    """The list, and "the last address of each declared IPv4 interface network of /30 or shorter"."""
    if any(in_network(address, text) for text in SPECIAL):
        return True
    for point in site.gateways():
        for interface in point.interfaces.values():
            for own in interface.addresses:
                if family(own.address) == 4 and own.length <= 30 and address == own.network()[1]:
                    return True
    return False


def own_of_interface(interface: Interface, address: int) -> bool:
    return any(own.address == address for own in interface.addresses)


def own_of_point(site: Site, point: Point, address: int) -> bool:
    """The readings: "an address of the point" is a gateway's declared address, or one of a host point's endpoint."""
    if point.kind is PointKind.HOST:
        return address in site.endpoints[str(point.endpoint)].addresses
    return any(own_of_interface(interface, address) for interface in point.interfaces.values())


def own_of_gateway(site: Site, address: int) -> bool:
    """Whether any gateway declares the address as its own."""
    return any(own_of_point(site, point, address) for point in site.gateways())


def own_of_host(site: Site, address: int) -> bool:
    """Whether the address is of the endpoint of any host point."""
    return any(own_of_point(site, point, address) for point in site.hosts())


def claims(site: Site, segment: Segment, address: int) -> bool:
    """Law: "Members are CIDRs, ranges, single addresses, endpoints (with all their addresses), label selectors."."""
    return any(is_member(site, member, address) for member in segment.members)


def is_member(site: Site, member: Selector, address: int) -> bool:
    if isinstance(member, Block):
        return address in member.addresses
    if isinstance(member, Named):
        return address in site.endpoints[member.name].addresses
    if isinstance(member, Labelled):
        return any(
            address in endpoint.addresses
            for endpoint in site.endpoints.values()
            if matches(member.labels, endpoint.labels)
        )
    raise TypeError(f"no member: {member}")


def lies_within(site: Site, inner: str, outer: str) -> bool:
    """Transitively, and not itself."""
    above = site.segments[inner].within
    while above is not None:
        if above == outer:
            return True
        above = site.segments[above].within
    return False


def innermost_claim(site: Site, address: int) -> str | None:
    """Law: "Where members of two segments claim one address, it belongs to the one that lies `within` the other"."""
    claiming = [
        name for name, segment in site.segments.items() if not segment.built_in and claims(site, segment, address)
    ]
    for name in claiming:
        if all(other == name or lies_within(site, name, other) for other in claiming):
            return name
    if claiming:
        raise ValueError(f"no valid site: {claiming} claim one address")
    return None


def segment_of(site: Site, address: int) -> str | None:
    """Law: "Every address that isn't special is in exactly one segment." None for a special one."""
    # "Special addresses are in no segment even where a member claims them"
    if is_special(site, address):
        return None
    # "A gateway's addresses are `points`, wherever their prefix lies"
    if own_of_gateway(site, address):
        return POINTS
    # "Members of `quarantine` are taken out of whatever segment has them."
    if claims(site, site.segments[QUARANTINE], address):
        return QUARANTINE
    # "`world` takes the rest."
    return innermost_claim(site, address) or WORLD


def home_of(site: Site, address: int) -> str | None:
    """Law: "An address of `quarantine` counts for binding and coverage as of the segment whose members claim it
    (none: `world`)".
    """
    where = segment_of(site, address)
    return (innermost_claim(site, address) or WORLD) if where == QUARANTINE else where


def selected(site: Site, selectors: Selectors, address: int, both: bool) -> bool:
    """Whether any of these selectors names the address.

    `both`: where a segment's name "means both", as in a guardrail, in `except` and `not_to`.
    """
    # "a member of nothing, not in `world`, not in `any` (a block is taken without them)"
    if is_special(site, address):
        return False
    return any(names(site, selector, address, both) for selector in selectors)


def names(site: Site, selector: Selector, address: int, both: bool) -> bool:
    if isinstance(selector, Block):
        return address in selector.addresses
    if isinstance(selector, Labelled):
        return is_member(site, selector, address)
    if isinstance(selector, Within):
        # "`{within: corp}` means it and all within it, anywhere"
        return names_segment(site, selector.segment, address, both=True)
    if isinstance(selector, SegmentsLabelled):
        # "`{segments: …}` stands for the names that it selects, with the same rule."
        return any(
            names_segment(site, name, address, both)
            for name, segment in site.segments.items()
            if matches(selector.labels, segment.labels)
        )
    if selector.name == ANY:
        return True
    if selector.name in site.segments:
        return names_segment(site, selector.name, address, both)
    if selector.name in site.points:
        return own_of_point(site, site.points[selector.name], address)
    # "An endpoint means all its addresses."
    return address in site.endpoints[selector.name].addresses


def names_segment(site: Site, name: str, address: int, both: bool) -> bool:
    """Law: "a segment's name means the addresses that are in it after the partition, without those of segments within
    it; in a guardrail, in `except` and `not_to` … it means both".
    """
    where = segment_of(site, address)
    if where == name:
        return True
    if not both or where is None:
        return False
    if lies_within(site, where, name):
        return True
    # "Of `quarantine`, a segment's name in a guardrail or `{within}` means what that segment's own members claim."
    return where == QUARANTINE and claims(site, site.segments[name], address)
