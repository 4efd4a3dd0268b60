"""Findings as text for people, and as plain values for JSON."""

from collections import Counter
from collections.abc import Iterable, Iterator

from segctl.model.codes import CODES
from segctl.model.diagnostic import Diagnostic, Level

_MANY = {
    Level.ERROR: ("error", "errors"),
    Level.WARNING: ("warning", "warnings"),
    Level.LINT: ("lint finding", "lint findings"),
}


def level_of(finding: Diagnostic) -> Level:
    """How much it matters; a code that no row knows is an error."""
    row = CODES.get(finding.code)
    return row.level if row else Level.ERROR


def show_finding(finding: Diagnostic) -> str:
    """`file:line:col: error[code]: what`, then its help, then each other place, indented."""
    lines = [f"{finding.span}: {level_of(finding)}[{finding.code}]: {finding.what}"]
    if finding.help:
        lines.append(f"  help: {finding.help}")
    for note in finding.notes:
        lines.append(f"  note: {note.span}: {note.text}" if note.span else f"  note: {note.text}")
    return "\n".join(lines)


def show_findings(findings: Iterable[Diagnostic]) -> Iterator[str]:
    """One text for each."""
    return map(show_finding, findings)


def count_levels(findings: Iterable[Diagnostic]) -> dict[Level, int]:
    """How many of each level, the most serious first; all levels are there."""
    counted = Counter(map(level_of, findings))
    return {level: counted[level] for level in Level}


def show_counts(findings: Iterable[Diagnostic]) -> str:
    """As "2 errors, 1 warning", or "no findings"."""
    counts = count_levels(findings)
    words = [f"{number} {_MANY[level][number != 1]}" for level, number in counts.items() if number]
    return ", ".join(words) or "no findings"


def plain(finding: Diagnostic) -> dict[str, object]:
    """For JSON: the same words, apart."""
    return {
        "file": finding.span.file,
        "line": finding.span.line,
        "column": finding.span.column,
        "level": level_of(finding).value,
        "code": finding.code,
        "what": finding.what,
        "help": finding.help,
        "notes": [
            {"text": note.text}
            | ({"file": note.span.file, "line": note.span.line, "column": note.span.column} if note.span else {})
            for note in finding.notes
        ],
    }
