"""Every trial holds on this kernel, and every trial can fail: with rules in which the thing that it tries is broken."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from segctl.apply import CannotApply
from segctl.apply.result import Fitness, Tried
from segctl.apply.trials import TRIALS, Trial, demand_fitness, try_all
from segctl.apply.trials import trial as trials
from segctl.apply.trials.trial import attempt
from segctl.compile import render_flip, render_trial
from segctl.kernel import nft
from segctl.kernel.namespaces import named
from segctl.runner import Runner
from tests import tree

pytestmark = pytest.mark.kernel

NAMED = {one.name: one for one in TRIALS}
ROOMS = tuple(f"segctl.apply.trials.{name}" for name in ("trial", "tables", "connections", "lookups", "answers"))

BROKEN = {  # trial: what of its rules is made another, and what is seen then
    "json": ("chain output", "chain outward", "of three chains nft tells forward, input, outward"),
    "hooks": ("policy drop", "policy accept", "the policy drop was not kept"),
    "order": ("udp dport 7 drop", "udp dport 17 drop", "what the first table drops passes"),
    "dormant": ("flags dormant", "", "loaded asleep is awake"),
    "flip": ("udp dport 8 drop", "udp dport 18 drop", "after the flip segctl_b drops nothing"),
    "elements": ("size 200", "size 2", "Too many open files"),
    "size": ("size 16", "size 32", "more elements than its size"),
    "classes": ("2001:db8:1::-2001:db8:1::ff", "2001:db8:1::-2001:db8:1::1", "IPv6: an address isn't found"),
    "masked key": ("& 0xffff0000", "& 0xffffffff", "misses its element"),
    "ICMP types": ("icmpv6 type map", "icmpv6 code map", "mismatch"),
    "verdict maps": ("goto ports_1", "jump ports_1", "IPv4: a goto comes back to the next rule"),
    "element counters": ("  counter\n", "", "an element counted None"),
    "own packets": ("oif 0", "oif 1", "has an interface of leaving"),
    "states": ("ct direction reply", "ct direction original", "isn't known as a reply"),
    "opening": ("tcp flags & (fin|syn|rst|ack) != syn", "tcp flags != syn", "with ECN doesn't open one"),
    "priming": ("ct state established", "meta l4proto 99", "no IPv4 connection was tracked"),
    "numbers": (": 0x00000101 }", ": 0x00000103 }", "doesn't have the number that the map says"),
    "live": ("& 0x7fffffff", "& 0xffffffff", "the answer of a live one is dropped"),
    "live ends": ("timeout 100ms", "timeout 1h", "still lets packets pass"),
    "ends asleep": ("timeout 100ms", "timeout 1h", "doesn't end in a table that sleeps"),
    "refusals": ("ct state related goto related_out", "", "no reset came to who was refused"),
    "log": ("group 7", "group 8", "nothing came to log group 7"),
}  # fmt: skip
BY_TOOLS = {"nft", "conntrack", "check", "read back", "flip's guard"}  # those that fail otherwise: see below


def broken(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """The same rules with one thing changed, wherever it stands; `old` must be there."""
    found: list[str] = []

    def changed(name: str, slot: str, **what: object) -> str:
        text = render_trial(name, slot, **what)
        found.extend([old] * (old in text))
        return text.replace(old, new)

    for room in ROOMS:
        monkeypatch.setattr(f"{room}.render_trial", changed, raising=False)
    monkeypatch.setattr("segctl.apply.trials.trial.PATIENCE", 0.3)
    monkeypatch.setattr("segctl.apply.trials.connections.PATIENCE", 0.3)


def tried(name: str) -> Tried:
    return trials.attempt(NAMED[name])


def test_every_fact_holds_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no text of a trial is left over."""
    used: set[str] = set()

    def seen(name: str, slot: str, **what: object) -> str:
        used.add(name)
        return render_trial(name, slot, **what)

    for room in ROOMS:
        monkeypatch.setattr(f"{room}.render_trial", seen, raising=False)
    assert [(one.name, one.said) for one in try_all() if one.found is not Fitness.HOLDS] == []
    assert demand_fitness(TRIALS[:3])
    folder = tree.ROOT / "templates/nftables/trials"
    assert used == {path.name.removesuffix(".nft.j2") for path in folder.iterdir()}


def test_every_trial_is_broken_below() -> None:
    assert NAMED.keys() == BROKEN.keys() | BY_TOOLS
    assert len(NAMED) == len(TRIALS)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_fact_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, said = BROKEN[name]
    broken(monkeypatch, old, new)
    found = tried(name)
    print(found)
    assert found.found is Fitness.FAILS
    assert said in found.said
    monkeypatch.undo()
    assert tried(name).found is Fitness.HOLDS


# -- what fails by the tools ------------------------------------------------------------------------------------------


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Puts a folder in the place of all others, with programs of these texts in it; `True` is the machine's own."""

    def only(**programs: str | bool) -> None:
        for name, text in programs.items():
            program = tmp_path / name
            if text is True:
                program.symlink_to(f"/usr/sbin/{name}")
            else:
                program.write_text(f"#!/bin/sh\n{text}\n")
                program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("segctl.runner.here._SYSTEM", ())

    return only


REAL = 'exec /usr/sbin/nft "$@"'


def test_without_nft_nothing_is_taken_for_tried(tools: Callable[..., None]) -> None:
    tools(conntrack=True)
    found = {one.name: one for one in try_all()}
    assert {one.found for name, one in found.items() if name != "conntrack"} == {Fitness.UNTRIED}
    assert found["nft"].said == "nft isn't installed"
    assert found["nft"].mends.startswith("apt install nftables")
    assert found["conntrack"].found is Fitness.HOLDS, "one that is missing hides no other"


def test_without_conntrack_what_needs_it_is_untried(tools: Callable[..., None]) -> None:
    tools(nft=True)
    found = {one.name: one.found for one in try_all()}
    assert {name for name, one in found.items() if one is not Fitness.HOLDS} == {
        "conntrack", "priming", "numbers", "live",
    }  # fmt: skip


def test_an_old_nft(tools: Callable[..., None]) -> None:
    tools(nft=f'[ "$1" = --version ] && echo "nftables v0.9.3 (Topsy)" && exit\n{REAL}')
    assert (tried("nft").found, tried("nft").said) == (Fitness.FAILS, "nft 0.9.3 is here")
    with pytest.raises(
        CannotApply, match=r"can't do what our rules rely on: nft \(fails\): nft 0.9.3 is here"
    ) as failed:
        demand_fitness(TRIALS[:1])
    assert failed.value.exit_code == 3
    assert failed.value.help.startswith("apt install nftables, 1.0.6 or newer")


def test_an_nft_without_json(tools: Callable[..., None]) -> None:
    tools(nft=f'[ "$1" = -j ] && echo "Error: JSON support not compiled-in" >&2 && exit 1\n{REAL}')
    assert (tried("json").found, "not compiled-in" in tried("json").said) == (Fitness.FAILS, True)
    assert tried("hooks").found is Fitness.HOLDS


def test_an_nft_that_crashes(tools: Callable[..., None]) -> None:
    tools(nft="kill -SEGV $$")
    assert (tried("hooks").found, tried("hooks").said) == (Fitness.FAILS, "nft crashed (signal 11)")


def test_an_nft_that_loads_what_it_is_to_check(tools: Callable[..., None]) -> None:
    tools(nft=f'[ "$1" = -c ] && shift\n{REAL}')
    assert (tried("check").found, tried("check").said) == (Fitness.FAILS, "`nft -c` loaded what it was to check")


def test_a_conntrack_that_tells_what_nobody_can_read(tools: Callable[..., None]) -> None:
    tools(nft=True, conntrack='[ "$1" = -L ] && echo "tcp 6 what is this"\nexit 0')
    assert (tried("conntrack").found, "no line of conntrack's" in tried("conntrack").said) == (Fitness.FAILS, True)


def test_rules_that_are_read_back_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    policies = iter(("policy drop", "policy accept"))
    room = "segctl.apply.trials.tables.render_trial"
    monkeypatch.setattr(room, lambda *words: render_trial(*words).replace("policy drop", next(policies)))
    assert tried("read back").said == "the same rules are read back otherwise the second time"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("add table inet segctl_b",), "a slot that holds another generation was woken"),
        (("delete chain inet segctl_b nothing",), ""),  # refused, but for what it asks itself
    ],
)
def test_a_flip_without_a_guard(monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], said: str) -> None:
    def unguarded(slot: str, generation: int, old: str | None) -> str:
        return render_flip(slot, generation, old) if generation == 1 else "\n".join(lines)

    monkeypatch.setattr("segctl.apply.trials.tables.render_flip", unguarded)
    found = tried("flip's guard")
    assert (found.found, found.said) == (Fitness.FAILS if said else Fitness.HOLDS, said)


# -- what can't be tried ----------------------------------------------------------------------------------------------


def outside(script: str, *command: str) -> list[str]:
    """What a process of its own prints, as `command` starts it."""
    code = "from segctl.apply.trials import TRIALS\nfrom segctl.apply.trials.trial import attempt\nimport os\n" + script
    done = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_who_may_make_no_namespace_tries_nothing() -> None:
    script = (
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for one in map(attempt, TRIALS[::5]): print(one.found, one.said)\n"
    )
    said = "untried making a scratch namespace: Operation not permitted"
    assert outside(script) == [said] * len(TRIALS[::5])


def test_a_limit_on_namespaces_leaves_it_open() -> None:
    """In a user namespace, whose limits are its own."""
    limit = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'
    said = outside(
        "print(attempt(TRIALS[4]))", "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", limit, "sh"
    )
    assert "UNTRIED" in said[0]
    assert "No space left on device" in said[0]


def test_a_kernel_that_gives_no_links_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segctl.kernel.bench._INDEX", {"near": 11, "far": 11})
    found = tried("hooks")
    assert (found.found, "no scratch gateway can be made" in found.said) == (Fitness.UNTRIED, True)


def test_a_gateway_that_does_not_answer_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segctl.kernel.bench._LATEST", 0.05)
    broken(monkeypatch, "icmp type echo-request accept", "")
    found = tried("own packets")
    assert (found.found, "doesn't answer" in found.said) == (Fitness.UNTRIED, True)


def test_no_namespace_is_left() -> None:
    """They have no names, and no process is in them."""
    ours = f"segt{os.getpid()}-"
    before = named(ours), {network for _, network in networks()}
    assert tried("live").found is Fitness.HOLDS
    assert named(ours) == before[0]
    assert [pid for pid, network in networks() if network not in before[1] and parent(pid) == os.getpid()] == []


def networks() -> Iterator[tuple[int, str]]:
    """Each process with its network namespace."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield int(folder.name), str((folder / "ns/net").readlink())


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_trial_of_ones_own() -> None:
    """What it raises beside that is no answer about the fact."""

    def late(runner: object) -> None:
        raise OSError("the disk is gone")

    assert trials.attempt(Trial("x", "", "", "", late)).found is Fitness.UNTRIED


def test_a_busy_machine_is_not_taken_for_one_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes back to it when the element has ended already looks at one that ends later."""
    load = nft.load

    def late(runner: Runner, text: str) -> None:
        load(runner, text)
        time.sleep(0.2)

    monkeypatch.setattr("segctl.apply.trials.connections.nft.load", late)
    assert attempt(NAMED["ends asleep"]).found is Fitness.HOLDS
