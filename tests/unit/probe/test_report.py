"""A matrix for people and for machines."""

import io
import json
from dataclasses import replace

import pytest

from segctl.model.decision import Decision, Effect, Outcome, Step
from segctl.model.ranges import parse_address
from segctl.model.service import TCP, traffic
from segctl.model.span import Span
from segctl.model.strictness import Verdict
from segctl.probe.result import Answer, Cell, End, Matrix, Seen, Standing, Tried
from segctl.report.matrix import SCHEMA, matrix_json, print_matrix
from segctl.report.terminal import console, progress

WEB = End("web1", "web", parse_address("10.0.1.10"))
DB = End("db1", "db", parse_address("10.0.2.10"))
WORLD = End("world1", "world", parse_address("198.51.100.9"))
DENY = Outcome(
    Decision(Verdict.DENY, Step.REFUSED, "no flow allows it; 'db' ingress deny", Span("segctl.yaml", 5, 3)), Effect.DROP
)
GOOD = Tried(Cell(WEB, DB, traffic(4, TCP, 81), DENY), Seen.BLOCKED, Standing.AGREES, "gw stopped it")
HOLE = Tried(Cell(WORLD, DB, traffic(4, TCP, 22), DENY), Seen.DELIVERED, Standing.DIFFERS, "db1 got it", Answer.SYN_ACK)
OPEN = Tried(
    Cell(DB, WEB, traffic(4, TCP, 22), DENY), Seen.INCONCLUSIVE, Standing.INCONCLUSIVE, "it never arrived at gw"
)
BESIDE = Tried(
    Cell(WEB, WEB, traffic(4, TCP, 22), replace(DENY, uncovered=True)),
    Seen.DELIVERED,
    Standing.UNCOVERED,
    "web2 got it",
)
MATRIX = Matrix("shop", (GOOD, HOLE, OPEN, BESIDE), 12, 1.25, ("odd: protocol 51 (IPv6): a header, no payload",))


def printed(matrix: Matrix, width: int = 80) -> str:
    out = io.StringIO()
    print_matrix(console(out, width), matrix)
    return out.getvalue()


def test_on_the_terminal() -> None:
    assert (
        printed(MATRIX)
        == """\
from \\ to db    web   world
db              ? 0/0      
web       ✓ 0/1 · 1/0      
world     ✗ 1/0            
✓ agrees   ✗ differs   ? no answer   · uncovered   figures: passed/stopped

What differs: 1 cell
  world → db: tcp/22 (1 cell)
    between: world1 198.51.100.9 → db1 10.0.2.10
    expected: drop: no flow allows it; 'db' ingress deny (segctl.yaml:5:3)
    seen: delivered: db1 got it

What stayed without answer: 1 cell
  db → web: tcp/22 (1 cell)
    between: db1 10.0.2.10 → web1 10.0.1.10
    expected: drop: no flow allows it; 'db' ingress deny (segctl.yaml:5:3)
    seen: inconclusive: it never arrived at gw
note: not tried: odd: protocol 51 (IPv6): a header, no payload

4 cells, 12 packets, 1.2 s
1 agree, 1 differ, 1 without answer, 1 uncovered
"""
    )


def wide(count: int) -> Matrix:
    ends = [End(f"h{n}", f"a-rather-long-name-{n}", WEB.address + n) for n in range(count)]
    return Matrix(
        "wide", tuple(replace(GOOD, cell=replace(GOOD.cell, source=a, destination=b)) for a in ends for b in ends)
    )


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_width_is_respected(width: int) -> None:
    text = printed(wide(12), width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("✓ 0/1") == 144  # in several tables, where one is too wide


def test_no_colour_where_nobody_looks() -> None:
    assert "\x1b" not in printed(MATRIX)
    err = io.StringIO()
    with progress("probing", err) as advance:
        advance(1, 2)
    assert err.getvalue() == ""


def test_as_json() -> None:
    said = json.loads(json.dumps(matrix_json(MATRIX)))
    assert said["schema"] == SCHEMA == "segctl/probe/1"
    assert said["agrees"] is False
    assert said["counts"] == {"agrees": 1, "differs": 1, "inconclusive": 1, "uncovered": 1}
    assert said["cells"][1] == {
        "from": {"segment": "world", "node": "world1", "address": "198.51.100.9"},
        "to": {"segment": "db", "node": "db1", "address": "10.0.2.10"},
        "service": "tcp/22",
        "family": 4,
        "expected": {
            "effect": "drop", "verdict": "deny", "step": "6", "reason": DENY.decision.reason, "by": None,
            "at": {"file": "segctl.yaml", "line": 5, "column": 3},
            "observed": False, "uncovered": False, "unbound": False,
        },
        "seen": "delivered",
        "answer": "syn-ack",
        "standing": "differs",
        "reason": "db1 got it",
        "note": "",
    }  # fmt: skip


def test_what_agrees() -> None:
    assert Matrix("s", (GOOD, BESIDE)).agrees
    assert not MATRIX.agrees
    assert not Matrix("s", (BESIDE,)).agrees and not Matrix("s", ()).agrees  # nothing was shown
