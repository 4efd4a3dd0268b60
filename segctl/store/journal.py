"""What was begun on a point, and what became of it: a line each, never changed, flushed before the next step.

A line is JSON: `at` (RFC 3339, UTC), `doing` (apply, rollback, quarantine …), `state` (begun, done, failed), `who`,
and what else bears on it (generation, site, commit, plan, why).
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from segctl.store.files import Folder
from segctl.store.origin import who

_NAME = "journal"


class Journal:
    """One point's."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def write(self, doing: str, state: str, **about: Any) -> None:
        """One line more. NotWritten if the disk doesn't take it: nothing is begun that isn't written down."""
        said = {
            "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "doing": doing,
            "state": state,
            "who": {name: value for name, value in asdict(who()).items() if value},
            **{name: value for name, value in about.items() if value not in (None, "")},
        }
        self._folder.append(_NAME, json.dumps(said).encode())

    def lines(self) -> list[dict[str, Any]]:
        """All that can be read, oldest first; what a power cut tore is left out."""
        data = self._folder.read(_NAME) or b""
        return [line for line in map(_line, data.splitlines()) if line]


def _line(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
