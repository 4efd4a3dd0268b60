"""Where a value was written."""

from typing import NamedTuple


class Span(NamedTuple):
    """One place in a site's files: path as shown to the user, line and column both counted from 1.

    A tuple, since a load makes one for each value: a frozen dataclass takes twice as long to make, five times to sort.
    """

    file: str
    line: int
    column: int = 1

    @property
    def row(self) -> str:
        """Without the column, which a reader of a table doesn't need."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
