"""What passes only because its ends observe, for good or for a time, and how `status --would-deny` tells it."""

import re
import socket

import pytest

from segctl.apply import overrides
from segctl.apply.result import WouldDeny
from segctl.apply.would_deny import would_deny
from segctl.model.service import GRE
from tests.packets.net import Change
from tests.packets.point import Point, said
from tests.packets.rows import Row, begin, go_on, open_, silent

pytestmark = pytest.mark.packets
ROOM = 4096  # of would_deny (templates/nftables/parts.nft.j2)

OBSERVED: list[Row] = [
    ("lax-1", "lazy-1", "tcp", 2000),
    ("lax-1", "lazy-1", "udp", 2000),
    ("lax-1", "lazy-1", "echo", 0),
    ("lax-1", "lazy-1", "raw", GRE),
]
OF_ANOTHER: list[Row] = [("lax-2", "lazy-1", "udp", 2009)]
OUT: list[Row] = [("gw.eth3", "lax-1", "tcp", 2001), ("gw.eth3", "lax-1", "udp", 2001), ("gw.eth3", "lax-1", "echo", 0)]
RELAXED: list[Row] = [
    ("lax-1", "d1", "tcp", 2002),
    ("lax-1", "d1", "udp", 2002),
    ("d2", "lazy-1", "udp", 2002),
    ("d2", "lazy-1", "raw", GRE),
    ("gw.eth2", "d1", "udp", 2003),
]
INTO: list[Row] = [
    ("lax-1", "gw.eth3", "tcp", 2004),
    ("lax-1", "gw.eth3", "udp", 2004),
    ("lax-1", "gw.eth3", "echo", 0),
]
STRICT: list[Row] = [("w1", "d1", "udp", 2005), ("lax-1", "d1", "tcp", 3389), ("w1", "lazy-1", "udp", 2005)]


def seen(found: WouldDeny) -> dict[tuple[str, str, str], int]:
    return {(one.source, one.destination, one.service): one.packets for one in found.observed}


def test_what_is_observed_is_told_with_the_line_that_allows_it(point: Point) -> None:
    """Through the point and from it; each proposed line, put into the site, allows what it was proposed for. Who is
    treated alike is named as the site names it: an endpoint, a segment, or the rest of it by its addresses.
    """
    named: tuple[Change, ...] = (
        ("endpoints:", 'endpoints:\n  x1: {addresses: [10.97.3.1, "fd97:3::1"]}'),
        ("flows:", 'flows:\n  - {name: own, from: x1, to: db, services: [tcp/9], why: "x1 is a class of its own"}'),
    )
    point.apply(said(*named))
    assert would_deny(point.gateway).observed == ()
    begin(point, [*OBSERVED, *OF_ANOTHER, *OUT], passes=True)
    found = seen(would_deny(point.gateway))
    four, six = "10.97.3.0, 10.97.3.2-10.97.3.253", "fd97:3::, fd97:3::2-fd97:3::fd, fd97:3::ff-fd97:3:"
    others = f"lax ({four}, {six}:ffff:ffff:ffff:ffff)"
    wanted = {("x1", "lazy", service) for service in ("tcp/2000", "udp/2000", "icmp4/8", "icmp6/128", "proto/47")}
    wanted |= {("points", "x1", service) for service in ("tcp/2001", "udp/2001", "icmp4/8", "icmp6/128")}
    wanted |= {(others, "lazy", "udp/2009")}
    assert set(found) == wanted
    assert all(found[one] == (1 if "icmp" in one[2] else 2) for one in wanted), found  # of both families together
    text = point.segctl("status", "--would-deny")
    assert "2  lax (5 ranges of it) -> lazy  udp/2009\n" in text
    lines = re.findall(r"- \{(from: .*), why: \"…\"\}", text)
    assert len(lines) == len(wanted)
    more = "".join(f'\n  - {{name: more-{at}, {line}, why: "seen"}}' for at, line in enumerate(lines))
    point.apply(said(*named, ("flows:", f"flows:{more}")))
    point.forget()
    begin(point, [*OBSERVED, *OF_ANOTHER, *OUT], passes=True)
    assert would_deny(point.gateway).observed == ()


def test_a_relaxed_segment_only_observes(point: Point) -> None:
    """What it alone refuses passes and is told; what others refuse, or a guardrail forbids, doesn't."""
    begin(point, [*RELAXED, *STRICT], passes=False)
    made = overrides.relax(point.gateway, "db", overrides.now() + 600_000, "a test")
    with open_(point, RELAXED) as (talks,):
        found = seen(would_deny(point.gateway))
        assert set(found) == {
            ("lax", "db", "tcp/2002"),
            ("lax", "db", "udp/2002"),
            ("db", "lazy", "udp/2002"),
            ("db", "lazy", "proto/47"),
            ("points", "db", "udp/2003"),
        }
        begin(point, STRICT, passes=False)
        point.back()
        go_on(talks)
        point.back()
        go_on(talks)
        overrides.release(point.gateway, str(made.id), "a test")
        silent(talks)
    begin(point, RELAXED, passes=False)


def test_relaxed_points_only_observe(point: Point) -> None:
    begin(point, INTO, passes=False)
    overrides.relax(point.gateway, "points", overrides.now() + 600_000, "a test")
    begin(point, INTO, passes=True)
    wanted = {("lax", "points", service) for service in ("tcp/2004", "udp/2004", "icmp4/8", "icmp6/128")}
    assert set(seen(would_deny(point.gateway))) == wanted


def test_what_finds_no_room_is_counted(point: Point) -> None:
    lax, lazy = point["lax-1"], point["lazy-1"]
    ports = range(10_000, 10_000 + ROOM + 904)
    with lax.open(4, socket.SOCK_DGRAM) as out:
        out.bind((lax.addresses[4], 0))
        for port in ports:
            out.sendto(b"knock", (lazy.addresses[4], port))
    begin(point, [("lax-1", "lazy-1", "udp", 20_000)], passes=True)  # all before it has passed, or never will
    found = would_deny(point.gateway)
    assert len(found.observed) == ROOM
    assert sum(one.packets for one in found.observed) == ROOM
    assert found.overflow == len(ports) + 2 - ROOM
    assert f"{found.overflow}  more, for which the sets had no room" in point.segctl("status", "--would-deny")
