"""Endpoints, written out or from a CSV (name, addresses, any further column is a label)."""

from collections.abc import Iterable

from segctl.load.blocks import demand_usable, looks_like_block, read_address
from segctl.load.context import ENDPOINT, Context
from segctl.load.fields import ENDPOINT as TABLE
from segctl.load.findings import Wrong
from segctl.load.lists import Row, Rows, open_list
from segctl.load.record import listed, record, scalar
from segctl.load.scalars import read_name, read_text
from segctl.load.selectors import read_labels
from segctl.load.values import Scalar, Value, shorten
from segctl.model.diagnostic import Note
from segctl.model.ranges import Ranges
from segctl.model.segment import Endpoint
from segctl.model.span import Span

FROM = "from"


def read_endpoints(pairs: Iterable[tuple[Scalar, Value]], context: Context) -> dict[str, Endpoint]:
    """All endpoints; their names are declared on the way."""
    reader = _Reader(context)
    for key, value in pairs:
        if key.text == FROM:
            for item in listed(value, context.findings):
                reader.csv(item)
        elif scalar(key, read_name, context.findings) is not None and context.names.declare(
            key, ENDPOINT, context.findings
        ):
            reader.written(key, value)
    return reader.done


class _Reader:
    def __init__(self, context: Context) -> None:
        self._context, self._findings = context, context.findings
        self._owner: dict[int, tuple[str, Span]] = {}  # who has an address, and where that was said
        self.done: dict[str, Endpoint] = {}

    def written(self, key: Scalar, value: Value) -> None:
        found = record(value, TABLE, self._findings)
        if found is None:
            return
        places: list[tuple[int, Span]] = []
        items = found.items("addresses")
        for item in items:
            place = scalar(item, _address, self._findings)
            if place is not None:
                self._claim(place, key.text, item.span, places)
        if not items and found.value("addresses") is not None:
            span = found.value("addresses") or found
            self._findings.add(span.span, "no-value", f"the endpoint '{key.text}' has no address")
        self._finish(key, places, read_labels(found, self._findings))

    def csv(self, value: Value) -> None:
        path = scalar(value, read_text, self._findings)
        opened = open_list(path, value.span, self._context) if path else None
        if opened is None:
            self._findings.complete = False
            return
        rows = Rows(*opened, self._context)
        if not {"name", "addresses"}.issubset(rows.header):
            if rows.header:
                what = f"'{opened[0]}' needs the columns name and addresses"
                self._findings.add(
                    Span(opened[0], 1, 1), "csv", what, f"its header has {', '.join(map(shorten, rows.header))}"
                )
            self._findings.complete = False
            return
        labels = [column for column in rows.header if column not in ("name", "addresses")]
        for column in labels:
            scalar(Scalar(column, opened[0], 1, 1, False), read_name, self._findings)
        for row in rows:
            self._row(row, rows.header)

    def _row(self, row: Row, header: list[str]) -> None:
        cells = dict(zip(header, (cell.strip() for cell in row.cells), strict=True))
        key = Scalar(cells.pop("name"), row.span.file, row.span.line, 1, False)
        if scalar(key, read_name, self._findings) is None or not self._context.names.declare(
            key, ENDPOINT, self._findings
        ):
            return
        places: list[tuple[int, Span]] = []
        words = cells.pop("addresses").split()
        for word in words:
            try:
                self._claim(_address(word), key.text, row.span, places)
            except Wrong as wrong:
                self._findings.wrong(row.span, wrong)
        if not words:
            self._findings.add(row.span, "no-value", f"the endpoint '{key.text}' has no address")
        labels = {
            name: scalar(key._replace(text=text), read_text, self._findings) for name, text in cells.items() if text
        }
        self._finish(key, places, {name: text for name, text in labels.items() if text})

    def _claim(self, place: int, name: str, span: Span, places: list[tuple[int, Span]]) -> None:
        """An address is of one endpoint only."""
        first = self._owner.get(place)
        if first is None:
            self._owner[place] = (name, span)
            places.append((place, span))
            return
        what = "twice here" if first[0] == name else f"the endpoint '{first[0]}' has this address"
        self._findings.add(span, "duplicate-address", what, "", Note(first[1], "it stands here already"))

    def _finish(self, key: Scalar, places: list[tuple[int, Span]], labels: dict[str, str]) -> None:
        addresses = tuple(place for place, _ in places)
        self.done[key.text] = Endpoint(key.text, addresses, key.span, labels, tuple(span for _, span in places))


def _address(text: str) -> int:
    if looks_like_block(text) and ("/" in text or "-" in text):
        raise Wrong("address", f"'{shorten(text)}' is more than one address", "an endpoint has single addresses")
    place = read_address(text)
    demand_usable(text, Ranges.single(place))
    return place
