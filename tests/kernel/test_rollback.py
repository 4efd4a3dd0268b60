"""rollback wakes what was applied, or nothing: a generation that somebody edited in its sleep is loaded anew."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from segctl.apply import CannotApply, NotApplied, RolledBack, Wish, roll_back, roll_back_to
from segctl.apply.job import Proving
from segctl.apply.overrides import quarantine
from segctl.apply.verify import meant
from segctl.policy import Policy
from segctl.store import Kept, Standing, state_of
from segctl.store.state import root
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place, at, compiled

pytestmark = pytest.mark.kernel
EDITS = ("insert rule inet segctl_a forward accept", "flush map inet segctl_a numbers",
         "flush chain inet segctl_a decide",
         "add chain inet segctl_a c { type filter hook forward priority -5; policy accept; }")  # fmt: skip


def meaning(kept: Kept) -> Policy:
    return compiled(OLD if "old" in {one.name for one in kept.rules.meanings.values()} else NEW)[0]


def back_to(place: Place, number: int) -> RolledBack:
    return roll_back_to(place.runner, number, datetime.now(UTC), Wish(proving=Proving.LEFT_OUT), meaning)


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    """Generation 2 is live, 1 sleeps."""
    made = Place(namespace())
    made.apply(OLD)
    made.apply(NEW)
    return made


def test_what_was_edited_in_its_sleep_is_not_woken(place: Place) -> None:
    before = place.held()
    for edit in EDITS:
        place.nft(edit)
        with pytest.raises(CannotApply, match="but isn't as it was applied") as failed:
            roll_back(place.runner)
        assert "`segctl rollback 1`" in failed.value.help and place.held() == before
    assert back_to(place, 1).generation == 1
    live = place.held()
    assert live and before and live[1].elements == place_of(OLD, place)
    assert back_to(place, 2).generation == 2 and place.held() is not None


def place_of(text: str, place: Place) -> dict[str, str]:
    """What a site's rules hold, from the compiler."""
    return meant(compiled(text)[1], "segctl_a", 1, datetime.now(UTC)).elements


def test_edited_between_the_look_and_the_flip(place: Place) -> None:
    """The flip asks for the generation's number alone: what happens in these milliseconds is drift, and told."""
    before = place.held()
    with pytest.raises(NotApplied):
        roll_back(place.runner, told=at("flip", lambda: place.nft("delete chain inet segctl_a gen_00000001")))
    assert place.held() == before
    with state_of(place.runner) as state:
        assert state and state.standing() == Standing(2)


def test_a_kept_one_that_is_lost_keeps_nobody_from_the_flip(place: Place) -> None:
    for name in ("rules", "side", "about"):
        (root() / place.runner.key / "generations" / f"000001.{name}").write_bytes(b"")
    quarantine(place.runner, "10.96.1.9", 0, "its exceptions stay those of generation 2")
    assert roll_back(place.runner).generation == 1


def test_exceptions_of_an_older_form_stop_no_flip(place: Place) -> None:
    """What isn't understood any more is left as it is."""
    quarantine(place.runner, "10.96.1.9", 0, "why")
    with state_of(place.runner) as state:
        kept = state.generations.read(1) if state else None
        assert state and kept
        side = replace(kept.rules.side, exceptions=kept.rules.side.exceptions.replace("remedy", "spare_me"))
        state.generations.keep(replace(kept, rules=replace(kept.rules, side=side)))
    assert roll_back(place.runner).generation == 1
