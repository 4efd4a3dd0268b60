"""A site's file as an editor's YAML language server sees it: scalars by YAML 1.2's core schema; and our schema.

From our own events, so that both sides read the same text; patterns by ECMA 262, where `$` is the very end.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from segctl.load.events import parse
from segctl.load.findings import Findings
from segctl.load.schema import site_schema
from segctl.load.text import decode
from segctl.load.values import Broken, Map, Scalar, Seq, Value

_CORE: tuple[tuple[str, Callable[[str], Any]], ...] = (  # YAML 1.2, section 10.3.2
    (r"null|Null|NULL|~|", lambda text: None),
    (r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text[2:], 8)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text[2:], 16)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?\.(inf|Inf|INF)", lambda text: float(text.replace(".", ""))),
    (r"\.(nan|NaN|NAN)", lambda text: float("nan")),
)


def data_of(value: Value) -> Any:
    """What the editor holds against the schema. What our parser has refused, the editor's refuses as well: left out."""
    if isinstance(value, Map):
        pairs = ((key.text, inner) for key, inner in value.entries.values())
        return {key: data_of(inner) for key, inner in pairs if not isinstance(inner, Broken)}
    if isinstance(value, Seq):
        return [data_of(item) for item in value.items if not isinstance(item, Broken)]
    assert isinstance(value, Scalar)
    return core(value.text) if value.plain else value.text


def core(text: str) -> Any:
    """A plain scalar's value."""
    return next((make(text) for pattern, make in _CORE if re.fullmatch(pattern, text)), text)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} is none: {pattern}")


_ECMA = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


@cache
def _validator(part: str) -> Any:
    schema = site_schema()
    return _ECMA({"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]} if part else schema)


def accepts(text: str, part: str = "") -> bool:
    """Whether the schema (or that of one of its `$defs`) takes this file; True for what is no YAML."""
    value = _read(text)
    return value is None or takes(data_of(value), part)


def _read(text: str) -> Value | None:
    clean = decode(text.encode(), "segctl.yaml", Findings())
    return None if clean is None else parse(clean, "segctl.yaml", Findings())


def takes(data: Any, part: str = "") -> bool:
    """The same for what the file holds."""
    return bool(_validator(part).is_valid(data))


def complaints(text: str, part: str = "") -> list[str]:
    """What it says of it."""
    value = _read(text)
    found = () if value is None else _validator(part).iter_errors(data_of(value))
    return [f"{one.json_path}: {one.message[:200]}" for one in found]
