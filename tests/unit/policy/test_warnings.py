"""Warnings and lint: each appears, is waived on what it complains of, and is back past the waiver's day, in `check`."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level

Capture = pytest.CaptureFixture[str]
SOON, LATE = "2027-01-20T12:00:00Z", "2027-02-01T00:00:00Z"  # before and after the waiver's day
POINT = "points: {gw: {kind: gateway, interfaces: {e0: {segments: world}, e1: {segments: a}, e2: {segments: b}}}}\n"
TWO = "segments: {a: {members: 10.1.0.0/24, owner: x}, b: {members: 10.2.0.0/24, owner: x}}\n"
LONG_AGO = "2026-01-31"
AB = "flows: [{from: a, to: b, services: ssh}]\n"
FAILING = {"uncovered", "over-budget"}


@dataclass(frozen=True, slots=True)
class Warned:
    """A site with one finding, {} where its waiver goes; `waiver`: what is waived, if that has another name."""

    code: str
    text: str
    waiver: str = ""


def flow(code: str, text: str, before: str = TWO, also: str = "", waiver: str = "") -> Warned:
    return Warned(code, f"{before}{POINT}{also}flows:\n  - {{{text}, {{}}}}\n", waiver)


def segments(a: str, b: str) -> str:
    a, b = f"members: 10.1.0.0/24, owner: x, {a}", f"members: 10.2.0.0/24, owner: x, {b}"
    return f"segments: {{a: {{{a}}}, b: {{{b}}}}}\n"


WARNED = [
    flow("expired", f"from: a, to: b, services: ssh, until: {LONG_AGO}T00:00:00Z"),
    flow("not-yet", "from: a, to: b, services: ssh, since: 2100-01-01T00:00:00Z"),
    flow("review-due", f"from: a, to: b, services: ssh, review_by: {LONG_AGO}"),
    flow("wide", "from: any, to: b, services: ssh"),
    flow(
        "partly-forbidden", "from: a, to: b, services: [ssh, http]",
        also="guardrails: [{from: a, to: b, services: ssh}]\n",
    ),
    flow(
        "classification-world", "from: 198.51.100.7, to: b, services: ssh, why: x",
        segments("mode: enforce", "strictness: strict, classification: confidential"),
    ),
    flow(
        "classification-world", "from: 198.51.100.7, to: b, services: ssh, why: x",
        segments("mode: enforce", "strictness: strict, classification: confidential"), waiver="classification",
    ),
    flow(
        "touches-quarantine", "from: a, to: b, services: ssh, why: x", segments("mode: enforce", "strictness: sick"),
        also="strictness: {sick: {like: guarded, quarantine: true}}\n",
    ),
    flow(
        "touches-empty", "from: a, to: b, services: ssh, may_be_empty: true",
        "segments: {a: {members: 10.1.0.0/24, owner: x}, b: {members: [], owner: x, may_be_empty: true}}\n",
    ),
    flow("already-allowed", "from: a, to: a, services: ssh"),
    flow("helper", "from: a, to: b, services: ftp"),
    Warned(
        "equal-statements",
        TWO + POINT + "flows:\n  - {from: a, to: b, services: ssh, {}}\n  - {to: b, from: a, services: ssh, {}}\n",
    ),
    Warned(
        "misplaced",
        TWO + POINT.replace("e1: {segments: a}", 'e1: {segments: a, addresses: 10.2.0.1/24, {}}'),
    ),
    Warned("unbound", POINT + TWO.replace("}}\n", "}, c: {members: 10.3.0.0/24, owner: x, {}}}\n")),
    Warned("uncovered", POINT.replace("world", "[world, b]") + segments("mode: enforce", "{}")),
    Warned(
        "overlap-members", POINT + segments("mode: enforce", "{}").replace("10.2.0.0/24", "[10.2.0.0/24, 10.2.0.7]"),
    ),
    Warned(
        "looser-within",
        segments("mode: enforce", "strictness: strict, waive: {uncovered: x}").replace(
            "}}}\n", "}}, c: {members: 10.2.0.7, within: b, {}}}\n"
        ) + POINT.replace("segments: b", "segments: [b, c]") + "flows: [{from: a, to: b, services: ssh, why: x}]\n",
    ),
    Warned("no-points", TWO.replace("}}\n", "}, points: {owner: x, {}}}\n")),
    Warned("over-budget", segments("mode: enforce", "budget: 200, {}") + POINT + AB.replace("a, to: b", "b, to: a")),
    flow("expiring", "from: a, to: b, services: ssh, until: 2027-02-10T00:00:00Z"),
    Warned("no-owner", TWO.replace("0/24, owner: x}}", "0/24, {}}}") + POINT),
    flow(
        "unusable", "from: a, to: c, services: ssh",
        TWO.replace("}}\n", "}, c: {members: 10.3.0.0/24, owner: x, waive: {unbound: x}}}\n"),
    ),
    flow(
        "wider-than-needed", "from: 10.1.0.0/28, to: b, services: ssh", also="endpoints: {e: {addresses: 10.1.0.3}}\n",
    ),
    flow(
        "classified-down", "from: b, to: a, services: ssh, why: x",
        segments("mode: enforce", "strictness: strict, classification: confidential"),
    ),
    flow(
        "classified-down", "from: b, to: a, services: ssh, why: x",
        segments("mode: enforce", "strictness: strict, classification: confidential"), waiver="classification",
    ),
    Warned("unused-segment", segments("mode: enforce", "strictness: strict, {}") + POINT),
]  # fmt: skip
IDS = [f"{one.code}-by-{one.waiver}" if one.waiver else one.code for one in WARNED]


@pytest.fixture(params=[pytest.param(one, id=name) for one, name in zip(WARNED, IDS, strict=True)])
def one(request: pytest.FixtureRequest) -> Warned:
    found = request.param
    assert isinstance(found, Warned)
    return found


def write(folder: Path, one: Warned, waived: bool = False) -> Path:
    """The site, with its waiver or with the slot taken away."""
    waiver = f"waive: {{{one.waiver or one.code}: {{why: it is meant, until: 2027-01-31}}}}"
    text = one.text.replace("{}", waiver) if waived else one.text.replace(", {}", "")
    (folder / "segctl.yaml").write_text(f"version: 1\nsite: s\n{text}")
    return folder


def told(site: Path, capsys: Capture, command: str, at: str) -> list[str]:
    """The codes of what the command finds."""
    capsys.readouterr()
    run(["--site", str(site), command, "--format", "json", "--at", at])
    return [finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]]


def code(site: Path, *words: str, at: str = SOON) -> int:
    return run(["--site", str(site), *words, "--at", at])


def test_it_appears(tmp_path: Path, capsys: Capture, one: Warned) -> None:
    """It alone, and it fails only where that is asked for; `check` fails of two of them anyway."""
    site = write(tmp_path, one)
    for command in ("check",) if CODES[one.code].of_check else ("validate", "check"):
        assert told(site, capsys, command, SOON) == [one.code]
        fails = command == "check" and one.code in FAILING
        assert code(site, command) == (Exit.NO if fails else Exit.YES)
        assert code(site, command, "--warnings-as-errors") == Exit.NO


def test_a_waiver_takes_it_away_for_its_time(tmp_path: Path, capsys: Capture, one: Warned) -> None:
    site = write(tmp_path, one, waived=True)
    for command in ("validate", "check"):
        assert told(site, capsys, command, SOON) == []
        assert code(site, command, "--warnings-as-errors") == Exit.YES
    assert told(site, capsys, "check", LATE) == [one.code]
    assert code(site, "check", "--warnings-as-errors", at=LATE) == Exit.NO
    assert told(site, capsys, "validate", LATE) == []  # a waiver past its day never makes a site that loaded an error


def test_it_stops_nothing(tmp_path: Path, one: Warned) -> None:
    """Whatever the time: the site has a policy, and rules where it has a point."""
    command = ["compile"] if "gw" in one.text else ["can", "a", "world", "ssh"]
    for waived in (False, True):
        site = write(tmp_path, one, waived)
        for at in (SOON, LATE, "2150-01-01T00:00:00Z"):
            assert code(site, *command, at=at) in (Exit.YES, *([Exit.NO] if command[0] == "can" else []))


def test_none_is_left_out() -> None:
    assert {*(one.code for one in WARNED), "idle-waiver"} == {name for name, row in CODES.items() if row.waivable}
    assert {name for name, row in CODES.items() if row.level is not Level.ERROR and not row.waivable} == {
        "service-override", "unused-service",  # a service is a plain list: it has no place for a waiver
        "unused-endpoint",  # an endpoint is what there is
    }  # fmt: skip


def test_a_waiver_that_waives_nothing(tmp_path: Path, capsys: Capture) -> None:
    """It is told at the waiver, past its day, too, and can be waived beside it."""
    flow = "flows:\n  - {from: a, to: b, services: ssh, waive: {helper: x}}\n"
    site = write(tmp_path, Warned("", TWO + POINT + flow))
    assert told(site, capsys, "check", SOON) == ["idle-waiver"]
    assert code(site, "check") == Exit.YES and code(site, "check", "--warnings-as-errors") == Exit.NO
    for waivers in ("{helper: x, idle-waiver: x}", "{idle-waiver: x}", "{helper: {why: x, until: 2020-01-01}}"):
        site = write(tmp_path, Warned("", TWO + POINT + flow.replace("{helper: x}", waivers)))
        assert told(site, capsys, "check", SOON) == ([] if waivers.startswith("{helper: x") else ["idle-waiver"])


def test_waivers_that_have_no_code_of_their_name(tmp_path: Path, capsys: Capture) -> None:
    """`binding` works unless the interface is loose anyway; of `uncovered` both ends' work; `identity` is for later."""
    one_side = POINT.replace("e1: {segments: a}, e2: {segments: b}", "e1: {segments: [a, b], waive: {binding: x}}")
    both = "waive: {uncovered: x}"
    site = write(tmp_path, Warned("", segments(both, both) + one_side))
    assert told(site, capsys, "check", SOON) == []
    site = write(tmp_path, Warned("", segments(f"{both}, mode: observe", f"{both}, mode: observe") + one_side))
    assert told(site, capsys, "check", SOON) == ["idle-waiver"]
    flow = "flows:\n  - {from: a, to: b, services: ssh, waive: {identity: x, wide: x}}\n"
    site = write(tmp_path, Warned("", TWO + POINT + flow))
    assert told(site, capsys, "check", SOON) == ["idle-waiver"]
