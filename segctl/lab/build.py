"""Makes what a layout says, in the kernel: namespaces, bridges, links, addresses, routes. In order, once.

    bridges lan0, lan1, … in SWITCH          gateway GW            host WEB1
        port p1 ═══════════════════════════ eth1
        port p2 ═════════════════════════════════════════════════ eth0

No bridge stands in a gateway, and the switch has no addresses and no rules: what passes between two hosts of one
LAN meets no gateway, as in real life.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event

from segctl.kernel.errors import NotThere
from segctl.kernel.links import LOOPBACK, Batch
from segctl.kernel.namespaces import enter, make, opened, prepare, write
from segctl.lab.topology import Layout, Nic, Node

_FIRST_NIC = LOOPBACK + 1
_FIRST_PORT = 100_000  # above the bridges' indices
_AT_ONCE = 200  # open namespaces while links are made: well below the usual 1024 open files

_EVERYWHERE = {
    "ipv6/conf/all/disable_ipv6": 0,
    "ipv6/conf/default/disable_ipv6": 0,
    "ipv6/conf/all/accept_dad": 0,  # duplicate address detection loses the first packets; it is off if both say so
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/accept_ra": 0,
    "ipv6/conf/default/accept_redirects": 0,  # routes stay as they were made
    "ipv4/conf/all/accept_redirects": 0,
    "ipv4/conf/default/accept_redirects": 0,
    "ipv4/conf/all/rp_filter": 0,  # what stops a forged source must be our binding
    "ipv4/conf/default/rp_filter": 0,
}
_GATEWAY = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1, "ipv6/conf/default/forwarding": 1}
_SWITCH = {"ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1}
_BRIDGED = ("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables", "bridge/bridge-nf-call-arptables")


class Stopped(Exception):
    """Somebody wants no more of it."""


@dataclass(frozen=True, slots=True)
class _Plug:
    """One veth: the port of a bridge, and whose interface is at its other end."""

    port: int
    bridge: int
    node: Node
    index: int
    nic: Nic


def build(layout: Layout, stop: Event) -> None:
    """Make it all. To be called in a thread of its own: it leaves that thread in one of the namespaces.

    Raises KernelRefused, or Stopped soon after `stop` is set; what was made stays for `clean` to remove.
    """
    prepare()
    _namespaces(layout, stop)
    _links(layout, stop)
    for node in layout.nodes:
        _go_on(stop)
        enter(node.namespace)
        _configure(node)


def _go_on(stop: Event) -> None:
    if stop.is_set():
        raise Stopped


def _namespaces(layout: Layout, stop: Event) -> None:
    """All of them, each with its settings: interfaces inherit these when they come."""
    forwarding = {gateway.namespace for gateway in layout.gateways}
    for name in layout.namespaces:
        _go_on(stop)
        make(name)
        if name == layout.switch:
            _set(_SWITCH)
            _leave_bridges_alone()
        else:
            _set(_EVERYWHERE | (_GATEWAY if name in forwarding else {}))


def _set(settings: dict[str, int]) -> None:
    for setting, value in settings.items():
        write(setting, value)


def _leave_bridges_alone() -> None:
    """What a bridge forwards must not meet iptables: on by default in each namespace where br_netfilter is there."""
    for setting in _BRIDGED:
        try:
            write(setting, 0)
        except NotThere:
            return


def _links(layout: Layout, stop: Event) -> None:
    enter(layout.switch)
    batch = Batch()
    for number, lan in enumerate(layout.lans):
        batch.bridge(lan.name, _FIRST_NIC + number)
    batch.send()
    plugs = list(_plugs(layout))
    for first in range(0, len(plugs), _AT_ONCE):
        _go_on(stop)
        _plug_in(plugs[first : first + _AT_ONCE], batch)


def _plug_in(plugs: Sequence[_Plug], batch: Batch) -> None:
    with ExitStack() as stack:
        descriptors: dict[str, int] = {}
        for plug in plugs:
            name = plug.node.namespace
            if name not in descriptors:
                descriptors[name] = stack.enter_context(opened(name))
            batch.veth(
                f"p{plug.port}", _FIRST_PORT + plug.port, plug.bridge,
                peer=plug.nic.name, peer_index=plug.index, peer_mac=plug.nic.mac, peer_netns=descriptors[name],
            )  # fmt: skip
        batch.send()


def _plugs(layout: Layout) -> Iterator[_Plug]:
    bridges = {lan.name: _FIRST_NIC + number for number, lan in enumerate(layout.lans)}
    port = 0
    for node in layout.nodes:
        for number, nic in enumerate(node.nics):
            port += 1
            yield _Plug(port, bridges[nic.lan], node, _FIRST_NIC + number, nic)


def _configure(node: Node) -> None:
    """Addresses before the interface is up, routes after it."""
    batch = Batch()
    batch.up(LOOPBACK)
    index = {nic.name: _FIRST_NIC + number for number, nic in enumerate(node.nics)}
    for nic in node.nics:
        for own in nic.addresses:
            batch.address(index[nic.name], own.address, own.length)
        batch.up(index[nic.name])
    for route in node.routes:
        batch.route(index[route.nic], *route.network, route.via)
    batch.send()
