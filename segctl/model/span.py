"""Where a value was written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One place in a site's files: path as shown to the user, line and column both counted from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
