"""Imports for tests: rules as text, their draft, and both rule sets to ask packets of."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from segctl.compile import compile_point, render_table
from segctl.draft.rules import Imported, Wanted, import_rules
from segctl.listing import nft_text
from segctl.listing.rule import Listing
from segctl.load.blocks import read_address, read_block, read_interface_address
from segctl.model.ranges import Ranges
from segctl.policy import Policy
from tests.sites import AT, meant, read

AWAKE = {("inet", "segctl_a"): True}


def compiled(policy: Policy, point: str, at: datetime) -> str:
    """The text of a point's table."""
    return render_table(compile_point(policy, point, at), "segctl_a", 1, at)


def wanted(behind: Mapping[str, str] | None = None, own: Mapping[str, str] | None = None, host: str = "") -> Wanted:
    """What a user says: addresses apart by blanks."""
    return Wanted(
        {name: Ranges.of(map(read_block, text.split())) or None for name, text in (behind or {}).items()},
        {name: tuple(map(read_interface_address, text.split())) for name, text in (own or {}).items()},
        Ranges.of((one, one) for one in map(read_address, host.split())),
    )


def imported(folder: Path, text: str, said: Wanted | None = None, name: str = "rules.nft") -> Imported:
    """A draft of rules that stand in a file of that name."""
    path = folder / name
    path.write_text(text)
    return import_rules([path], "drafted", said or wanted(), (), compiled, AT)


def draft_of(made: Imported, folder: Path) -> tuple[Policy, Listing]:
    """The draft's meaning and its rules, read and made anew from what would be written."""
    folder.mkdir(exist_ok=True)
    for name, data in made.files.items():
        (folder / name).write_bytes(data)
    policy = meant(read(folder), AT)
    return policy, nft_text.parse(compiled(policy, next(iter(policy.site.points)), AT))
