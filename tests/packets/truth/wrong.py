"""Evaluators that are wrong in one thing each: a comparison with the kernel must notice every one of them."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Bits,
    Choose,
    Ending,
    Hook,
    Join,
    Listing,
    Lookup,
    Match,
    Set,
    Table,
    Untrack,
    Verdict,
)
from tests.packets.truth.model import Model, modelled

Change = Callable[[Any], Any]


def rewritten(thing: Any, change: Change) -> Any:
    """A listing, or part of one, with each part changed that `change` wants otherwise, from within."""
    if isinstance(thing, Mapping):
        return {key: rewritten(value, change) for key, value in thing.items()}
    if isinstance(thing, tuple):
        inner = [rewritten(one, change) for one in thing]
        return type(thing)(*inner) if hasattr(thing, "_fields") else tuple(inner)
    if is_dataclass(thing) and not isinstance(thing, type):
        inner_of = {one.name: rewritten(getattr(thing, one.name), change) for one in fields(thing)}
        return change(replace(thing, **inner_of))
    return thing


def parts_of(listing: Listing) -> set[str]:
    """The names of all types, endings, families and hooks that a listing is made of."""
    found: set[str] = set()

    def note(one: Any) -> Any:
        found.add(type(one).__name__)
        if isinstance(one, Verdict):
            found.add(one.ending)
        elif isinstance(one, Hook):
            found.update((one.kind, one.name))
        elif isinstance(one, Table):
            found.add(one.family)
        return one

    rewritten(listing, note)
    return found


def _on(kind: Any, work: Change) -> Change:
    return lambda one: work(one) if isinstance(one, kind) else one


def _verdict(old: Ending, new: Ending) -> Change:
    return _on(Verdict, lambda one: replace(one, ending=new) if one.ending is old else one)


WRONG: dict[str, Change] = {
    "goto is a jump": _verdict(Ending.GOTO, Ending.JUMP),
    "return accepts": _verdict(Ending.RETURN, Ending.ACCEPT),
    "continue accepts": _verdict(Ending.CONTINUE, Ending.ACCEPT),
    "reject drops": _verdict(Ending.REJECT, Ending.DROP),
    "negation is overlooked": _on(Match | Lookup | Anybit, lambda one: replace(one, negated=False)),
    "policies accept": _on(Hook, lambda one: replace(one, policy=Ending.ACCEPT)),
    "everything sleeps not": _on(Table, lambda one: replace(one, dormant=False)),
    "nothing is written": _on(Assign, lambda one: Aside(one.field)),
    "masks are overlooked": _on(Bits, lambda one: replace(one, mask=(1 << 128) - 1)),
    "flips are overlooked": _on(Bits, lambda one: replace(one, flip=0)),
    "any bit is every bit": _on(Anybit, lambda one: Match(one.left, ((one.bits, one.bits),), one.negated)),
    "maps of verdicts miss": _on(Choose, lambda one: Aside("")),
    "sets lose an element": _on(Set, lambda one: replace(one, elements=one.elements[1:])),
    "keys are their first part": _on(
        Lookup, lambda one: Match(one.key.parts[0], ((0, 1 << 128),), one.negated) if isinstance(one.key, Join) else one
    ),
    "notrack does nothing": _on(Untrack, lambda one: Aside("")),
    "priorities count down": _on(Hook, lambda one: replace(one, priority=-one.priority)),
}


def wrong(change: Change) -> Model:
    """The evaluator on what isn't the kernel's listing."""
    return lambda listing, packet: modelled(rewritten(listing, change), packet)
