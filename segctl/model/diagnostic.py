"""One finding: its code, its place, what is wrong, what mends it."""

from dataclasses import dataclass, field
from enum import StrEnum

from segctl.model.span import Span


class Level(StrEnum):
    """An error stops everything; warnings and lint do not."""

    ERROR = "error"
    WARNING = "warning"
    LINT = "lint"


@dataclass(frozen=True, slots=True)
class Note:
    """Another place that belongs to the finding, with a word on it."""

    span: Span | None
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """`code` is a row of `segctl.model.codes`; `what` one terse sentence; `help` how to mend it."""

    span: Span
    code: str
    what: str
    help: str = ""
    notes: tuple[Note, ...] = field(default=())

    def sort_key(self) -> tuple[Span, str, str]:
        return self.span, self.code, self.what


class SiteError(Exception):
    """The input is wrong: every finding, at least one of them an error. Nothing was done."""

    def __init__(self, findings: tuple[Diagnostic, ...]) -> None:
        super().__init__(f"{len(findings)} findings, the first: {findings[0].what}" if findings else "no findings")
        self.findings = findings
