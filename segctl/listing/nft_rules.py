"""A rule of nft's text to the statements of libnftables-json(5).

Where the grammar ends, the rest of the rule is one string: it can't be known where the next statement begins.
"""

from collections.abc import Callable
from typing import Any

from segctl.listing.nft_constants import answer_of, constant, held
from segctl.listing.nft_fields import expression, starts_field, value
from segctl.listing.nft_kept import KEPT
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
        return {"mangle": {"key": left, "value": value(cursor)}}
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
            answer = value(within) if starts_field(within) else answer_of(within)
        else:
            inner.append(_statement(within))
    return {"elem": {"val": key, **about}} if about else key, answer, inner


_STATEMENTS: dict[str, Callable[[Cursor], Said | None]] = {
    **KEPT,
    **dict.fromkeys(("add", "update", "delete"), _update),
    "meter": _meter,
}
