"""The interfaces and addresses that a place has."""

from dataclasses import dataclass
from typing import Any

from segctl.model.ranges import parse_address
from segctl.runner import Runner

_IFF_UP, _IFF_LOOPBACK = 1, 8  # linux/if.h


@dataclass(frozen=True, slots=True)
class Link:
    """An interface. `kind`: what made it (`bridge`, `veth`, '' for hardware); `port`: it is part of another one."""

    name: str
    up: bool
    loopback: bool
    kind: str
    port: bool
    addresses: tuple[int, ...]


def links(runner: Runner) -> tuple[Link, ...]:
    """Every interface with its addresses (places on our line), in the kernel's order."""
    from pyroute2 import IPRoute

    with runner.inside(), IPRoute() as channel:
        addresses: dict[int, list[int]] = {}
        for said in channel.get_addr():
            text = said.get_attr("IFA_LOCAL") or said.get_attr("IFA_ADDRESS")
            addresses.setdefault(said["index"], []).append(parse_address(text))
        return tuple(_link(said, tuple(addresses.get(said["index"], ()))) for said in channel.get_links())


def _link(said: Any, addresses: tuple[int, ...]) -> Link:
    about = said.get_attr("IFLA_LINKINFO")
    return Link(
        str(said.get_attr("IFLA_IFNAME")),
        bool(said["flags"] & _IFF_UP),
        bool(said["flags"] & _IFF_LOOPBACK),
        str(about.get_attr("IFLA_INFO_KIND") or "") if about else "",
        said.get_attr("IFLA_MASTER") is not None,
        addresses,
    )
