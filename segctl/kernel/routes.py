"""Behind which interface an address lives, as the kernel would route to it."""

import socket
from collections.abc import Iterable

from segctl.model.ranges import show_address
from segctl.runner import Runner

_LOCAL = 2  # linux/rtnetlink.h: RTN_LOCAL


def interfaces_towards(runner: Runner, addresses: Iterable[int]) -> dict[int, str | None]:
    """Each address with its interface, "" if it is local, None if there is no route."""
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    found: dict[int, str | None] = {}
    with runner.inside(), IPRoute() as channel:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in channel.get_links()}
        for address in dict.fromkeys(addresses):
            try:
                route = channel.route("get", dst=show_address(address))[0]
            except NetlinkError:
                found[address] = None
                continue
            local = route["type"] == _LOCAL
            found[address] = "" if local else names.get(route.get_attr("RTA_OIF"))
    return found


def interface_names(runner: Runner) -> dict[int, str]:
    """Every interface of the place by its index."""
    with runner.inside():
        return dict(socket.if_nameindex())
