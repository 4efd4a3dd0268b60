"""A CSV (RFC 4180) with a header line: a name, addresses, and columns that tell hosts apart."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from segctl.draft.hosts import Doubt, Form, Host, Inventory, wrong
from segctl.draft.names import Names
from segctl.load.values import shorten

NAMES = ("name", "hostname", "host", "fqdn")
ADDRESSES = (
    "addresses", "address", "ip", "ips", "ip_address", "ip address", "ip-address", "ipaddress",
    "ipv4", "ipv6", "ip4", "ip6",
)  # fmt: skip
GROUPING = (
    "segment", "group", "zone", "tier", "vlan", "network", "subnet", "role", "service", "app", "application",
    "environment", "env", "department", "team", "owner", "site",
)  # fmt: skip
"""Columns that segments are made by, the first that is there."""
_DELIMITERS = (",", ";", "\t")
_SECRET = re.compile(r"passw|passphrase|pwd|secret|token|credential|community|private.?key", re.IGNORECASE)
_SEPARATOR = re.compile(r"[;,|]")  # between addresses; a site has blanks there


@dataclass(frozen=True, slots=True)
class Header:
    """The columns: which holds the name, which addresses, which segments are made by; `labels` by position."""

    delimiter: str
    cells: list[str]
    name: int
    addresses: tuple[int, ...]
    labels: dict[int, str]
    by: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A line's cells without blanks around them; `plain`: they had none, and no separator that a site doesn't know."""

    line: int
    cells: list[str]
    plain: bool


def find_header(line: str) -> Header | None:
    """The header that a line is, if it is one."""
    for delimiter in _DELIMITERS:
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            continue
        found = _header(delimiter, cells)
        if found:
            return found
    return None


def _header(delimiter: str, cells: list[str]) -> Header | None:
    folded = [cell.casefold() for cell in cells]
    name = next((folded.index(word) for word in NAMES if word in folded), None)
    addresses = tuple(at for at, cell in enumerate(folded) if cell in ADDRESSES)
    if name is None or not addresses:
        return None
    names = Names(frozenset())
    rest = [at for at in range(len(cells)) if at != name and at not in addresses and cells[at]]
    rest = [at for at in rest if not _SECRET.search(cells[at])]
    by = next((folded.index(word) for word in GROUPING if word in folded and folded.index(word) in rest), None)
    return Header(delimiter, cells, name, addresses, {at: names.take(cells[at], "column") for at in rest}, by)


def read_csv(text: str, file: str) -> Inventory:
    """Every row's host. The column that segments are made by is its group, the other columns are its labels."""
    lines = text.split("\n")
    at = next((at for at, line in enumerate(lines) if line.strip()), 0)
    header = find_header(lines[at])
    if header is None:
        help = f"a header line with one of {', '.join(NAMES)}, and one of {', '.join(ADDRESSES[:3])}, ipv4, ipv6"
        raise wrong(file, at + 1, 1, "csv", "the first line names no column for names and none for addresses", help)
    doubts = tuple(Doubt(text, at + 1) for text in _about(header))
    rows = list(_rows(lines[at + 1 :], at + 1, header, file))
    hosts = tuple(_host(row, header) for row in rows if any(row.cells))
    clean = not at and _is_ours(header) and all(row.plain and row.cells[header.name] for row in rows)
    by = header.labels[header.by] if header.by is not None else ""
    return Inventory(Form.CSV, file, hosts, by, doubts, clean=clean)


def _is_ours(header: Header) -> bool:
    """Whether a site reads it as it stands: columns name and addresses, commas, label names that are NAMEs."""
    called = [header.cells[at] for at in (header.name, *header.addresses)]
    labelled = all(header.labels.get(at) == cell for at, cell in enumerate(header.cells) if cell not in called)
    return header.delimiter == "," and called == ["name", "addresses"] and labelled


def _about(header: Header) -> Iterator[str]:
    if header.delimiter != ",":
        yield f"its columns are apart by {'tabs' if header.delimiter == chr(9) else 'semicolons'}, not commas"
    for at, label in header.labels.items():
        if label != header.cells[at]:
            yield f"the column '{shorten(header.cells[at])}' is the label {label}"
    for cell in filter(_SECRET.search, header.cells):
        yield f"the column '{shorten(cell)}' may hold secrets: it is left out"
    unnamed = sum(not cell for cell in header.cells)
    if unnamed:
        yield f"{unnamed} columns without a name in the header are left out"


def _rows(lines: list[str], above: int, header: Header, file: str) -> Iterator[Row]:
    rows = csv.reader(lines, delimiter=header.delimiter, strict=True)
    line = above + 1
    try:
        for written in rows:
            if written and len(written) != len(header.cells) and any(cell.strip() for cell in written):
                what = f"{len(written)} cells under {len(header.cells)} columns"
                raise wrong(file, line, 1, "csv", what, "quote a cell that has a comma in it")
            if len(written) == len(header.cells):
                cells = [cell.strip() for cell in written]
                yield Row(line, cells, cells == written and not any(_SEPARATOR.search(cell) for cell in cells))
            line = above + rows.line_num + 1
    except csv.Error as error:
        raise wrong(file, line, 1, "csv", f"this is no CSV: {error}", "quotes that open must close") from error


def _host(row: Row, header: Header) -> Host:
    addresses = tuple(_SEPARATOR.sub(" ", " ".join(row.cells[at] for at in header.addresses)).split())
    group = (row.cells[header.by],) if header.by is not None and row.cells[header.by] else ()
    labels = {name: row.cells[at] for at, name in header.labels.items() if row.cells[at] and at != header.by}
    return Host(row.cells[header.name], addresses, row.line, groups=group, labels=labels)
