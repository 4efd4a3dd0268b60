"""YAML text to located values: from the parser's events, with limits, and without what YAML can hide.

Scalars stay as written (YAML 1.2's `no` is a word, `010` is not 8). Anchors, aliases, tags, duplicate keys and a second
document are errors; an alias is never followed, so there is no alias bomb. libyaml's parser is used where PyYAML has
it (13 times faster), else PyYAML's own, which makes the same events.
"""

from collections.abc import Callable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from segctl.load.findings import Findings
from segctl.load.values import Broken, Map, Scalar, Seq, Value, shorten
from segctl.model.diagnostic import Note
from segctl.model.span import Span


def pure_parser() -> Callable[[str], Any]:
    """PyYAML's own parser: the same events from the same text."""
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PureParser(Reader, Scanner, Parser):
        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PureParser


def _fastest_parser() -> Callable[[str], Any]:
    try:
        from yaml._yaml import CParser
    except ImportError:  # PyYAML built without libyaml
        return pure_parser()
    return CParser


_parser = _fastest_parser()


DEEPEST = 50  # the language needs 8


class _TooDeep(Exception):
    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span


def parse(text: str, file: str, findings: Findings) -> Value | None:
    """The one document of `text`; an empty mapping where there is none; None with a finding if it is no YAML."""
    try:
        root = _Builder(text, file, findings).build()
        if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
            return Map({}, Span(file, 1, 1))
        return root
    except _TooDeep as deep:
        findings.add(deep.span, "too-deep", f"nested deeper than {DEEPEST} levels")
    except yaml.MarkedYAMLError as error:
        _syntax(error, text, file, findings)
    except (yaml.YAMLError, ValueError) as error:
        findings.add(Span(file, 1, 1), "yaml", shorten(str(error).split("\n", 1)[0], 100))
    return None


class _Open:
    """A list or mapping whose end has not come; `key` is a mapping's key that waits for its value."""

    __slots__ = ("entries", "items", "key", "skip", "span")

    def __init__(self, span: Span, mapping: bool) -> None:
        self.span = span
        self.items: list[Value] = []
        self.entries: dict[str, tuple[Scalar, Value]] | None = {} if mapping else None
        self.key: Scalar | None = None
        self.skip = False  # the next value belongs to a key that was refused

    def close(self) -> Value:
        return Seq(tuple(self.items), self.span) if self.entries is None else Map(self.entries, self.span)


class _Builder:
    def __init__(self, text: str, file: str, findings: Findings) -> None:
        self._next: Callable[[], Any] = _parser(text).get_event
        self._file = file
        self._findings = findings
        self._open: list[_Open] = []
        self._root: Value | None = None

    def build(self) -> Value | None:
        """Follow the events to the end of the stream."""
        documents = 0
        while True:
            event = self._next()
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._start(event, kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._put(self._open.pop().close())
            elif kind is AliasEvent:
                self._findings.add(self._span(event), "anchor", f"an alias, '*{shorten(event.anchor)}'")
                self._put(Broken(self._span(event)))
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._findings.add(self._span(event), "documents", "a second document begins here")
                    return self._root
            elif kind is StreamEndEvent or event is None:
                return self._root

    def _span(self, event: Any) -> Span:
        mark = event.start_mark
        return Span(self._file, mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        mark = event.start_mark
        self._put(Scalar(event.value, self._file, mark.line + 1, mark.column + 1, not event.style))

    def _start(self, event: Any, mapping: bool) -> None:
        span = self._span(event)
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if len(self._open) >= DEEPEST:
            raise _TooDeep(span)
        self._open.append(_Open(span, mapping))

    def _decorated(self, event: Any) -> None:
        if event.anchor is not None:
            self._findings.add(self._span(event), "anchor", f"an anchor, '&{shorten(event.anchor)}'")
        if event.tag is not None:
            self._findings.add(self._span(event), "tag", f"a tag, '{shorten(event.tag)}'")

    def _put(self, value: Value) -> None:
        """Hand a finished value to what is open around it."""
        if not self._open:
            self._root = value
            return
        around = self._open[-1]
        if around.entries is None:
            around.items.append(value)
        elif around.skip:
            around.skip = False
        elif around.key is None:
            self._key(around, value)
        else:
            around.entries[around.key.text] = (around.key, value)
            around.key = None

    def _key(self, around: _Open, value: Value) -> None:
        assert around.entries is not None
        if not isinstance(value, Scalar):
            if not isinstance(value, Broken):
                self._findings.add(value.span, "key-type", "a key that is a list or a mapping")
            around.skip = True
            return
        first = around.entries.get(value.text)
        if first is not None:
            note = Note(first[0].span, "it stands here already")
            self._findings.add(
                value.span, "duplicate-key", f"'{shorten(value.text)}' stands here a second time", "", note
            )
            around.skip = True
            return
        around.key = value


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str, findings: Findings) -> None:
    """The parser's word on broken YAML; a tab in the indentation, its most frequent cause, by its own name."""
    lines = text.split("\n")
    span = _place(error.problem_mark or error.context_mark, lines, file)
    line = lines[span.line - 1]
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    if "\t" in indent:
        findings.add(Span(file, span.line, indent.index("\t") + 1), "tab", "a tab in the indentation")
        return
    problem, context = (error.problem or "this is no YAML").strip(), (error.context or "").strip()
    notes = (Note(_place(error.context_mark, lines, file), context),) if error.context_mark and context else ()
    findings.add(span, "yaml", shorten(problem + (f", {context}" if context else ""), 160), "", *notes)


def _place(mark: Any, lines: list[str], file: str) -> Span:
    """A mark's place; what breaks at the end of the file is placed after its last word."""
    if mark is None:
        return Span(file, 1, 1)
    if any(
        line.strip()
        for line in [lines[mark.line][mark.column :] if mark.line < len(lines) else "", *lines[mark.line + 1 :]]
    ):
        return Span(file, mark.line + 1, mark.column + 1)
    last = next((number for number in range(len(lines) - 1, -1, -1) if lines[number].strip()), 0)
    return Span(file, last + 1, len(lines[last].rstrip()) + 1)
