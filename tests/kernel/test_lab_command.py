"""`segctl lab` as a user types it."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from segctl.kernel.namespaces import named
from segctl.lab import clean, labs, names
from segctl.lab.clean import end
from segctl.lab.state import Folder

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
COUNT = itertools.count()
SITE = """
version: 1
site: SITE
endpoints: {web1: {addresses: [10.0.1.11, "fd00:1::11"]}}
segments:
  web: {members: [10.0.1.0/24, "fd00:1::/64"]}
  db: {members: 10.0.2.0/24}
flows:
  - {from: web, to: db, services: [tcp/5432], why: "orders"}
points:
  gw1:
    kind: gateway
    interfaces:
      eth0: {segments: [world], addresses: [203.0.113.2/24]}
      eth1: {segments: [web], addresses: [10.0.1.1/24, "fd00:1::1/64"]}
      eth2: {segments: [db], addresses: [10.0.2.1/24]}
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """The folder of a site whose lab is gone after the test; it is called as the site."""
    name = f"c{os.getpid()}_{next(COUNT)}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "segctl.yaml").write_text(SITE.replace("SITE", name))
    yield folder
    clean(name)


def command(site: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "segctl", "--site", str(site), "lab", *arguments]


def segctl(site: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(site, *arguments), cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


def left(site: Path) -> list[str]:
    return [*named(names.prefix(site.name)), *(each for each in labs() if each == site.name)]


def test_up_status_run_shell_down(site: Path) -> None:
    done = segctl(site, "up")
    assert (done.returncode, done.stdout) == (0, f"lab {site.name}: 1 gateway, 5 hosts, 3 segments\n"), done.stderr
    assert ", segctl lab status, segctl lab down\n" in done.stderr
    again = segctl(site, "up")
    assert (again.returncode, again.stdout) == (2, "")
    assert "there is a lab" in again.stderr
    assert "help: `segctl lab down" in again.stderr

    status = segctl(site, "status")
    assert status.returncode == 0
    assert "listening on tcp/22, tcp/5432, tcp/8080, udp/53" in status.stdout
    row = next(line.split() for line in status.stdout.splitlines() if "web1" in line)
    assert row == ["web1", "web", f"sg-{site.name}-web1", "10.0.1.11/24", "fd00:1::11/64"]
    plain = json.loads(segctl(site, "status", "--name", site.name, "--format", "json").stdout)
    assert (plain["schema"], plain["labs"][0]["up"], plain["labs"][0]["listening"]) == (
        "segctl/lab-status/1",
        True,
        True,
    )

    ran = segctl(site, "run", "web1", "--", "sh", "-c", "echo $SEGCTL_LAB $SEGCTL_NODE; ip -br -4 addr; exit 7")
    assert ran.returncode == 7
    assert ran.stdout.startswith(f"{site.name} web1\n")
    assert "10.0.1.11/24" in ran.stdout
    assert "10.0.1.11/24" in segctl(site, "run", "web1", "ip", "-br", "addr").stdout
    assert segctl(site, "run", "--", "sh", "-c", "exit 6").returncode == 6
    assert segctl(site, "run", "nobody", "--", "true").returncode == 2
    assert segctl(site, "run", "web1", "--", "no-such-program").returncode == 2
    inside = subprocess.run(
        command(site, "shell", "db-1"), cwd=ROOT, input="ip -br -4 addr; exit 5", capture_output=True, text=True,
        env={**os.environ, "SHELL": "/bin/sh"}, check=False,
    )  # fmt: skip
    assert (inside.returncode, "10.0.2.2/24" in inside.stdout) == (5, True)

    down = segctl(site, "down")
    assert (down.returncode, down.stdout) == (0, f"lab {site.name}: removed 7 namespaces, ended 1 process\n")
    assert left(site) == []
    assert segctl(site, "down").returncode == 0
    assert segctl(site, "status", "--name", site.name).returncode == 1


def test_run_makes_a_lab_for_its_command_and_hands_on_its_exit_code(site: Path) -> None:
    done = segctl(site, "run", "--", "sh", "-c", "ls /run/netns | grep -c sg-$SEGCTL_LAB-; exit 9")
    assert (done.returncode, done.stdout) == (9, "7\n")
    assert left(site) == []
    assert segctl(site, "run", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM
    assert segctl(site, "run", "--", "no-such-program").returncode == 2
    assert left(site) == []


def test_run_takes_the_lab_down_also_when_it_is_ended(site: Path) -> None:
    with subprocess.Popen(
        command(site, "run", "--", "sh", "-c", "echo here; exec sleep 60"), cwd=ROOT, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"here\n"
        assert left(site)
        running.terminate()
        assert running.wait(10) == 128 + signal.SIGTERM
    assert left(site) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run",), "what shall be run?"),
        (("run", "a", "b", "--", "true"), "one node at the most"),
        (("up", "--name", "---"), "no name for a lab"),
        (("up", "--hosts-per-segment", "0"), "0 is not in the range"),
        (("run", "web1", "--", "true"), "there is no lab"),
    ],
)
def test_wrong_input(site: Path, arguments: tuple[str, ...], says: str) -> None:
    done = segctl(site, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert left(site) == []


def test_a_site_without_a_gateway_gives_no_lab(site: Path) -> None:
    text = (site / "segctl.yaml").read_text()
    (site / "segctl.yaml").write_text(text[: text.index("\npoints:") + 1])
    done = segctl(site, "up")
    assert done.returncode == 2
    assert "has no gateway" in done.stderr


def test_a_root_without_the_privilege_gets_a_lab_in_a_user_namespace(site: Path) -> None:
    """As in a container that took the privilege away, but doesn't forbid user namespaces (test_rootless has those)."""
    unprivileged = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        argv = [*unprivileged, *command(site, *words)]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    try:
        done = run("up")
        assert done.returncode == 0, done.stderr
        assert left(site) == [], "nothing of it is where root's labs are"
    finally:
        done = run("down")
    assert done.stdout == f"lab {site.name}: removed 7 namespaces, ended 1 process\n"


# What was done to it


def test_a_lab_that_lost_a_namespace_is_said_to_be_damaged(site: Path) -> None:
    assert segctl(site, "up").returncode == 0
    subprocess.run(["ip", "netns", "delete", f"sg-{site.name}-web1"], check=True)
    status = segctl(site, "status", "--name", site.name)
    assert (status.returncode, "DAMAGED, 1 of 7 namespaces gone" in status.stdout) == (1, True)
    row = next(line.split() for line in status.stdout.splitlines() if "web1" in line)
    assert row[-1] == "GONE"
    plain = json.loads(segctl(site, "status", "--name", site.name, "--format", "json").stdout)
    assert plain["labs"][0]["missing"] == [f"sg-{site.name}-web1"]
    for done in (probe(site), segctl(site, "run", "db-1", "--", "true"), segctl(site, "run", "--", "true")):
        assert (done.returncode, done.stdout) == (2, "")
        assert f"the lab '{site.name}' is damaged: sg-{site.name}-web1 is gone" in done.stderr
        assert f"help: `segctl lab down --name {site.name}` removes the rest" in done.stderr
    assert segctl(site, "down").returncode == 0
    assert left(site) == []


def test_a_name_that_is_no_namespace_any_more_is_a_loss_too(site: Path) -> None:
    done = segctl(site, "up", "--name", site.name)
    assert done.returncode == 0
    named = f"--name {site.name}"  # what is suggested is about this lab
    assert f"try: segctl lab shell {named} " in done.stderr and f"segctl lab down {named}\n" in done.stderr
    subprocess.run(["umount", f"/run/netns/sg-{site.name}-web1"], check=True)
    assert "DAMAGED, 1 of 7 namespaces gone" in segctl(site, "status", "--name", site.name).stdout


def test_a_lab_without_its_listeners_is_not_damaged_but_said_not_to_listen(site: Path) -> None:
    assert segctl(site, "up").returncode == 0
    listeners = Folder(site.name).listeners()
    assert listeners is not None
    end([listeners])
    status = segctl(site, "status", "--name", site.name)
    assert (status.returncode, "up, NOT listening" in status.stdout) == (0, True)


def test_a_lab_of_another_site_is_not_probed_for_this_one(site: Path) -> None:
    assert segctl(site, "up").returncode == 0
    text = (site / "segctl.yaml").read_text()
    (site / "segctl.yaml").write_text(text.replace(f"site: {site.name}", "site: other"))
    done = probe(site, "--lab", site.name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the lab '{site.name}' is of the site '{site.name}', not of 'other'" in done.stderr


def test_a_site_that_changed_since_is_told(site: Path) -> None:
    assert segctl(site, "up").returncode == 0
    assert "has changed" not in probe(site, "--services", "ssh").stderr
    text = (site / "segctl.yaml").read_text()
    (site / "segctl.yaml").write_text(text.replace("10.0.1.11,", "10.0.1.12,"))
    said = probe(site, "--services", "ssh").stderr
    assert (
        f"note: the site has changed since the lab '{site.name}' was made, and would give another one now (web1)"
        in said
    )


def test_names_that_became_others_are_told(site: Path) -> None:
    """`-` ends a lab's name in those of its namespaces; an endpoint on two LANs is two hosts."""
    name = site.name.replace("_", "-")
    text = (site / "segctl.yaml").read_text()
    text = text.replace("[10.0.1.11,", "[10.0.1.11, 10.0.2.11,").replace(f"site: {site.name}", f"site: {name}")
    (site / "segctl.yaml").write_text(text)
    done = segctl(site, "up")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[:2] == [
        f"note: the lab of the site '{name}' is called '{site.name}'",
        "note: endpoint 'web1' is the host 'web1.2' on lan2",
    ]


def probe(site: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    words = [*command(site)[:-1], "probe", *arguments]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
