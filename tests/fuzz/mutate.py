"""Mutants of valid sites that keep a site's structure: values moved, swapped, misspelt, out of bounds, of another type.

A site is a tree of dicts, lists, strings, numbers and booleans (as PyYAML's safe loader types it; keys are strings).
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import yaml

from segctl.load.fields import TABLES

KEYS = sorted({key for table in TABLES.values() for key in table.fields})
ODD = [
    "", " ", "~", "null", "true", "yes", "0", "-1", "1e3", "0x10", "010", "65536", 65536, 0, -1, 1.5, True, False, None,
    "any", "world", "points", "quarantine", "from", "all", "0.0.0.0/0", "::/0", "10.0.0.1/24", "10.0.0.0/33",
    "10.0.0.9-10.0.0.1", "10.0.0.1-fd00::1", "::ffff:10.0.0.1", "fe80::1%eth0", "127.0.0.1", "224.0.0.1", "1.2.3",
    "255.255.255.255", "010.0.0.1", "fd00::/129", "fd00::1::2", "tcp/0", "tcp/65536", "tcp/80-79", "tcp/any", "proto/6",
    "proto/256", "icmp/8", "icmp4/echo-request", "icmp6/any", "udp/", "/", "tcp/443/1", "2027-02-30", "2027-01-01",
    "2027-01-01T00:00:00", "2027-01-01T00:00:00Z", "2027-01-01T25:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01",
    "0001-01-01T00:00:00+14:00", "a" * 63, "a" * 64, "b" * 600, "päd",
    "\u0430dmin", "a b", "a\nb", "a\"b", "a'b", "a{b",
    "a;b", "a#b", "a\u202eb", "a\u200bb", "\x1b[31m", "../x", "/etc/passwd", "*", "**", "parts/*.yaml", "ssh:host",
    "netns:../x", "ssh:-oProxyCommand=x", "local", [], {}, [[]], {"labels": {}}, {"file": "x"}, {"within": "x"},
]  # fmt: skip


def corpus(root: Path) -> list[dict[str, Any]]:
    """Every valid site of the examples and tests, its files merged into one."""
    folders = [*root.glob("examples/*/site"), root / "tests/golden/load/language", root / "tests/packets/sites/kinds"]
    return [merged(folder) for folder in sorted(folders)]


def merged(folder: Path) -> dict[str, Any]:
    """All files of a site as one mapping; side files are left where they are, and so can't be read."""
    out: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.yaml")):
        for key, value in (plain(yaml.safe_load(path.read_text())) or {}).items():
            if isinstance(value, dict):
                out.setdefault(key, {}).update(value)
            elif isinstance(value, list):
                out.setdefault(key, []).extend(value)
            else:
                out[key] = value
    out.pop("include", None)
    return out


def plain(value: Any) -> Any:
    """Dates and times as they are written; keys as strings."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str | int | float) or value is None:
        return value
    return value.isoformat().replace("+00:00", "Z")


Place = tuple[Any, Any]
"""A container, and the key or index of something in it."""


def places(tree: Any) -> Iterator[Place]:
    """Where every value stands."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(inner):
        yield tree, key
        yield from places(value)


def mutant(rng: Random, sites: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy of one site after one to four steps."""
    site = copy.deepcopy(rng.choice(sites))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        step = rng.choice(STEPS)
        found = list(places(site))
        if found:
            step(rng, site, found, sites)
    return site


def _odd(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    container, key = rng.choice(found)
    container[key] = copy.deepcopy(rng.choice(ODD))


def _from_elsewhere(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    """A value of another place, of this site or of another."""
    container, key = rng.choice(found)
    other, other_key = rng.choice(list(places(rng.choice([site, *sites]))))
    container[key] = copy.deepcopy(other[other_key])


def _take_out(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    container, key = rng.choice(found)
    del container[key]


def _twice(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    container, key = rng.choice(found)
    if isinstance(container, list):
        container.insert(rng.randint(0, len(container)), copy.deepcopy(container[key]))
    else:
        container[f"{key}2"] = copy.deepcopy(container[key])


def _rename(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    container, key = rng.choice(found)
    if isinstance(container, dict):
        new = rng.choice([key[:-1], key + "s", key.upper(), rng.choice(KEYS), str(rng.choice(ODD))])
        container[new] = container.pop(key)


def _add(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    container, _ = rng.choice(found)
    if isinstance(container, dict):
        container[rng.choice(KEYS)] = copy.deepcopy(rng.choice([*ODD, *(c[k] for c, k in found)]))
    else:
        container.append(copy.deepcopy(rng.choice(ODD)))


def _wrap(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    container, key = rng.choice(found)
    value = container[key]
    container[key] = rng.choice([[value], {"a": value}, [value, value]])


def _change_a_text(rng: Random, site: Any, found: list[Place], sites: Any) -> None:
    texts = [(container, key) for container, key in found if isinstance(container[key], str) and container[key]]
    if texts:
        container, key = rng.choice(texts)
        text = container[key]
        at = rng.randrange(len(text))
        piece = rng.choice(["", text[at] * 2, rng.choice("0123456789/:.-_ aZ,#{}[]'\"é\t\n\0")])
        container[key] = text[:at] + piece + text[at + 1 :]


STEPS = (_odd, _odd, _from_elsewhere, _from_elsewhere, _take_out, _twice, _rename, _add, _wrap, _change_a_text)


class _Plain(yaml.SafeDumper):
    """Writes the same list twice, where it stands twice: an anchor would be an error of the writer's."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_json(site: dict[str, Any]) -> str:
    """In flow style, every string quoted."""
    return json.dumps(site, ensure_ascii=False)


def as_blocks(site: dict[str, Any]) -> str:
    """In block style, strings bare where YAML lets them be."""
    return yaml.dump(site, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=10_000)
