"""What YAML holds once it is read: scalars as written, lists and mappings, each with its place."""

from typing import NamedTuple

from segctl.model.span import Span


class Scalar(NamedTuple):
    """One scalar: its text as written (quotes and escapes resolved); `plain` if it stood without quotes."""

    text: str
    file: str
    line: int
    column: int
    plain: bool = True

    @property
    def span(self) -> Span:
        """Its place. A site of 100,000 members asks for 130,000: so it is cut out of us, in half the time."""
        return tuple.__new__(Span, self[1:4])


class Seq(NamedTuple):
    """A list."""

    items: "tuple[Value, ...]"
    span: Span


class Map(NamedTuple):
    """A mapping: the text of each key, with the key as it stands there and its value, in the file's order."""

    entries: "dict[str, tuple[Scalar, Value]]"
    span: Span


class Broken(NamedTuple):
    """Stands where something was that has its finding already: readers pass over it in silence."""

    span: Span


Value = Scalar | Seq | Map | Broken


def place(value: Value) -> Span:
    """Where a value of any shape was written."""
    return value.span


def shape(value: Value) -> str:
    """What a person calls it."""
    if isinstance(value, Scalar):
        return "nothing" if value.plain and not value.text else f"'{shorten(value.text)}'"
    return "a list" if isinstance(value, Seq) else "a mapping"


def shorten(text: str, most: int = 60) -> str:
    """A text of a site as part of a sentence: one line of printable characters, not too long."""
    clean = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[: most + 1])
    return clean if len(text) <= most else clean[:most] + "…"
