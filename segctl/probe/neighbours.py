"""Whether a machine knows the link-layer address of who it would send to.

A gateway keeps a packet back while it asks for its neighbour (RFC 826; RFC 4861, section 7.2), and drops it if no
answer comes. From outside that looks like a filter's silence, so it must be ruled out, before and after.
"""

import json
import time
from collections.abc import Iterable, Set

from segctl.model.ranges import parse_address, show_address
from segctl.probe.stage import Stage
from segctl.probe.way import Link
from segctl.runner import Runner

_KNOWN = {"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"}  # linux/neighbour.h: NUD_VALID
_AGAIN = 0.05


def known(stage: Stage, links: Iterable[Link], patience: float) -> set[Link]:
    """Those of the links whose sender knows the next machine's link-layer address; it has `patience` seconds to ask.

    NTF_USE (`use`) makes the kernel ask as it would for a packet, through the machine's own filters. It is for unknown
    neighbours alone: an entry that somebody made permanent would lose that by it.
    """
    missing = set(links)
    found = _found(stage, missing)
    for node in {link.node for link in missing - found}:
        asked = {(link.next, link.out) for link in missing - found if link.node == node}
        lines = [f"neighbour replace {show_address(address)} dev {out} use\n" for address, out in sorted(asked)]
        stage.by_name[node].runner.run(["ip", "-force", "-batch", "-"], stdin="".join(lines))
    end = time.monotonic() + patience
    while missing - found and time.monotonic() < end:
        time.sleep(_AGAIN)
        found |= _found(stage, missing - found)
    return found


def _found(stage: Stage, links: Set[Link]) -> set[Link]:
    """Those whose neighbour is known now."""
    out: set[Link] = set()
    for node in {link.node for link in links}:
        there = _resolved(stage.by_name[node].runner)
        out |= {link for link in links if link.node == node and (link.next, link.out) in there}
    return out


def _resolved(runner: Runner) -> set[tuple[int, str]]:
    """Neighbours with a link-layer address: their addresses and the interfaces that they are behind."""
    done = runner.run(["ip", "-json", "neighbour", "show"])
    return {
        (parse_address(row["dst"]), row["dev"])
        for row in json.loads(done.stdout or "[]")
        if _KNOWN.intersection(row.get("state", ()))
    }
