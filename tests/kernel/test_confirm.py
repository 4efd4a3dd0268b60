"""apply --confirm: a guard of its own takes back what nobody confirms, whatever became of the session that began it."""

import os
import pty
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from segctl.apply import Applied, CannotApply, Wish, roll_back, roll_back_to
from segctl.apply import apply as apply_rules
from segctl.apply.confirm import confirm, stand_guard
from segctl.apply.history import history
from segctl.apply.job import Proving
from segctl.apply.slots import read_slots
from segctl.apply.status import status
from segctl.store import Pending, Standing, state_of
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place, at, compiled
from tests.sites import AT

pytestmark = pytest.mark.kernel
SOON, LATE = 1.5, 600.0


class Guarded(Place):
    """A place, and the guards that stand there."""

    def apply_for(self, text: str, seconds: float, told: Callable[[str], None] = lambda step: None) -> Applied:
        wish = Wish(proving=Proving.LEFT_OUT, confirm=seconds)
        return apply_rules(self.runner, *compiled(text), AT, wish, told=told)

    def standing(self) -> Standing:
        with state_of(self.runner) as state:
            assert state
            return state.standing()

    def pending(self) -> Pending:
        found = self.standing().pending
        assert found
        return found

    def live(self) -> int | None:
        slot = read_slots(self.runner).live
        return slot.generation if slot else None


@pytest.fixture
def place(namespace: MakeNamespace) -> Iterator[Guarded]:
    """Generation 1 is confirmed. No guard outlives the test."""
    made = Guarded(namespace())
    made.apply(OLD)
    yield made
    if (waiting := made.standing().pending) is not None and waiting.guard:
        os.kill(waiting.guard, signal.SIGKILL)


def until(there: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(process: int) -> bool:
    """It has ended; as a child of ours, it may wait to be asked for."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_confirmed_in_time_it_stays(place: Guarded) -> None:
    before = place.held()
    done = place.apply_for(NEW, LATE)
    waiting = place.pending()
    assert (waiting.generation, waiting.before) == (2, 1) and place.standing().confirmed == 1
    found = status(place.runner, AT)
    assert found.waiting and found.waiting.guarded and LATE - 60 < found.waiting.seconds <= LATE
    with pytest.raises(CannotApply, match=r"generation 2 .* waits for its confirmation") as refused:
        place.apply(OLD)
    assert "segctl confirm" in refused.value.help and "segctl rollback" in refused.value.help
    assert confirm(place.runner).generation == done.generation == 2
    assert place.standing() == Standing(2) and place.live() == 2 and place.held() != before
    until(lambda: gone(waiting.guard))
    assert confirm(place.runner).generation == 2  # once more, and nothing changes
    assert place.standing() == Standing(2)


def test_not_confirmed_it_is_taken_back(place: Guarded) -> None:
    before = place.held()
    place.apply_for(NEW, SOON)
    guard = place.pending().guard
    until(lambda: gone(guard))
    assert place.held() == before and place.standing() == Standing(1)
    with state_of(place.runner) as state:
        assert state
        last = state.journal.lines()[-1]
    assert (last["doing"], last["state"], last["why"]) == ("guard", "done", "2 was not confirmed")
    with pytest.raises(CannotApply, match=r"too late: .*2 was not confirmed, and was taken back"):
        confirm(place.runner)
    with pytest.raises(CannotApply, match=r"generation 2, which sleeps .*, was taken back at 20") as refused:
        roll_back(place.runner)
    assert "`segctl rollback 2`" in refused.value.help and place.held() == before
    marks = {one.number: one.mark for one in history(place.runner).generations}
    assert marks == {1: "live", 2: "taken back: nobody confirmed it"}
    wish = Wish(proving=Proving.LEFT_OUT)
    assert roll_back_to(place.runner, 2, AT, wish, lambda kept: compiled(NEW)[0]).generation == 2
    assert roll_back(place.runner).generation == 1 and roll_back(place.runner).generation == 2  # it was gone to by then
    place.apply(OLD)
    assert confirm(place.runner).generation == 3
    assert [one.mark for one in history(place.runner).generations] == ["live", "", ""], "it was gone to since"


def test_the_first_is_put_to_sleep(namespace: MakeNamespace) -> None:
    place = Guarded(namespace())
    assert place.apply_for(OLD, SOON).generation == 1
    until(lambda: place.live() is None and place.standing() == Standing())
    assert [one.name for one in place.tables() if one.dormant] == ["segctl_a"]


def test_taken_back_by_hand_the_guard_goes(place: Guarded) -> None:
    place.apply_for(NEW, LATE)
    guard = place.pending().guard
    assert roll_back(place.runner).generation == 1
    until(lambda: gone(guard))
    assert place.live() == 1 and place.standing() == Standing(1)


def test_a_change_that_fails_dismisses_it(place: Guarded) -> None:
    before = place.held()
    with pytest.raises(Exception, match="differ"):
        place.apply_for(NEW, LATE, at("read back awake", lambda: place.nft("insert rule inet segctl_b forward accept")))
    assert place.held() == before and place.standing() == Standing(1)


def test_killed_after_the_flip_it_can_be_confirmed(place: Guarded) -> None:
    """Without a guard: it is live, and not what is loaded at boot until somebody says so."""
    child = os.fork()
    if not child:
        place.apply(NEW, lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == "record" else None)
    os.waitpid(child, 0)
    assert place.live() == 2 and place.standing() == Standing(1)
    assert confirm(place.runner).generation == 2 and place.standing() == Standing(2)


def test_a_guard_for_what_is_not_there(place: Guarded) -> None:
    """Of an apply that died before its flip, or that failed: it finds nothing to do."""
    assert stand_guard(place.runner, 2, 0) == "nothing waits for this guard"
    with state_of(place.runner) as state:
        assert state
        state.stand(Standing(1, Pending(2, 1, 0, "another boot")))
    assert stand_guard(place.runner, 2, 0) == "generation 2 was taken back"
    assert place.live() == 1 and place.standing() == Standing(1)


@pytest.mark.parametrize("how", ["the terminal is closed", "the whole session is killed"])
def test_it_outlives_the_session(place: Guarded, how: str, tmp_path: Path) -> None:
    """Typed in a terminal, and that goes: hung up as by a lost connection, or all of it killed."""
    (tmp_path / "segctl.yaml").write_text(f"version: 1\nsite: test\n{NEW}")
    words = ["--quiet", "--site", str(tmp_path), "apply", "--netns", place.runner.name, "--confirm", "4s"]
    before = place.held()
    child, terminal = pty.fork()
    if not child:
        os.execvp("sh", ["sh", "-c", '"$@"; sleep 600', "sh", sys.executable, "-m", "segctl", *words])
    until(lambda: place.live() == 2, 60)
    guard = place.pending().guard
    if how == "the terminal is closed":
        os.close(terminal)
    else:
        session = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and of_session(one, child)]
        assert child in session and guard not in session
        for one in session:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not gone(guard) and place.live() == 2
    until(lambda: place.held() == before)
    until(lambda: place.standing() == Standing(1))


def of_session(process: Path, session: int) -> bool:
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[3]) == session
    except (FileNotFoundError, ProcessLookupError):
        return False
