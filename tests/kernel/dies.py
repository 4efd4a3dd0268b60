"""An apply that is killed: `python -m tests.kernel.dies SITE NETNS WHERE`, the site as text in the file SITE.

WHERE is the name of a step, after which the process kills itself as `kill -9` would, or `half loaded`: the structure
stands in the slot, and only the first of its maps has elements.
"""

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from segctl.apply.steps import APPLY, apply
from segctl.compile import compile_gateway
from segctl.kernel import netlink
from segctl.model.elements import Elements
from segctl.runner import Netns, Runner
from tests.sites import AT, policy

HALF_LOADED = "half loaded"
NAMES = [step.name for step in APPLY]
PLACES = [*NAMES, HALF_LOADED]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(site: str, place: str, where: str) -> None:
    def told(step: str) -> None:
        if NAMES.index(step) and NAMES[NAMES.index(step) - 1] == where:
            die()

    def half(runner: Runner, table: str, sets: Iterable[Elements]) -> None:
        whole(runner, table, [next(iter(sets))])
        die()

    whole = netlink.add
    if where == HALF_LOADED:
        netlink.add = half  # type: ignore[assignment]
    said = policy(Path(site).read_text())
    apply(Netns(place), said, compile_gateway(said, "gw", AT), AT, 0, told)
    die()


if __name__ == "__main__":
    main(*sys.argv[1:])
