"""`tightening: keep`: connections outlive the line that allowed them where both ends keep, and nothing forbids them."""

import pytest

from segctl.apply import overrides
from segctl.kernel import conntrack
from tests.packets.net import Change
from tests.packets.point import Point, said
from tests.packets.rows import Row, begin, go_on, open_, silent

pytestmark = pytest.mark.packets

KEPT: list[Row] = [("old-1", "older-1", "tcp", 4000), ("old-1", "older-1", "udp", 4000)]
KEPT_TOO: list[Row] = [("old-2", "older-1", "tcp", 4001), ("old-2", "older-1", "udp", 4001)]
HALF: list[Row] = [("old-1", "w1", "tcp", 4002), ("w2", "old-1", "udp", 4002)]
AGAIN: list[Row] = [("old-2", "older-2", "tcp", 4000), ("old-2", "older-2", "udp", 4000), ("old-2", "w2", "tcp", 4002)]
STAYING: list[Row] = [("w1", "d1", "tcp", 1001), ("w1", "d1", "udp", 1001)]
WITH: Change = (
    "flows:",
    """flows:
  - {name: heritage, from: old, to: older, services: [tcp/4000, udp/4000], why: "both ends keep"}
  - {name: legacy, from: old, to: older, services: [tcp/4001, udp/4001], why: "both ends keep"}
  - {name: half, from: old, to: web, services: [tcp/4002], why: "one end cuts"}
  - {name: other-half, from: web, to: old, services: [udp/4002], why: "one end cuts"}""",
)
FORBIDDEN: Change = (
    "guardrails:",
    'guardrails:\n  - {name: no-heritage, from: old, to: older, services: [tcp/4000], why: "never again"}',
)
RENAMED: Change = ("name: orders,", "name: orders-too,")


def test_what_both_ends_keep_lives_on(point: Point) -> None:
    """Through two applies, a rollback and back; begun anew nothing is. Where one end cuts it stops with the flip."""
    point.apply(said(WITH))
    begin(point, AGAIN, passes=True)
    with open_(point, [*KEPT, *KEPT_TOO], HALF, STAYING) as (kept, half, staying):
        point.apply(said())
        silent(half)
        go_on(kept)
        begin(point, AGAIN, passes=False)
        point.apply(said(RENAMED))
        go_on([*kept, *staying])
        begin(point, AGAIN, passes=False)
        point.back()
        go_on([*kept, *staying])
        begin(point, AGAIN, passes=False)
        # nothing but the connection itself keeps it
        conntrack.delete(point.gateway, [one for one in point.tracked() if any(talk.is_in(one) for talk in kept)])
        silent(kept)
        go_on(staying)


def test_a_guardrail_cuts_what_would_be_kept(point: Point) -> None:
    """Of the line that it speaks of all connections, in the next generation or in a later one; of others none."""
    point.apply(said(WITH))
    with open_(point, KEPT, KEPT_TOO) as (heritage, legacy):
        point.apply(said(FORBIDDEN))
        silent(heritage)
        go_on(legacy)
    point.fresh(said(WITH))
    with open_(point, KEPT, KEPT_TOO) as (heritage, legacy):
        point.apply(said())
        go_on([*heritage, *legacy])
        point.apply(said(FORBIDDEN))
        silent(heritage)
        go_on(legacy)


def test_quarantine_cuts_what_is_kept(point: Point) -> None:
    point.apply(said(WITH))
    with open_(point, KEPT, KEPT_TOO) as (kept, others):
        point.apply(said())
        overrides.quarantine(point.gateway, point["old-1"].addresses[4], 0, "a test")
        silent(kept)
        go_on(others)
        overrides.release(point.gateway, "all", "a test")
        silent(kept)


def test_a_profile_that_cuts_now_cuts_what_was_kept(point: Point) -> None:
    """What holds is what the new site says of its ends."""
    point.apply(said(WITH))
    with open_(point, KEPT) as (kept,):
        point.apply(said())
        go_on(kept)
        point.apply(said(("older: {strictness: lasting", "older: {strictness: strict")))
        silent(kept)
