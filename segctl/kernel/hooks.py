"""Who else may decide on a packet where no rule of nftables or iptables sees it: XDP, and tc's filters.

XDP runs before anything else sees a packet, tc at ingress before and at egress after netfilter's hooks (the kernel's
Documentation/networking/filter.rst; net/core/dev.c, sch_handle_ingress, sch_handle_egress). What they do is a
program's business; that they are there is said. Programs on tcx links (Linux 6.6) and in hardware aren't seen here.
"""

from collections.abc import Iterator
from typing import Any

from segctl.runner import Runner

_SIDES = {"ingress": 0xFFFFFFF2, "egress": 0xFFFFFFF3}  # TC_H_CLSACT with TC_H_MIN_INGRESS, TC_H_MIN_EGRESS
_INGRESS_ALONE = 0xFFFF0000  # of the older qdisc `ingress`
_HOOKED = ("clsact", "ingress")


def other_hooks(runner: Runner) -> list[str]:
    """In words, each interface of the place that has an XDP program or tc filters on a packet's way."""
    from pyroute2 import IPRoute

    with runner.inside(), IPRoute() as channel:
        links = {link["index"]: link for link in channel.get_links()}
        names = {index: str(link.get_attr("IFLA_IFNAME")) for index, link in links.items()}
        found = [f"an XDP program on {names[index]}" for index, link in links.items() if _has_xdp(link)]
        hooked = [(one["index"], str(one.get_attr("TCA_KIND"))) for one in channel.get_qdiscs()]
        for index, kind in hooked:
            if kind in _HOOKED and index in names:
                found += [f"tc filters on {names[index]}, {side}" for side in _filtered(channel, index, kind)]
    return sorted(found)


def _has_xdp(link: Any) -> bool:
    said = link.get_attr("IFLA_XDP")
    return said is not None and bool(said.get_attr("IFLA_XDP_ATTACHED"))


def _filtered(channel: Any, index: int, kind: str) -> Iterator[str]:
    """The sides of an interface that have a filter."""
    sides = _SIDES if kind == "clsact" else {"ingress": _INGRESS_ALONE}
    for side, parent in sides.items():
        if list(channel.get_filters(index, parent=parent)):
            yield side
