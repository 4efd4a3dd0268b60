"""explain --point: the rules that it names are those that the kernel holds, and their hits are the packets sent."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.packets.point import ROOT, SITE, Point, said
from tests.packets.rows import begin

pytestmark = pytest.mark.packets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    (made / "segctl.yaml").write_text(SITE)
    return made


def carried(point: Point, folder: Path, *asked: str) -> list[dict[str, Any]]:
    """What `explain` says of each part that is carried out there."""
    found = point.json("--site", str(folder), "explain", *asked, "--point", "gw")
    listed = point.gateway.run(["nft", "-a", "list", "ruleset"]).stdout
    for one in found["carried"]:
        assert all(f"# handle {rule['handle']}" in listed and rule["chain"] in listed for rule in one["rules"])
    return list(found["carried"])


def test_hits_are_of_the_line_that_lets_it_pass(point: Point, folder: Path) -> None:
    before = carried(point, folder, "w1", "d1", "tcp/1001")[0]
    assert (before["ending"], before["counts"]) == ("accept", "flow 'orders'")
    assert (before["into"], before["out"]) == ("eth1", "eth2")
    begin(point, [("w1", "d1", "tcp", 1001)], passes=True)
    after = carried(point, folder, "w1", "d1", "tcp/1001")[0]
    assert after["hits"] == before["hits"] + 2  # one of each family
    point.apply(said(('why: "backup"', 'why: "a backup"')))
    assert carried(point, folder, "w1", "d1", "tcp/1001")[0]["hits"] == after["hits"]  # over generations


def test_hits_of_what_is_denied_are_of_its_chain(point: Point, folder: Path) -> None:
    before = carried(point, folder, "w1", "d1", "tcp/1003")[0]
    assert before["ending"] == "drop" and before["rules"][-1]["text"] == "drop"
    begin(point, [("w1", "d1", "udp", 1003)], passes=False)
    after = carried(point, folder, "w1", "d1", "tcp/1003")[0]
    assert after["hits"] > before["hits"]
    assert after["counts"] == f"all that chain {after['rules'][-1]['chain']} ended"


def test_what_the_point_does_not_see_is_said(point: Point, folder: Path) -> None:
    words = ["--site", str(folder), "explain", "w1", "w2", "tcp/22", "--point", "gw"]
    done = subprocess.run(point.command(*words), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and "gw sees none of this" in done.stderr


def test_a_kernel_that_does_otherwise_is_told(point: Point, folder: Path) -> None:
    assert not any(one["otherwise"] for one in carried(point, folder, "w1", "d1", "tcp/1001"))
    point.segctl("panic", "--why", "a test")
    try:
        assert all(one["otherwise"] for one in carried(point, folder, "w1", "d1", "tcp/1001"))
    finally:
        point.segctl("release", "all")
