"""Where the places of a site's files are for whoever reads a report: below the root of a repository."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from segctl.model.span import Span

_SHIPPED = "segctl/segments/"  # the catalogue's files are no part of a site


@dataclass(frozen=True, slots=True)
class Places:
    """`folder`: the site's, relative to the root, with slashes; '' if it is the root."""

    folder: str = ""

    def path(self, span: Span) -> str:
        """The file of a place."""
        return str(PurePosixPath(self.folder) / span.file)

    def uri(self, span: Span) -> str:
        """The same as a relative reference (RFC 3986)."""
        return quote(self.path(span))

    def holds(self, span: Span) -> bool:
        """Whether it is a place of the site."""
        return not span.file.startswith(_SHIPPED)
