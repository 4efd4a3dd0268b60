"""apply that is killed as `kill -9` does it, proof and all, and half-way through loading; every step: tests/fault."""

import os
import signal
from collections.abc import Iterable

import pytest

from segctl.apply import CannotApply, Proving, roll_back
from segctl.apply.steps import APPLY
from segctl.kernel import netlink
from segctl.kernel.image import digest_elements
from segctl.model.elements import Elements
from segctl.runner import Runner
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, NEXT, OLD, Place, compiled

pytestmark = pytest.mark.kernel

NAMES = [step.name for step in APPLY]
HALF_LOADED = "half loaded"
"""The structure stands in the slot, and only the first of its maps has elements."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(place: Place, text: str, where: str) -> int:
    """Apply in a process of its own that dies after the step; its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        if where == HALF_LOADED:
            whole = netlink.add

            def half(runner: Runner, table: str, sets: Iterable[Elements]) -> None:
                whole(runner, table, [next(iter(sets))])
                die()

            netlink.add = half  # type: ignore[assignment]

        def told(step: str) -> None:
            if where in NAMES and NAMES.index(step) == NAMES.index(where) + 1:
                die()

        place.apply(text, told, Proving.DEMANDED)
        die()  # after the last one
    finally:
        os._exit(1)


@pytest.mark.parametrize("first", [True, False], ids=["the first", "the second"])
@pytest.mark.parametrize("where", ["load asleep", "prove asleep", "flip", "record", HALF_LOADED])
def test_killed_at_each_step(namespace: MakeNamespace, where: str, first: bool) -> None:
    """What lives is the old generation or the new one, whole; rollback wakes nothing that never was; the next works."""
    place = Place(namespace())
    if not first:
        place.apply(OLD)
    old = place.held()
    assert dying(place, NEW, where) == signal.SIGKILL
    live = place.held()
    if where in NAMES[NAMES.index("flip") :]:
        assert live and (old is None or live[1] != old[1])
        assert live[1].elements["flow_port"] == ports(NEW)
        if old:
            assert roll_back(place.runner).generation == 1
            assert place.held() == old
    else:
        assert live == old
        with pytest.raises(CannotApply):  # what sleeps there was never awake, or isn't whole
            roll_back(place.runner)
        assert place.held() == old
    done = place.apply(NEXT)
    live = place.held()
    assert live and (live[0], live[1].digest()) == (done.slot, done.digest)
    assert live[1].elements["flow_port"] == ports(NEXT) != ports(NEW)


def ports(text: str) -> str:
    """What a site's flows come to, from the compiler."""
    return next(digest_elements(one) for one in compiled(text)[1].elements if one.name == "flow_port")
