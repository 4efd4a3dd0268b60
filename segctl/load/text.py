"""Bytes of a site's file as text that is what it looks like: UTF-8, no hidden characters, one kind of line end."""

import re

from segctl.load.findings import Findings
from segctl.load.letters import call
from segctl.model.span import Span

BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Characters that only steer direction (Unicode's Bidi_Control): they make a line look like another."""

_HIDDEN = re.compile(f"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff{BIDI}]|\r(?!\n)")
_PLAIN = bytes((*b"\t\n", *range(0x20, 0x7F)))
"""With nothing else in it a file is right: so most are told in a fifteenth of the time."""


def decode(data: bytes, file: str, findings: Findings) -> str | None:
    """The text without a byte order mark, or None with one finding at the first bad place.

    Refused in comments as well: NUL and other control characters, U+2028 and its like (YAML 1.1 ends a line, and so a
    comment, where an editor shows none), a lone CR, and bidi controls.
    """
    if not data.translate(None, _PLAIN):
        return data.decode("ascii")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        kind = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte 0x{data[error.start]:02x}"
        findings.add(_place(before, file), "encoding", f"this is not UTF-8 ({kind})")
        return None
    text = text.removeprefix("\ufeff")
    hidden = _HIDDEN.search(text)
    if hidden:
        findings.add(_place(text[: hidden.start()], file), "character", f"a hidden character, {call(hidden[0])}")
        return None
    return text


def _place(before: str, file: str) -> Span:
    return Span(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
