"""status and drift: what the kernel holds against what was applied, what each line has let through, how full it is."""

import json
from datetime import UTC, datetime

import pytest

from segctl.apply import CannotApply, roll_back
from segctl.apply.boot import boot
from segctl.apply.drift import drift
from segctl.apply.hits import hits
from segctl.apply.overrides import quarantine, release
from segctl.apply.remove import remove
from segctl.apply.status import status
from segctl.cli.main import run
from segctl.model.generation import Meaning
from segctl.policy import Policy
from segctl.store import Kept, state_of
from segctl.store.state import root
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place, compiled
from tests.kernel.test_lockout import Managed, shared, site

__all__ = ["shared"]
pytestmark = pytest.mark.kernel


def reread(kept: Kept) -> Policy:
    return compiled(OLD if Meaning("flow", "old", "", ()).name in names(kept) else NEW)[0]


def names(kept: Kept) -> set[str]:
    return {one.name for one in kept.rules.meanings.values()}


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    """Generation 1 is live."""
    made = Place(namespace())
    made.apply(OLD)
    return made


EDITS = {
    "insert rule inet {live} forward accept": ("the rules of chain forward differ", "accept"),
    "flush chain inet {live} decide": ("the rules of chain decide differ", ""),
    "flush map inet {live} numbers": ("the elements of numbers differ", "drop"),
    'add element inet {live} live {{ "eth1" . "eth2" . 0x123 }}': ("the elements of live differ", ""),
    "delete table inet {live}": ("generation 1 isn't there any more", "accept"),
    "add table inet {live} {{ flags dormant; }}": ("generation 1 isn't there any more", "accept"),
    "flush ruleset": ("generation 1 isn't there any more", "accept"),
    "add set inet {live} s {{ type mark; }}": ("the declarations of sets differ", ""),
    "add chain inet {live} c {{ type filter hook forward priority -5; policy accept; }}": ("chains differ: c", ""),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_told_as_rules_and_as_connections(place: Place, edit: str) -> None:
    place.nft(edit.format(live="segctl_a"))
    found = drift(place.runner, reread, datetime.now(UTC))
    says, so = EDITS[edit]
    assert found.generation == 1 and says in "; ".join(found.parts)
    assert status(place.runner, datetime.now(UTC)).drift == found.parts
    if so:
        assert any(f"the rules {so}" in line for line in found.connections), found.connections


def test_where_all_was_flushed_each_says_what_loads_it_again(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """As another tool's `nft flush ruleset` leaves it; what is said, is so."""
    place.nft("flush ruleset")
    words = ["--netns", place.runner.name]
    says = "`segctl boot` loads generation 1 again at once, with no site; `segctl apply` from the site"
    assert says in "".join(drift(place.runner, reread, datetime.now(UTC)).parts)
    held = (["panic", "--why", "x"], ["quarantine", "10.96.1.9", "--why", "x"])
    for act in (["status"], ["status", "--would-deny"], ["rollback"], *held):
        run(["-q", *act, *words])
        assert says in "".join(capsys.readouterr()), act
    assert run(["-q", "boot", *words]) == 0
    assert drift(place.runner, reread, datetime.now(UTC)).parts == ()


def test_applied_again_there_is_none(place: Place) -> None:
    for edit in EDITS:
        live = place.held()
        place.nft(edit.format(live=live[0] if live else "segctl_a"))
        assert status(place.runner, datetime.now(UTC)).drift
        place.apply(NEW)
        assert status(place.runner, datetime.now(UTC)).drift == ()
        if edit == "delete table inet {live}":
            break


def test_as_it_is_typed(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--netns", place.runner.name]
    assert run(["-q", "drift", *words]) == 0
    assert "is on namespace" in capsys.readouterr().out
    place.nft("flush chain inet segctl_a forward")
    assert run(["-q", "status", *words]) == 0
    said = capsys.readouterr().out
    assert "the rules of chain forward differ" in said and " ," not in said
    assert run(["-q", "status", "--format", "json", *words]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["live"], said["confirmed"]) == ("segctl/status/1", 1, 1)


def test_others_and_what_is_held(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.nft("table ip theirs { chain c { type filter hook forward priority 5; policy drop; }; }")
    quarantine(place.runner, "10.96.1.9", 0, "beacons")
    found = status(place.runner, datetime.now(UTC))
    assert any("theirs" in one.what for one in found.concerns)
    assert len(found.overrides) == 1 and "10.96.1.9" in found.overrides[0] and "beacons" in found.overrides[0]
    assert run(["-q", "overrides", "--netns", place.runner.name]) == 0
    assert "  it is released  " in capsys.readouterr().out
    assert found.drift == () and found.tracked[1] > 0 and found.kernel and found.nft == "1.0.6"


def test_what_is_closed_says_so_and_what_opens_it(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--netns", place.runner.name]

    def said() -> list[str]:
        assert run(["-q", "status", *words]) == 0
        return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]

    closed, at_boot = (
        "now CLOSED but for management: `segctl release all` opens it",
        "at boot closed but for management",
    )
    assert closed not in said() and at_boot not in said()
    overrides = root() / place.runner.key / "overrides"
    quarantine(place.runner, "10.96.1.9", 0, "beacons")
    overrides.write_bytes(b"damaged")
    place.nft("flush ruleset")
    assert closed not in said() and at_boot in said()
    boot(place.runner, datetime.now(UTC))
    assert {closed, at_boot} <= {*said()}
    overrides.unlink()
    assert boot(place.runner, datetime.now(UTC)).generation == 1
    remove(place.runner, closed=True, at=datetime.now(UTC), why="moved")
    assert {closed, at_boot} <= {*said()}
    assert run(["-q", "status", "--format", "json", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["closed"] is told["closed_at_boot"] is True
    with pytest.raises(CannotApply, match="is closed already"):
        remove(place.runner, closed=True, at=datetime.now(UTC), why="moved")
    release(place.runner, "all", "back")
    assert closed not in said() and at_boot in said()
    remove(place.runner, closed=False, at=datetime.now(UTC), why="moved")
    assert "at boot nothing" in said()


def test_where_nothing_is(namespace: MakeNamespace) -> None:
    place = Place(namespace())
    found = status(place.runner, datetime.now(UTC))
    assert (found.live, found.slot, found.confirmed, found.drift, found.hits) == (None, "", None, (), ())
    with pytest.raises(CannotApply, match="nothing that was applied"):
        drift(place.runner, reread, datetime.now(UTC))


def test_hits_add_up_over_generations(shared: Managed) -> None:
    """What a slot has counted is put by before it is taken away; a rollback counts on."""

    def counted() -> int:
        with state_of(shared.runner) as state:
            assert state
            return hits(shared.runner, state).get(("management", ""), 0) + sum(
                count for (kind, name), count in hits(shared.runner, state).items() if kind == "management" and name
            )

    def managed() -> None:
        with shared.session("a"):
            pass

    try:
        shared.apply(site())
        before = counted()
        managed()
        assert counted() == before + 1
        for at in range(2, 5):
            shared.apply(site())
            assert counted() == before + at - 1
            managed()
            assert counted() == before + at
        roll_back(shared.runner)
        managed()
        assert counted() == before + 5
        shared.apply(site())
        assert counted() == before + 5
        (line,) = (one for one in status(shared.runner, datetime.now(UTC)).hits if one[0] == "management")
        assert line[2] == before + 5
    finally:
        shared.nft("flush ruleset")
