"""A rule of nft's text to the statements of libnftables-json(5).

Statements of which only the kind counts keep their words: `{"limit": {"words": "limit rate 5/second"}}`. Where the
grammar ends, the rest of the rule is one string: it can't be known where the next statement begins.
"""

from collections.abc import Callable
from typing import Any

from segctl.listing.nft_fields import answer_of, constant, expression, held, starts_field
from segctl.listing.nft_tokens import Cursor, NotSo, Token, words
from segctl.listing.values import seconds

Said = Any
"""A statement as JSON has it."""

_COMPARISONS = {
    "==": "==", "eq": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", ">": ">", "gt": ">", "<=": "<=", "le": "<=",
    ">=": ">=", "ge": ">=", "!": "!", "in": "in",
}  # fmt: skip


def statements(tokens: list[Token]) -> tuple[list[Said], str | None]:
    """The statements of one rule and its comment."""
    cursor, out, comment = Cursor(tokens), [], None
    while cursor.at < len(tokens):
        begin = cursor.at
        try:
            if cursor.take("comment"):
                comment = cursor.word()
                continue
            out.append(_statement(cursor))
        except NotSo:
            out.append(words(tokens[begin:]))
            break
    return out, comment


def _statement(cursor: Cursor) -> Said:
    token = cursor.now
    if not token.quoted:
        for reader in (_VERDICTS, _STATEMENTS):
            found = reader.get(token.text)
            if found is not None:
                said = found(cursor)
                if said is not None:
                    return said
    return _about_fields(cursor)


def _about_fields(cursor: Cursor) -> Said:
    """A match, an assignment, a verdict map: what begins with an expression."""
    left = expression(cursor)
    if cursor.take("vmap"):
        return {"vmap": {"key": left, "data": held(cursor)}}
    if cursor.take("set"):
        return {"mangle": {"key": left, "value": _value(cursor)}}
    operator = "implicit"
    if cursor.now.text in _COMPARISONS and not cursor.now.quoted:
        operator = _COMPARISONS[cursor.next().text]
    return _compared(cursor, left, operator)


def _compared(cursor: Cursor, left: Said, operator: str) -> Said:
    if cursor.sees("{") or (cursor.now.text.startswith("@") and not cursor.now.quoted):
        return _match(left, "==" if operator == "implicit" else operator, held(cursor))
    right = constant(cursor)
    if cursor.take("/"):  # value / mask
        return _match({"&": [left, constant(cursor)]}, "!=" if operator == "!=" else "==", right)
    if cursor.sees("."):
        parts = [right]
        while cursor.take("."):
            parts.append(constant(cursor))
        right = {"concat": parts}
    return _match(left, operator, right)


def _match(left: Said, operator: str, right: Said) -> Said:
    return {"match": {"op": operator, "left": left, "right": right}}


def _value(cursor: Cursor) -> Said:
    if cursor.sees("(") or starts_field(cursor):
        return expression(cursor)
    return constant(cursor)


# --- verdicts ---


def _bare(cursor: Cursor) -> Said:
    return {cursor.word(): None}


def _to_chain(cursor: Cursor) -> Said:
    verb = cursor.word()
    return {verb: {"target": cursor.word()}}


_VERDICTS: dict[str, Callable[[Cursor], Said]] = {
    **dict.fromkeys(("accept", "drop", "continue", "return", "notrack"), _bare),
    **dict.fromkeys(("jump", "goto"), _to_chain),
}


# --- statements of which the kind counts ---


def _kept(kind: str, cursor: Cursor, begin: int) -> Said:
    return {kind: {"words": words(cursor.tokens[begin : cursor.at])}}


def _named(cursor: Cursor, kind: str) -> Said | None:
    """`counter name "x"`, or `counter name FIELD map { … }`."""
    if not cursor.take("name"):
        return None
    if cursor.now.quoted or not starts_field(cursor):
        return {kind: cursor.word()}
    return {kind: expression(cursor)}


def _counter(cursor: Cursor) -> Said:
    cursor.next()
    named = _named(cursor, "counter")
    if named is not None:
        return named
    for word in ("packets", "bytes"):
        if cursor.take(word):
            cursor.word()
    return {"counter": None}


def _last(cursor: Cursor) -> Said:
    cursor.next()
    if cursor.take("used"):
        cursor.word()
    return {"last": None}


def _limit(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    named = _named(cursor, "limit")
    if named is not None:
        return named
    cursor.expect("rate")
    cursor.take("over") or cursor.take("until")
    _amount(cursor)
    if cursor.take("burst"):
        _amount(cursor)
    return _kept("limit", cursor, begin)


def _amount(cursor: Cursor) -> None:
    """`5/second`, `10 mbytes/second`, `7 packets`."""
    cursor.word()
    if cursor.sees("/") or cursor.now.text.partition("/")[0] in ("packets", "bytes", "kbytes", "mbytes"):
        cursor.word()
        if cursor.take("/"):
            cursor.word()


def _quota(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    named = _named(cursor, "quota")
    if named is not None:
        return named
    cursor.take("over") or cursor.take("until")
    _amount(cursor)
    said = _kept("quota", cursor, begin)
    if cursor.take("used"):
        _amount(cursor)
    return said


def _log(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    while True:
        if cursor.sees_any(("prefix", "level", "group", "snaplen", "queue-threshold")):
            cursor.next()
            cursor.word()
        elif cursor.take("flags"):
            _log_flags(cursor)
        else:
            return _kept("log", cursor, begin)


def _log_flags(cursor: Cursor) -> None:
    if cursor.sees_any(("tcp", "ip")):
        cursor.word()
    cursor.word()
    while cursor.take(","):
        cursor.word()


def _reject(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    if cursor.take("with"):
        kind = cursor.word()
        cursor.take("type")
        if kind not in ("tcp", "icmp", "icmpv6", "icmpx"):
            raise NotSo(kind)
        cursor.word()
    return _kept("reject", cursor, begin)


def _queue(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    while True:
        if cursor.sees_any(("num", "flags")):
            cursor.next()
            constant(cursor)
        elif cursor.take("to"):
            _value(cursor)
        elif cursor.sees_any(("bypass", "fanout")):
            constant(cursor)
        else:
            return _kept("queue", cursor, begin)


def _ct(cursor: Cursor) -> Said | None:
    """`ct count`, `ct helper set` and their like; None for a field of the connection."""
    begin = cursor.at
    if cursor.ahead().text == "count":
        cursor.at += 2
        cursor.take("over")
        cursor.word()
        return _kept("ct count", cursor, begin)
    kind = f"ct {cursor.ahead().text}"
    if kind in ("ct helper", "ct timeout", "ct expectation") and cursor.ahead(2).text == "set":
        cursor.at += 3
        if not cursor.now.quoted and starts_field(cursor):
            return {kind: expression(cursor)}
        cursor.word()
        return _kept(kind, cursor, begin)
    return None


def _nat(cursor: Cursor) -> Said:
    """The translations: the packet is accepted with them, so what follows is no match. A comment may."""
    begin = cursor.at
    kind = cursor.word()
    about: dict[str, Said] = {}
    if cursor.sees_any(("ip", "ip6")):
        about["family"] = cursor.word()
    cursor.take("prefix")
    if cursor.take("to"):
        cursor.take(":")
        if starts_field(cursor):
            about["addr"] = expression(cursor)
    while cursor.at < len(cursor.tokens) and not cursor.sees("comment"):
        cursor.next()
    return {kind: {**about, "words": words(cursor.tokens[begin : cursor.at])}}


def _unmodelled(after: int) -> Callable[[Cursor], Said]:
    """A statement of a first word and so many more; optional ones are those that nft prints behind it."""

    def reader(cursor: Cursor) -> Said:
        begin = cursor.at
        for _ in range(after + 1):
            cursor.word()
        return words(cursor.tokens[begin : cursor.at])

    return reader


def _to_device(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    cursor.take("ip") or cursor.take("ip6")
    cursor.expect("to")
    _value(cursor)
    if cursor.take("device"):
        cursor.word()
    return words(cursor.tokens[begin : cursor.at])


def _tproxy(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    cursor.take("ip") or cursor.take("ip6")
    cursor.expect("to")
    cursor.word()
    return words(cursor.tokens[begin : cursor.at])


def _synproxy(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    if cursor.take("name"):
        cursor.word()
    while cursor.sees_any(("mss", "wscale", "timestamp", "sack-perm")):
        if cursor.word() in ("mss", "wscale"):
            cursor.word()
    return words(cursor.tokens[begin : cursor.at])


def _reset(cursor: Cursor) -> Said:
    cursor.next()
    return {"reset": expression(cursor)}


def _xt(cursor: Cursor) -> Said:
    cursor.next()
    return {"xt": {"type": cursor.word(), "name": cursor.word()}}


def _update(cursor: Cursor) -> Said | None:
    operation = cursor.now.text
    if not cursor.ahead().text.startswith("@"):
        return None
    cursor.next()
    name = cursor.word()
    key, answer, inner = _dynamic(cursor)
    about = {"op": operation, "elem": key, "stmt": inner}
    if answer is not None:
        return {"map": {**about, "data": answer, "map": name}}
    return {"set": {**about, "set": name}}


def _meter(cursor: Cursor) -> Said:
    cursor.next()
    name = cursor.word()
    if cursor.take("size"):
        cursor.word()
    key, _, inner = _dynamic(cursor)
    return {"meter": {"key": key, "stmt": inner, "name": name}}


def _dynamic(cursor: Cursor) -> tuple[Said, Said | None, list[Said]]:
    """Within the braces of a dynamic set's statement: the key, what a map answers, and statements on the element."""
    within = Cursor([one for one in cursor.block() if one.text != "\n" or one.quoted])
    key = expression(within)
    about: dict[str, Said] = {}
    inner: list[Said] = []
    answer = None
    while within.at < len(within.tokens):
        if within.sees_any(("timeout", "expires")):
            about[within.word()] = seconds(within.word())
        elif within.take("comment"):
            within.word()
        elif within.take(":"):
            answer = _value(within) if starts_field(within) else answer_of(within)
        else:
            inner.append(_statement(within))
    return {"elem": {"val": key, **about}} if about else key, answer, inner


_STATEMENTS: dict[str, Callable[[Cursor], Said | None]] = {
    "counter": _counter,
    "last": _last,
    "limit": _limit,
    "quota": _quota,
    "log": _log,
    "reject": _reject,
    "queue": _queue,
    "ct": _ct,
    **dict.fromkeys(("snat", "dnat", "masquerade", "redirect"), _nat),
    **dict.fromkeys(("dup", "fwd"), _to_device),
    "tproxy": _tproxy,
    "synproxy": _synproxy,
    "flow": _unmodelled(2),
    "reset": _reset,
    "xt": _xt,
    **dict.fromkeys(("add", "update", "delete"), _update),
    "meter": _meter,
}
