"""The baseline of `check`: findings that are known, as a file that a repository keeps and a reviewer reads."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from segctl.ask.result import Checked

SCHEMA = "segctl/baseline/1"


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in it. A file that is none is wrong input: nothing must be taken for known by mistake."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        marks = [row["fingerprint"] for row in said["findings"]]
        if said["schema"] != SCHEMA or not all(isinstance(mark, str) for mark in marks):
            raise ValueError("it is not one of ours")
    except OSError as error:
        raise click.UsageError(f"--baseline {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise click.UsageError(f"--baseline {path}: no baseline: `--write-baseline` makes one") from error
    return frozenset(marks)


def write_baseline(path: Path, checked: "Checked", site: str) -> frozenset[str]:
    """All that is found now but errors, sorted by what doesn't move, so that its changes are readable.

    The fingerprints that were written.
    """
    rows = sorted(
        (one.finding.code, one.about, one.finding.what, one.fingerprint) for one in checked.told if not one.is_error
    )
    findings = [
        {"code": code, "about": about, "what": what, "fingerprint": mark} for code, about, what, mark in rows
    ]  # fmt: skip
    text = json.dumps({"schema": SCHEMA, "site": site, "findings": findings}, indent=2, ensure_ascii=False)
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--write-baseline {path}: {error.strerror}") from error
    return frozenset(mark for *_, mark in rows)
