"""What holds for a time ends in the kernel at its time, with nothing of ours running: packets say when.

Each command runs in a session of its own and is killed, with all that it has started, once its effect is there: nobody
is left who could end it. What is looked at on a machine so busy that the time is over by then says nothing, and is done
again with more of it.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from segctl.apply.would_deny import would_deny
from segctl.store import state_of
from segctl.store.overrides import Override
from tests.packets.point import Point, killed
from tests.packets.rows import Row, begin, go_on, heard, of, open_, silent, told
from tests.packets.talk import soon

pytestmark = pytest.mark.packets
TIMES = (5, 20, 60)  # seconds
GRACE = 1.0  # seconds after which it must be over
PATIENCE = 30.0

GRANTED: list[Row] = [("w2", "d2", "tcp", 3000), ("w2", "gw.eth1", "tcp", 3000)]
RELAXED: list[Row] = [("lax-1", "d2", "udp", 3001), ("lax-1", "d2", "tcp", 3001)]
HELD: list[Row] = [("w1", "d1", "tcp", 1001), ("w1", "d1", "udp", 1001)]
OTHERS: list[Row] = [("w2", "d1", "tcp", 1002), ("w2", "d1", "udp", 1002)]
MANAGING: list[Row] = [("admin-1", "gw.eth5", "tcp", 22)]


def carried_out(point: Point, effect: Callable[[], bool], seconds: int, *words: str) -> Override:
    """The command is begun; it and all that it has started are killed as soon as its effect is there."""
    with killed(point.command(*words, "--for", f"{seconds}s", "--why", "a test")):
        assert soon(effect, PATIENCE), words
    assert [line for line in _running() if point.gateway.name in line] == []
    with state_of(point.gateway, make=False) as state:
        assert state is not None
        return state.overrides.all()[-1]


def _running() -> list[str]:
    """Command lines of all processes but ours."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and int(one.name) != os.getpid():
            with suppress(OSError):
                found.append((one / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found


def comes(point: Point, rows: list[Row]) -> bool:
    """Whether new connections come through by now."""
    talks = of(point, rows)
    try:
        for talk in talks:
            talk.start()
        return soon(lambda: all(talk.started() for talk in talks), 0.1)
    finally:
        for talk in talks:
            talk.close()


def left(one: Override) -> float:
    """Seconds that it holds from now on."""
    return one.until / 1000 - time.time()


def test_what_holds_for_a_time_ends_by_itself(point: Point) -> None:
    """Quarantine, grant and relaxation at once, of different machines: so this is done once for all three."""
    begin(point, [*GRANTED, *RELAXED], passes=False)
    assert any(_three(point, seconds) for seconds in TIMES), "too busy a machine"
    begin(point, HELD, passes=True)
    begin(point, [*GRANTED, *RELAXED], passes=False)
    assert {one.destination for one in would_deny(point.gateway).observed} == {"db"}


def _three(point: Point, seconds: int) -> bool:
    """False: they were over before they could be looked at."""
    with open_(point, HELD, OTHERS) as (held, others):
        made = [
            carried_out(point, lambda: heard(held, 0.1) == [], seconds, "quarantine", "w1"),
            carried_out(point, lambda: comes(point, GRANTED), seconds, "grant", "w2", "any", "tcp/3000"),
            carried_out(point, lambda: comes(point, RELAXED), seconds, "relax", "db"),
        ]
        through = of(point, [*GRANTED, *RELAXED])
        try:
            for talk in through:
                talk.start()
            open_now = soon(lambda: all(talk.started() for talk in through))
            spoke, mute = heard(through, 1.0), heard(held)
            if min(map(left, made)) < 0:
                return False
            assert (open_now, spoke, mute) == (True, told(through), [])
            time.sleep(max(0.0, *map(left, made)) + GRACE)
            silent(through)
        finally:
            for talk in through:
                talk.close()
        go_on(others)
    return True


def test_panic_ends_by_itself(point: Point) -> None:
    assert any(_panic(point, seconds) for seconds in TIMES), "too busy a machine"
    begin(point, OTHERS, passes=True)


def _panic(point: Point, seconds: int) -> bool:
    with open_(point, OTHERS, MANAGING) as (others, managing):
        made = carried_out(point, lambda: heard(others, 0.1) == [], seconds, "panic")
        go_on(managing)
        mute = heard(others)
        if left(made) < 0:
            return False
        assert mute == []
        time.sleep(max(0.0, left(made)) + GRACE)
        go_on(managing)
        go_on(others, PATIENCE)
    return True
