"""The JSON Schema takes what the loader takes, and refuses what a schema can: both ways, against the loader itself."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from segctl.cli.main import run
from segctl.load import load_site
from segctl.load.catalogue import catalogue
from segctl.load.fields import TABLES
from segctl.load.findings import Wrong
from segctl.load.grammar import types
from segctl.load.literals import read_literal
from segctl.load.scalars import read_date, read_text, read_time
from segctl.load.schema import show_schema, site_schema
from segctl.model.codes import CODES
from tests import tree
from tests.unit.load.cases import CASES, HEAD
from tests.unit.load.editor import accepts, complaints, takes
from tests.unit.load.levels import EXCEPTIONS, LEVELS, REFUSED, Level

CALM = settings(deadline=None)  # the machine may be busy
SHIPPED = tree.ROOT / "segments" / "site.schema.json"
META = "https://json-schema.org/draft/2020-12/schema"
SITES = sorted(path for path in tree.files() if path.name == "segctl.yaml")
GOOD = [path for path in SITES if load_site(tree.ROOT / path).site is not None]
PARTS = sorted(
    path for path in tree.files() if path.match("examples/*/site/**/*.yaml") or path.match("examples/*/site/*.yaml")
)


def test_the_shipped_file_is_fresh() -> None:
    if os.environ.get("SEGCTL_GOLDEN") == "write":
        SHIPPED.write_text(show_schema())
    assert SHIPPED.read_text() == show_schema(), "SEGCTL_GOLDEN=write writes it anew"


def test_it_is_a_schema() -> None:
    schema = site_schema()
    assert schema["$schema"] == META
    Draft202012Validator.check_schema(schema)
    with pytest.raises(Exception, match="anyOf"):
        Draft202012Validator.check_schema(schema | {"anyOf": {}})


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    """But CIDR and RANGE: SELECTOR and MEMBER hold them in one pattern, so that an editor has one thing to say."""
    schema = site_schema()
    named = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))
    assert named | {"CIDR", "RANGE"} == schema["$defs"].keys()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema"]) == 0
    assert capsys.readouterr().out == SHIPPED.read_text()


def test_the_command_writes_it(tmp_path: Path) -> None:
    assert run(["-q", "schema", "--output", str(tmp_path / "site.schema.json")]) == 0
    assert (tmp_path / "site.schema.json").read_text() == SHIPPED.read_text()
    assert run(["schema", "--output", str(tmp_path / "none" / "site.schema.json")]) == 2


def test_the_same_bytes_in_another_process() -> None:
    program = "from segctl.load.schema import show_schema; import sys; sys.stdout.write(show_schema())"
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", program], cwd=tree.ROOT, env=environment, check=True,
                              capture_output=True, text=True)  # fmt: skip
        assert done.stdout == SHIPPED.read_text()


def test_patterns_are_read_alike_everywhere() -> None:
    r"""No look-around, no \d or \w: Python, ECMA 262 and RE2 (Go, Rust) differ there. All are for the whole text."""
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', SHIPPED.read_text())
    assert len(patterns) > 15
    for pattern in map(json.loads, patterns):
        assert not re.search(r"\(\?[^:]|\\[dwsbDWSBAZ]", pattern)
        assert pattern.startswith("^(?:") and pattern.endswith(")$")


@pytest.mark.parametrize("path", GOOD, ids=str)
def test_accepts_every_right_site(path: Path) -> None:
    """The language's own page, the examples, the labs' sites."""
    assert not complaints((tree.ROOT / path).read_text())


def test_there_are_right_sites() -> None:
    assert {"examples/shop/site/segctl.yaml", "tests/golden/load/language/segctl.yaml"} <= set(map(str, GOOD))
    assert any(path.parts[:3] == ("tests", "packets", "sites") for path in GOOD)


def test_accepts_the_readmes_sites() -> None:
    pages = [path for path in tree.files() if path.suffix == ".md"]
    blocks = [
        block for page in pages for block in re.findall(r"```yaml\n(.*?)```", (tree.ROOT / page).read_text(), re.S)
    ]
    sites = [block for block in blocks if block.startswith("version: 1\n")]
    assert sites
    assert not [complaints(site) for site in sites if complaints(site)]


@pytest.mark.parametrize("path", PARTS, ids=str)
def test_every_example_leads_an_editor_to_it(path: Path) -> None:
    """By the first line; of an included file to the part that needs neither `version` nor `site`."""
    text = (tree.ROOT / path).read_text()
    found = re.match(r"# yaml-language-server: \$schema=([^#\n]+)(#/\$defs/part)?\n", text)
    assert found, "the first line names the schema"
    assert (tree.ROOT / path.parent / found[1]).resolve() == SHIPPED
    assert bool(found[2]) == (path.name != "segctl.yaml")
    assert not complaints(text, "part" if found[2] else "")


def test_an_included_file_may_leave_out_what_the_main_file_says() -> None:
    part = "segments: {a: {members: 10.0.0.0/24}}"
    assert accepts(part, "part") and not accepts(part)
    assert accepts(HEAD + part, "part") and accepts(HEAD + part)
    assert not accepts("segmets: {}", "part")


@pytest.mark.parametrize(("name", "text", "code"), [pytest.param(*case[:3], id=case[0]) for case in CASES])
def test_refuses_what_a_schema_can(name: str, text: str, code: str) -> None:
    level = LEVELS[code]
    refused = name in REFUSED if level is Level.PARTLY else level is Level.ALWAYS and name not in EXCEPTIONS
    assert accepts(HEAD + text) is not refused, complaints(HEAD + text)


def test_every_code_of_the_cases_has_its_level() -> None:
    assert {case[2] for case in CASES} <= LEVELS.keys() <= CODES.keys()
    assert EXCEPTIONS.keys() | REFUSED <= {case[0] for case in CASES}


@pytest.mark.parametrize("text", [
    "", "site: s", "version: 1", "[]", "site", "version: 2\nsite: s", 'version: "1"\nsite: s', "version: 1\nsite: 1s",
    "version: 1\nsite: [s]", "version: 1\nsite: ", "version: 1\nsite: ~", "version: true\nsite: s",
])  # fmt: skip
def test_refuses_bad_heads(text: str) -> None:
    assert not accepts(text)


@pytest.mark.parametrize("text", [
    "segments: {true: {members: []}}\nflows: [{from: true, to: 'true', services: [no, true]}]",  # names that are words
    "segments: {a: {members: [], owner: 5, labels: {a: 010, b: 1e3, c: 1.0, d: .inf, e: 0x1f, f: false}}}",
    "flows: [{from: {labels: {a: [1, true, 2.5]}}, to: any, services: ssh, ticket: 1042, why: 7}]",
    "include: [5, true]\nsegments: {a: {members: {file: 1.0, column: 2}, waive: {uncovered: 5}}}",
    "strictness: {true: {like: open}}\nservices: {true: tcp/1}\ndefaults: {strictness: true}",
    "points: {g: {kind: gateway, ha: true, interfaces: {true: {segments: true}}}}",
])  # fmt: skip
def test_accepts_words_that_an_editor_takes_for_something_else(text: str) -> None:
    assert not complaints(HEAD + text)


@pytest.mark.parametrize("text", [
    "version: 1.0\nsite: s",  # both are the number one
    "version: 0x1\nsite: s",
    HEAD + "segments: {a: {members: [], may_be_empty: True}}",  # both are the truth
    HEAD + "segments: {null: {members: []}}",  # a key is its text
])  # fmt: skip
def test_what_an_editor_cannot_see(tmp_path: Path, text: str) -> None:
    """Ways of writing that are gone once YAML's core schema has read them; the loader tells."""
    (tmp_path / "segctl.yaml").write_text(text)
    assert load_site(tmp_path).site is None
    assert accepts(text)


def is_so(read: Any, *arguments: Any) -> bool:
    try:
        read(*arguments)
    except (Wrong, OSError):
        return False
    return True


@pytest.mark.parametrize("number", range(300))
def test_protocol_numbers(number: int) -> None:
    literal = f"proto/{number}"
    assert takes(literal, "SERVICE") == is_so(read_literal, literal, catalogue().icmp_types)


@CALM
@given(st.sampled_from(["tcp", "udp", "icmp", "icmp4", "icmp6", "dccp"]),
       st.integers(0, 70_000) | st.sampled_from(["any", "", "00", *catalogue().icmp_types, "echo"]))  # fmt: skip
def test_literals(kind: str, rest: int | str) -> None:
    literal = f"{kind}/{rest}"
    assert takes(literal, "SERVICE") == is_so(read_literal, literal, catalogue().icmp_types)


@CALM
@given(st.integers(0, 400), st.integers(0, 13), st.integers(0, 32), st.sampled_from([0, 1500, 1900, 2000, 9700]))
def test_dates(year: int, month: int, day: int, century: int) -> None:
    text = f"{year + century:04}-{month:02}-{day:02}"
    assert takes(text, "DATE") == is_so(read_date, text)


@CALM
@given(st.integers(0, 25), st.integers(0, 60), st.integers(0, 60), st.sampled_from(["", ".5", ".123456", ".1234567"]),
       st.sampled_from(["", "Z", "z", "+01:00", "-23:59", "+24:00", "+1:00", "-00:00"]))  # fmt: skip
def test_times(hour: int, minute: int, second: int, fraction: str, zone: str) -> None:
    text = f"2027-02-28T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    assert takes(text, "TIME") == is_so(read_time, text)


@CALM
@given(st.text(max_size=3) | st.text(" \u00a0\u3000\u2003a", max_size=3) | st.text(min_size=499, max_size=502))
def test_texts(text: str) -> None:
    assert takes(text, "TEXT") == is_so(read_text, text)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """IPv6 of any spelling, and what is nearly one; IPv4 likewise."""
    if draw(st.booleans()):
        octets = ["0", "1", "9", "10", "99", "100", "199", "249", "255", "256", "01", "1a"]
        return ".".join(draw(st.lists(st.sampled_from(octets), max_size=5)))
    groups = draw(st.lists(st.sampled_from(["", "0", "fd00", "FFFF", "1", "12345", "g"]), max_size=9))
    tail = draw(st.sampled_from(["", "", "", ":1.2.3.4", "1.2.3.4", "::", ":"]))
    return ":".join(groups) + tail


@settings(CALM, max_examples=1000)
@given(addresses())
def test_addresses(text: str) -> None:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    assert takes(text, "ADDR") == is_so(socket.inet_pton, family, text)


@pytest.mark.parametrize("name", types())
def test_examples_are_of_their_type(name: str) -> None:
    for example in types()[name].examples:
        data = json.loads(example) if name in ("BOOL", "COUNT", "VERSION") else example
        assert name == "CODE" or takes(data, name)


def test_every_table_is_a_definition() -> None:
    names = {name.replace(" ", "-") for name in TABLES} - {"site", "catalogue-service"}
    assert names <= site_schema()["$defs"].keys()


def test_every_key_says_what_it_means() -> None:
    """What an editor shows beside a key."""
    for name, definition in site_schema()["$defs"].items():
        for key, value in definition.get("properties", {}).items():
            assert value["description"] and value["markdownDescription"], (name, key)
