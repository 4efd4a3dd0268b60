"""`segctl doctor` as it is called: what it says, its exit codes, and that it changes nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segctl.apply.trials import TRIALS
from segctl.cli.main import run
from segctl.kernel import netlink
from segctl.kernel.namespaces import named
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.kernel.test_surroundings import loaded

pytestmark = pytest.mark.kernel


OURS = f"segt{os.getpid()}-"


def doctor(*words: str, path: str = os.environ["PATH"]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "segctl", "doctor", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEGCTL_")}
    return subprocess.run(command, env=environment | {"PATH": path}, capture_output=True, text=True, check=False)


def test_a_machine_and_a_place_that_are_fit(namespace: MakeNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    name, before = namespace(), named(OURS)
    assert run(["doctor", "--netns", name]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("  holds ")] == [
        f"  holds     {one.name}: {one.fact}" for one in TRIALS
    ]
    assert said[-1] == f"fit: all {len(TRIALS)} facts hold, and nothing on namespace {name} is in the way"
    assert netlink.tables(Netns(name)) == []
    assert set(named(OURS)) <= {*before, name}


def test_a_place_with_marks_of_others_is_not_fit(namespace: MakeNamespace) -> None:
    name = namespace()
    loaded("wg-quick.nft")(Netns(name))
    loaded("docker.iptables")(Netns(name))
    done = doctor("--netns", name, "--format", "json")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr, said["schema"], said["fit"]) == (3, "", "segctl/doctor/1", False)
    assert {one["found"] for one in said["tried"]} == {"holds"}
    levels = [one["level"] for one in said["concerns"]]
    assert (levels.count("refuses"), levels) == (3, sorted(levels, key=["refuses", "warns", "tells"].index))
    assert any("table ip filter (Docker)" in one["what"] for one in said["concerns"])
    assert {"name", "there", "what_for", "brings"} == said["parts"][0].keys()


def test_a_machine_without_nft_is_not_fit(namespace: MakeNamespace, tmp_path: Path) -> None:
    """Everything is told, and by no traceback. The system's folders are searched as well: here they are hidden."""
    name = namespace()
    hide = f"mount --bind {tmp_path} /usr/sbin && exec {sys.executable} -m segctl doctor --netns {name}"
    (tmp_path / "conntrack").symlink_to("/usr/bin/true")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", hide], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert "UNTRIED   nft: nft is here, and new enough\n              seen: nft isn't installed\n" in done.stdout
    assert "help: apt install nftables, 1.0.6 or newer\n" in done.stdout
    assert "NOT SEEN  nft isn't installed (apt install nftables)" in done.stdout
    assert "missing   ipset: reads the sets that rules of iptables name (help: apt install ipset)" in done.stdout
    assert done.stdout.count("UNTRIED") > 20


def test_a_place_that_is_not_there() -> None:
    done = doctor("--netns", "segt-no-such")
    assert done.returncode == 3
    assert "NOT SEEN  there is no network namespace segt-no-such" in done.stdout
    assert doctor("--netns", "a/b").returncode == 2
