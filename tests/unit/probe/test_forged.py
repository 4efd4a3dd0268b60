"""Which lies are told, and where none is: binding is only logged there."""

from pathlib import Path

import pytest

from segctl.model.decision import Effect
from segctl.model.ranges import show_address
from segctl.model.service import show_traffic
from segctl.probe import Cell, Stage, forged_cells, services_of
from segctl.probe.limits import _lists
from tests.packets.small import NOW, SITE
from tests.unit.probe.test_matrix import node, policy

STAGE = Stage((
    node("web1", "10.91.1.10"),
    node("db1", "10.91.2.10"),
    node("admin1", "10.91.3.10"),
    node("world1", "198.51.100.10"),
    node("gw", "198.51.100.1", "10.91.1.1", "10.91.2.1", "10.91.3.1", point="gw"),
))  # fmt: skip


def lies(folder: Path, text: str = SITE) -> tuple[Cell, ...]:
    known = policy(folder, text)
    return forged_cells(known, STAGE, services_of(known.site, (4,)), NOW)


def told(cell: Cell) -> tuple[str, str, str, str]:
    source, destination = cell.source, cell.destination
    return source.node, show_address(source.address), destination.node, show_traffic(cell.traffic)


def test_each_machine_pretends_to_be_each_other_that_may_speak(tmp_path: Path) -> None:
    cells = lies(tmp_path)
    assert {told(cell) for cell in cells} >= {
        ("world1", "10.91.1.10", "db1", "tcp/5432"),  # a flow
        ("world1", "10.91.3.10", "db1", "icmp4/8"),
        ("world1", "10.91.3.10", "gw", "tcp/22"),  # management
        ("web1", "10.91.3.10", "gw", "tcp/22"),
    }
    assert {(cell.expected.effect, cell.expected.unbound) for cell in cells} == {(Effect.DROP, True)}
    assert all(cell.expected.decision.reason.startswith(f"forged: '{cell.source.segment}' does") for cell in cells)
    assert not [cell for cell in cells if cell.source.node == cell.destination.node]


@pytest.mark.parametrize(
    "text",
    [
        SITE.replace("addresses: [198.51", 'waive: {binding: "old printers"}, addresses: [198.51'),
        SITE.replace("version: 1\n", "version: 1\ndefaults: {mode: observe}\n"),
    ],
)
def test_none_where_binding_is_only_logged(tmp_path: Path, text: str) -> None:
    assert text != SITE
    assert not [cell for cell in lies(tmp_path, text) if cell.source.node == "world1"]


@pytest.mark.parametrize(
    ("bitmap", "number", "held"),
    [("0-1,3-127", 1, True), ("0-1,3-127", 2, False), ("0,3-127", 1, False), ("", 0, False), ("5", 5, True)],
)
def test_a_kernels_bitmap_list(bitmap: str, number: int, held: bool) -> None:
    assert _lists(bitmap, number) is held
