"""docs/language.md, made of the tables of the language, its types, and the site in which every key stands once.

`python -m tools.language` prints the page; a test keeps it fresh (`SEGCTL_GOLDEN=write` writes it anew).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from segctl.load.catalogue import built_in, catalogue
from segctl.load.context import RESERVED
from segctl.load.fields import TABLES, Field, Many, Table
from segctl.load.findings import Findings
from segctl.load.grammar import Type, types
from segctl.load.values import Map, Scalar, Value

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "language.md"
WHOLE = ROOT / "tests" / "golden" / "load" / "language" / "segctl.yaml"

_HEAD = """\
# The language of a site

A site is a folder with `segctl.yaml` and the files that it includes. This page has every key, every type, and at its
end [a whole site](#a-whole-site) in which each key stands once. It says how a site is written; what a site means is
another page's.

The page is made: of `segctl/load/fields.py` (keys), `segctl/load/grammar.py` (types) and the whole site.
`python -m tools.language` prints it.

- It is YAML 1.2. Scalars are read as they are written: `no` is a word, `010` is not 8.
- A key that isn't here is an error, with the nearest known one as help.
- A duplicate key, an anchor, an alias, a tag, a second document, a tab in the indentation and a hidden character are
  errors, the last one in comments as well.
- A key without a value, or with YAML's `null` or `~`, is an error: leave the key out, or write the word in quotes.
- A *list of* something may be written as that something, if it is one.
- Of several files, same keys are merged; `defaults` and each built-in segment are said in one file only.
- The order in which a site lists things never matters.
- Files are UTF-8, with or without a byte order mark, with LF or CRLF.

## In an editor

An editor with a YAML language server (VS Code with *YAML*, Neovim, Emacs, Helix, Kate) completes keys and words, shows
what they mean, and marks what is wrong with the shape of a file. The file's first line says where the schema is:

```yaml
# yaml-language-server: $schema=site.schema.json
```

`segctl schema --output site.schema.json` writes it. In an included file, which needs no `version` and no `site`, the
line ends `site.schema.json#/$defs/part`. The schema sees one file at a time. Whether a name is anybody's, whether
addresses overlap, whether a range ends before it begins: `segctl validate` says that.
"""

_ABOUT = {
    "site": "The top of `segctl.yaml` and of each included file. Included files may leave `version` and `site` out.",
    "profile": "What a segment falls back to where nothing is declared, and what it demands of flows. Built in are:",
    "endpoint": "One machine or workload with all its addresses.",
    "segment": "A named, isolated set of addresses. An address is in one segment only: of two that claim it, in "
    "the one `within` the other.",
    "built-in": "`world` and `points`, which every site has.",
    "quarantine": "Built in as well. It lies within every segment.",
    "flow": "An allowance of opening connections. It holds while `since` ≤ time < `until`.",
    "guardrail": "A prohibition that no flow and no default overrides. It has no `since`, `until`, `except`, `not_to`.",
    "expectation": "A test of the site. `allowed` and `denied` are judged by what the policy says, `unreachable` by "
    "what packets meet.",
    "management": "Who reaches the points whatever else is declared. Without an entry: nobody.",
    "interface": "Its name is the interface's on the machine.",
    "waiver": "The one form of exception, on what offends. It may be its `why` alone: `waive: {uncovered: one host}`.",
    "selector": "A SELECTOR that is no single word. It has exactly one of these keys.",
    "segment selector": "By their labels.",
    "member": "A MEMBER that is no single word: `labels`, or `file`, or `file` and `column`.",
    "mode": "A MODE that is no single word.",
    "gateway": "A machine that filters what it forwards, and its own input and output.",
    "host": "A machine that filters its own input and output.",
    "defaults": "They hold for `points` and `quarantine` as well, as far as the mode goes.",
}


def page() -> str:
    """The whole page."""
    tables = [table for table in TABLES.values() if table.name != "catalogue service"]
    parts = [_HEAD, "## Mappings\n", *map(_mapping, tables), "## Types\n", _types(), _catalogue(), _whole()]
    return "\n".join(parts)


def _mapping(table: Table) -> str:
    lines = [f"### {_heading(table)}", "", *_about(table), "| key | type | default | meaning |", "|---|---|---|---|"]
    for one in table.fields.values():
        lines.append(_row(one))
        lines += [_row(key, f"{one.key}.") for key in one.also]
    return "\n".join(lines) + "\n"


def _about(table: Table) -> Iterator[str]:
    about = " ".join(text for text in (_ABOUT.get(table.name, ""), _places(table)) if text)
    if table.name == "profile":
        yield from (_places(table), "", _ABOUT[table.name], "", *_profiles())
        about = "Keys of a profile of the site's own:"
    yield from (about, "")


def _heading(table: Table) -> str:
    called = table.called.strip("`")
    return called[0].upper() + called[1:]


def _places(table: Table) -> str:
    """Where a mapping of this table stands."""
    owners: dict[str, list[str]] = {}
    for other in TABLES.values():
        for key, one in _all_fields(other):
            if one.item == table.name or (one.item == "point" and table.name in ("gateway", "host")):
                owners.setdefault(key, []).extend([_link(other)] if other.name != "site" else [])
    found = [f"`{key}`" + (f" of {', '.join(them)}" if them else "") for key, them in owners.items()]
    found += [f"the place of a [{one.name}](#types)" for one in types().values() if one.table == table.name]
    return f"Stands in {', '.join(found)}." if found else ""


def _all_fields(table: Table) -> Iterator[tuple[str, Field]]:
    for key, one in table.fields.items():
        yield key, one
        yield from ((f"{key}.{inner.key}", inner) for inner in one.also)


def _row(one: Field, before: str = "") -> str:
    default = "**required**" if one.required else one.default
    if one.unless:
        key, word = one.unless
        default = f"required, but not with `{key}: {word}`" if word else f"required without `{key}`"
    cells = (f"`{before}{one.key}`", _type(one), default, one.meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _type(one: Field) -> str:
    item = " | ".join(f"`{word}`" for word in one.choices) if one.choices else _item(one.item)
    match one.many:
        case Many.LIST:
            return f"list of {item}"
        case Many.MAP:
            return f"{one.names}: {item}"
        case Many.LISTS:
            return f"{one.names}: list of {item}"
        case _:
            return item


def _item(name: str) -> str:
    if name == "point":
        return f"{_link(TABLES['gateway'])} or {_link(TABLES['host'])}"
    if name == "waiver":
        return f"TEXT or {_link(TABLES[name])}"
    return _link(TABLES[name]) if name in TABLES else name


def _link(table: Table) -> str:
    return f"[{table.called}](#{_heading(table).lower().replace(' ', '-')})"


def _profiles() -> Iterator[str]:
    """The built-in ones as they are written, a profile a column."""
    top = built_in("strictness.yaml", Findings())
    assert isinstance(top, Map)
    strictness = top.entries["strictness"][1]
    assert isinstance(strictness, Map)
    profiles = {name: _words(one) for name, (_, one) in strictness.entries.items()}
    yield f"| key | {' | '.join(f'`{name}`' for name in profiles)} |"
    yield f"|---|{'---|' * len(profiles)}"
    for key in next(iter(profiles.values())):
        yield f"| `{key}` | {' | '.join(one[key] for one in profiles.values())} |"
    yield ""


def _words(profile: Value) -> dict[str, str]:
    assert isinstance(profile, Map)
    return {key: one.text for key, (_, one) in profile.entries.items() if isinstance(one, Scalar)}


def _types() -> str:
    lines = ["| type | what it is | as |", "|---|---|---|"]
    for one in types().values():
        lines.append(
            f"| {one.name} | {_meaning(one)} | {', '.join(f'`{text}`' for text in one.examples or one.words)} |"
        )
    return "\n".join(lines) + "\n"


def _meaning(one: Type) -> str:
    if not one.table:
        return one.meaning
    table = TABLES[one.table]
    return one.meaning.replace("a mapping.", f"a mapping ({_link(table)}).")


def _catalogue() -> str:
    names = [
        f"`{name}` ({', '.join('IPv4' if kind == 'icmp4' else 'IPv6' for kind in sorted(numbers))})"
        for name, numbers in catalogue().icmp_types.items()
    ]
    reserved = ", ".join(f"`{name}`" for name in sorted(RESERVED))
    return f"""\
The catalogue has {len(catalogue().services)} services by name, each with its source:
[segments/services.yaml](../segments/services.yaml).

The names of ICMP types, with the families that have them: {", ".join(names)}.

Protocols 6, 17, 132, 1 and 58 are written `tcp/any`, `udp/any`, `sctp/any`, `icmp4/any` and `icmp6/any`.
0, 43, 44 and 60 are IPv6 headers, and errors.

Endpoints, segments and points share one name space. Words of the language, which nothing can be called: {reserved}.
"""


def _whole() -> str:
    return f"## A whole site\n\nIt loads, compiles and passes `segctl check`.\n\n```yaml\n{WHOLE.read_text()}```\n"


if __name__ == "__main__":
    sys.stdout.write(page())
