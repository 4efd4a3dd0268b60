"""Which interfaces stand on one LAN: those of two gateways whose declared networks overlap."""

from collections.abc import Iterable

from segctl.lab.topology import Lan, Link
from segctl.model.ranges import Ranges
from segctl.model.site import Site


def lans(site: Site, special: Ranges) -> tuple[Lan, ...]:
    """All LANs, in the order in which the site first names them.

    Special addresses (fe80::/10 …) make no neighbours: they are on every link.
    """
    links = [Link(point.name, interface) for point in site.gateways() for interface in point.interfaces.values()]
    networks = [link.interface.networks() - special for link in links]
    groups: list[list[int]] = []
    for number, link in enumerate(links):
        reached = [
            group
            for group in groups
            if any(links[other].gateway != link.gateway and networks[other].meets(networks[number]) for other in group)
        ]
        groups = [group for group in groups if group not in reached]
        groups.append([*(other for group in reached for other in group), number])
    groups.sort(key=min)
    return tuple(Lan(f"lan{at}", tuple(links[number] for number in group)) for at, group in enumerate(groups))


def homes(all_lans: Iterable[Lan], segment: str) -> tuple[Lan, ...]:
    """The LANs on which hosts of the segment live.

    A LAN between gateways that lists it only because it lies beyond another of them is none, unless all are so.
    """
    every = tuple(all_lans)
    listing = tuple(lan for lan in every if lan.lists(segment))
    return tuple(lan for lan in listing if not _beyond(lan, every, segment)) or listing


def _beyond(lan: Lan, every: Iterable[Lan], segment: str) -> bool:
    """Whether a gateway on this LAN has the segment behind an interface on another LAN, and not behind this one."""
    without = {link.gateway for link in lan.links if segment not in link.interface.segments}
    others = (link for other in every if other is not lan for link in other.links)
    return any(link.gateway in without and segment in link.interface.segments for link in others)
