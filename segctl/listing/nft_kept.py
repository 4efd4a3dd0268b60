"""Statements of nft's text of which the kind counts, and their words: `{"limit": {"words": "limit rate 5/second"}}`.

What they do to a packet is told in statements.py; here only where they end.
"""

from collections.abc import Callable
from typing import Any

from segctl.listing.nft_constants import constant
from segctl.listing.nft_fields import expression, starts_field, value
from segctl.listing.nft_tokens import Cursor, NotSo, words

Said = Any
"""A statement as JSON has it."""


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
    about = {}
    if cursor.take("with"):
        kind = cursor.word()
        cursor.take("type")
        if kind not in ("tcp", "icmp", "icmpv6", "icmpx"):
            raise NotSo(kind)
        code = cursor.word()
        about = {"type": "tcp reset"} if kind == "tcp" else {"type": kind, "expr": code}
    return {"reject": {**about, "words": words(cursor.tokens[begin : cursor.at])}}


def _queue(cursor: Cursor) -> Said:
    begin = cursor.at
    cursor.next()
    while True:
        if cursor.sees_any(("num", "flags")):
            cursor.next()
            constant(cursor)
        elif cursor.take("to"):
            value(cursor)
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
    value(cursor)
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


KEPT: dict[str, Callable[[Cursor], Said | None]] = {
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
}
"""First word: reader; None where it is the first word of a field."""
