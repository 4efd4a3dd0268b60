"""Expressions of libnftables-json(5) to those of rule.py, with their types: what a rule computes of a packet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from segctl.listing.elements import Shape, elements_of
from segctl.listing.fields import BITS, OPTION_BITS, TYPES
from segctl.listing.rule import Bits, Constant, Expression, Family, Join, Load, Mapped, Set, Shift, Strange
from segctl.listing.say import MALFORMED, say
from segctl.listing.values import NotUnderstood, Values, words_of
from segctl.listing.words import HOST_ORDER, WIDTHS

Said = Any
"""An expression of a JSON document."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression, and of each part of its value the data type and the width."""

    expression: Expression
    parts: tuple[str, ...]
    bits: tuple[int | None, ...]

    @property
    def strange(self) -> bool:
        """Whether anything in it isn't modelled."""
        return _strange(self.expression)


def _strange(expression: Expression) -> bool:
    match expression:
        case Strange():
            return True
        case Bits(of=of) | Shift(of=of):
            return _strange(of)
        case Join(parts=parts):
            return any(_strange(part) for part in parts)
        case Mapped(key=key):
            return _strange(key)
    return False


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression's words depend on: the table's family and its sets, and what constants mean."""

    family: Family
    sets: Mapping[str, Set]
    values: Values


def read(said: Said, scope: Scope, wanted: str = "integer") -> Typed:
    """An expression. `wanted` is the type of a constant, or of what an inline map answers.

    What isn't modelled becomes Strange, in place; never raises.
    """
    try:
        if isinstance(said, dict) and len(said) == 1:
            ((kind, about),) = said.items()
            if kind in _READERS:
                return _READERS[kind](about, scope)
            if kind in _OPERATORS:
                return _operation(kind, about, scope, wanted)
            if kind == "map":
                return _mapped(about, scope, wanted)
        number = scope.values.number(wanted, said)
    except (NotUnderstood, *MALFORMED):
        return _unknown(say(said))
    return Typed(Constant(number), (wanted,), (WIDTHS.get(wanted),))


def _unknown(words: str) -> Typed:
    return Typed(Strange(words), ("integer",), (None,))


def _load(field: str) -> Typed:
    bits = BITS[field]
    return Typed(Load(field, bits), (TYPES[field],), (bits,))


def _payload(about: Said, _: Scope) -> Typed:
    if "base" in about:
        base, offset, bits = about["base"], int(about["offset"]), int(about["len"])
        if base == "th" and bits == 16 and offset in (0, 16):
            return _load("th dport" if offset else "th sport")
        return Typed(Load(f"@{base},{offset},{bits}", bits), ("integer",), (bits,))
    if "tunnel" in about:
        raise NotUnderstood("a header within a tunnel")
    return _load(f"{about['protocol']} {about['field']}")


def _extension(about: Said, _: Scope) -> Typed:
    name = about["name"]
    return _load(f"{name} {about['field']}" if "field" in about else f"exthdr {name}")


def _option(of: str) -> Callable[[Said, Scope], Typed]:
    """`tcp option`, `ip option`, `sctp chunk`, `dccp option`: a field of it, or without one whether it is there."""

    def reader(about: Said, _: Scope) -> Typed:
        if "base" in about:
            bits = int(about["len"])
            return Typed(Load(f"{of} @{about['base']},{about['offset']},{bits}", bits), ("integer",), (bits,))
        if "name" not in about:
            return Typed(Load(f"{of} {about['type']}", 1), ("boolean",), (1,))
        name = about["name"]
        if "field" not in about:
            return Typed(Load(f"{of} {name}", 1), ("boolean",), (1,))
        bits = OPTION_BITS[f"{of} {about['field']}"]
        return Typed(Load(f"{of} {name} {about['field']}", bits), ("integer",), (bits,))

    return reader


def _ct(about: Said, scope: Scope) -> Typed:
    key, direction = about["key"], about.get("dir")
    if key in ("saddr", "daddr"):
        family = about.get("family", scope.family)
        key = f"{family} {key}"
    return _load(f"ct {direction} {key}" if direction else f"ct {key}")


def _rt(about: Said, scope: Scope) -> Typed:
    key = about["key"]
    if key == "nexthop":
        key = f"{about.get('family', scope.family)} nexthop"
    return _load(f"rt {key}")


def _fib(about: Said, _: Scope) -> Typed:
    flags = about["flags"] if isinstance(about["flags"], list) else [about["flags"]]
    result = about["result"]
    kind = {"oif": "iface_index", "oifname": "ifname", "type": "fib_addrtype"}[result]
    return Typed(Load(f"fib {' . '.join(flags)} {result}", WIDTHS[kind]), (kind,), (WIDTHS[kind],))


def _osf(about: Said, _: Scope) -> Typed:
    ttl = f"ttl {about['ttl']} " if "ttl" in about else ""
    return Typed(Load(f"osf {ttl}{about['key']}", 128), ("string",), (128,))


def _concat(about: Said, scope: Scope) -> Typed:
    parts = [read(part, scope) for part in about]
    if any(_narrow(part.expression) for part in parts):
        raise NotUnderstood("nft 1.0.6 lists what such a concatenation is compared with as something else")
    return Typed(
        Join(tuple(part.expression for part in parts)),
        tuple(kind for part in parts for kind in part.parts),
        tuple(bits for part in parts for bits in part.bits),
    )


def _narrow(expression: Expression) -> bool:
    """Whether it is a shift of a field of some bits of a byte: `ip dscp >> 2`, which nft should have left out."""
    return isinstance(expression, Shift) and isinstance(expression.of, Load) and expression.of.bits % 8 != 0


def misread(key: Typed, data: Said) -> bool:
    """Whether a look-up in a named set isn't what nft lists: of bits across bytes, shifted in the wrong order."""
    load = key.expression
    named = isinstance(data, str) and data.startswith("@")
    return named and isinstance(load, Load) and load.field in ("ip6 dscp", "frag frag-off")


_READERS: dict[str, Callable[[Said, Scope], Typed]] = {
    "payload": _payload,
    "exthdr": _extension,
    "tcp option": _option("tcp option"),
    "ip option": _option("ip option"),
    "sctp chunk": _option("sctp chunk"),
    "dccp option": _option("dccp option"),
    "meta": lambda about, _: _load(f"meta {about['key']}"),
    "ct": _ct,
    "rt": _rt,
    "fib": _fib,
    "socket": lambda about, _: _load(f"socket {about['key']}"),
    "osf": _osf,
    "concat": _concat,
}
_OPERATORS = frozenset({"&", "|", "^", "<<", ">>"})


def _operation(operator: str, operands: Said, scope: Scope, wanted: str) -> Typed:
    """The kernel's bitwise: `(of & mask) ^ flip`, or a shift in a register of 32 bits or the field's width."""
    left = read(operands[0], scope, wanted)
    for said in operands[1:]:
        if left.strange or len(left.parts) != 1:
            return _unknown(say({operator: operands}))
        left = _operate(operator, left, said, scope)
    return left


def _operate(operator: str, left: Typed, said: Said, scope: Scope) -> Typed:
    kind, bits, of = left.parts[0], left.bits[0] or 32, left.expression
    if isinstance(of, Constant):
        raise NotUnderstood("an operation on constants")
    full = (1 << max(bits, 32)) - 1
    number = scope.values.number("integer" if operator in ("<<", ">>") else kind, said)
    out: Expression
    if operator in ("<<", ">>"):
        if bits > 8 and kind not in HOST_ORDER:
            raise NotUnderstood("the kernel shifts in its own byte order, whatever the field's")
        out = Shift(of, -number) if operator == ">>" else Bits(Shift(of, number), full)
    elif operator == "&":
        out = masked(of, number, 0)
    else:
        out = masked(of, full if operator == "^" else ~number & full, number)
    return Typed(out, left.parts, left.bits)


def masked(of: Expression, mask: int, flip: int) -> Bits:
    """`(of & mask) ^ flip`; of two such operations one."""
    if isinstance(of, Bits):
        return Bits(of.of, of.mask & mask, (of.flip & mask) ^ flip)
    return Bits(of, mask, flip)


def _mapped(about: Said, scope: Scope, wanted: str) -> Typed:
    key = read(about["key"], scope)
    if misread(key, about["data"]):
        raise NotUnderstood("nft lists it as something else than it is")
    held = set_of(about["data"], key, wanted, scope)
    answers = (scope.sets[held].answers if held in scope.sets else None) if isinstance(held, str) else held.answers
    kind = answers or wanted
    return Typed(Mapped(key.expression, held), (kind,), (WIDTHS.get(kind),))


def set_of(said: Said, key: Typed, answers: str | None, scope: Scope) -> str | Set:
    """The set that a look-up is in: `@name`, or one that stands here. Raises NotUnderstood."""
    if isinstance(said, str) and said.startswith("@"):
        return said[1:]
    if not isinstance(said, dict) or not isinstance(said.get("set"), list | str | int | dict):
        raise NotUnderstood(words_of(said))
    listed = said["set"] if isinstance(said["set"], list) else [said["set"]]
    elements, fault = elements_of(listed, Shape(key.parts, key.bits, answers), scope.values)
    return Set("", key.parts, answers, elements, fault=fault)
