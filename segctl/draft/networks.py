"""The usual networks of addresses: what lies in one /24 or /64 is taken for one network until somebody knows better."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from segctl.model.ranges import V6, family, prefix, show_address

LENGTHS = {4: 24, 6: 64}

Network = tuple[int, int]
"""Its first and last address."""


def network_of(address: int) -> Network:
    """The /24 or /64 that holds an address."""
    return prefix(address, LENGTHS[family(address)])


def networks_of(addresses: Iterable[int]) -> list[Network]:
    """Their networks, each once, in the order of the addresses."""
    return list(dict.fromkeys(map(network_of, addresses)))


def show_network(network: Network) -> str:
    """As a CIDR."""
    return f"{show_address(network[0])}/{LENGTHS[family(network[0])]}"


def network_name(network: Network) -> str:
    """A name for it: net-10.0.1 or net-fd00-1."""
    shown = show_address(network[0])
    return "net-" + (shown.rstrip(":").replace(":", "-") if network[0] >= V6 else shown.rpartition(".")[0])


@lru_cache(maxsize=4096)
def is_public(network: Network) -> bool:
    """Whether anybody's packets may come from it: its addresses are the world's, or a part of it that we own."""
    return ipaddress.ip_address(show_address(network[0])).is_global


def own_address(network: Network, taken: frozenset[int] | set[int]) -> str | None:
    """An address with its length for a gateway there, as 10.0.1.254/24 or fd00:1::1/64, that nobody has."""
    first, last = network
    candidates = range(first + 1, first + 255) if first >= V6 else range(last - 1, first, -1)
    free = next((place for place in candidates if place not in taken), None)
    return None if free is None else f"{show_address(free)}/{LENGTHS[family(first)]}"
