"""A rule of a kernel's listing, to be told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """A rule as the kernel names it: `table` with its family, `handle` (a file's line where it has none), its words."""

    table: str
    chain: str
    handle: int | None
    text: str
