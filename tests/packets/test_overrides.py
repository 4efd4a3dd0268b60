"""Quarantine, panic, grant and their release with packets: both families, all hooks, all that is spoken.

What holds once the call has returned is asked right after it; the time that it takes is a bench's (bench/overrides.py).
"""

from datetime import UTC, datetime

import pytest

from segctl.apply import CannotApply, overrides
from segctl.apply.boot import boot
from segctl.compile import render_delete
from segctl.kernel import nft
from segctl.load import parse_service
from segctl.model.ranges import Ranges, parse_address
from segctl.model.service import GRE
from segctl.model.site import Site
from segctl.model.span import Span
from tests.packets.point import Point, said
from tests.packets.rows import Row, begin, go_on, open_, silent

pytestmark = pytest.mark.packets
OF_W1: list[Row] = [
    ("w1", "d1", "tcp", 1001),
    ("w1", "d1", "udp", 1001),
    ("w1", "d1", "echo", 0),
    ("w1", "d1", "raw", GRE),
    ("w1", "gw.eth1", "tcp", 1001),
    ("w1", "gw.eth1", "udp", 1001),
]
OF_OTHERS: list[Row] = [
    ("w2", "d1", "tcp", 1002),
    ("w2", "d1", "udp", 1002),
    ("gw.eth2", "d2", "tcp", 1001),
    ("gw.eth2", "d2", "udp", 1001),
    ("lax-1", "lazy-1", "udp", 2000),
]
MENDING: list[Row] = [("admin-1", "w1", "tcp", 1443), ("admin-1", "w1", "udp", 1443)]
MANAGING: list[Row] = [("admin-1", "gw.eth5", "tcp", 22), ("admin-1", "gw.eth5", "echo", 0)]

MANAGING_TOO: list[Row] = [("admin-2", "gw.eth1", "tcp", 22), ("admin-2", "gw.eth1", "echo", 0)]
OTHERS_TOO: list[Row] = [("w2", "d2", "tcp", 1002), ("w2", "d2", "udp", 1002), ("admin-2", "w2", "tcp", 1443)]


def traffic(words: str) -> Ranges:
    return parse_service(words, Site("", Span("test", 1, 1), {}, {})).traffic


def test_quarantine_cuts_a_machine_off(point: Point) -> None:
    """Its live connections through the point and with it; none of others. Remediation lives on, and may begin."""
    with open_(point, OF_W1, OF_OTHERS, MENDING) as (its, others, mending):
        overrides.quarantine(point.gateway, "w1", 0, "a test")
        silent(its)
        go_on(others)
        go_on(mending)
        point.forget()  # nothing hangs on what was tracked
        silent(its)
    begin(point, [*OF_W1, ("d1", "w1", "tcp", 1001)], passes=False)
    begin(point, MENDING, passes=True)
    overrides.release(point.gateway, "w1", "a test")
    begin(point, OF_W1, passes=True)


def test_what_was_cut_off_does_not_go_on_once_released(point: Point) -> None:
    """A session of an intruder's ends; a datagram begins anew."""
    with open_(point, [row for row in OF_W1 if row[2] == "tcp"]) as (its,):
        overrides.quarantine(point.gateway, "w1", 0, "a test")
        overrides.release(point.gateway, "w1", "a test")
        silent(its)


def test_quarantine_takes_what_the_neighbours_show(point: Point) -> None:
    """The other family's address of the same machine, though nobody said that they are one."""
    with open_(point, [("lax-1", "lazy-1", "udp", 2000), ("lax-2", "lazy-1", "udp", 2001)]) as (talks,):
        made = overrides.quarantine(point.gateway, point["lax-1"].addresses[4], 0, "a test")
        assert parse_address(point["lax-1"].addresses[6]) in made.addresses
        assert any(point["lax-1"].mac in line for line in made.beside)
        silent(talks[:2])
        go_on(talks[2:])


def test_quarantine_holds_across_what_comes(point: Point) -> None:
    """Another generation, rollback, a reboot; until it is released."""
    overrides.quarantine(point.gateway, "w1", 0, "a test")
    point.apply(said(("name: orders,", "name: orders-too,")))
    begin(point, OF_W1[:2], passes=False)
    point.back()
    begin(point, OF_W1[:2], passes=False)
    for table in ("segctl_a", "segctl_b", "segctl_hold"):
        nft.load(point.gateway, render_delete(table))
    begin(point, OF_W1[:2], passes=True)  # nothing is enforced
    assert not boot(point.gateway, datetime.now(UTC)).closed
    begin(point, OF_W1[:2], passes=False)
    begin(point, MENDING, passes=True)
    begin(point, OF_OTHERS[:2], passes=True)
    overrides.release(point.gateway, "all", "a test")
    begin(point, OF_W1[:2], passes=True)


def test_quarantine_spares_who_asks_for_it(point: Point, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", f"{point['admin-1'].addresses[4]} 50000 {point['gw.eth5'].addresses[4]} 22")
    with pytest.raises(CannotApply, match="this session"):
        overrides.quarantine(point.gateway, point["admin-1"].addresses[4], 0, "a test")
    begin(point, MANAGING, passes=True)
    overrides.quarantine(point.gateway, point["admin-1"].addresses[4], 0, "a test", even_management=True)
    begin(point, MANAGING, passes=False)


def test_quarantine_spares_the_last_who_manages(point: Point) -> None:
    """Both of its addresses, as the neighbours show them."""
    ends = ", ".join(f'"{address}"' for address in point["admin-1"].addresses.values())
    point.apply(said(("- {from: admin, services: [tcp/22, ping]}", f"- {{from: [{ends}], services: [tcp/22, ping]}}")))
    begin(point, MANAGING, passes=True)
    with pytest.raises(CannotApply, match="last source of management"):
        overrides.quarantine(point.gateway, point["admin-1"].addresses[4], 0, "a test")
    begin(point, MANAGING, passes=True)


def test_panic_leaves_management_alone(point: Point) -> None:
    """All else stops, remediation too; neighbours are still found. What was open goes on once all is released."""
    with open_(point, MANAGING, [*OF_W1, *OF_OTHERS, *MENDING]) as (managing, others):
        overrides.panic(point.gateway, 0, "a test")
        point.gateway.run(["ip", "neigh", "flush", "all"])
        point["admin-1"].run("ip neigh flush all")
        go_on(managing)
        silent(others)
        begin(point, MANAGING_TOO, passes=True)
        begin(point, OTHERS_TOO, passes=False)
        point.apply(said(("name: orders,", "name: orders-too,")))
        begin(point, OTHERS_TOO, passes=False)
        silent(others)
        overrides.release(point.gateway, "panic", "a test")
        go_on([*managing, *others], 20)
    begin(point, [*OF_W1, *OF_OTHERS, *MENDING], passes=True)


GRANTS: list[tuple[tuple[str, str, str], Row]] = [
    (("w2", "d2", "tcp/3000-3001"), ("w2", "d2", "tcp", 3001)),
    (("web", "db", "udp/3000"), ("w2", "d2", "udp", 3000)),
    (("w2", "d2", "ping"), ("w2", "d2", "echo", 0)),
    (("lax", "web", "proto/47"), ("lax-1", "w2", "raw", GRE)),
    (("any", "points", "tcp/3000"), ("w2", "gw.eth1", "tcp", 3000)),
    (("w2", "points", "udp/3005"), ("w2", "gw.eth1", "udp", 3005)),
    (("points", "w2", "tcp/3000"), ("gw.eth1", "w2", "tcp", 3000)),
    (("points", "web", "udp/3010"), ("gw.eth1", "w2", "udp", 3010)),
]


def test_grants_begin_and_end(point: Point) -> None:
    """Through the point, to it and from it. A flip loses none; each one's connections end with it, and no other's."""
    no_ping = said(("tcp/1001, udp/1001, ping, proto/47]", "tcp/1001, udp/1001]"))
    point.apply(no_ping)
    point.apply(no_ping)  # in both slots
    rows = [row for _, row in GRANTS]
    begin(point, rows, passes=False)
    until = overrides.now() + 600_000
    made = [overrides.grant(point.gateway, words, traffic(words[2]), until, "a test") for words, _ in GRANTS]
    with open_(point, rows, OF_OTHERS[:2]) as (granted, others):
        point.back()
        go_on(granted)
        point.apply(no_ping)
        go_on(granted)
        for at, one in enumerate(made):
            overrides.release(point.gateway, str(one.id), "a test")
            silent(granted[2 * at : 2 * at + 2])
            go_on(granted[2 * at + 2 :])
        go_on(others)


def test_a_guardrail_forbids_a_grant(point: Point) -> None:
    with pytest.raises(CannotApply, match="guardrail"):
        overrides.grant(
            point.gateway, ("w2", "any", "tcp/3380-3390"), traffic("tcp/3380-3390"), overrides.now() + 60_000, "a test"
        )
    begin(point, [("w2", "d2", "tcp", 3389), ("w2", "d2", "tcp", 3380)], passes=False)
