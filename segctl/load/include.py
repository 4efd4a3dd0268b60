"""The main file and all that it includes, each read once, in the order of reading."""

from dataclasses import replace

from segctl.load.events import parse
from segctl.load.fields import SITE
from segctl.load.files import SiteFolder
from segctl.load.findings import Findings, Wrong
from segctl.load.record import Record, record, scalar
from segctl.load.scalars import read_text
from segctl.load.text import decode
from segctl.load.values import Value, shorten
from segctl.model.span import Span

_MAGIC = frozenset("*?[")
_INCLUDED = replace(SITE, required=())


def read_files(folder: SiteFolder, main: str, findings: Findings) -> list[Record]:
    """Every file of the site, each once. A file that includes what includes it, by name, is an error."""
    reader = _Reader(folder, findings)
    reader.read(main, None)
    for found in reader.records:  # grows while it is walked
        for value in found.items("include"):
            reader.include(value, found.span.file)
    return reader.records


class _Reader:
    def __init__(self, folder: SiteFolder, findings: Findings) -> None:
        self._folder, self._findings = folder, findings
        self._wanted: dict[str, Span | None] = {}  # each file, by identity, with the place that included it first
        self.records: list[Record] = []

    def include(self, value: Value, beside: str) -> None:
        """One entry of `include`: a path or a glob."""
        text = scalar(value, read_text, self._findings)
        if text is None:
            self._findings.complete = False
            return
        try:
            name = self._folder.locate(beside, text)
            names = [name]
            if _MAGIC.intersection(text):
                names = self._folder.glob(name)
                if not names:
                    raise Wrong("include", f"no file matches '{text}'")
            else:
                self._no_ring(name, value.span)
        except Wrong as wrong:
            self._findings.wrong(value.span, wrong)
            self._findings.complete = False
            return
        for name in names:
            self.read(name, value.span)

    def _no_ring(self, name: str, place: Span) -> None:
        """A glob may well find the file that it stands in; who names such a file means another."""
        identity, ring = self._folder.identity(name), [name]
        around: Span | None = place
        while around is not None:
            ring.append(around.file)
            if self._folder.identity(around.file) == identity:
                what = f"includes in a ring: {' → '.join(map(shorten, reversed(ring)))}"
                self._findings.add(place, "cycle", what)
                return
            around = self._wanted[self._folder.identity(around.file)]

    def read(self, name: str, wanted: Span | None) -> None:
        """One file; `wanted` is the place that includes it."""
        identity = self._folder.identity(name)
        if identity in self._wanted:
            return
        self._wanted[identity] = wanted
        try:
            data = self._folder.read(name)
        except Wrong as wrong:
            self._findings.wrong(wanted or Span(name, 1, 1), wrong)
            self._findings.complete = False
            return
        text = decode(data, name, self._findings)
        value = None if text is None else parse(text, name, self._findings)
        found = None if value is None else record(value, SITE if wanted is None else _INCLUDED, self._findings)
        if found is None:
            self._findings.complete = False
        else:
            self.records.append(found)
