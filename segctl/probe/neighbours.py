"""Whether a machine knows the link-layer address of who it would send to.

A gateway keeps a packet back while it asks for its neighbour (RFC 826; RFC 4861, section 7.2), and drops it if no
answer comes. From outside that looks like a filter's silence, so it must be ruled out, before and after.
"""

import json
import time
from collections.abc import Iterable

from segctl.model.ranges import parse_address, show_address
from segctl.probe.stage import Stage
from segctl.probe.way import Link
from segctl.runner import Runner

_KNOWN = {"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}  # linux/neighbour.h: NUD_VALID
_AGAIN = 0.05


def known(stage: Stage, links: Iterable[Link], patience: float) -> set[Link]:
    """Those of the links whose sender knows the next machine's link-layer address; it has `patience` seconds to ask.

    NTF_USE (`use`) makes the kernel ask by itself as for a packet, through the machine's own filters, and no more.
    """
    missing = set(links)
    found: set[Link] = set()
    for node in {link.node for link in missing}:
        asked = {(link.next, link.out) for link in missing if link.node == node}
        lines = [f"neighbour replace {show_address(address)} dev {out} use\n" for address, out in sorted(asked)]
        stage.by_name[node].runner.run(["ip", "-force", "-batch", "-"], stdin="".join(lines))
    end = time.monotonic() + patience
    while missing:
        for node in {link.node for link in missing}:
            there = _resolved(stage.by_name[node].runner)
            found |= {link for link in missing if link.node == node and (link.next, link.out) in there}
        missing -= found
        if time.monotonic() > end:
            break
        if missing:
            time.sleep(_AGAIN)
    return found


def _resolved(runner: Runner) -> set[tuple[int, str]]:
    """Neighbours with a link-layer address: their addresses and the interfaces that they are behind."""
    done = runner.run(["ip", "-json", "neighbour", "show"])
    return {
        (parse_address(row["dst"]), row["dev"])
        for row in json.loads(done.stdout or "[]")
        if _KNOWN.intersection(row.get("state", ()))
    }
