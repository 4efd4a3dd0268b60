"""Side files: member lists as text or as a column of a CSV, and endpoints from a CSV. The line is the position."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from segctl.load.blocks import plain_block, read_usable_block
from segctl.load.context import Context
from segctl.load.findings import Wrong
from segctl.load.text import decode
from segctl.load.values import shorten
from segctl.model.selector import Block
from segctl.model.span import Span


def open_list(path: str, wanted: Span, context: Context) -> tuple[str, str] | None:
    """A side file named at `wanted`: its path from the site's folder, and its text. None with a finding, or unseen."""
    if context.folder is None:
        context.findings.add(wanted, "unreadable", "a file can't be named here")
        return None
    try:
        name = context.folder.locate(wanted.file, path)
        data = context.folder.read(name)
    except Wrong as wrong:
        context.findings.wrong(wanted, wrong)
        return None
    text = decode(data, name, context.findings)
    return None if text is None else (name, text)


def read_text_list(name: str, text: str, context: Context) -> Iterator[Block]:
    """One CIDR, ADDR or RANGE a line; `#` begins a comment, anywhere."""
    for number, line in enumerate(text.split("\n"), 1):
        word = line.partition("#")[0].strip()
        if word:
            block = _block(word, name, number, line.index(word) + 1, context)
            if block:
                yield block


def read_csv_list(name: str, text: str, column: str, wanted: Span, context: Context) -> Iterator[Block]:
    """The cells of one column, each one CIDR, ADDR or RANGE."""
    rows = Rows(name, text, context)
    if column not in rows.header:
        if rows.header:
            help = context.findings.meant(
                column, rows.header, f"its columns are {', '.join(map(shorten, rows.header))}"
            )
            context.findings.add(wanted, "csv", f"'{name}' has no column '{shorten(column)}'", help)
        return
    at = rows.header.index(column)
    for row in rows:
        word = row.cells[at].strip()
        if not word:
            context.findings.add(row.span, "csv", f"nothing in the column '{shorten(column)}'")
            continue
        block = _block(word, name, row.span.line, 1, context)
        if block:
            yield block


def _block(word: str, name: str, line: int, column: int, context: Context) -> Block | None:
    plain = plain_block(word, name, line, column)
    if plain is not None:
        return plain
    try:
        return Block(word, *read_usable_block(word), Span(name, line, column))
    except Wrong as wrong:
        context.findings.wrong(Span(name, line, column), wrong)
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a CSV."""

    cells: list[str]
    span: Span


class Rows:
    """A CSV (RFC 4180) with a header: rows as long as it, all else has a finding; empty lines are passed over."""

    def __init__(self, name: str, text: str, context: Context) -> None:
        self._name, self._findings = name, context.findings
        self._lines = csv.reader(text.split("\n"), strict=True)
        self.header: list[str] = []
        try:
            self.header = [cell.strip() for cell in next(self._lines, [])]
        except csv.Error as error:
            self._findings.add(Span(name, 1, 1), "csv", f"this is no CSV: {error}")
            return
        if not any(self.header):
            self._findings.add(Span(name, 1, 1), "csv", f"'{name}' has no header line")
            self.header = []
        for index, column in enumerate(self.header):
            if column in self.header[:index]:
                self._findings.add(Span(name, 1, 1), "csv", f"two columns '{shorten(column)}'")

    def __iter__(self) -> Iterator[Row]:
        line = self._lines.line_num + 1
        try:
            for cells in self._lines:
                span = Span(self._name, line, 1)
                line = self._lines.line_num + 1
                if cells in ([], [""]):  # an empty line, a quoted one too
                    continue
                if len(cells) != len(self.header):
                    what = f"{len(cells)} cells under {len(self.header)} columns"
                    self._findings.add(span, "csv", what, "quote a cell that has a comma in it")
                    continue
                yield Row(cells, span)
        except csv.Error as error:
            self._findings.add(Span(self._name, line, 1), "csv", f"this is no CSV: {error}")
