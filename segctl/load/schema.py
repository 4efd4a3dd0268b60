"""The JSON Schema (2020-12) of a site's files, made of the tables in `fields.py` and the types in `grammar.py`.

It says what can be said of one file's shape: keys, types, words. What needs a second place (is there such a name, do
two segments overlap) is `segctl validate`'s. An editor reads plain scalars by YAML's core schema, where `5` and `true`
are no strings: types that can be written so take both.
"""

import json
from typing import Any

from segctl.load.catalogue import catalogue_profiles
from segctl.load.context import NO_INTERFACE, RESERVED
from segctl.load.fields import SITE, TABLES, Field, Many, Table
from segctl.load.grammar import Type, types
from segctl.load.services import ALL
from segctl.load.waivers import DEMANDS
from segctl.model.codes import CODES

Schema = dict[str, Any]
_PLACES = frozenset({"endpoint", "segment", "point"})  # what shares one name space
_NOT_OURS = ("catalogue service",)  # a table of our own files, not of a site's
_POINT = "point"


def site_schema() -> Schema:
    """Of a site's own file, which must say `version` and `site`; `#/$defs/part` is the schema of an included one."""
    tables = {name: table for name, table in TABLES.items() if name not in (SITE.name, *_NOT_OURS)}
    defs = {"part": _keys(SITE, ()), **{_slug(name): _table(table) for name, table in tables.items()}}
    defs[_POINT] = _point()
    defs |= {name: _type(one) for name, one in types().items() if name != "CODE"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "segctl site",
        "description": "Who may talk to whom on a network: segments, flows, guardrails, and where they are enforced.",
        "$ref": "#/$defs/part",
        "required": list(SITE.required),
        "$defs": defs,
    }


def show_schema() -> str:
    """The same as text, as it is shipped in `segments/site.schema.json`."""
    return json.dumps(site_schema(), indent=2, ensure_ascii=False) + "\n"


def _table(table: Table) -> Schema:
    keys = _keys(table, table.required)
    return {"anyOf": [_ref(table.fields[table.short].item), keys]} if table.short else keys


def _keys(table: Table, required: tuple[str, ...]) -> Schema:
    """A mapping of the table's keys and no others."""
    out: Schema = {
        "title": table.name,
        "type": "object",
        "properties": {key: _field(one) for key, one in table.fields.items()},
        "additionalProperties": False,
    }
    if required:
        out["required"] = list(required)
    return out | _together(table)


def _together(table: Table) -> Schema:
    """What some keys demand of others."""
    if table.shapes:
        return {"anyOf": [{"required": list(shape), "maxProperties": len(shape)} for shape in table.shapes]}
    for key, word in {one.unless for one in table.fields.values() if one.unless}:
        others = [one.key for one in table.fields.values() if one.unless == (key, word)]
        if not word:
            return {"anyOf": [{"required": [key]}, {"required": others}]}
        return {
            "if": _says(key, word),
            "then": {"properties": dict.fromkeys(others, False)},
            "else": {"required": others},
        }
    return {}


def _point() -> Schema:
    """By its `kind`; what has none yet is offered a gateway's keys."""
    return {"if": _says("kind", "host"), "then": _ref("host"), "else": _ref("gateway")}


def _says(key: str, word: str) -> Schema:
    return {"type": "object", "properties": {key: {"const": word}}, "required": [key]}


def _field(one: Field) -> Schema:
    item: Schema = {"enum": list(one.choices)} if one.choices else _ref(one.item)
    match one.many:
        case Many.LIST:
            value = _listed(item, one.least)
        case Many.MAP:
            value = _mapped(item, one)
        case Many.LISTS:
            value = _mapped(_listed(item, 1), one)
        case _:
            value = dict(item)
    if one.default in one.choices or one.default in ("true", "false"):
        value["default"] = one.default == "true" if one.item == "BOOL" else one.default
    return value | _described(one.meaning + (f" (default: {one.default})" if one.default else ""))


def _listed(item: Schema, least: int) -> Schema:
    """A list, or the one value of a list of one."""
    array: Schema = {"type": "array", "items": item}
    return {"anyOf": [item, array | {"minItems": least} if least else array]}


def _mapped(item: Schema, one: Field) -> Schema:
    """A mapping of names to items; of waivers, where each key is a code, to be completed."""
    out: Schema = {"type": "object"}
    if one.names == "CODE":
        titles = {code: row.title for code, row in CODES.items() if row.waivable}
        waivable = {code: titles.get(code, "a demand of the law") for code in sorted(DEMANDS | titles.keys())}
        out["properties"] = {code: item | _described(title) for code, title in waivable.items()}
        return out | {"additionalProperties": False}
    words = dict.fromkeys(sorted(_taken(one)), False) | {key.key: _field(key) for key in one.also}
    if words:
        out["properties"] = words
    out["propertyNames"] = _ref(one.names)
    out["additionalProperties"] = item
    return out | ({"minProperties": one.least} if one.least else {})


def _taken(one: Field) -> frozenset[str]:
    """Names that nothing can have, since the language, or Linux, has them."""
    if one.item in _PLACES:
        return RESERVED
    if one.item == "profile":
        return frozenset(catalogue_profiles())
    if one.names == "IFNAME":
        return frozenset(NO_INTERFACE)
    return frozenset({ALL}) if one.many is Many.LISTS and one.item == "SERVICE" else frozenset()


def _type(one: Type) -> Schema:
    """A single value; with the mapping that may stand in its place."""
    shown: Schema = {"title": one.name} | _described(one.meaning)
    if one.name == "BOOL":
        return shown | {"type": "boolean"}
    if one.name == "COUNT":
        return shown | {"type": "integer", "minimum": 1, "maximum": 10**15 - 1}
    if one.name == "VERSION":
        return shown | {"const": 1}
    value: Schema = {"enum": list(one.words)} if one.words else _text(one)
    if one.offers:
        value["examples"] = list(one.offers)
    return shown | ({"anyOf": [value, _ref(one.table)]} if one.table else value)


def _text(one: Type) -> Schema:
    said = f"{one.name}: {one.meaning}".replace("`", "")
    value: Schema = {"type": ["string", *one.also] if one.also else "string", "pattern": _whole(one.pattern)}
    if one.longest:
        value["maxLength"] = one.longest
    if one.shape:
        value["allOf"] = [{"pattern": _whole(one.shape), "patternErrorMessage": said}]
    if one.but:
        value["not"] = {"enum": list(one.but)}
    return value | {"errorMessage": said, "patternErrorMessage": said}


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _described(text: str) -> Schema:
    """Plain text for any editor, and Markdown, which VS Code and its like put first."""
    return {"description": text.replace("`", ""), "markdownDescription": text}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{_slug(name)}"}


def _slug(name: str) -> str:
    return name.replace(" ", "-")
