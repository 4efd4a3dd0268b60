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

T = TypeVar("T")
_MOST = 1 << 30  # bytes of one file
_V4 = re.compile(r" (?:-s|-d|--to-\w+) \d+\.\d+\.\d+\.\d+")
_V6 = re.compile(r" (?:-s|-d) [0-9a-fA-F]*:[0-9a-fA-F:]*[/ ]")


class NoRules(ValueError):
    """A file that is none of these. `help` says what is. The place is that of the line's first word, if no other."""

    exit_code = 2

    def __init__(self, path: Path, error: Unreadable, text: str = "") -> None:
        where = f"{path}"
        if error.line is not None:
            (line,) = text.split("\n")[error.line - 1 : error.line] or [""]
            where += f":{error.line}:{error.column or len(line) - len(line.lstrip()) + 1}"
        super().__init__(f"{where}: {error}")
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


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode(errors="surrogateescape")
    except OSError as error:
        raise NoRules(path, Unreadable(error.strerror or str(error))) from error


def _is_ipset(text: str) -> bool:
    return text.lstrip().startswith(("create ", "add "))


def _read(path: Path, text: str, sets: Mapping[str, Set]) -> Listing:
    start = text.lstrip()
    if start.startswith("{"):
        return _tried(path, text, lambda: nft_json.parse(_json(text)))
    if start.startswith(("*", ":")) or "\n*" in text:
        family = Family.IP6 if _is_v6(path, text) else Family.IP
        return _tried(path, text, lambda: iptables.parse(text, family, sets))
    return _tried(path, text, lambda: nft_text.parse(text))


def _is_v6(path: Path, text: str) -> bool:
    """By its words; without any, by a 6 in the name that is no part of another number, as of a date."""
    if any(word in text for word in ("icmp6", "ipv6-icmp", "/128", "ip6tables")) or _V6.search(text):
        return True
    return not _V4.search(text) and re.search(r"(?<!\d)6(?!\d)", path.name) is not None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
        raise Unreadable(f"no JSON: {error}", line, column=column) from error


def _tried(path: Path, text: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except Unreadable as error:
        raise NoRules(path, error, text) from error
