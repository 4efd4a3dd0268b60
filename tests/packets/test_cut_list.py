"""What `plan` says would be cut is what stops with `apply`, all of it and nothing else; it is forgotten afterwards."""

import pytest

from segctl.model.service import GRE
from tests.packets.net import Change
from tests.packets.point import Point, said
from tests.packets.rows import Row, open_, speaking

pytestmark = pytest.mark.packets

ROWS: list[Row] = [
    ("w1", "d1", "tcp", 1001),
    ("w1", "d1", "udp", 1001),
    ("w1", "d1", "echo", 0),
    ("w1", "d1", "raw", GRE),
    ("w1", "gw.eth1", "tcp", 1001),
    ("w1", "gw.eth1", "udp", 1001),
    ("gw.eth2", "d2", "tcp", 1001),
    ("gw.eth2", "d2", "echo", 0),
    ("w2", "d1", "tcp", 1002),
    ("w2", "d1", "udp", 1002),
    ("lax-1", "lazy-1", "tcp", 2000),
    ("lax-1", "lazy-1", "udp", 2000),
    ("gw.eth3", "lax-1", "udp", 2000),
    ("admin-1", "gw.eth5", "tcp", 22),
    ("admin-1", "gw.eth5", "echo", 0),
    ("admin-1", "w1", "tcp", 1443),
    ("old-1", "older-1", "tcp", 4000),
    ("old-1", "w2", "udp", 4001),
]
WITH: Change = (
    "flows:",
    """flows:
  - {name: heritage, from: old, to: older, services: [tcp/4000], why: "both ends keep"}
  - {name: half, from: old, to: web, services: [udp/4001], why: "one end cuts"}""",
)
CHANGES: tuple[Change, ...] = (
    WITH,
    # narrower flows, one with another name, and the point itself in none
    ("services: [tcp/1001, udp/1001, ping, proto/47]", "services: [tcp/1001]"),
    ("from: [web, gw], to: [db, gw]", "from: web, to: db"),
    ("{name: backup,", "{name: backup-too,"),
    ("services: [tcp/1002, udp/1002]", "services: [udp/1002, tcp/1003]"),
    # one of two observes no more, and management is less
    ("lazy: {strictness: strict, mode: observe", "lazy: {strictness: strict"),
    ("services: [tcp/22, ping]", "services: [tcp/22]"),
    ("guardrails:", 'guardrails:\n  - {name: none, from: admin, to: web, services: [tcp/1443], why: "never"}'),
    # two segments each behind the other's interface
    ("eth6: {segments: [old]", "eth6: {segments: [older]"),
    ("eth7: {segments: [older]", "eth7: {segments: [old]"),
)
STOPPED = {
    *("w1 d1 udp", "w1 d1 echo", "w1 d1 raw", "w1 gw.eth1 tcp", "w1 gw.eth1 udp", "gw.eth2 d2 tcp", "gw.eth2 d2 echo"),
    *("w2 d1 tcp", "lax-1 lazy-1 tcp", "lax-1 lazy-1 udp", "admin-1 gw.eth5 echo", "admin-1 w1 tcp"),
    *("old-1 older-1 tcp", "old-1 w2 udp"),
}


def test_what_is_listed_is_what_stops(point: Point) -> None:
    point.apply(said(WITH))
    with open_(point, ROWS) as (talks,):
        listed = [one.connection for one in point.plan(said(*CHANGES)).cut]
        before = {id(talk): one for one in point.tracked() for talk in talks if talk.is_in(one)}
        applied = point.apply(said(*CHANGES))
        after = {one.original for one in point.tracked()}
        alive = {id(talk) for talk in speaking(talks, 0.3)}
        stopped = [talk for talk in talks if id(talk) not in alive]
        forgotten = [talk for talk in talks if before[id(talk)].original not in after]
    names = zip([" ".join(row[:3]) for row in ROWS for _ in (4, 6)], talks, strict=True)
    assert {name for name, talk in names if id(talk) not in alive} == STOPPED
    assert sorted(str(before[id(talk)]) for talk in stopped) == sorted(listed)
    assert sorted(one.connection for one in applied.lost) == sorted(listed)
    assert forgotten == stopped


def test_who_lives_elsewhere_now_is_cut_though_others_of_its_line_stay(point: Point) -> None:
    """Both segments were behind eth6, one still is: the line between these interfaces stands for it alone."""
    line: Change = (
        "flows:",
        'flows:\n  - {name: both, from: [old, older], to: web, services: [tcp/4003], why: "two segments of one line"}',
    )
    elsewhere: Change = ("eth7: {segments: [older]", "eth7: {segments: [old, older]")
    point.apply(said(line, elsewhere, ("eth6: {segments: [old]", "eth6: {segments: [old, older]")))
    with open_(point, [("old-1", "w1", "tcp", 4003), ("older-1", "w2", "tcp", 4003)]) as (talks,):
        applied = point.apply(said(line, elsewhere, ("eth6: {segments: [old]", "eth6: {segments: [older]")))
        assert len(applied.lost) == 2
        assert speaking(talks, 0.3) == talks[2:]
