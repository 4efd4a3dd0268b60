"""apply when something goes wrong: what is live stays as it was, whole, and the next apply works."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.apply import NotApplied, apply, read_slots, roll_back, steps
from segctl.apply.result import CannotApply
from segctl.apply.step import Step, nothing
from segctl.compile import compile_gateway, render_table
from segctl.kernel import nft
from segctl.policy import Policy
from segctl.runner import Netns
from tests.conftest import MakeNamespace
from tests.sites import AT, EXAMPLES, meant, read

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[2]
FOREIGN = """
table inet other {
 chain f {
  type filter hook forward priority 5; policy accept;
  counter accept
 }
}
table ip nat_like {
 set s { type ipv4_addr; elements = { 10.0.0.1 }; }
}
"""


@pytest.fixture(scope="module")
def shop() -> Policy:
    return meant(read(EXAMPLES / "shop" / "site"))


@pytest.fixture
def place(namespace: MakeNamespace) -> Netns:
    return Netns(namespace("gw"))


def bring(place: Netns, shop: Policy) -> int:
    return apply(place, shop, compile_gateway(shop, "gw1", AT), AT, 0).generation


def held(place: Netns, table: str = "") -> str:
    """What nft says, without what remains of timeouts."""
    words = ["table", "inet", table] if table else ["ruleset"]
    return re.sub(r"expires \S+", "", place.run(["nft", "list", *words]).stdout)


def between(monkeypatch: pytest.MonkeyPatch, after: str, act: Callable[[steps.Job], None]) -> None:
    """Let somebody else act right after that step."""
    found: list[Step[steps.Job]] = []
    for step in steps.APPLY:
        found.append(step)
        if step.name == after:
            found.append(Step("somebody else", act, nothing))
    monkeypatch.setattr(steps, "APPLY", tuple(found))


def by_hand(text: str) -> Callable[[steps.Job], None]:
    return lambda job: nft.load(job.runner, text.replace("SLOT", job.slot))


@pytest.mark.parametrize(
    ("after", "act", "says"),
    [
        ("load asleep", "insert rule inet SLOT forward accept\n", "rules of chain forward"),
        ("load asleep", "flush map inet SLOT source6\n", "elements of source6"),
        ("load asleep", 'add element inet SLOT behind_source { "eth9" . 1:0 }\n', "elements of behind_source"),
        ("load asleep", "add chain inet SLOT more\n", "chains differ: more"),
        ("load asleep", "flush chain inet SLOT input\n", "rules of chain input"),
        ("load asleep", "delete table inet SLOT\n", ""),
        ("read back", "flush set inet SLOT gen\n", ""),
        ("adopt connections", "flush set inet SLOT gen\nadd element inet SLOT gen { 0x63 }\n", ""),
        ("adopt connections", "delete table inet SLOT\n", ""),
        ("flip", "insert rule inet SLOT forward accept\n", "rules of chain forward"),
    ],
)  # fmt: skip
def test_whatever_is_changed_meanwhile_is_found(
    place: Netns, shop: Policy, monkeypatch: pytest.MonkeyPatch, after: str, act: str, says: str
) -> None:
    nft.load(place, FOREIGN)
    assert bring(place, shop) == 1
    live, foreign = held(place, "segctl_a"), held(place, "other")
    with monkeypatch.context() as patched:
        between(patched, after, by_hand(act))
        with pytest.raises(NotApplied, match=says):
            bring(place, shop)
    slots = read_slots(place)
    assert slots.live and (slots.live.name, slots.live.generation) == ("segctl_a", 1)
    assert slots.sleeping is None
    assert (held(place, "segctl_a"), held(place, "other")) == (live, foreign)
    assert bring(place, shop) == 2


def test_the_first_apply_that_fails_leaves_nothing(place: Netns, shop: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    nft.load(place, FOREIGN)
    before = held(place)
    between(monkeypatch, "flip", by_hand("flush chain inet SLOT output\n"))
    with pytest.raises(NotApplied):
        bring(place, shop)
    assert held(place) == before


def test_two_that_are_awake_are_told(place: Netns, shop: Policy) -> None:
    rules = compile_gateway(shop, "gw1", AT)
    for slot in ("segctl_a", "segctl_b"):
        nft.load(place, render_table(rules, slot, 1, AT) + f"add table inet {slot}\n")
    before = held(place)
    with pytest.raises(CannotApply, match="both"):
        bring(place, shop)
    assert held(place) == before


def test_back_and_forth(place: Netns, shop: Policy) -> None:
    assert [bring(place, shop), bring(place, shop)] == [1, 2]
    assert roll_back(place).generation == 1
    assert roll_back(place).generation == 2
    assert bring(place, shop) == 3


DRIVER = """
import os, signal, sys
from segctl.apply import apply
from segctl.compile import compile_gateway
from segctl.runner import Netns
from tests.sites import AT, EXAMPLES, meant, read
shop = meant(read(EXAMPLES / "shop" / "site"))
def told(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
apply(Netns(sys.argv[1]), shop, compile_gateway(shop, "gw1", AT), AT, 0, told)
"""


@pytest.mark.parametrize("step", [step.name for step in steps.APPLY])
def test_killed_before_each_step(place: Netns, shop: Policy, step: str) -> None:
    """By kill -9: live is the old generation or the new, whole; the next apply works."""
    bring(place, shop)
    old = held(place, "segctl_a")
    done = subprocess.run([sys.executable, "-c", DRIVER, place.name, step], cwd=ROOT, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    slots = read_slots(place)
    assert slots.live
    if step == "read back awake":
        assert (slots.live.name, slots.live.generation) == ("segctl_b", 2)
    else:
        assert slots.live.name == "segctl_a"
        assert held(place, "segctl_a") == old
    assert bring(place, shop) in (2, 3)
    after = read_slots(place)
    assert after.live and after.live.name != slots.live.name
