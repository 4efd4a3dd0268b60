"""Whatever bytes a site is made of: findings or a site, never a traceback, a hang or a place that isn't there."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segctl.load import events, load_site, parse_selector, parse_service, parse_time, read_site
from segctl.load.events import parse
from segctl.load.fields import TABLES
from segctl.load.findings import Findings
from segctl.model.codes import CODES
from segctl.model.diagnostic import Level, SiteError
from segctl.report.diagnostics import show_finding

GOLDEN = Path(__file__).parents[2] / "golden" / "load"
LANGUAGE = (GOLDEN / "language" / "segctl.yaml").read_text()
LINES = LANGUAGE.split("\n")
PIECES = [
    "\t",
    "\0",
    "\u202e",
    "\ufeff",
    "\r",
    "\u2028",
    "&a ",
    "*a",
    "!!x ",
    "---\n",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "|",
    ">",
    "#",
    "?",
    "%YAML 9\n",
    "<<: ",
    "\n",
    "  ",
    "é",
    "0",
    "/0",
    "-",
    "::",
    "any",
    "world",
    "null",
    "~",
]
CALM = settings(max_examples=4000, deadline=None, suppress_health_check=list(HealthCheck))


def holds(data: bytes) -> None:
    """The promises of `load_site` on one file of these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "segctl.yaml").write_bytes(data)
        loaded = load_site(Path(folder))
    errors = [one for one in loaded.findings if CODES[one.code].level is Level.ERROR]
    assert (loaded.site is None) == bool(errors)
    assert list(loaded.findings) == sorted(loaded.findings, key=lambda one: one.sort_key())
    lines = data.decode("utf-8", "replace").split("\n")
    for one in loaded.findings:
        assert one.what and one.help
        assert all(line.isprintable() for line in show_finding(one).split("\n"))
        assert 1 <= one.span.line <= len(lines) and 1 <= one.span.column <= len(lines[one.span.line - 1]) + 1


@CALM
@given(st.binary(max_size=300))
def test_bytes(data: bytes) -> None:
    holds(data)


@CALM
@given(st.text(max_size=300))
def test_text(text: str) -> None:
    holds(("version: 1\nsite: s\n" + text).encode("utf-8", "surrogatepass"))


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """The language's own page with pieces cut out, put in, doubled and moved."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["cut", "double", "move", "insert", "delete", "replace"])):
            case "cut":
                del lines[at : at + draw(st.integers(1, 5))]
                lines = lines or [""]
            case "double":
                lines.insert(at, lines[at])
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case kind:
                line = lines[at]
                column = draw(st.integers(0, len(line)))
                piece = "" if kind == "delete" else draw(st.sampled_from(PIECES))
                lines[at] = line[:column] + piece + line[column + draw(st.integers(0, 3 if kind != "insert" else 0)) :]
    return "\n".join(lines)


@CALM
@given(mutants())
def test_mutants(text: str) -> None:
    holds(text.encode())


KEYS = sorted(
    {key for table in TABLES.values() for key in table.fields}
    | {"web", "db", "x", "any", "world", "points", "quarantine"}
)
WORDS = [
    *KEYS,
    "10.0.0.0/24",
    "10.0.0.1",
    "fd00::/64",
    "10.0.0.1-10.0.0.9",
    "tcp/443",
    "icmp/echo-request",
    "ssh",
    "all",
    "strict",
    "gateway",
    "host",
    "allowed",
    "unreachable",
    "2027-01-01T00:00:00Z",
    "true",
    "enforce",
    "local",
    "../x",
    "*",
    "",
]
VALUES = st.recursive(
    st.sampled_from(WORDS) | st.booleans() | st.integers(-1, 70000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@CALM
@given(st.dictionaries(st.sampled_from([*TABLES["site"].fields]), VALUES, max_size=8))
def test_shapes(site: dict[str, object]) -> None:
    """Every key of the language with every shape of value (JSON is YAML)."""
    holds(json.dumps({"version": 1, "site": "s"} | site).encode())


@CALM
@given(st.text(max_size=40) | st.sampled_from(WORDS) | VALUES.map(json.dumps))
def test_questions(text: str) -> None:
    site = read_site(GOLDEN / "language")
    for ask in (lambda: parse_selector(text, site), lambda: parse_service(text, site), lambda: parse_time(text)):
        try:
            assert ask()
        except SiteError as error:
            assert error.findings and all(one.span.file == "<argument>" for one in error.findings)


def test_many_typos_do_not_hang() -> None:
    """Ten thousand unknown names among ten thousand known ones."""
    with tempfile.TemporaryDirectory() as folder:
        endpoints = "".join(f"  e{i}: {{addresses: 10.{i >> 8}.{i & 255}.1}}\n" for i in range(10_000))
        flows = "".join(f"  - {{from: x{i}, to: any, services: ssg}}\n" for i in range(10_000))
        (Path(folder) / "segctl.yaml").write_text(f"version: 1\nsite: s\nendpoints:\n{endpoints}flows:\n{flows}")
        findings = load_site(Path(folder)).findings
    assert len(findings) == 20_000


def test_both_parsers_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's own parser, which stands in where libyaml is missing, gives the same values at the same places."""

    def values() -> list[object]:
        return [
            parse(path.read_text(), path.name, Findings())
            for path in sorted(GOLDEN.glob("*/**/*.yaml"))
            if "broken" not in path.parts
        ]

    with_libyaml = values()
    assert with_libyaml
    monkeypatch.setattr(events, "_parser", events.pure_parser())
    assert values() == with_libyaml
