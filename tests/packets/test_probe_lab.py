"""The command against a lab of a site with the compiler's own rules: all agrees, and each sabotage is named."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from segctl.apply import Proving, Wish, apply
from segctl.cli.exits import Exit
from segctl.cli.main import run
from segctl.compile import Ruleset, compile_gateway, loadable
from segctl.compile.ruleset import NamedMap
from segctl.lab import Built
from segctl.lab import lab as make_lab
from segctl.load import read_site
from segctl.policy import examine
from segctl.runner import Netns

pytestmark = pytest.mark.packets

NAME = f"pt{os.getpid()}"
SITE = """\
version: 1
site: tiers
segments:
  web: {strictness: guarded, members: [10.92.1.0/24, "fd92:1::/64"]}
  db: {strictness: strict, members: [10.92.2.0/24, "fd92:2::/64"]}
  watched: {strictness: guarded, mode: observe, members: [10.92.3.0/24, "fd92:3::/64"]}
flows:
  - {name: orders, from: web, to: db, services: [tcp/5432, udp/5353, proto/47], why: "orders"}
management:
  - {from: watched, services: [tcp/22]}
points:
  gw:
    kind: gateway
    interfaces:
      eth0: {segments: [world], addresses: [198.51.100.1/24, "2001:db8:92::1/64"]}
      eth1: {segments: [web], addresses: [10.92.1.1/24, "fd92:1::1/64"]}
      eth2: {segments: [db], addresses: [10.92.2.1/24, "fd92:2::1/64"]}
      eth3: {segments: [watched], addresses: [10.92.3.1/24, "fd92:3::1/64"]}
"""
Differs = set[tuple[str, str, str, int]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tiers")
    (made / "segctl.yaml").write_text(SITE)
    return made


@pytest.fixture(scope="module")
def built(folder: Path) -> Iterator[Built]:
    policy = examine(read_site(folder), datetime.now(UTC)).policy
    assert policy
    with make_lab(policy, NAME, 1) as standing:
        yield standing


@pytest.fixture
def gateway(built: Built, folder: Path) -> Callable[[str], str]:
    """The gateway with a first generation of its own, just applied; what is asked of its nft."""
    runner = built.runner("gw")
    assert not runner.run(["nft", "flush", "ruleset"]).code
    at = datetime.now(UTC)
    policy = examine(read_site(folder), at).policy
    assert policy
    apply(runner, policy, loadable(policy, "gw", at), at, Wish())

    def nft(text: str) -> str:
        done = runner.run(["nft", "-a", *(["-f", "-"] if "\n" in text else text.split())], stdin=text)
        assert not done.code, done.stderr
        return done.stdout

    return nft


def probe(folder: Path, capfd: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    code = run(["--site", str(folder), "-q", "probe", "--lab", NAME, "--format", "json", *options])
    return code, json.loads(capfd.readouterr().out)


def differs(said: Any) -> Differs:
    rows = (cell for cell in said["cells"] if cell["standing"] == "differs")
    return {(c["from"]["segment"], c["to"]["segment"], c["service"], c["family"]) for c in rows}


def test_all_agrees(gateway: object, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second run isn't deceived by what the first left in connection tracking
        code, said = probe(folder, capfd)
        assert not differs(said)
        assert (code, said["schema"], said["counts"]["inconclusive"]) == (Exit.YES, "segctl/probe/1", 0)
        assert not [cell for cell in said["cells"] if cell["note"]]
    forged = [cell for cell in said["cells"] if cell["expected"]["reason"].startswith("forged")]
    assert len(forged) > 10 and {cell["seen"] for cell in forged} == {"blocked"}


def only(*services: str) -> tuple[str, str]:
    return "--services", ",".join(services)


def test_an_accept_before_ours(gateway: Callable[[str], str], folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A table that accepts opens nothing: ours still drops. So the hole is made in ours."""
    gateway(
        "add table inet x\nadd chain inet x f { type filter hook forward priority -10; }\nadd rule inet x f accept\n"
    )
    assert probe(folder, capfd, *only("tcp/81"))[0] == Exit.YES
    gateway("insert rule inet segctl_a forward iifname eth0 oifname eth2 tcp dport 81 accept")
    code, said = probe(folder, capfd, *only("tcp/81"))
    assert code == Exit.NO and differs(said) == {("world", "db", "tcp/81", family) for family in (4, 6)}


def element(gateway: Callable[[str], str], service: str) -> str:
    """The element of the flow's map for that service, as the kernel says it, without its counter."""
    text = gateway("list map inet segctl_a flow_port").replace("\n", " ")
    for part in text[text.rindex("elements = {") + 12 :].split("}")[0].split(","):
        if f" . {service} " in part:
            before, _, rest = part.partition(" counter")
            return f"{before.strip()} : {rest.rpartition(':')[2].strip()}"
    raise AssertionError(f"no {service} in {text}")


def test_an_element_deleted_and_one_added(
    gateway: Callable[[str], str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    held = element(gateway, "tcp . 5432")
    gateway(f"delete element inet segctl_a flow_port {{ {held.partition(' : ')[0]} }}")
    code, said = probe(folder, capfd, *only("tcp/5432", "tcp/81"))
    assert code == Exit.NO and differs(said) == {("web", "db", "tcp/5432", family) for family in (4, 6)}
    gateway(f"add element inet segctl_a flow_port {{ {held} }}")
    gateway(f"add element inet segctl_a flow_port {{ {held.replace('. 5432', '. 81')} }}")
    code, said = probe(folder, capfd, *only("tcp/5432", "tcp/81"))
    assert code == Exit.NO and differs(said) == {("web", "db", "tcp/81", family) for family in (4, 6)}


def test_the_v6_half_of_a_map_emptied(
    gateway: Callable[[str], str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway("flush map inet segctl_a source6")
    code, said = probe(folder, capfd, *only("tcp/5432"))
    assert code == Exit.NO
    assert {family for *_, family in differs(said)} == {6} and ("web", "db", "tcp/5432", 6) in differs(said)


def test_the_binding_removed(gateway: Callable[[str], str], folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No honest packet shows it, the forged ones do: where the kernel gives a number without asking for interfaces."""
    for chain in ("forward", "input"):
        for line in gateway(f"list chain inet segctl_a {chain}").splitlines():
            if "!= @behind_source" in line:
                gateway(f"delete rule inet segctl_a {chain} handle {line.rpartition('handle ')[2]}")
    code, said = probe(folder, capfd)
    wrong = [cell for cell in said["cells"] if cell["standing"] == "differs"]
    assert code == Exit.NO and wrong
    assert all(cell["expected"]["reason"].startswith("forged") and cell["seen"] == "delivered" for cell in wrong)


def test_our_table_asleep(gateway: Callable[[str], str], folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    gateway("add table inet segctl_a { flags dormant; }\n")
    code, said = probe(folder, capfd, *only("tcp/81"))
    assert code == Exit.NO
    assert {("world", "db", "tcp/81", 4), ("db", "web", "tcp/81", 6), ("world", "points", "tcp/81", 4)} <= differs(said)


def planted(rules: Ruleset) -> Ruleset:
    """What a bug in the compiler would make: the flow's port 5432 became 81, in the ruleset itself."""

    def wrong(made: NamedMap) -> NamedMap:
        if made.name.text != "flow_port":
            return made
        keys = (element.key for element in made.elements)
        moved = ((*key[:3], 81) if key[3] == 5432 else key for key in keys)
        return replace(made, elements=tuple(replace(e, key=k) for e, k in zip(made.elements, moved, strict=True)))

    return replace(rules, maps=tuple(wrong(made) for made in rules.maps))


def test_a_wrong_element_planted_in_the_compiler(
    gateway: object, built: Built, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Reading back finds the kernel to hold just what was meant, and is content: it is no proof. The packets tell."""
    at = datetime.now(UTC)
    policy = examine(read_site(folder), at).policy
    assert policy
    rules = planted(compile_gateway(policy, "gw", at))
    done = apply(built.runner("gw"), policy, loadable(policy, "gw", at, rules), at, Wish(proving=Proving.LEFT_OUT))
    assert done.slot == "segctl_b"
    code, said = probe(folder, capfd, *only("tcp/5432", "tcp/81"))
    assert code == Exit.NO
    assert differs(said) == {("web", "db", service, family) for service in ("tcp/5432", "tcp/81") for family in (4, 6)}


def test_a_host_that_is_cut_off(gateway: object, built: Built, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (db,) = (host for host in built.hosts if host.segment == "db")
    switch = Netns(built.record.switch)
    switch.run(["ip", "link", "set", db.nic.lan, "down"])
    try:
        code, said = probe(folder, capfd, *only("tcp/81"), "--family", "4")
    finally:
        switch.run(["ip", "link", "set", db.nic.lan, "up"])
    assert code == Exit.NO_ANSWER and not differs(said)
    assert {c["seen"] for c in said["cells"] if "db" in (c["from"]["segment"], c["to"]["segment"])} == {"inconclusive"}


def test_without_a_lab(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--site", str(folder), "probe", "--lab", f"{NAME}none"]) == Exit.CANNOT
    assert f"segctl lab up --name {NAME}none" in capfd.readouterr().err
    assert not subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.count(f"{NAME}none")


@pytest.mark.parametrize(
    "options",
    [("--services", ","), ("--services", "no-such"), ("--point", "nowhere"), ("--family", "5"), ("--hosts", "0")],
)
def test_wrong_input(options: tuple[str, str], built: Built, folder: Path) -> None:
    assert run(["--site", str(folder), "probe", "--lab", NAME, *options]) == Exit.WRONG_INPUT


def test_text(gateway: object, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--site", str(folder), "probe", "--lab", NAME, "--services", "tcp/5432", "--point", "gw"]) == Exit.YES
    said = capfd.readouterr()
    assert "from \\ to" in said.out and "0 differ, 0 without answer" in said.out and "\x1b" not in said.out
    assert "cells between" in said.err
