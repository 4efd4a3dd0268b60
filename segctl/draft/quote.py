"""Texts of others as parts of a YAML file: whatever they hold, they end where they should.

A template writes nothing but what these functions give (and integers): see `site.py`.
"""

import re
from collections.abc import Iterable

from markupsafe import Markup

from segctl.load.scalars import NAME

_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_SHORT = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]*\Z")
_ADDRESS = re.compile(r"[0-9A-Fa-f.:/]+\Z")


class Safe(Markup):
    """A text that can stand in a YAML file where it was made for."""


def word(name: str) -> Safe:
    """A NAME, plain, but where other readers of YAML take it for true, false or null."""
    if not NAME.match(name):
        raise ValueError(f"no name: {name!r}")
    return Safe(f'"{name}"' if name.lower() in _YAML_WORDS else name)


def text(said: str) -> Safe:
    """Any text as a double-quoted scalar on one line (YAML 1.2, section 7.3.1)."""
    return Safe('"' + "".join(map(_escaped, said)) + '"')


def value(said: str) -> Safe:
    """A label's text: plain where it is a word."""
    return word(said) if NAME.match(said) else text(said)


def place(address: str) -> Safe:
    """An address or a CIDR; quoted where a colon stands in it."""
    if not _ADDRESS.match(address):
        raise ValueError(f"no address: {address!r}")
    return Safe(f'"{address}"' if ":" in address else address)


def path(name: str) -> Safe:
    """A file's name, plain where that is clear."""
    return Safe(name) if _PLAIN.match(name) and ": " not in name and not name.endswith(":") else text(name)


def remark(said: str, most: int = 400) -> Safe:
    """Any text as the rest of a comment's line: what doesn't print is shown as its number."""
    shown = "".join(char if char.isprintable() else _numbered(char) for char in said[: most + 1])
    return Safe(shown if len(said) <= most else shown[:most] + "…")


def joined(parts: Iterable[Safe], between: str = ", ") -> Safe:
    """Several, one after the other."""
    return Safe(between.join(map(str, parts)))


def _escaped(char: str) -> str:
    return _SHORT.get(char) or (char if char.isprintable() else _numbered(char))


def _numbered(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
