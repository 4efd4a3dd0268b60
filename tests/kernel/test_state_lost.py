"""What is kept was damaged: what lives lives on, each command says what is wrong, and there is a way out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segctl.apply import CannotApply, Wish, roll_back
from segctl.apply import apply as apply_rules
from segctl.apply.boot import boot
from segctl.apply.confirm import confirm
from segctl.apply.history import history
from segctl.apply.job import Proving
from segctl.apply.overrides import overrides, panic, quarantine, release
from segctl.apply.remove import remove
from segctl.apply.status import status
from segctl.cli.exits import exit_code
from segctl.store import Damaged, Newer, Standing, state_of
from segctl.store.state import root
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place, compiled
from tests.sites import AT

pytestmark = pytest.mark.kernel


class Kept(Place):
    """A place whose state lies where it can be damaged."""

    @property
    def folder(self) -> Path:
        return root() / self.runner.key

    def damage(self, name: str) -> None:
        path = self.folder / name
        data = path.read_bytes()
        path.write_bytes(data[:-30] + b"x" + data[-29:])

    @contextmanager
    def damaged(self, name: str) -> Iterator[None]:
        """For the length of a block; what else was written meanwhile stays."""
        data = (self.folder / name).read_bytes()
        self.damage(name)
        yield
        (self.folder / name).write_bytes(data)

    def replace(self, text: str) -> int:
        """Apply with a reason."""
        wish = Wish(proving=Proving.LEFT_OUT, replace="the state was lost")
        return apply_rules(self.runner, *compiled(text), AT, wish).generation

    def standing(self) -> Standing:
        with state_of(self.runner) as state:
            assert state
            return state.standing()


@pytest.fixture
def place(namespace: MakeNamespace) -> Kept:
    """Generation 2 lives there, 1 sleeps, one address is held, and something was counted."""
    made = Kept(namespace())
    made.apply(OLD)
    made.apply(NEW)
    quarantine(made.runner, "10.96.1.9", 0, "why")
    with state_of(made.runner) as state:
        assert state
        state.keep_hits({("flow", "old"): 7})
    return made


GENERATION = tuple(f"generations/000002.{end}" for end in ("about", "rules", "side"))
FILES = ("standing", "overrides", "hits", *GENERATION)


def test_status_and_history_tell_it(place: Kept) -> None:
    for name in FILES:
        with place.damaged(name):
            found = status(place.runner, AT)
            assert found.live == 2
            assert [line for line in found.drift if name in line and "cut off or changed" in line], found.drift
            assert [one.number for one in history(place.runner).generations] == [2, 1]


def test_it_can_be_rolled_back(place: Kept) -> None:
    for name in FILES:
        place.damage(name)
    assert roll_back(place.runner).generation == 1
    assert place.standing() == Standing(1)


def test_apply_goes_on_with_a_reason_only(place: Kept) -> None:
    before = place.held()
    for name in ("standing", "generations/000002.about"):
        place.damage(name)
        with pytest.raises((Damaged, CannotApply)) as refused:
            place.apply(OLD)
        assert exit_code(refused.value) == 3 and "--replace REASON" in getattr(refused.value, "help", "")
    assert place.held() == before
    assert place.replace(OLD) == 3
    assert place.standing() == Standing(3)


def test_an_apply_that_fails_leaves_a_damaged_standing_as_it_is(place: Kept) -> None:
    """Else nothing would be loaded at boot: so it stays closed."""
    place.damage("standing")
    data = (place.folder / "standing").read_bytes()
    wish = Wish(proving=Proving.LEFT_OUT, replace="the state was lost")

    def meddle(step: str) -> None:
        if step == "tidy":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_rules(place.runner, *compiled(OLD), AT, wish, told=meddle)
    assert (place.folder / "standing").read_bytes() == data


def test_apply_just_goes_on_where_the_rest_is_damaged(place: Kept) -> None:
    for name in ("generations/000002.rules", "generations/000002.side", "hits"):
        place.damage(name)
    assert place.apply(OLD).generation == 3


def test_with_damaged_overrides_nothing_changes_but_by_release_all(place: Kept) -> None:
    place.damage("overrides")
    acts: tuple[Callable[[], object], ...] = (
        lambda: place.apply(OLD),
        lambda: quarantine(place.runner, "10.96.1.10", 0, "why"),
        lambda: panic(place.runner, 0, "why"),
        lambda: release(place.runner, "10.96.1.9", "why"),
    )
    for act in acts:
        with pytest.raises(Damaged) as refused:
            act()
        assert "segctl release all" in refused.value.help
    release(place.runner, "all", "it was damaged")
    assert "segctl_hold" not in {one.name for one in place.tables()}
    assert quarantine(place.runner, "10.96.1.10", 0, "why").id == 1
    assert place.apply(OLD).generation == 3


def test_release_all_mends_damaged_overrides_where_nothing_is_held(place: Kept) -> None:
    release(place.runner, "10.96.1.9", "clean")
    assert "segctl_hold" not in {one.name for one in place.tables()}
    place.damage("overrides")
    assert release(place.runner, "all", "it was damaged") == ()
    assert quarantine(place.runner, "10.96.1.10", 0, "why").id == 1


def test_it_can_be_removed(place: Kept) -> None:
    place.damage("standing")
    place.damage("overrides")
    remove(place.runner, closed=True, at=datetime.now(UTC), why="moved")
    assert {one.name for one in place.tables()} == {"segctl_hold"}
    assert not remove(place.runner, closed=False, at=datetime.now(UTC), why="moved").closed
    assert place.tables() == set()


def test_boot_closes(place: Kept) -> None:
    for name in ("standing", "overrides", *GENERATION):
        with place.damaged(name):
            place.nft("flush ruleset")
            done = boot(place.runner, datetime.now(UTC))
            assert done.generation is None and name in done.closed and done.managed
            assert {one.name for one in place.tables()} == {"segctl_hold"}
    assert boot(place.runner, datetime.now(UTC)).generation == 2


def test_confirm_is_refused_and_a_newer_state_is_nobodys_to_change(place: Kept) -> None:
    with place.damaged("standing"), pytest.raises(Damaged):
        confirm(place.runner)
    path = place.folder / "standing"
    path.write_bytes(path.read_bytes().replace(b" 1 ", b" 2 ", 1))
    data = path.read_bytes()
    for act in (lambda: place.apply(OLD), lambda: place.replace(OLD)):
        with pytest.raises(Newer):
            act()
    assert path.read_bytes() == data and status(place.runner, AT).live == 2
    with state_of(place.runner) as state:
        assert state and [one.words for one in overrides(place.runner, state)] == [("10.96.1.9",)]
