"""Listings without what two notations may say differently, and what of them isn't modelled."""

import dataclasses
import json
import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from segctl.listing.rule import Chain, Element, Opaque, Rule, Set, Statement, Strange, Table


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


def same(tables: tuple[Table, ...]) -> list[Table]:
    """Tables to compare between notations: without words, handles and lines; how long an element lives in hours."""
    return [replace(one, chains=_chains(one), sets=_sets(one), handle=None) for one in tables]


def _chains(table: Table) -> dict[str, Chain]:
    return {
        name: replace(
            chain,
            handle=None,
            rules=tuple(
                replace(r, statements=plain(r.statements), text="", handle=None, line=None) for r in chain.rules
            ),
        )
        for name, chain in table.chains.items()
    }


def _rule(rule: Rule) -> Rule:
    return replace(rule, statements=plain(rule.statements), text="", handle=None, line=None)


def _sets(table: Table) -> dict[str, Set]:
    return {name: replace(one, handle=None, elements=hours(one.elements)) for name, one in table.sets.items()}


def hours(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    return tuple(one._replace(expires=one.expires and round(one.expires / 3600)) for one in elements)


def shuffled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same said in another order: objects, and elements of sets, but rules of a chain."""
    rng = random.Random(seed)
    objects = json.loads(json.dumps(document["nftables"]))
    for one in objects:
        for kind in ("set", "map"):
            rng.shuffle(one.get(kind, {}).get("elem", []))
    rules = [one for one in objects if "rule" in one]
    others = [one for one in objects if "rule" not in one]
    rng.shuffle(others)
    return {"nftables": [*others[:2], *rules, *others[2:]]}


def nowhere(table: Table) -> Table:
    """Without the devices, which JSON doesn't say."""
    chains = {
        name: replace(chain, hook=chain.hook and replace(chain.hook, devices=()))
        for name, chain in table.chains.items()
    }
    return replace(table, chains=chains)
