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
    builder = _Builder(file, findings)
    try:
        root = builder.build(_parser(text).get_event)
        if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
            return Map({}, Span(file, 1, 1))
        return root
    except _TooDeep as deep:
        findings.add(deep.span, "too-deep", f"nested deeper than {DEEPEST} levels")
    except yaml.MarkedYAMLError as error:
        _syntax(error, text, file, findings)
    except (yaml.YAMLError, ValueError) as error:
        findings.add(Span(file, 1, 1), "yaml", shorten(str(error).split("\n", 1)[0], 100))
    builder.give_up()
    return None


_Open = tuple[list[Value], Any]
"""A list or mapping whose end has not come: what stands in it so far (a mapping's keys and values in turn), and the
event that began it, which for the document is None."""


class _Builder:
    """Makes values of events. `_open` is what is open, outermost first; the outermost is the document."""

    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._open: list[_Open] = [([], None)]

    def build(self, next_event: Callable[[], Any]) -> Value | None:
        """Follow the events to the end of the stream.

        Nine of ten events are scalars, so they come first, their tuple is made without a call of ours, and `put` is
        bound once for each list. The parser alone takes 0.65 of this loop's time; with a method for each event, 0.5.
        """
        file, new, put = self._file, tuple.__new__, self._open[0][0].append
        documents = 0
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                if event.anchor is not None or event.tag is not None:
                    self._decorated(event)
                mark = event.start_mark
                put(new(Scalar, (event.value, file, mark.line + 1, mark.column + 1, not event.style)))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                put = self._start(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                put = self._end()
            elif kind is AliasEvent:
                self._findings.add(self._span(event), "anchor", f"an alias, '*{shorten(event.anchor)}'")
                put(Broken(self._span(event)))
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._findings.add(self._span(event), "documents", "a second document begins here")
                    break
            elif kind is StreamEndEvent:
                break
        values, _ = self._open[0]
        return values[0] if values else None

    def give_up(self) -> None:
        """The YAML broke off: what is wrong in the mappings that are still open is told as well."""
        for values, event in self._open:
            if type(event) is MappingStartEvent:
                self._entries(values)

    def _span(self, event: Any) -> Span:
        mark = event.start_mark
        return tuple.__new__(Span, (self._file, mark.line + 1, mark.column + 1))

    def _start(self, event: Any) -> Callable[[Value], None]:
        """Open a list or mapping: how what stands in it is put there."""
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        if len(self._open) > DEEPEST:
            raise _TooDeep(self._span(event))
        values: list[Value] = []
        self._open.append((values, event))
        return values.append

    def _end(self) -> Callable[[Value], None]:
        """Close it: how what comes next is put into what is around it."""
        values, event = self._open.pop()
        span = self._span(event)
        put = self._open[-1][0].append
        put(Map(self._entries(values), span) if type(event) is MappingStartEvent else Seq(tuple(values), span))
        return put

    def _decorated(self, event: Any) -> None:
        if event.anchor is not None:
            self._findings.add(self._span(event), "anchor", f"an anchor, '&{shorten(event.anchor)}'")
        if event.tag is not None:
            self._findings.add(self._span(event), "tag", f"a tag, '{shorten(event.tag)}'")

    def _entries(self, values: list[Value]) -> dict[str, tuple[Scalar, Value]]:
        """Keys and values in turn as a mapping's entries; the last key may still be without its value."""
        entries: dict[str, tuple[Scalar, Value]] = {}
        turn = iter(values)
        for key in turn:
            value = next(turn, key)
            if isinstance(key, Scalar):
                first = entries.setdefault(key.text, (key, value))[0]
                if first is not key:
                    note = Note(first.span, "it stands here already")
                    what = f"'{shorten(key.text)}' stands here a second time"
                    self._findings.add(key.span, "duplicate-key", what, "", note)
            elif not isinstance(key, Broken):
                self._findings.add(key.span, "key-type", "a key that is a list or a mapping")
        return entries


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
