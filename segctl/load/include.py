"""The main file and all that it includes, each read once, in the order of reading."""

from collections.abc import Mapping
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
    reader.tell_rings(main)
    return reader.records


class _Reader:
    def __init__(self, folder: SiteFolder, findings: Findings) -> None:
        self._folder, self._findings = folder, findings
        self._seen: set[str] = set()
        self._named: list[
            tuple[str, str, Span]
        ] = []  # what includes what by name, and where; a glob finds what it finds
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
                self._named.append((beside, name, value.span))
        except Wrong as wrong:
            self._findings.wrong(value.span, wrong)
            self._findings.complete = False
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
            self._findings.complete = False
            return
        text = decode(data, name, self._findings)
        value = None if text is None else parse(text, name, self._findings)
        found = None if value is None else record(value, SITE if wanted is None else _INCLUDED, self._findings)
        if found is None:
            self._findings.complete = False
        else:
            self.records.append(found)

    def tell_rings(self, main: str) -> None:
        """Files that include one another by name: one finding for all that hang together, whatever was read first."""
        real = self._folder.identity
        links = [(real(beside), real(name), beside, name, place) for beside, name, place in self._named]
        leads = {source: {link[1] for link in links if link[0] == source} for source, *_ in links}
        told: set[frozenset[str]] = set()
        for source, target, beside, name, place in sorted(links, key=lambda link: (link[2] == main, link[4])):
            back = _reached(target, leads)
            if source in back:
                ring = frozenset(one for one in back if source in _reached(one, leads))
                if ring not in told:
                    what = f"'{shorten(beside)}' includes '{shorten(name)}', which includes it"
                    self._findings.add(place, "cycle", what if beside != name else f"'{shorten(name)}' includes itself")
                told.add(ring)


def _reached(start: str, leads: Mapping[str, set[str]]) -> set[str]:
    """Everything that a link leads to, the start as well."""
    found, todo = {start}, [start]
    while todo:
        new = leads.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
