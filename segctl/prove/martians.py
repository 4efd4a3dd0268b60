"""Packets that the kernel itself lets into no chain, for their ends, whatever the rules and sysctls say.

RFC 1812, section 5.3.7; RFC 4291, sections 2.5.2, 2.5.3, 2.5.6, 2.7; net/ipv4/route.c (ip_route_input_slow,
ip_mc_validate_source, ip_route_output_key_hash_rcu), net/ipv6/ip6_input.c (ip6_rcv_core), ip6_output.c (ip6_forward).
All were tried with packets. What a sysctl can allow (127/8, a source of our own) is not here.
"""

from enum import Enum, auto

from segctl.model.packet import Way
from segctl.model.ranges import Ranges, parse_address, prefix


class Martian(Enum):
    """Addresses that the kernel has its own word on."""

    ZERO = auto()
    ALL_ONES = auto()
    MULTICAST = auto()
    LOOPBACK6 = auto()
    LINK6 = auto()  # and ::


def _of(*some: tuple[str, int]) -> Ranges:
    return Ranges.of(prefix(parse_address(address), length) for address, length in some)


SETS = {
    Martian.ZERO: _of(("0.0.0.0", 32)),
    Martian.ALL_ONES: _of(("255.255.255.255", 32)),
    Martian.MULTICAST: _of(("224.0.0.0", 4), ("ff00::", 8)),
    Martian.LOOPBACK6: _of(("::1", 128)),
    Martian.LINK6: _of(("::", 128), ("fe80::", 10)),
}
_NO_SOURCE = {Martian.ALL_ONES, Martian.MULTICAST, Martian.LOOPBACK6}


def kind_of(address: int) -> Martian | None:
    """Its kind; None for all others."""
    return next((kind for kind, held in SETS.items() if address in held), None)


def unseen(way: Way, names: tuple[str, str], ends: tuple[Martian | None, Martian | None], special: bool) -> bool:
    """Whether no packet with these ends gets there. `names`: the interfaces, not loopback; `special`: of the
    destination, as the site has it.
    """
    source, destination = ends
    if way is Way.OUTPUT:
        return destination is Martian.ZERO
    if source in _NO_SOURCE or destination is Martian.LOOPBACK6:
        return True
    if way is Way.INPUT:
        return (source is not Martian.ZERO and destination is Martian.ZERO) or (source is Martian.ZERO and not special)
    outward = source is Martian.LINK6 and names[0] != names[1]
    return outward or source is Martian.ZERO or destination in (Martian.ZERO, Martian.ALL_ONES)
