"""The only Jinja for rules. What reaches a template's output is our tokens and integers, or the build fails."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from segctl.compile.essentials import loopback_number
from segctl.compile.hold import Hold
from segctl.compile.ruleset import ZONE_MASK, Element, Field, NamedMap, Ruleset
from segctl.compile.tokens import TOKENS, AddressRange, ClassId, Duration, InterfaceName, Jump, Mark, Name, Token, Word

Row = tuple[list[Token | int], Duration | None, Token | int | None]


class UnsafeText(Exception):
    """A value that is no token was about to be written into rules."""


def _only_tokens(value: object) -> object:
    """Jinja's `finalize`: macros give Markup, we give tokens and integers; any other text is refused."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, TOKENS):
        return Markup(str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise UnsafeText(f"{type(value).__name__} in a rule template")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("segctl", "templates/nftables"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_only_tokens,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    environment.filters.clear()
    environment.globals.clear()
    environment.globals.update(as_class=ClassId, as_mark=Mark, as_name=Name, as_word=Word)
    return environment


def render_table(rules: Ruleset, slot: str, generation: int, at: datetime) -> str:
    """The whole table, asleep, with its elements: the portable form, and the golden one."""
    return _render(rules, slot, generation, at, elements=True)


def render_structure(rules: Ruleset, slot: str, generation: int) -> str:
    """The table without its elements, which go by netlink."""
    return _render(rules, slot, generation, None, elements=False)


def render_trial(name: str, slot: str, **what: object) -> str:
    """The text of one fact that a kernel is tried for (templates/nftables/trials/NAME.nft.j2), in a table of ours.

    `what` are the template's own words: tokens, integers, and what their macros take.
    """
    return _environment().get_template(f"trials/{name}.nft.j2").render(slot=Name(slot), **what)


def _render(rules: Ruleset, slot: str, generation: int, at: datetime | None, *, elements: bool) -> str:
    def rows(made: NamedMap) -> Iterator[Row]:
        return (_row(made, element, at) for element in made.elements)

    return (
        _environment()
        .get_template(f"{rules.kind}.nft.j2")
        .render(
            rules=rules,
            slot=Name(slot),
            generation=generation_name(generation),
            elements=elements,
            rows=rows,
            loopback=loopback_number(),
            world_zone=rules.world & ZONE_MASK,
        )
    )


def generation_name(generation: int) -> Name:
    """The chain, without a rule and on no hook, whose name says which generation a table holds."""
    return Name(f"gen_{generation:08x}")


def render_flip(slot: str, generation: int, old: str | None, held: int | None = None) -> str:
    """The transaction that wakes `slot`, if it holds that generation, and puts `old` to sleep.

    `held` is what a slot that was never awake has in place of its generation's number.
    """
    return (
        _environment()
        .get_template("flip.nft.j2")
        .render(
            slot=Name(slot),
            generation=generation_name(generation),
            held=generation_name(generation if held is None else held),
            old=Name(old) if old else None,
        )
    )


def render_exceptions(hold: Hold) -> str:
    """What passes although it is held: the part of the hold table that hangs on the site."""
    return _environment().get_template("hold.nft.j2").render(hold=hold)


def no_exceptions() -> str:
    """Where nobody knows any more who manages a point: it talks to itself alone."""
    return render_exceptions(Hold((), (), ()))


def render_holding(ends: Iterable[int], now: int) -> str:
    """The rest of it. `ends`: when exceptions end, and `now`, in milliseconds since 1970."""
    said = [(Name(f"until_{end}"), Duration((end - now + 999) // 1000) if end > now else None) for end in ends]
    return _environment().get_template("holding.nft.j2").render(ends=said)


def render_delete(slot: str) -> str:
    """The transaction that takes a slot away."""
    return _environment().get_template("delete.nft.j2").render(slot=Name(slot))


def render_sleep(slot: str) -> str:
    """The transaction that puts a slot to sleep."""
    return _environment().get_template("sleep.nft.j2").render(slot=Name(slot))


_WRITES: dict[Field, Callable[[Any], Token | int]] = {
    Field.SOURCE: ClassId,
    Field.TARGET: Mark,
    Field.BASE: Mark,
    Field.NUMBER: Mark,
    Field.FAMILY: int,
    Field.PROTOCOL: int,
    Field.PORT: int,
    Field.ICMP4: int,
    Field.ICMP6: int,
    Field.IN: InterfaceName,
    Field.OUT: InterfaceName,
    Field.VERDICT: lambda value: Jump(value[0], Name(value[1])),
}


def _row(made: NamedMap, element: Element, at: datetime | None) -> Row:
    """One element as tokens: the parts of its key, how long it still lives (None: for ever), its value."""
    if made.interval:
        first, last = element.key
        parts: list[Token | int] = [AddressRange(int(first), int(last))]
    else:
        parts = [_WRITES[field](part) for field, part in zip(made.fields, element.key, strict=True)]
    left = None
    if element.until is not None and at is not None:
        left = Duration(max(1, int((element.until - at).total_seconds())))
    value = None if made.answers is None else _WRITES[made.answers](element.value)
    return parts, left, value
