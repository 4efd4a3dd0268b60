"""What is kept of each run, under out/fault/: lines of JSON, which `python -m tests.fault.report` makes a page of."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[2] / "out" / "fault"


@dataclass(slots=True)
class Run:
    """One fault that was put into one command. `where`: the step, the write, the file. `found`: what was live and held
    then; `side`: before, after, or else what it is. `code`: the command's exit code, None if it was killed. `next`:
    exit code of the command after it. `good`: all was as it must be.
    """

    fault: str
    doing: str
    where: str = ""
    found: str = ""
    side: str = ""
    code: int | None = None
    said: str = ""
    next: int | None = None
    good: bool = False
    more: dict[str, Any] = field(default_factory=dict)


def keep(run: Run) -> None:
    """Its line, in a file of this process."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps(asdict(run)) + "\n")


def kept(out: Path = OUT) -> Iterator[Run]:
    """All runs."""
    for path in sorted(out.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            yield Run(**json.loads(line))
