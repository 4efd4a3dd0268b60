"""The main file and all that it includes, each read once, in the order of reading."""

from dataclasses import dataclass

from segctl.load.events import parse
from segctl.load.fields import SITE
from segctl.load.files import SiteFolder
from segctl.load.findings import Findings, Wrong
from segctl.load.record import Record, record, scalar
from segctl.load.scalars import read_text
from segctl.load.text import decode
from segctl.load.values import Map, Value
from segctl.model.span import Span

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Files:
    """What was read; `complete` is False if a file could not be, so that names of it are missing."""

    records: tuple[Record, ...]
    complete: bool


def read_files(folder: SiteFolder, main: str, findings: Findings) -> Files:
    """Every file of the site; a cycle of includes is harmless, since each is read once."""
    reader = _Reader(folder, findings)
    reader.read(main, None)
    for found in reader.records:  # grows while it is walked
        for value in found.items("include"):
            reader.include(value, found.span.file)
    return Files(tuple(reader.records), reader.complete)


class _Reader:
    def __init__(self, folder: SiteFolder, findings: Findings) -> None:
        self._folder, self._findings = folder, findings
        self._seen: set[str] = set()
        self.records: list[Record] = []
        self.complete = True

    def include(self, value: Value, beside: str) -> None:
        """One entry of `include`: a path or a glob."""
        text = scalar(value, read_text, self._findings)
        if text is None:
            self.complete = False
            return
        try:
            name = self._folder.locate(beside, text)
            names = [name]
            if _MAGIC.intersection(text):
                names = self._folder.glob(name)
                if not names:
                    raise Wrong("include", f"no file matches '{text}'")
        except Wrong as wrong:
            self._findings.wrong(value.span, wrong)
            self.complete = False
            return
        for name in names:
            self.read(name, value.span)

    def read(self, name: str, wanted: Span | None) -> None:
        """One file; `wanted` is the place that includes it."""
        identity = self._folder.identity(name)
        if identity in self._seen:
            return
        self._seen.add(identity)
        try:
            data = self._folder.read(name)
        except Wrong as wrong:
            self._findings.wrong(wanted or Span(name, 1, 1), wrong)
            self.complete = False
            return
        text = decode(data, name, self._findings)
        value = None if text is None else parse(text, name, self._findings)
        if value is None:
            if text is not None and not text.strip() or value is None and self._empty(text):
                value = Map({}, Span(name, 1, 1))
            else:
                self.complete = False
                return
        found = self._top(value, wanted is None)
        if found is None:
            self.complete = False
        else:
            self.records.append(found)

    @staticmethod
    def _empty(text: str | None) -> bool:
        """Whether a file holds nothing but comments: parse() answers None for it, without a finding."""
        return text is not None and all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n"))

    def _top(self, value: Value, main: bool) -> Record | None:
        table = SITE if main else _INCLUDED
        return record(value, table, self._findings)
