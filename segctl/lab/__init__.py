"""A site's network on this machine: one namespace for each gateway and host, one bridge for each LAN.

In: a Policy. Out: a lab that stands (Built: nodes, their namespaces, what their listeners saw), or nothing at all.
`layout` is pure: it says what there will be. Everything made is found again, and removed, by its name alone.
Who isn't root comes into a user namespace first (`rootless.enter`); all else is the same.
Never in it: nft, rules, a judgement on a packet; a bridge, an address or a setting outside the lab's namespaces.
"""

from segctl.lab.clean import Removed, clean
from segctl.lab.errors import AlreadyUp, CannotMake, Damaged, LabError, NoSuchLab, NotMade, OtherSite, Terminated
from segctl.lab.health import of_site
from segctl.lab.layout import HOSTS_PER_SEGMENT, layout
from segctl.lab.names import lab_name
from segctl.lab.seen import TOKEN, Seen
from segctl.lab.state import labs
from segctl.lab.topology import Gateway, Host, Lan, Layout, Nic, Node, Port, Proto, Route
from segctl.lab.up import Built, find, lab, up

__all__ = [
    "HOSTS_PER_SEGMENT",
    "TOKEN",
    "AlreadyUp",
    "Built",
    "CannotMake",
    "Damaged",
    "Gateway",
    "Host",
    "LabError",
    "Lan",
    "Layout",
    "Nic",
    "NoSuchLab",
    "Node",
    "NotMade",
    "OtherSite",
    "Port",
    "Proto",
    "Removed",
    "Route",
    "Seen",
    "Terminated",
    "clean",
    "find",
    "lab",
    "lab_name",
    "labs",
    "layout",
    "of_site",
    "up",
]
