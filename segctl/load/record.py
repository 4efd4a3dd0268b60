"""One mapping read against its table: unknown and missing keys, shapes, and typed access to what is there."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from segctl.load.fields import TABLES, Table
from segctl.load.findings import Findings, Wrong
from segctl.load.letters import strange
from segctl.load.scalars import read_count, read_date, read_flag, read_name, read_text, read_time
from segctl.load.values import Broken, Map, Scalar, Seq, Value, shape, shorten
from segctl.model.selector import BUILT_IN
from segctl.model.span import Span

T = TypeVar("T")
_NULL = frozenset({"~", "null", "Null", "NULL"})  # YAML 1.2, section 10.3.2


class Record:
    """The keys of a mapping that its table knows. A getter gives None for what is absent or has a finding."""

    __slots__ = ("findings", "map", "table")

    def __init__(self, map: Map, table: Table, findings: Findings) -> None:
        self.map, self.table, self.findings = map, table, findings

    @property
    def span(self) -> Span:
        """Where the mapping begins."""
        return self.map.span

    def value(self, key: str) -> Value | None:
        """As written; None if the key is absent."""
        entry = self.map.entries.get(key)
        return entry[1] if entry else None

    def items(self, key: str) -> tuple[Value, ...]:
        """A list's values; a single value is a list of one; nothing if absent."""
        entry = self.map.entries.get(key)
        return listed(entry[1], self.findings) if entry else ()

    def pairs(self, key: str) -> tuple[tuple[Scalar, Value], ...]:
        """A mapping's entries; nothing if absent or no mapping."""
        entry = self.map.entries.get(key)
        return mapped(entry[1], f"'{key}'", self.findings) if entry else ()

    def read(self, key: str, reader: Callable[[str], T]) -> T | None:
        """A single value by its reader."""
        entry = self.map.entries.get(key)
        return scalar(entry[1], reader, self.findings) if entry else None

    def name(self, key: str) -> str | None:
        """A NAME."""
        return self.read(key, read_name)

    def text(self, key: str) -> str | None:
        """A TEXT."""
        return self.read(key, read_text)

    def date(self, key: str) -> date | None:
        """A DATE."""
        return self.read(key, read_date)

    def time(self, key: str) -> datetime | None:
        """A TIME, in UTC."""
        return self.read(key, read_time)

    def flag(self, key: str) -> bool:
        """`true` or `false`; absent is false."""
        entry = self.map.entries.get(key)
        if entry is None:
            return False
        value = entry[1]
        plain = isinstance(value, Scalar) and value.plain
        return scalar(value, lambda text: read_flag(text, plain), self.findings) or False

    def count(self, key: str) -> int | None:
        """A whole number from 1 on."""
        value = self.value(key)
        if value is None:
            return None
        plain = isinstance(value, Scalar) and value.plain
        return scalar(value, lambda text: read_count(text, plain), self.findings)

    def choice(self, key: str) -> str | None:
        """One of the words that the table lists for this key."""
        return self.read(key, lambda text: self.word(key, text))

    def word(self, key: str, text: str) -> str:
        """The same for a text in hand."""
        choices = self.table.fields[key].choices
        if text in choices:
            return text
        raise Wrong("choice", f"'{shorten(text)}' is no value of '{key}'", f"it is one of {', '.join(choices)}")


def record(value: Value, table: Table, findings: Findings) -> Record | None:
    """The mapping as a record, with a finding for each key that its table lacks and each that it demands."""
    if not isinstance(value, Map):
        if not isinstance(value, Broken):
            findings.add(value.span, _shape_code(value), f"{shape(value)} where {table.called} belongs",
                         f"write its keys: {', '.join(table.fields)}")  # fmt: skip
        return None
    fields = table.fields
    meant: set[str | None] = set()
    if not value.entries.keys() <= fields.keys():
        for key, (written, _) in value.entries.items():
            if key not in fields:
                meant.add(unknown_key(written, table, findings))
    for key in table.required:
        if key not in value.entries and key not in meant:  # one typo, one finding
            findings.add(
                value.span, "missing-key", f"{table.called} without '{key}'", f"'{key}': {fields[key].meaning}"
            )
    return Record(value, table, findings)


def unknown_key(key: Scalar, table: Table, findings: Findings) -> str | None:
    """A misspelt key must not widen a policy unnoticed: an error, never a warning. Answers the key that was meant."""
    near = findings.near(key.text, table.fields.keys())
    if table.name == "site" and key.text in BUILT_IN:
        findings.add(
            key.span, "unknown-key", f"'{key.text}' is no key of a site", "a built-in segment is said under `segments`"
        )
        return None
    others = (TABLES["flow"], TABLES["segment"], *TABLES.values())
    elsewhere = next((other.called for other in others if key.text in other.fields), None)
    if elsewhere:
        near = None
    what = f"'{shorten(key.text)}' is no key of {table.called}" + (f", but of {elsewhere}" if elsewhere else "")
    odd = strange(key.text)
    help = f"did you mean '{near}'?" if near else f"its keys are {', '.join(table.fields)}"
    findings.add(key.span, "unknown-key", f"{what}: {odd}" if odd else what, help)
    return near


def scalar(value: Value, reader: Callable[[str], T], findings: Findings) -> T | None:
    """A single value by its reader; None with a finding if it is a list, a mapping, nothing, or not of its type."""
    if isinstance(value, Scalar):
        if value.plain and value.text in _NULL:
            findings.add(value.span, "no-value", f"'{value.text}' is YAML's word for nothing",
                         f"leave the key out, or write \"{value.text}\" in quotes if the word is meant")  # fmt: skip
            return None
        if value.text or not value.plain:
            try:
                return reader(value.text)
            except Wrong as wrong:
                findings.wrong(value.span, wrong)
                return None
        findings.add(value.span, "no-value", "nothing stands here")
    elif not isinstance(value, Broken):
        findings.add(value.span, "wrong-type", f"{shape(value)} where one value belongs", "write a single word or text")
    return None


def listed(value: Value, findings: Findings) -> tuple[Value, ...]:
    """A list where one value would do may be written as that value."""
    if isinstance(value, Seq):
        return value.items
    if isinstance(value, Broken):
        return ()
    if _is_nothing(value):
        findings.add(value.span, "no-value", "nothing stands here", "write [] for an empty list, or leave the key out")
        return ()
    return (value,)


def mapped(value: Value, called: str, findings: Findings) -> tuple[tuple[Scalar, Value], ...]:
    """A mapping's entries."""
    if isinstance(value, Map):
        return tuple(value.entries.values())
    if not isinstance(value, Broken):
        empty = _shape_code(value) == "no-value"
        help = "write {} for an empty one, or leave the key out" if empty else "write its entries as NAME: …"
        findings.add(value.span, _shape_code(value), f"{shape(value)} where {called} has a mapping of names", help)
    return ()


def _shape_code(value: Value) -> str:
    return "no-value" if _is_nothing(value) else "wrong-type"


def _is_nothing(value: Value) -> bool:
    return isinstance(value, Scalar) and value.plain and (not value.text or value.text in _NULL)
