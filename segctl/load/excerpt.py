"""What stands at a place in a site's files, as it is written."""

from dataclasses import dataclass, field
from pathlib import Path

from segctl.load.files import SiteFolder, open_folder
from segctl.load.findings import Wrong
from segctl.model.span import Span

LINES = 12  # of one excerpt
WIDE = 400  # signs of one line


@dataclass(slots=True)
class Excerpts:
    """Of the site at `path`; `trusted` as for `load_site`. Files are read once, as safely as by a load."""

    path: Path
    trusted: bool = True
    _folder: SiteFolder = field(init=False)
    _files: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._folder, _ = open_folder(self.path, self.trusted)

    def of(self, span: Span) -> str:
        """The line, and those below it that are further in; "" where there is no such line, or no such file any more.

        What begins in the middle of a line (a list in one line) is told by the whole line.
        """
        lines = self._lines(span.file)
        if not 0 < span.line <= len(lines):
            return ""
        first = lines[span.line - 1]
        inward = _indent(first)
        found = [first]
        for line in lines[span.line :]:
            if len(found) == LINES or not line.strip() or _indent(line) <= inward:
                break
            found.append(line)
        return "\n".join(line[inward:][:WIDE] for line in found)

    def _lines(self, name: str) -> list[str]:
        if name not in self._files:
            try:
                self._files[name] = self._folder.read(name).decode("utf-8", "replace").splitlines()
            except Wrong:
                self._files[name] = []
        return self._files[name]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
