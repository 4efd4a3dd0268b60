"""Right sites with one key misspelt or one value of another kind: the schema refuses if and only if the loader does.

That is, as far as a schema can: tests/unit/load/levels.py.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segctl.load import catalogue_profiles, load_site
from segctl.load.events import parse
from segctl.load.fields import TABLES
from segctl.load.findings import Findings
from segctl.load.values import Broken, Map, Scalar, Seq, Value
from tests import tree
from tests.strategies import random_site
from tests.unit.load.editor import accepts, complaints
from tests.unit.load.levels import LEVELS, Level
from tests.unit.load.test_fields import BASES, site_with
from tests.written import written

CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))
Steps = tuple[str | int, ...]
SPAN = ("", 1, 1)


def word(text: str, plain: bool = True) -> Scalar:
    return Scalar(text, *SPAN, plain)


def value_of(text: str) -> Value:
    value = parse(text, "segctl.yaml", Findings())
    assert value is not None
    return value


def show(value: Value) -> str:
    """In one line; a plain scalar stays plain where it can."""
    if isinstance(value, Map):
        return "{" + ", ".join(f"{show(key)}: {show(inner)}" for key, inner in value.entries.values()) + "}"
    if isinstance(value, Seq):
        return "[" + ", ".join(map(show, value.items)) + "]"
    assert isinstance(value, Scalar)
    if value.plain and re.fullmatch(r"[A-Za-z0-9~./][A-Za-z0-9~./_+@-]*", value.text):
        return value.text
    return json.dumps(value.text, ensure_ascii=False)


def places(value: Value, here: Steps = ()) -> Iterator[tuple[Steps, Value]]:
    """Every value below this one."""
    inner: list[tuple[str | int, Value]] = []
    if isinstance(value, Map):
        inner = [(key, one) for key, (_, one) in value.entries.items()]
    elif isinstance(value, Seq):
        inner = list(enumerate(value.items))
    for step, one in inner:
        yield (*here, step), one
        yield from places(one, (*here, step))


def put(value: Value, path: Steps, new: Value | None, key: str | None = None) -> Value:
    """The value with another one at that path (None: as it is), or under another key."""
    if not path:
        assert new is not None
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, Seq):
        items = [put(one, rest, new, key) if at == step else one for at, one in enumerate(value.items)]
        return Seq(tuple(items), value.span)
    assert isinstance(value, Map)
    out: dict[str, tuple[Scalar, Value]] = {}
    for name, (written_key, one) in value.entries.items():
        if name != step:
            out[name] = (written_key, one)
        elif rest or key is None:
            out[name] = (written_key, put(one, rest, new, key))
        else:
            out[f"{name} again"] = (word(key, plain=False), one)  # the name is for this dict alone
    return Map(out, value.span)


TEXTS = {
    "language": (tree.ROOT / "tests/golden/load/language/segctl.yaml").read_text(),
    "shop": (tree.ROOT / "examples/shop/site/segctl.yaml").read_text(),
    "built-in": "version: 1\nsite: s\nsegments:\n  world: {strictness: open, mode: enforce, waive: {unbound: x}}\n"
    "  points: {mode: {enforce: [ssh]}}\n  quarantine: {members: [10.0.0.1, {labels: {a: [b, c]}}]}\n"
    "  a: {members: [], may_be_empty: true, labels: {a: b}, waive: {wide: {why: x, until: 2027-01-01}}}\n"
    "flows: {from: {segments: {labels: {a: b}}}, to: any, services: all, since: 2027-01-01T00:00:00Z}\n",
}
SITES = {name: value_of(text) for name, text in TEXTS.items()}
PLACES = {name: list(places(value)) for name, value in SITES.items()}
KINDS: tuple[Value, ...] = tuple(
    value_of(f"x: {text}").entries["x"][1]  # type: ignore[union-attr]
    for text in (
        "5", "-1", "1e3", "0x10", "true", "false", "~", "null", "word", "'true'", "'5'", "''", "' '", "'a b'", "[]",
        "{}", "[word]", "[5]", "[~]", "[[word]]", "[{}]", "{a: b}", "{a: [b]}", "{a: {b: c}}", "{labels: {a: b}}",
        "{why: x}", "10.0.0.1", "10.0.0.4/31", "10.0.0.1-10.0.0.9", "'fd00::/64'", "tcp/443", "443/tcp",
        "2027-01-01", "local", "all", "2027-01-01T00:00:00Z", "'a\\b'", "'é'", "any", "world", "host",
        "unreachable", "enforce", "../x", "/x", ".",
    )
)  # fmt: skip


def codes_of(text: str) -> set[str]:
    """Of everything that the loader finds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "segctl.yaml").write_text(text)
        return {one.code for one in load_site(Path(folder)).findings}


def check(text: str) -> None:
    """The schema and the loader agree on this text, as far as the levels of its codes go."""
    codes = codes_of(text)
    levels = {LEVELS[code] for code in codes}
    if Level.ALWAYS in levels:
        assert not accepts(text), (codes, text)
    elif Level.PARTLY not in levels:
        assert accepts(text), (codes, complaints(text), text)


@pytest.mark.parametrize("table", BASES)
def test_every_key_with_every_kind_of_value(table: str) -> None:
    for key in TABLES[table].fields:
        for new in KINDS:
            check(site_with(table, key, show(new)))


@pytest.mark.parametrize("table", BASES)
def test_no_other_key(table: str) -> None:
    text = site_with(table, "zzz", "x")
    assert not accepts(text)
    check(text)


@pytest.mark.parametrize("text", [
    "strictness: {a b: {like: open}}", "endpoints: {a b: {addresses: 10.0.0.1}}", "segments: {a b: {members: []}}",
    "services: {a b: tcp/1}", "endpoints: {e: {addresses: 10.0.0.1}}\npoints: {a b: {kind: host, endpoint: e}}",
    "segments: {a: {members: [], labels: {a b: c}}}", "segments: {a: {members: {labels: {a b: c}}}}",
    "flows: [{from: {labels: {a b: c}}, to: any, services: all}]",
    "flows: [{from: {segments: {labels: {a b: c}}}, to: any, services: all}]",
    "points: {g: {kind: gateway, interfaces: {a b: {segments: world}}}}",
    "segments: {a: {members: [], waive: {a b: c}}}",
])  # fmt: skip
def test_no_other_name(text: str) -> None:
    """In each mapping of names."""
    assert not accepts(f"version: 1\nsite: s\n{text}")
    assert accepts(f"version: 1\nsite: s\n{text}".replace("a b", "wide" if "waive" in text else "ab"))
    check(f"version: 1\nsite: s\n{text}")


@pytest.mark.parametrize("text", [
    "endpoints: {e: {}}", "segments: {a: {}}", "flows: [{}]", "guardrails: [{from: any}]", "management: [{}]",
    "expect: [{from: any, to: any, services: all}]", "points: {g: {kind: gateway}}", "points: {h: {kind: host}}",
    "points: {g: {kind: gateway, interfaces: {i: {}}}}", "points: {g: {interfaces: {i: {segments: world}}}}",
    "segments: {a: {members: [], waive: {wide: {}}}}", "flows: [{from: {segments: {}}, to: any, services: all}]",
    "defaults: {mode: {}}", "strictness: {a: {}}", "flows: [{from: {}, to: any, services: all}]",
])  # fmt: skip
def test_what_is_required(text: str) -> None:
    """In each mapping that requires something."""
    assert not accepts(f"version: 1\nsite: s\n{text}")
    check(f"version: 1\nsite: s\n{text}")


@st.composite
def places_in_sites(draw: st.DrawFn) -> tuple[str, Steps, Value]:
    """One value of one of the sites."""
    site = draw(st.sampled_from(sorted(SITES)))
    path, value = draw(st.sampled_from(PLACES[site]))
    return site, path, value


@settings(CALM, max_examples=100)
@given(places_in_sites(), st.sampled_from(KINDS))
def test_a_value_of_another_kind(place: tuple[str, Steps, Value], new: Value) -> None:
    site, path, _ = place
    check(show(put(SITES[site], path, new)))


@settings(CALM, max_examples=100)
@given(places_in_sites(), st.sampled_from(["drop", "double", "swap", "capital", "blank", "other"]), st.randoms())
def test_a_misspelt_key(place: tuple[str, Steps, Value], how: str, rng: Random) -> None:
    site, path, _ = place
    while path and isinstance(path[-1], int):
        path = path[:-1]
    key = str(path[-1])
    at = rng.randrange(len(key))
    key = {
        "drop": key[:at] + key[at + 1 :],
        "double": key[:at] + key[at] + key[at:],
        "swap": key[:at] + key[at : at + 2][::-1] + key[at + 2 :],
        "capital": key.capitalize(),
        "blank": f"{key[:at]} {key[at:]}",
        "other": rng.choice(["any", "from", "all", "strict", "world", "kind", "services", "overlap"]),
    }[how]
    check(show(put(SITES[site], path, None, key)))


@settings(CALM, max_examples=40)
@given(places_in_sites())
def test_a_missing_key(place: tuple[str, Steps, Value]) -> None:
    """Take one entry away."""
    site, path, _ = place
    while path and isinstance(path[-1], int):
        path = path[:-1]
    inner = dict(PLACES[site]).get(path[:-1], SITES[site])
    assert isinstance(inner, Map)
    less = Map({key: entry for key, entry in inner.entries.items() if key != path[-1]}, inner.span)
    check(show(put(SITES[site], path[:-1], less)))


@settings(CALM, max_examples=15)
@given(st.integers(0, 1 << 32))
def test_random_sites(seed: int) -> None:
    """Dense in addresses, of which a schema knows little: what it refuses, the loader refuses."""
    text = written(random_site(Random(seed)), catalogue_profiles())
    assert accepts(text) or Level.ALWAYS in {LEVELS[code] for code in codes_of(text)}


def test_there_are_right_random_sites() -> None:
    """The writer writes what loads; what doesn't has a special address, an interface of nobody or the like."""
    texts = [written(random_site(Random(seed)), catalogue_profiles()) for seed in range(30)]
    assert sum(not codes_of(text) for text in texts) >= 3


def test_mutants_are_of_all_kinds() -> None:
    """The sites hold every kind of mapping, and are right as they are written here."""
    assert all(not isinstance(value, Broken) for value in SITES.values())
    for text in map(show, SITES.values()):
        check(text)
        assert accepts(text)
