"""An import as JSON (`segctl/import/1`)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from segctl.draft.result import Imported


def imported_json(made: Imported, written: Sequence[str]) -> dict[str, Any]:
    """All of it but the files themselves; `written` are those of them that weren't there already."""
    equality = made.equality
    return {
        "schema": "segctl/import/1",
        "site": made.name,
        "equal": equality.equal,
        "families": list(equality.families),
        "ways": [str(way) for way in equality.ways],
        "pairs": equality.pairs,
        "packets": str(equality.packets),
        "opened": equality.opened,
        "kept": equality.kept,
        "differences": [asdict(one) | {"way": str(one.way)} for one in equality.differences],
        "not_read": list(equality.gaps),
        "on_purpose": [asdict(one) for one in equality.exceptions],
        "left_out": [
            {"file": one.place.file, "line": one.place.line, "rule": one.rule, "why": one.why} for one in made.left_out
        ],
        "notes": list(made.notes),
        "segments": list(made.segments),
        "written": list(written),
    }
