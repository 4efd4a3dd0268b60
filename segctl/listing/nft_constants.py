"""The constants of nft's text, and what stands within braces, to libnftables-json(5)."""

import re
from typing import Any

from segctl.listing.nft_tokens import Cursor, NotSo
from segctl.listing.values import seconds

Said = Any
"""A constant, element or set as JSON has it."""


def held(cursor: Cursor) -> Said:
    """`@name`, or a set that stands here. Raises NotSo."""
    if cursor.sees("{"):
        return {"set": elements(Cursor([one for one in cursor.block() if one.text != "\n" or one.quoted]))}
    if cursor.now.text.startswith("@") and not cursor.now.quoted:
        return cursor.word()
    raise NotSo(cursor.now.text)


def constant(cursor: Cursor, alone: bool = False) -> Said:
    """One constant: a word, a range, flags with commas or `|`; with its range's ends in quotes too. Raises NotSo.

    `alone`: no flags with `|`, which is then an operator on what stands before.
    """
    said = _one(cursor)
    if cursor.sees(","):
        listed = [said]
        while cursor.take(","):
            listed.append(_one(cursor))
        return listed
    if not alone and cursor.sees("|"):
        listed = [said]
        while cursor.take("|"):
            listed.append(_one(cursor))
        return {"|": listed}
    return said


_NUMBERS = re.compile(r"\d+-\d+")  # of a type whose constants are names (`iif 5-7`) it would be one


def _one(cursor: Cursor) -> Said:
    token = cursor.now
    said: Said = cursor.word()
    if not token.quoted and said in ("exists", "missing"):
        return said == "exists"
    if cursor.take("-"):
        return {"range": [said, cursor.word()]}
    following = cursor.now
    if token.quoted and not following.quoted and following.text.startswith("-") and len(following.text) > 1:
        return {"range": [said, cursor.word()[1:]]}
    if not token.quoted and _NUMBERS.fullmatch(said):
        first, _, last = said.partition("-")
        return {"range": [first, last]}
    if not token.quoted and said.endswith("-") and following.quoted:
        return {"range": [said[:-1], cursor.word()]}
    return said


def elements(cursor: Cursor) -> list[Said]:
    """What stands between the braces of a set, map or verdict map. Raises NotSo."""
    out = []
    while cursor.at < len(cursor.tokens):
        if cursor.take("\n") or cursor.take(","):
            continue
        out.append(_element(cursor))
        cursor.skip_lines()
        if cursor.at < len(cursor.tokens) and not cursor.take(","):
            raise NotSo(cursor.now.text)
    return out


def _element(cursor: Cursor) -> Said:
    key = _concatenated(cursor)
    about = _about(cursor)
    said = {"elem": {"val": key, **about}} if about else key
    if cursor.take(":"):
        answer = answer_of(cursor)
        about = _about(cursor)
        if about:
            said = {"elem": {"val": key, **about}}
        return [said, answer]
    return said


def answer_of(cursor: Cursor) -> Said:
    """What an element of a map answers: a verdict or a constant."""
    if not cursor.now.quoted and cursor.now.text in ("jump", "goto"):
        verb = cursor.word()
        return {verb: {"target": cursor.word()}}
    if cursor.sees_any(("accept", "drop", "return", "continue", "queue")):
        return {cursor.word(): None}
    return _concatenated(cursor)


def _concatenated(cursor: Cursor) -> Said:
    parts = [_flags(cursor)]
    while cursor.take("."):
        parts.append(_flags(cursor))
    return parts[0] if len(parts) == 1 else {"concat": parts}


def _flags(cursor: Cursor) -> Said:
    said = _one(cursor)
    if not cursor.sees("|"):
        return said
    listed = [said]
    while cursor.take("|"):
        listed.append(_one(cursor))
    return {"|": listed}


def _about(cursor: Cursor) -> dict[str, Said]:
    """What an element says beside its key; what isn't known keeps its words, for the set's fault."""
    about: dict[str, Said] = {}
    while cursor.at < len(cursor.tokens) and not cursor.sees_any((",", ":", "\n")):
        word = cursor.word()
        if word in ("timeout", "expires"):
            about[word] = seconds(cursor.word())
        elif word == "comment":
            about[word] = cursor.word()
        elif word == "counter":
            about[word] = None
            if cursor.take("packets"):
                cursor.word()
                cursor.expect("bytes")
                cursor.word()
        elif word == "last":
            about[word] = None
            if cursor.take("used"):
                cursor.word()
        else:
            about[word] = True
            while cursor.at < len(cursor.tokens) and not cursor.sees_any((",", ":", "\n")):
                cursor.next()
    return about
