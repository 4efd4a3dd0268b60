"""The table of the language and its readers are one: no key is known but unread, none is read but unknown."""

import re
from pathlib import Path

import pytest

from segctl.load import load_site
from segctl.load.fields import TABLES, Many

HEAD = "version: 1\nsite: s\nendpoints: {e: {addresses: 10.9.9.9}}\n"
BASES = {  # table: a right site in which one mapping of that table stands, with room for one key more
    "site": "KEY",
    "defaults": "defaults: {KEY}",
    "profile": "strictness: {p: {like: open, KEY}}",
    "endpoint": "segments: {a: {members: e}}\nendpoints: {f: {addresses: 10.9.9.8, KEY}}",
    "segment": "segments: {a: {members: e, KEY}}",
    "built-in": "segments: {world: {KEY}}",
    "quarantine": "segments: {quarantine: {KEY}}",
    "flow": "flows: [{from: e, to: any, services: ssh, KEY}]",
    "guardrail": "guardrails: [{from: e, to: any, KEY}]",
    "expectation": "expect: [{from: e, to: any, services: ssh, is: denied, KEY}]",
    "management": "management: [{from: e, services: ssh, KEY}]",
    "gateway": "points: {g: {kind: gateway, interfaces: {i: {segments: world}}, KEY}}",
    "host": "points: {h: {kind: host, endpoint: e, KEY}}",
    "interface": "points: {g: {kind: gateway, interfaces: {i: {segments: world, KEY}}}}",
    "waiver": "segments: {a: {members: e, waive: {wide: {why: x, KEY}}}}",
    "selector": "flows: [{from: {KEY}, to: any, services: ssh}]",
    "segment selector": "flows: [{from: {segments: {labels: {a: b}, KEY}}, to: any, services: ssh}]",
    "member": "segments: {a: {members: {KEY}}}",
    "mode": "defaults: {mode: {enforce: ssh, KEY}}",
}
KEYS = [(table, key) for table in BASES for key in TABLES[table].fields]


def site_with(table: str, key: str, value: str) -> str:
    """A site with `key: value` in the table's mapping, in place of what it says of the key."""
    text = HEAD + BASES[table]
    if table == "site":
        text = re.sub(rf"^{key}: .*\n", "", text, flags=re.M)
    elif table == "endpoint":  # it stands in the head as well
        text = text.replace("endpoints: {e: {addresses: 10.9.9.9}}\n", "").replace("members: e", "members: f")
    value_said = r"(\{[^{}]*(\{[^{}]*\}[^{}]*)*\}|\[[^\]]*\]|[^,}\]]+)"
    text = re.sub(rf"\b{re.escape(key)}: {value_said}, (?=[^\n]*KEY)", "", text)
    return text.replace("KEY", f"{key}: {value}")


def codes(folder: Path, table: str, key: str, value: str) -> set[str]:
    """What is found of it."""
    (folder / "segctl.yaml").write_text(site_with(table, key, value))
    return {one.code for one in load_site(folder).findings}


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_key_is_read(tmp_path: Path, table: str, key: str) -> None:
    """A value that nothing can be: whoever reads the key says so."""
    assert codes(tmp_path, table, key, "[[{'': []}]]") - {"missing-key", "unknown-name", "duplicate-key"}
    assert "unknown-key" not in codes(tmp_path, table, key, "x"), "it is in the table"


@pytest.mark.parametrize("table", BASES)
def test_no_other_key(tmp_path: Path, table: str) -> None:
    assert "unknown-key" in codes(tmp_path, table, "zzz", "x")


def test_every_table_is_tried() -> None:
    assert BASES.keys() == TABLES.keys() - {"catalogue service"}


def test_tables_are_whole() -> None:
    """Each item is a type or another table; each key says what it means."""
    for table in TABLES.values():
        for one in table.fields.values():
            assert one.meaning and (one.item in TABLES or one.item.isupper() or one.item == "point")
            assert one.many in Many and (one.item == "CHOICE") == bool(one.choices)
