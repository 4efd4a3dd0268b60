"""Where the undoing itself meets trouble: nothing that lives is thrown away, and the first cause is told."""

from pathlib import Path

import pytest

from segctl.apply import CannotApply, NotApplied, Unsettled
from segctl.apply.status import status
from segctl.store import state_of
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, NEXT, OLD, Place, at
from tests.kernel.wrapped import reading, wrapped
from tests.sites import AT

pytestmark = pytest.mark.kernel


@pytest.fixture
def living(namespace: MakeNamespace) -> Place:
    """Generation 1 lives there."""
    place = Place(namespace())
    place.apply(OLD)
    return place


def kept(place: Place) -> list[int]:
    with state_of(place.runner) as state:
        assert state
        return state.generations.numbers()


def test_what_lives_all_the_same_is_not_forgotten(living: Place) -> None:
    """It can't be taken back: then it must be known what it is."""
    meddling = "insert rule inet segctl_b forward accept; delete chain inet segctl_a gen_00000001"
    with pytest.raises(Unsettled):
        living.apply(NEW, at("read back awake", lambda: living.nft(meddling)))
    assert kept(living) == [1, 2]
    found = status(living.runner, AT)
    assert found.live == 2 and found.about is not None and found.drift == ("the rules of chain forward differ",)


def test_the_old_one_woken_beside_the_new_is_noticed(living: Place) -> None:
    before = living.held()
    with pytest.raises(NotApplied, match="segctl_a and segctl_b, not segctl_b alone"):
        living.apply(NEW, at("read back awake", lambda: living.nft("add table inet segctl_a")))
    assert living.held() == before and kept(living) == [1]


def test_the_first_cause_is_told_and_not_the_last(
    living: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool dies whenever it is to delete a table: a slot stays, asleep, and the next one takes it away."""
    before = living.held()
    dying = wrapped(tmp_path / "bin", "nft", reading(tmp_path, 'grep -q "delete table" "$text" && kill -9 $$'))

    def meddle() -> None:
        living.nft("insert rule inet segctl_b forward accept")
        monkeypatch.setenv("PATH", dying)

    with pytest.raises(NotApplied, match="the rules of chain forward differ"):
        living.apply(NEW, at("read back", meddle))
    monkeypatch.undo()
    assert living.held() == before and kept(living) == [1]
    assert [one.name for one in living.tables() if one.dormant] == ["segctl_b"]
    assert status(living.runner, AT).live == 1
    assert living.apply(NEXT).generation == 2


def test_an_empty_slot_that_sleeps_is_in_nobodys_way(living: Place) -> None:
    """What nft 1.0.6 lists of it is no JSON."""
    living.nft("add table inet segctl_b { flags dormant; }")
    assert living.apply(NEW).generation == 2


def test_somebody_elses_empty_table_that_sleeps_is_told(living: Place) -> None:
    living.nft("add table inet zzz { flags dormant; }")
    with pytest.raises(CannotApply) as refused:
        living.apply(NEW)
    assert "sleeps and is empty" in refused.value.help
    found = status(living.runner, AT)
    assert found.live == 1 and any("sleeps and is empty" in line for line in found.drift)
