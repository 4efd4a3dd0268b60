"""Statements of libnftables-json(5) to those of rule.py, each with the kernel's meaning.

Match: `in` is the implicit operator of bitmasks, any of these bits; `!` none of them; `==` and `!=` are exact, with
flags and with sets too (checked against `nft --debug=netlink`).

A miss of a map ends the rule, of a verdict map too. So does writing to a header or TCP option (Assign to such a field)
that the packet doesn't have; writing to a connection that it doesn't have does nothing, and the rule goes on.
Opaque by intent: dup and fwd (a copy, or the packet, leaves elsewhere), flow (later packets pass by the rules), tproxy
(goes on in the rule, if there is a socket), synproxy (takes SYN and ACK of TCP), `ct expectation set` (ends the rule
once the connection is confirmed), and xt.
"""

from collections.abc import Callable, Iterator
from typing import Any

from segctl.listing.elements import verdict
from segctl.listing.expressions import Scope, Typed, misread, read, set_of
from segctl.listing.fields import CHANCE, IPV4, IPV6
from segctl.listing.implied import loads, of_reject, of_version
from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Choose,
    Decide,
    Ending,
    Expression,
    Family,
    Load,
    Lookup,
    Match,
    Maybe,
    Opaque,
    Set,
    Span,
    Statement,
    Strange,
    Translate,
    Untrack,
    Update,
    Verdict,
)
from segctl.listing.say import MALFORMED, say
from segctl.listing.values import NotUnderstood, words_of
from segctl.listing.words import BITMASKS

Said = Any
"""A statement of a JSON document."""


def statements(said: Said, scope: Scope) -> Iterator[Statement]:
    """What a statement stands for: one, or with what it implies more. What isn't understood is Opaque; never raises."""
    if isinstance(said, str):
        said = {"text": said}
    if isinstance(said, dict) and len(said) == 1:
        ((kind, about),) = said.items()
        reader = _READERS.get(kind)
        if reader is not None:
            try:
                yield from reader(about, said, scope)
                return
            except (NotUnderstood, *MALFORMED):
                pass
    yield Opaque(say(said))


def _match(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    left, right, operator = read(about["left"], scope), about["right"], about.get("op", "==")
    if isinstance(right, bool):
        left = _presence(about["left"], left)
    if "numgen" in about["left"] or not CHANCE.isdisjoint(loads(left.expression)):
        yield Maybe(say(said))
        return
    if left.strange:
        yield Match(Strange(say(said)), ())
        return
    try:
        yield _compared(left, operator, right, scope)
    except (NotUnderstood, *MALFORMED):
        yield Match(Strange(say(said)), ())


def _presence(said: Said, left: Typed) -> Typed:
    """`tcp option 77 exists` is written as its first byte, but compared with true or false."""
    option = said.get("tcp option") if isinstance(said, dict) else None
    if isinstance(option, dict) and "base" in option:
        return Typed(Load(f"tcp option {option['base']}", 1), ("boolean",), (1,))
    return left


def _compared(left: Typed, operator: str, right: Said, scope: Scope) -> Statement:
    negated = operator in ("!=", "!")
    if isinstance(right, str) and right.startswith("@"):
        if misread(left, right):
            raise NotUnderstood("nft lists it as something else than it is")
        return Lookup(left.expression, right[1:], negated)
    if isinstance(right, dict) and "set" in right:
        return _in_set(left, set_of(right, left, None, scope), negated)
    if len(left.parts) > 1:
        return _in_set(left, set_of({"set": [right]}, left, None, scope), negated)
    kind, bits, values = left.parts[0], left.bits[0], scope.values
    if operator == "implicit":  # of text, where JSON says which it is
        operator = "in" if kind in BITMASKS else "=="
    if operator in ("in", "!"):
        return Anybit(left.expression, values.number(kind, right), negated)
    if isinstance(right, bool) and kind in ("iface_index", "ifname"):  # fib … oif exists, missing
        return Match(left.expression, ((0, 0),), negated != right)
    if operator in ("==", "!="):
        if isinstance(right, list):
            return Match(left.expression, (_exactly(values.number(kind, right)),), negated)
        return Match(left.expression, (values.span(kind, right, bits),), negated)
    return Match(left.expression, _ordered(operator, values.number(kind, right), bits))


def _exactly(number: int) -> Span:
    return number, number


def _ordered(operator: str, number: int, bits: int | None) -> tuple[Span, ...]:
    if bits is None:
        raise NotUnderstood("a comparison of unknown width")
    first, last = {
        "<": (0, number - 1),
        "<=": (0, number),
        ">": (number + 1, (1 << bits) - 1),
        ">=": (number, (1 << bits) - 1),
    }[operator]
    return ((first, last),) if first <= last else ()


def _in_set(left: Typed, held: str | Set, negated: bool) -> Statement:
    """An anonymous set of one part whose elements are plain is a list of spans."""
    if isinstance(held, Set) and len(held.parts) == 1 and held.fault is None:
        return Match(left.expression, tuple(element.key[0] for element in held.elements), negated)
    return Lookup(left.expression, held, negated)


def _vmap(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    key = read(about["key"], scope)
    yield Choose(_certain(key, about["key"], about["data"]), set_of(about["data"], key, "verdict", scope))


def _mangle(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    key = read(about["key"], scope)
    if not isinstance(key.expression, Load) or key.expression.field.endswith("zone"):
        yield Opaque(say(said))  # in another zone it is another connection's packet: answers may come in this one
        return
    value = read(about["value"], scope, key.parts[0])
    yield Assign(key.expression.field, _certain(value, about["value"]))


def _plain_verdict(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    yield Decide(verdict(said))


def _reject(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    yield from of_reject(about, scope.family)
    yield Decide(Verdict(Ending.REJECT), say(said))


def _queue(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    yield Decide(Verdict(Ending.QUEUE), say(said))


def _is(kind: Callable[[str], Statement]) -> Callable[[Said, Said, Scope], Iterator[Statement]]:
    """A statement that is its words."""

    def reader(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
        yield from _looked_up(about, "counter", scope)
        yield kind(say(said))

    return reader


def _looked_up(about: Said, answers: str, scope: Scope) -> Iterator[Statement]:
    """`counter name tcp dport map @m`, `dnat to tcp dport map @m`: a miss ends the rule."""
    mapped = about.get("map") if isinstance(about, dict) else None
    if isinstance(mapped, dict):
        key = read(mapped["key"], scope)
        yield Lookup(_certain(key, mapped["key"], mapped["data"]), set_of(mapped["data"], key, answers, scope))


def _nat(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    """A translation for one family, or to what a map says: others, and those that it misses, go on behind the rule."""
    if isinstance(about, dict):
        family = {"ip": IPV4, "ip6": IPV6}.get(about.get("family", ""))
        if family is not None and scope.family is Family.INET:
            yield of_version(family, scope.family)
        for part in ("addr", "port"):
            yield from _looked_up(about.get(part), "translation", scope)
    yield Translate(say(said))


def _certain(key: Typed, said: Said, data: Said = None) -> Expression:
    """The expression, or Strange if it depends on something outside the packet or isn't what nft lists."""
    known = CHANCE.isdisjoint(loads(key.expression)) and not misread(key, data)
    return key.expression if known else Strange(say(said))


def _untrack(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    yield Untrack()


_DECIDES_NOTHING = frozenset({"counter", "last", "log"})


def _update(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    """`add @set { key statement … }`, and meter: the element's own limit or the like then decides whether to go on."""
    name = about.get("set") or about.get("map") or about["name"]
    text = say(said)
    yield Update(str(name).removeprefix("@"), text)
    inner = about.get("stmt") or []
    for one in inner if isinstance(inner, list) else [inner]:
        if not (isinstance(one, dict) and one.keys() <= _DECIDES_NOTHING):
            yield Maybe(say(one))


_HARMLESS_XT = {("match", "comment"), ("target", "LOG"), ("target", "NFLOG")}


def _xt(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    """A match or target of iptables-nft: JSON doesn't say its parameters, but of some they don't matter."""
    harmless = isinstance(about, dict) and (about.get("type"), about.get("name")) in _HARMLESS_XT
    yield (Aside if harmless else Opaque)(say(said))


def _text(about: Said, said: Said, scope: Scope) -> Iterator[Statement]:
    """What nft has no JSON for, it writes as a string of its text: `update @map { … }`."""
    words = str(about).split()
    if len(words) > 2 and words[0] in ("add", "update", "delete") and words[1].startswith("@"):
        yield Update(words[1][1:], str(about))
        inner = set(words[2:])
        if not inner.isdisjoint({"limit", "quota", "count"}):
            yield Maybe(str(about))
        return
    yield Opaque(words_of(about))


_READERS: dict[str, Callable[[Said, Said, Scope], Iterator[Statement]]] = {
    "match": _match,
    "vmap": _vmap,
    "mangle": _mangle,
    **dict.fromkeys(("accept", "drop", "continue", "return", "jump", "goto"), _plain_verdict),
    "reject": _reject,
    "queue": _queue,
    **dict.fromkeys(("counter", "log", "comment", "last", "ct helper", "ct timeout", "secmark"), _is(Aside)),
    **dict.fromkeys(("limit", "quota", "ct count"), _is(Maybe)),
    **dict.fromkeys(("snat", "dnat", "masquerade", "redirect"), _nat),
    "notrack": _untrack,
    **dict.fromkeys(("set", "map", "meter"), _update),
    "xt": _xt,
    "text": _text,
}
