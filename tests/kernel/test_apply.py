"""apply and rollback where things go wrong: what is live stays live, whole, and what isn't ours stays as it is."""

import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from segctl.apply import CannotApply, NotApplied, Proving, Unsettled, roll_back
from segctl.apply.slots import ticket
from segctl.apply.steps import APPLY
from segctl.cli.exits import Exit, exit_code
from segctl.compile import render_flip
from segctl.kernel import KernelRefused, SetFull, ToolMissing, netlink
from segctl.kernel.structure import for_slot
from segctl.runner import NoSuchPlace
from segctl.store import Busy
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, NEXT, OLD, Place, at

pytestmark = pytest.mark.kernel


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    return Place(namespace())


@pytest.fixture
def living(place: Place) -> Place:
    """Generation 1 lives there."""
    place.apply(OLD)
    return place


# -- what fails before anything was done ------------------------------------------------------------------------------


def test_no_tool_no_change(living: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = living.held(), living.tables()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    with pytest.raises(ToolMissing) as failed:
        living.apply(NEW)
    monkeypatch.undo()
    assert exit_code(failed.value) == Exit.CANNOT
    assert (living.held(), living.tables()) == before


def test_without_conntrack_nothing_is_begun(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is needed after half a minute of priming: that it is missing is told at once."""
    (tmp_path / "nft").symlink_to("/usr/sbin/nft")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    begun: list[str] = []
    with pytest.raises(ToolMissing, match="conntrack"):
        place.apply(OLD, begun.append)
    assert begun[-1] == "look" and place.tables() == set()


def test_rules_that_nft_refuses(living: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    before = living.held(), living.tables()

    def wrong(text: str, slot: str, generation: int) -> str:
        return for_slot(text, slot, generation).replace("chain decide", "chain ip")

    monkeypatch.setattr("segctl.apply.steps.for_slot", wrong)
    with pytest.raises(CannotApply) as failed:
        living.apply(NEW)
    assert failed.value.exit_code == Exit.CANNOT
    assert (living.held(), living.tables()) == before


def test_both_awake_is_nobodys_guess(living: Place) -> None:
    living.nft("table inet segctl_b { chain c { type filter hook forward priority 0; policy drop; }; }")
    before = living.tables()
    for act in (lambda: living.apply(NEW), lambda: roll_back(living.runner)):
        with pytest.raises(CannotApply, match="both segctl_a and segctl_b are awake"):
            act()
    assert living.tables() == before


def test_a_live_table_without_a_number_is_told(living: Place) -> None:
    """Else there would be nothing to flip back to."""
    living.nft("delete chain inet segctl_a gen_00000001")
    with pytest.raises(CannotApply, match="says no generation") as failed:
        living.apply(NEW)
    assert "gen_00000001" in failed.value.help
    living.nft("add chain inet segctl_a gen_00000001")
    assert living.apply(NEW).generation == 2


def test_a_place_that_is_not_there() -> None:
    with pytest.raises(NoSuchPlace) as failed:
        Place("segt-no-such").apply(NEW)
    assert exit_code(failed.value) == Exit.CANNOT


# -- what fails once it was begun -------------------------------------------------------------------------------------

ELEMENT = '"eth1" . "eth2" . 0x123'
MEDDLING = {
    "an element more": f"add element inet segctl_b live {{ {ELEMENT} }}",
    "an element more that ends": f"add element inet segctl_b live {{ {ELEMENT} timeout 1h }}",
    "all elements of a map gone": "flush map inet segctl_b numbers",
    "a rule more": "insert rule inet segctl_b forward accept",
    "a rule more behind the others": "add rule inet segctl_b output counter",
    "a chain more": "add chain inet segctl_b c { type filter hook forward priority -5; policy accept; }",
    "a set more": "add set inet segctl_b s { type mark; }",
    "another policy": "add chain inet segctl_b forward { policy accept; }",
    "no rules in a chain": "flush chain inet segctl_b decide",
}


@pytest.mark.parametrize("what", MEDDLING)
def test_what_was_meddled_with_is_never_woken(living: Place, what: str) -> None:
    before, tables = living.held(), living.tables()
    with pytest.raises(NotApplied) as failed:
        living.apply(NEW, at("read back", lambda: living.nft(MEDDLING[what])))
    assert failed.value.exit_code == Exit.PUT_BACK
    assert (living.held(), living.tables()) == (before, tables)


@pytest.mark.parametrize("more", ["", "; add table inet segctl_a { flags dormant; }"])
def test_what_was_woken_by_hand_is_the_only_one_awake_at_the_end(living: Place, more: str) -> None:
    done = living.apply(NEW, at("flip", lambda: living.nft("add table inet segctl_b" + more)))
    live = living.held()
    assert live and (live[0], live[1].digest()) == (done.slot, done.digest)


def test_a_deleted_element_is_missed(living: Place) -> None:
    before = living.held()

    def delete() -> None:
        found = netlink.dump(living.runner, "segctl_b", "numbers")
        netlink.delete(living.runner, "segctl_b", [found])

    with pytest.raises(NotApplied, match="the elements of numbers differ"):
        living.apply(NEW, at("read back", delete))
    assert living.held() == before


@pytest.mark.parametrize(
    "meddling",
    [
        "delete chain inet segctl_b {ticket}",
        "delete chain inet segctl_b {ticket}; add chain inet segctl_b gen_00000002",
        "delete table inet segctl_b",
        "delete table inet segctl_b; table inet segctl_b {{ flags dormant; chain gen_00000002 {{ }}; }}",
    ],
)
def test_the_flip_wakes_nothing_but_what_was_read(living: Place, meddling: str) -> None:
    before = living.held()
    with pytest.raises(NotApplied) as failed:
        living.apply(NEW, at("flip", lambda: living.nft(meddling.format(ticket=living.ticket()))))
    assert isinstance(failed.value.__cause__, KernelRefused)
    assert living.held() == before
    assert [table.name for table in living.tables()] == ["segctl_a"]


def test_what_differs_after_the_flip_is_flipped_back(living: Place) -> None:
    before, tables = living.held(), living.tables()
    meddle = at("read back awake", lambda: living.nft("insert rule inet segctl_b forward accept"))
    with pytest.raises(NotApplied, match="the rules of chain forward differ"):
        living.apply(NEW, meddle)
    assert (living.held(), living.tables()) == (before, tables)


def test_the_first_that_differs_after_the_flip_goes(place: Place) -> None:
    meddle = at("read back awake", lambda: place.nft("insert rule inet segctl_a forward accept"))
    with pytest.raises(NotApplied):
        place.apply(OLD, meddle)
    assert place.tables() == set()


def test_what_can_not_be_taken_back_is_told(living: Place) -> None:
    meddling = "insert rule inet segctl_b forward accept; delete chain inet segctl_a gen_00000001"
    with pytest.raises(Unsettled, match="generation 2 failed, but is live") as failed:
        living.apply(NEW, at("read back awake", lambda: living.nft(meddling)))
    assert failed.value.exit_code == Exit.NO_ANSWER
    live = living.held()
    assert live and live[0] == "segctl_b"


def test_a_full_set(living: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's word for it is "Too many open files in system"."""
    before, tables = living.held(), living.tables()

    def small(text: str, slot: str, generation: int) -> str:
        return for_slot(text, slot, generation).replace("size 16", "size 1")

    monkeypatch.setattr("segctl.apply.steps.for_slot", small)
    with pytest.raises(NotApplied) as failed:
        living.apply(NEW)
    assert isinstance(failed.value.__cause__, SetFull)
    assert (living.held(), living.tables()) == (before, tables)


def test_an_interrupt_is_undone(living: Place) -> None:
    before, tables = living.held(), living.tables()

    def interrupt() -> None:
        raise KeyboardInterrupt

    for step in APPLY[1:]:
        with pytest.raises(KeyboardInterrupt):
            living.apply(NEW, at(step.name, interrupt), Proving.DEMANDED)
        assert (living.held(), living.tables()) == (before, tables)


def test_of_two_at_once_the_second_is_told_who_is_first(living: Place) -> None:
    told: list[Busy] = []

    def second() -> None:
        with pytest.raises(Busy, match="is changing this point") as busy:
            living.apply(NEXT)
        told.append(busy.value)

    done = living.apply(NEW, at("flip", second))
    live = living.held()
    assert live and (live[0], live[1].digest()) == (done.slot, done.digest)
    assert exit_code(told[0]) == Exit.CANNOT and "`segctl apply`" in str(told[0])


def test_a_slot_that_another_half_loaded_is_not_woken(living: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second stands between structure and elements when the first one flips; no lock keeps them apart, as where
    each has a state folder of its own.
    """
    monkeypatch.setattr("segctl.apply.alone.locked", lambda *words: nullcontext())
    before = living.held()
    right, half, go_on = netlink.add, threading.Event(), threading.Event()
    failed: list[NotApplied] = []

    def slow(*words: Any) -> None:
        if threading.current_thread() is second:
            half.set()
            assert go_on.wait(10)
        right(*words)

    def another() -> None:
        with pytest.raises(NotApplied) as error:
            living.apply(NEXT)
        failed.append(error.value)

    def begin_another() -> None:
        second.start()
        assert half.wait(10)

    second = threading.Thread(target=another)
    monkeypatch.setattr(netlink, "add", slow)
    with pytest.raises(NotApplied):
        living.apply(NEW, at("flip", begin_another))
    go_on.set()
    second.join(10)
    assert len(failed) == 1
    assert living.held() == before


def test_render_flip_says_it_all() -> None:
    """The flip's own words, as rollback and the flood use them."""
    assert render_flip("segctl_b", 7, "segctl_a", 9).splitlines() == [
        "delete chain inet segctl_b gen_00000009",
        "add chain inet segctl_b gen_00000007",
        "add table inet segctl_b",
        "add table inet segctl_a { flags dormant; }",
    ]


def test_a_job_has_a_ticket_of_its_own() -> None:
    tickets = {ticket() for _ in range(50)}
    assert len(tickets) == 50 and min(tickets) >= 1 << 31
