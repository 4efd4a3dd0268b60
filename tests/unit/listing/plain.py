"""Statements without their words, and those among them that aren't modelled."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from segctl.listing.rule import Opaque, Set, Statement, Strange


def plain(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The same with every text empty, also of expressions within: two notations differ in quotes and order there."""
    return tuple(_plain(statement) for statement in statements)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(map(_plain, value))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if "text" in fields:
        fields["text"] = ""
    return dataclasses.replace(value, **fields)


def unmodelled(value: Any) -> list[str]:
    """The words of all that is Opaque or Strange in there, or is a set with a fault."""
    if isinstance(value, Opaque | Strange):
        return [value.text]
    if isinstance(value, tuple):
        return [text for one in value for text in unmodelled(one)]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return []
    found = [text for field in dataclasses.fields(value) for text in unmodelled(getattr(value, field.name))]
    return [*found, value.fault] if isinstance(value, Set) and value.fault else found
