"""Each golden ruleset is one that nft takes, and that a kernel holds asleep."""

import subprocess
from pathlib import Path

import pytest

from segctl.kernel import netlink, nft
from segctl.runner import Netns
from tests.conftest import MakeNamespace

GOLDEN = Path(__file__).parents[1] / "golden" / "rules"

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("case", sorted(path.stem for path in GOLDEN.glob("*.nft")))
def test_golden_loads(case: str, namespace: MakeNamespace) -> None:
    runner = Netns(namespace())
    text = (GOLDEN / f"{case}.nft").read_text()
    nft.check(runner, text)
    nft.load(runner, text)
    assert [(table.name, table.dormant) for table in netlink.tables(runner)] == [("segctl_a", True)]
    shown = subprocess.run(
        ["ip", "netns", "exec", runner.name, "nft", "list", "ruleset"], capture_output=True, text=True, check=True
    )
    assert "segctl_a" in shown.stdout
