"""A site as a lab: pure, so that the same site gives the same lab, name for name and address for address."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from segctl.lab import names
from segctl.lab.lans import lans as lans_of
from segctl.lab.place import Placed, Placing
from segctl.lab.ports import ports as ports_of
from segctl.lab.routes import Routing
from segctl.lab.topology import Gateway, Host, Lan, Layout, Nic
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import family
from segctl.policy import Policy
from segctl.policy.classes import address_classes

HOSTS_PER_SEGMENT = 3
HOST_NIC = "eth0"
_LONGEST_INTERFACE = 15  # IFNAMSIZ without its zero


def layout(policy: Policy, name: str | None = None, hosts_per_segment: int = HOSTS_PER_SEGMENT) -> Layout:
    """The lab of a site, called `name` or as the site.

    ValueError if the name, or that of a gateway's interface, is none that the kernel could give.
    """
    site = policy.site
    lab = names.lab_name(site.name if name is None else name)
    lans = lans_of(site, policy.special)
    _check_interfaces(lans)
    placing = Placing(policy, lans, address_classes(policy), hosts_per_segment)
    placed = placing.hosts()
    chosen = names.Names()
    macs = _macs()
    gateways = tuple(_gateways(lab, lans, chosen, macs))
    hosts = tuple(_hosts(lab, lans, placed, chosen, macs))
    routing = Routing(lans, gateways, hosts)
    ports, notes = ports_of(site)
    return Layout(
        lab,
        names.switch(lab),
        lans,
        tuple(replace(gateway, routes=routing.of_gateway(gateway)) for gateway in gateways),
        tuple(replace(host, routes=routing.of_host(host)) for host in hosts),
        ports,
        (*_renamed(site.name if name is None else lab, lab, hosts), *placing.notes, *notes),
        site.name,
        hosts_per_segment,
    )


def _renamed(wanted: str, lab: str, hosts: Sequence[Host]) -> Iterator[str]:
    """What has another name here than in the site: a lab's name has no `-` or `.`, an endpoint may be on two LANs."""
    if lab != wanted:
        yield f"the lab of the site '{wanted}' is called '{lab}'"
    for host in hosts:
        if host.endpoint is not None and host.name != host.endpoint:
            yield f"endpoint '{host.endpoint}' is the host '{host.name}' on {host.lan}"


def _check_interfaces(lans: Sequence[Lan]) -> None:
    for link in (link for lan in lans for link in lan.links):
        name = link.interface.name
        if name == "lo":
            raise ValueError(f"{link.interface.span}: no name of an interface: 'lo' is every machine's loopback")
        if len(name.encode()) > _LONGEST_INTERFACE or name in (".", "..", "all", "default") or "/" in name:
            raise ValueError(f"{link.interface.span}: no name of an interface: '{name}'")


def _macs() -> Iterator[str]:
    """Locally administered, one after another (IEEE 802, 8.2.2)."""
    for number in count(1):
        yield ":".join(f"{octet:02x}" for octet in (0x02, 0x53, 0x47, *number.to_bytes(3, "big")))


def _gateways(lab: str, lans: Sequence[Lan], chosen: names.Names, macs: Iterator[str]) -> Iterator[Gateway]:
    links = [(link, lan.name) for lan in lans for link in lan.links]
    for point in dict.fromkeys(link.gateway for link, _ in links):
        ours = sorted(
            ((link, lan) for link, lan in links if link.gateway == point), key=lambda each: each[0].interface.span
        )
        nics = tuple(Nic(i.name, lan, next(macs), i.addresses) for i, lan in ((li.interface, lan) for li, lan in ours))
        name = chosen.reserve(point)
        yield Gateway(name, names.namespace(lab, name), point, nics)


def _hosts(
    lab: str, lans: Sequence[Lan], placed: Sequence[Placed], chosen: names.Names, macs: Iterator[str]
) -> Iterator[Host]:
    by_name = {lan.name: lan for lan in lans}
    # Endpoints first, for their own names, then those that can be called anything.
    called = {host: chosen.reserve(host.wanted) for host in sorted(placed, key=lambda host: host.endpoint is None)}
    for host in placed:
        lan = by_name[host.lan]
        addresses = tuple(InterfaceAddress(a, _length(lan, a)) for a in host.addresses)
        nic = Nic(HOST_NIC, lan.name, next(macs), addresses)
        name = called[host]
        yield Host(
            name, names.namespace(lab, name), host.segment, host.home, lan.name, host.addresses, nic, host.endpoint
        )


def _length(lan: Lan, address: int) -> int:
    """The length of the widest declared network that holds the address; a host route's where none does."""
    lengths = [
        declared.length
        for link in lan.links
        for declared in link.interface.addresses
        if family(declared.address) == family(address) and declared.network()[0] <= address <= declared.network()[1]
    ]
    return min(lengths, default=128 if family(address) == 6 else 32)
