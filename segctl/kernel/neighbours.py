"""The neighbour table: which addresses a place has seen behind one hardware address (RFC 826, RFC 4861)."""

from collections.abc import Iterable, Mapping

from segctl.model.ranges import parse_address
from segctl.runner import Runner

_USELESS = 0x01 | 0x20 | 0x40  # linux/neighbour.h: NUD_INCOMPLETE, NUD_FAILED, NUD_NOARP


def beside(runner: Runner, addresses: Iterable[int]) -> Mapping[int, str]:
    """Other addresses that the same machines have on the same links, each with the hardware address that says so."""
    from pyroute2 import IPRoute

    wanted = set(addresses)
    held: dict[tuple[int, str], list[int]] = {}
    with runner.inside(), IPRoute() as channel:
        for row in channel.get_neighbours():
            hardware, address = row.get_attr("NDA_LLADDR"), row.get_attr("NDA_DST")
            if hardware and address and not row["state"] & _USELESS:
                held.setdefault((row["ifindex"], hardware), []).append(parse_address(address))
    return {
        one: hardware
        for (_, hardware), some in held.items()
        if wanted.intersection(some)
        for one in some
        if one not in wanted
    }
