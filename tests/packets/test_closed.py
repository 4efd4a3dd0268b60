"""Closed but for management: after `remove --leave closed`, and where a boot can load nothing. Open with new rules."""

from datetime import UTC, datetime

import pytest

from segctl.apply import overrides
from segctl.apply.boot import boot
from segctl.apply.remove import remove
from segctl.store.state import root
from tests.packets.point import Point, said
from tests.packets.rows import Row, begin, go_on, open_, silent

pytestmark = pytest.mark.packets
ALLOWED: list[Row] = [("w1", "d1", "tcp", 1001), ("w1", "d1", "udp", 1001), ("w1", "gw.eth1", "tcp", 1001),
                      ("lax-1", "lazy-1", "udp", 2000), ("gw.eth2", "d2", "tcp", 1001)]  # fmt: skip
DENIED: list[Row] = [("w1", "d1", "udp", 1003), ("d1", "w1", "udp", 1001)]
MANAGING: list[Row] = [("admin-1", "gw.eth5", "tcp", 22), ("admin-1", "gw.eth5", "echo", 0)]
NOT_MANAGING: list[Row] = [
    ("admin-1", "gw.eth5", "udp", 22),
    ("w1", "gw.eth1", "tcp", 22),
    ("w1", "gw.eth1", "echo", 0),
]


def test_left_closed(point: Point) -> None:
    """What was open goes on for management alone; nothing else begins, through the point, to it or from it."""
    with open_(point, ALLOWED, MANAGING) as (its, managing):
        remove(point.gateway, closed=True, at=datetime.now(UTC), why="a test")
        silent(its)
        go_on(managing)
    begin(point, [*ALLOWED, *DENIED, *NOT_MANAGING], passes=False)
    begin(point, MANAGING, passes=True)
    point.apply(said())
    begin(point, ALLOWED, passes=True)
    begin(point, DENIED, passes=False)


def test_left_open(point: Point) -> None:
    remove(point.gateway, closed=False, at=datetime.now(UTC), why="a test")
    begin(point, [*ALLOWED, *DENIED, *NOT_MANAGING], passes=True)


def test_a_boot_that_can_load_nothing(point: Point) -> None:
    """Its rules are damaged; who manages is known by what is kept beside them. Released, it is open."""
    folder = root() / point.gateway.key / "generations"
    for rules in folder.glob("*.rules"):
        rules.write_bytes(rules.read_bytes()[:1000])
    point.gateway.run(["nft", "flush", "ruleset"])
    done = boot(point.gateway, datetime.now(UTC))
    assert done.closed and done.managed
    begin(point, [*ALLOWED, *DENIED, *NOT_MANAGING], passes=False)
    begin(point, MANAGING, passes=True)
    overrides.release(point.gateway, "all", "a test")
    begin(point, [*ALLOWED, *DENIED], passes=True)


def test_a_boot_that_knows_nobody(point: Point) -> None:
    """Nothing that is kept says who manages: it is closed for everybody, and neighbours are not even found."""
    for kept in (root() / point.gateway.key / "generations").iterdir():
        kept.write_bytes(b"")
    point.gateway.run(["nft", "flush", "ruleset"])
    done = boot(point.gateway, datetime.now(UTC))
    assert done.closed and not done.managed
    begin(point, [*ALLOWED, *DENIED, *MANAGING], passes=False)
    overrides.release(point.gateway, "all", "a test")
    begin(point, MANAGING, passes=True)
