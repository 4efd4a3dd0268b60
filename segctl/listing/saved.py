"""Files with rules that somebody saved, each told by what it begins with, together one Listing."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from segctl.listing import ipset, iptables, nft_json, nft_text
from segctl.listing.rule import Family, Listing, Set, Table, Unreadable
from segctl.listing.values import By
from segctl.model.escaped import escaped

T = TypeVar("T")
_MOST = 64 << 20  # bytes of one file: some 600,000 rules
_CHUNK = 1 << 16
_LONGEST_WORD, _LONGEST_ERROR = 60, 300
_NO_UTF8 = re.compile(r"[\udc80-\udcff]")  # bytes; alone they may be a comment in somebody's old encoding
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # ESC may stand in somebody's comment
_V4 = re.compile(r" (?:-s|-d|--to-\w+) \d+\.\d+\.\d+\.\d+")
_V6 = re.compile(r" (?:-s|-d) [0-9a-fA-F]*:[0-9a-fA-F:]*[/ ]")

_HAND = re.compile(r"^\s*(?:#(?! handle)|flush |define |include |add |create )", re.MULTILINE)
"""What people write into a file, and `nft list ruleset` doesn't."""


class NoRules(ValueError):
    """A file that is none of these. `help` says what is. The place is that of the line's first word, if no other."""

    exit_code = 2

    def __init__(self, path: Path, error: Unreadable, text: str = "") -> None:
        where = f"{path}"
        if error.line is not None:
            (line,) = text.split("\n")[error.line - 1 : error.line] or [""]
            where += f":{error.line}:{error.column or len(line) - len(line.lstrip()) + 1}"
        super().__init__(f"{where}: {_short(str(error))}")
        self.help = error.help or "it is read: `nft (-j) list ruleset`, `iptables-save`, `ip6tables-save`, `ipset save`"


def read_files(paths: Sequence[Path]) -> Listing:
    """All files together. ip6tables-save is told from iptables-save by its addresses, or by `6` in the file's name.

    NoRules for a file that can't be read as any of them.
    """
    return together(read_each(paths).values())


def read_each(paths: Sequence[Path]) -> dict[Path, Listing]:
    """Each file by itself, with the sets of all `ipset save` among them; these are no listing of their own."""
    texts = [(path, _text(path)) for path in paths]
    sets: dict[str, Set] = {}
    for path, text in texts:
        if _is_ipset(text):
            sets |= _tried(path, text, partial(ipset.parse, text))
    return {path: _read(path, text, sets) for path, text in texts if not _is_ipset(text)}


def together(some: Iterable[Listing]) -> Listing:
    """Several of one machine as one."""
    listings = list(some)
    tables: tuple[Table, ...] = tuple(table for one in listings for table in one.tables)
    digest = sha256("\0".join(one.digest for one in listings).encode()).hexdigest()
    interfaces = {index: name for one in listings for index, name in one.interfaces.items()}
    return Listing(tables, tuple(gap for one in listings for gap in one.gaps), digest, interfaces)


def _short(said: str) -> str:
    """An error that quotes a file: no word of it is long, and none moves a terminal's cursor."""
    said = re.sub(rf"(`[^`]{{{_LONGEST_WORD}}})[^`]+`", r"\1…`", escaped(said))
    return re.sub(rf"(\S{{{_LONGEST_WORD + 2}}})\S+", r"\1…", said)[:_LONGEST_ERROR]


def _text(path: Path) -> str:
    """A file's text. It is read in pieces: something endless or binary is refused before it fills the memory."""
    pieces: list[bytes] = []
    size = 0
    try:
        with path.open("rb") as file:
            while piece := file.read(_CHUNK):
                pieces.append(piece)
                size += len(piece)
                if b"\0" in piece:
                    raise NoRules(path, Unreadable("this is not text", 1, column=1))
                if size > _MOST:
                    raise NoRules(
                        path, Unreadable(f"this is longer than {_MOST >> 20} MiB, and isn't read", 1, column=1)
                    )
    except OSError as error:
        raise NoRules(path, Unreadable(error.strerror or str(error))) from error
    text = b"".join(pieces).decode(errors="surrogateescape")
    if _NO_UTF8.search(text) and _BINARY.search(text):
        raise NoRules(path, Unreadable("this is not text", 1, column=1))
    return text


def _is_ipset(text: str) -> bool:
    return text.lstrip().startswith(("create ", "add "))


def _read(path: Path, text: str, sets: Mapping[str, Set]) -> Listing:
    start = text.lstrip()
    if start.startswith("{"):
        return _tried(path, text, lambda: nft_json.parse(_json(text)))
    if start.startswith(("*", ":")) or "\n*" in text:
        family = Family.IP6 if _is_v6(path, text) else Family.IP
        return _tried(path, text, lambda: iptables.parse(text, family, sets))
    by = By.SOMEBODY if _HAND.search(text) else By.NOBODY_KNOWS
    return _tried(path, text, lambda: nft_text.parse(text, by))


def _is_v6(path: Path, text: str) -> bool:
    """By its words; without any, by a 6 in the name that is no part of another number, as of a date."""
    if any(word in text for word in ("icmp6", "ipv6-icmp", "/128", "ip6tables")) or _V6.search(text):
        return True
    return not _V4.search(text) and re.search(r"(?<!\d)6(?!\d)", path.name) is not None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Unreadable("no JSON of nft: it is nested too deep", 1, column=1) from error
    except ValueError as error:
        line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
        raise Unreadable(f"no JSON: {error}", line, column=column) from error


def _tried(path: Path, text: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except Unreadable as error:
        raise NoRules(path, error, text) from error
