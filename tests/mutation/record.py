"""What is kept of each mutant, and the gateways whose rules are mutated."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segctl.compile import compile_gateway, render_table
from segctl.policy import Policy
from tests.mutation.mutant import Mutant
from tests.mutation.tables import Table, read_table
from tests.sites import EXAMPLES, meant, read

GATEWAYS = (
    ("shop", "gw1"),
    ("boutique", "node1"),
    ("pci", "fw1"),
    ("plant", "edge"),
    ("plant", "core"),
    ("hospital", "gw"),
)
EACH = {("shop", "gw1"): 2, ("plant", "edge"): 2}
"""Mutants of each kind that are drawn for a gateway; one for all others."""
PASSES, OUTSIDE, ANSWERS, NOTHING, REFUSED, LOST = "passes", "outside", "answers", "nothing", "refused", "lost"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(slots=True)
class Record:
    """What packets say of a mutant. `says`: passes (another packet passes or is stopped), outside (only such as
    docs/proof.md assumes not to be), answers (only what is said about a refused packet changed), nothing; refused by
    nft; lost: the experiment failed.
    """

    site: str
    point: str
    kind: str
    words: str
    key: str
    says: str
    packets: list[str] = field(default_factory=list)
    seconds: float = 0.0
    why: str = ""


def key_of(original: Table, mutant: Mutant) -> str:
    """A hash of the rules and of all that stands beside them."""
    said = [original.text(), mutant.table.text(), mutant.table.beside, repr(mutant.table.commands), mutant.words]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:16]


def rules(policy: Policy, point: str, at: datetime = AT) -> Table:
    """The point's table as it is compiled."""
    return read_table(render_table(compile_gateway(policy, point, at), "segctl_a", 1, at))


def policy_of(site: str) -> Policy:
    """What an example means."""
    return meant(read(EXAMPLES / site / "site"), AT)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """What was kept in a file of JSON lines; none if it is not there."""
    if path.exists():
        for line in path.read_text().splitlines():
            yield json.loads(line)


def keep(path: Path, row: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")
