"""Constants, as a listing writes them, to the numbers of rule.py: by the data type of what they are compared with.

A constant is a string or a number, or of libnftables-json(5): `{"range": [a, b]}`, `{"prefix": {…}}`, a list of flags,
`{"|": […]}`, `{"elem": {…}}`. What has no number for its type raises NotUnderstood with its words; the caller keeps
them in place.
"""

import json
import re
import socket
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from segctl.listing.rule import Span, name_span
from segctl.listing.words import BITMASKS, WIDTHS, WORDS

Constant = Any
"""A value of a JSON document."""


class NotUnderstood(Exception):
    """Something in a listing that has no meaning for us; its text are its words."""


def words_of(value: Constant) -> str:
    """Something of a listing that isn't understood, as one line of text."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_TIME = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")


def seconds(text: str) -> float | None:
    """`1d2h3m4s567ms` in seconds; None if it is no time."""
    found = _TIME.fullmatch(text)
    if not text or found is None:
        return None
    parts = [int(part or 0) for part in found.groups()]
    return sum(part * unit for part, unit in zip(parts, (604800, 86400, 3600, 60, 1, 0.001), strict=True))


def _ipv4(text: str) -> int:
    return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")


def _ipv6(text: str) -> int:
    return int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")


def _hardware(text: str) -> int:
    return int(text.replace(":", ""), 16)


def _class(text: str) -> int:
    if text in ("none", "root"):
        return 0 if text == "none" else 0xFFFFFFFF
    major, colon, minor = text.partition(":")
    if not colon:
        return int(text, 0)
    return int(major or "0", 16) << 16 | int(minor or "0", 16)


def _port(text: str) -> int:
    return int(text, 0) if text[:1].isdigit() else socket.getservbyname(text)


def _protocol(text: str) -> int:
    return int(text, 0) if text[:1].isdigit() else socket.getprotobyname(text)


def _time(text: str) -> int:
    """Milliseconds, as `ct expiration` counts them."""
    taken = seconds(text)
    return round(taken * 1000) if taken is not None else int(text, 0) * 1000


_PARSERS: dict[str, Callable[[str], int]] = {
    "ipv4_addr": _ipv4, "ipv6_addr": _ipv6, "ether_addr": _hardware, "ll_addr": _hardware, "classid": _class,
    "inet_service": _port, "inet_proto": _protocol, "time": _time,
}  # fmt: skip
_NAMES = frozenset({"ifname", "string"})


def _of_text(kind: str, text: str) -> int:
    known = WORDS.get(kind, {}).get(text)
    if known is not None:
        return known
    try:
        parser = _PARSERS.get(kind)
        return int(text, 0) if parser is None else parser(text)
    except (ValueError, OSError):
        raise NotUnderstood(text) from None


class By(Enum):
    """Who wrote `10.0.0.5/24`: the kernel's listing, where it is a comparison that nothing fits; somebody in a file,
    where nft reads it as 10.0.0.0/24; or one of the two.
    """

    KERNEL = auto()
    SOMEBODY = auto()
    NOBODY_KNOWS = auto()


class Values:
    """Constants to numbers; knows interfaces by index, and makes up an index for a name that it isn't told.

    `interfaces` is what it knows by now: give it to the Listing. `by`: whose words a prefix with bits beyond its length
    is in.
    """

    def __init__(self, interfaces: dict[int, str], by: "By | None" = None) -> None:
        self.by = by or By.KERNEL
        self.interfaces = dict(interfaces)
        self._index = {name: index for index, name in interfaces.items()}

    def index_of(self, name: str) -> int:
        """The index of an interface: of one that we aren't told of, one that no interface has."""
        if name.isdecimal():
            return int(name)
        if name not in self._index:
            free = 1 if name == "lo" and 1 not in self.interfaces else 0xFFFFFFFF - len(self.interfaces)
            self._index[name] = free
            self.interfaces[free] = name
        return self._index[name]

    def number(self, kind: str, value: Constant) -> int:
        """One constant of a type. Raises NotUnderstood."""
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, int):
            if kind == "ct_label":  # a label's number is that of its bit
                return 1 << value
            return value * 1000 if kind == "time" else value
        if isinstance(value, str):
            if kind in _NAMES:
                first, last = name_span(value)
                if first == last:
                    return first
            elif kind == "iface_index":
                return self.index_of(value)
            elif kind == "ct_label" and value.isdecimal():
                return 1 << int(value)
            elif value:
                return _of_text(kind, value)
        elif isinstance(value, list) and kind in BITMASKS:
            return self._any_of(kind, value)
        elif isinstance(value, dict) and len(value) == 1:
            ((operator, operands),) = value.items()
            if operator == "|" and isinstance(operands, list):
                return self._any_of(kind, operands)
        raise NotUnderstood(words_of(value))

    def _any_of(self, kind: str, values: list[Constant]) -> int:
        bits = 0
        for value in values:
            bits |= self.number(kind, value)
        return bits

    def span(self, kind: str, value: Constant, bits: int | None = None) -> Span:
        """A constant, range, prefix or `eth*`. `bits` is the width of an integer, which a prefix needs.

        Raises NotUnderstood.
        """
        if isinstance(value, dict):
            if "range" in value:
                first, last = value["range"]
                if kind in _NAMES:  # nft joins neighbours (`le0*` and `le1`), and can't print what comes of it
                    raise NotUnderstood(words_of(value))
                return self.number(kind, first), self.number(kind, last)
            if "prefix" in value:
                width, prefix = WIDTHS.get(kind, bits), value["prefix"]
                if width is None or kind in _NAMES:  # the same: `le0*` beside `le1` is listed as ""/24
                    raise NotUnderstood(words_of(value))
                base = self.number(kind, prefix["addr"])
                rest = (1 << width - prefix["len"]) - 1
                if base & rest and self.by is By.NOBODY_KNOWS:
                    raise NotUnderstood(f"{prefix['addr']}/{prefix['len']} has bits beyond its prefix")
                if base & rest and self.by is By.KERNEL:
                    return 1 << width, 1 << width  # compared under a mask that takes these bits away: no value has them
                base &= ~rest
                return base, base | rest
            if "elem" in value:
                return self.span(kind, value["elem"]["val"], bits)
        if kind in _NAMES and isinstance(value, str):
            return name_span(value)
        if value == "*":
            return 0, (1 << WIDTHS.get(kind, bits or 128)) - 1
        try:
            number = self.number(kind, value)
        except NotUnderstood:
            if not isinstance(value, str):
                raise
            return self._written(kind, value, bits)
        return number, number

    def _written(self, kind: str, text: str, bits: int | None) -> Span:
        """A range or prefix as text has them: `80-90`, `10.0.0.0/8`; a word may have a `-` of its own."""
        address, slash, prefix = text.partition("/")
        if slash and prefix.isdecimal():
            return self.span(kind, {"prefix": {"addr": address, "len": int(prefix)}}, bits)
        pieces = text.split("-")
        for at in range(1, len(pieces)):
            try:
                return self.number(kind, "-".join(pieces[:at])), self.number(kind, "-".join(pieces[at:]))
            except NotUnderstood:
                continue
        raise NotUnderstood(text)
