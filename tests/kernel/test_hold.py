"""quarantine, panic and release as the kernel and the disk hold them; `tests/packets/test_hold.py` sends packets."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segctl.apply import CannotApply, NotApplied, roll_back
from segctl.apply import overrides as acts
from segctl.apply.drift import compared
from segctl.apply.hold import TABLE, holding
from segctl.apply.overrides import HOLD, RELEASE, grant, panic, quarantine, release
from segctl.apply.permits import said_traffic
from segctl.apply.remove import remove
from segctl.apply.slots import read_slots
from segctl.apply.status import status
from segctl.cli.main import run
from segctl.load import parse_service
from segctl.model.ranges import Ranges, parse_address
from segctl.model.service import TCP, traffic
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.store import state_of
from segctl.store.overrides import Override, OverrideKind
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, NEXT, OLD, Place, compiled
from tests.kernel.wrapped import only
from tests.sites import AT

pytestmark = pytest.mark.kernel
MANAGED = OLD.replace("flows:", """management:
  - {{from: a, services: [tcp/22]}}
flows:""".replace("{{", "{").replace("}}", "}"))  # fmt: skip


class Holding(Place):
    """A place, and what is held there."""

    def held_back(self) -> dict[str, list[str]]:
        found = holding(self.runner, acts.now())
        return {name: sorted(key.hex() for key in keys) for name, keys in found.items() if keys}

    def noted(self) -> tuple[Override, ...]:
        with state_of(self.runner) as state:
            assert state
            return state.overrides.all()

    def journal(self) -> list[tuple[str, str]]:
        with state_of(self.runner) as state:
            assert state
            return [(line["doing"], line["state"]) for line in state.journal.lines()]

    def drift(self) -> tuple[str, ...]:
        with state_of(self.runner) as state:
            return compared(self.runner, state, read_slots(self.runner), datetime.now(UTC))[1]


@pytest.fixture
def place(namespace: MakeNamespace) -> Holding:
    """Generation 1 is live."""
    made = Holding(namespace())
    made.apply(OLD)
    return made


NINE = {"held4": ["0a600109"]}


def test_held_and_released(place: Holding) -> None:
    made = quarantine(place.runner, "10.96.1.9", 0, "beacons")
    assert (made.id, place.held_back(), place.noted()) == (1, NINE, (made,))
    more = quarantine(place.runner, "fd96:1::9", acts.now() + 60_000, "too")
    assert place.held_back() == NINE | {"held6": ["fd960001000000000000000000000009"]}
    panic(place.runner, 0, "worse")
    assert place.held_back()["panic"] == ["02", "0a"] and len(place.noted()) == 3
    assert place.drift() == () and len(status(place.runner, datetime.now(UTC)).overrides) == 3
    assert release(place.runner, "panic", "better") and "panic" not in place.held_back()
    assert release(place.runner, str(more.id), "clean") == (more,) and place.held_back() == NINE
    assert release(place.runner, "10.96.1.9", "clean") == (made,)
    assert place.held_back() == {} and TABLE not in {one.name for one in place.tables()}
    assert place.journal()[-8:] == [
        *[("panic", "begun"), ("panic", "done")],
        *[("release", "begun"), ("release", "done")] * 3,
    ]


def test_what_is_held_twice_is_held_for_the_longer(place: Holding) -> None:
    end = acts.now() + 60_000
    quarantine(place.runner, "10.96.1.9", end, "a")
    quarantine(place.runner, "10.96.1.9", end + 60_000, "b")
    (left,) = holding(place.runner, acts.now())["held4"].values()
    assert abs(left - end - 60_000) < 2000
    release(place.runner, "2", "b is over")
    (left,) = holding(place.runner, acts.now())["held4"].values()
    assert abs(left - end) < 2000


def test_it_stays_over_apply_and_rollback(place: Holding) -> None:
    quarantine(place.runner, "10.96.1.9", 0, "why")
    place.apply(NEW)
    assert place.held_back() == NINE
    roll_back(place.runner)
    assert place.held_back() == NINE and place.drift() == ()
    roll_back(place.runner)
    place.apply(NEXT)
    assert place.held_back() == NINE and place.drift() == ()


def test_nobody_is_named_so(place: Holding) -> None:
    for words in ("web9", "10.96.1", "10.96.1.0/24", ""):
        with pytest.raises(acts.WrongTarget) as failed:
            quarantine(place.runner, words, 0, "why")
        assert failed.value.exit_code == 2
    with pytest.raises(CannotApply, match="nothing like 'web9' holds"):
        release(place.runner, "web9", "why")
    assert place.noted() == () and place.held_back() == {}


def test_an_address_as_a_socket_of_both_families_says_it(place: Holding) -> None:
    """Logs of many programs say ::ffff:10.96.1.9 (RFC 4291, 2.5.5.2): no packet has that, and it is meant as IPv4."""
    assert quarantine(place.runner, "::ffff:10.96.1.9", 0, "why").words == ("::ffff:10.96.1.9",)
    assert place.held_back() == NINE
    assert release(place.runner, "::ffff:10.96.1.9", "why") and place.held_back() == {}


def test_where_nothing_is_live_nothing_is_held(namespace: MakeNamespace) -> None:
    place = Holding(namespace())
    with pytest.raises(CannotApply, match="no generation that is kept is live"):
        quarantine(place.runner, "10.96.1.9", 0, "why")
    assert place.tables() == set()


# -- management -------------------------------------------------------------------------------------------------------


def test_the_last_source_of_management_is_not_held_unless_that_is_meant(namespace: MakeNamespace) -> None:
    place = Holding(namespace())
    place.apply(MANAGED.replace("from: a,", "from: 10.96.1.7,"))
    with pytest.raises(CannotApply, match="the last source of management") as failed:
        quarantine(place.runner, "10.96.1.7", 0, "why")
    assert "--even-management" in failed.value.help and place.held_back() == {}
    quarantine(place.runner, "10.96.1.8", 0, "why")
    quarantine(place.runner, "10.96.1.7", 0, "why", even_management=True)
    assert place.held_back() == {"held4": ["0a600107", "0a600108"]}


def test_one_after_another_until_the_last(namespace: MakeNamespace) -> None:
    place = Holding(namespace())
    place.apply(MANAGED.replace("from: a,", "from: [10.96.1.7, 10.96.1.8],"))
    quarantine(place.runner, "10.96.1.7", 0, "why")
    with pytest.raises(CannotApply, match="the last source"):
        quarantine(place.runner, "10.96.1.8", 0, "why")


@pytest.mark.parametrize("target", ["10.96.1.7", "10.96.1.1"])
def test_not_the_session_that_asks_nor_where_it_ends(
    place: Holding, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sshd(8): SSH_CONNECTION is the client's address and port, then the server's."""
    monkeypatch.setenv("SSH_CONNECTION", "10.96.1.7 50000 10.96.1.1 22")
    with pytest.raises(CannotApply, match="this session") as failed:
        quarantine(place.runner, target, 0, "why")
    assert "--even-management" in failed.value.help and place.held_back() == {}
    quarantine(place.runner, target, 0, "why", even_management=True)


# -- trouble ----------------------------------------------------------------------------------------------------------


def test_without_conntrack_it_is_held_all_the_same(
    place: Holding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it passes; only what it had open may go on once it is released, and that is said."""
    monkeypatch.setenv("PATH", only(tmp_path / "bin", "nft"))
    monkeypatch.setattr("segctl.runner.here._SYSTEM", ())
    said: list[str] = []
    quarantine(place.runner, "10.96.1.9", 0, "why", warn=said.append)
    assert place.held_back() == NINE and len(said) == 1 and "conntrack isn't installed" in said[0]


EDITS = {
    "its chains are emptied": "flush table inet segctl_hold",
    "one chain is emptied": "flush chain inet segctl_hold ask",
    "everything is accepted first": "insert rule inet segctl_hold ask accept",
    "a chain of its exceptions has more": "add rule inet segctl_hold needs_in accept",
    "it sleeps": "add table inet segctl_hold { flags dormant; }",
}


@pytest.mark.parametrize("what", EDITS)
def test_a_table_that_somebody_edited_is_noticed_and_mended(place: Holding, what: str) -> None:
    quarantine(place.runner, "10.96.1.9", 0, "why")
    assert place.drift() == ()
    place.nft(EDITS[what])
    assert any("segctl_hold" in line for line in place.drift())
    quarantine(place.runner, "10.96.1.10", 0, "why")
    assert place.drift() == () and place.held_back() == {"held4": ["0a600109", "0a60010a"]}


def test_apply_mends_it_too(place: Holding) -> None:
    quarantine(place.runner, "10.96.1.9", 0, "why")
    edits = (EDITS["its chains are emptied"], "delete table inet segctl_hold", "flush set inet segctl_hold held4")
    for edit in edits:
        place.nft(edit)
        assert place.drift()
        place.apply(NEW)
        assert place.drift() == () and place.held_back() == NINE


@pytest.mark.parametrize("where", [step.name for step in HOLD[1:]])
def test_interrupted_nothing_is_held(place: Holding, where: str) -> None:
    def interrupt(step: str) -> None:
        if step == where:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quarantine(place.runner, "10.96.1.9", 0, "why", told=interrupt)
    assert place.held_back() == {} and place.noted() == ()


@pytest.mark.parametrize("where", [step.name for step in RELEASE[1:]])
def test_a_release_that_is_interrupted_releases_nothing(place: Holding, where: str) -> None:
    made = quarantine(place.runner, "10.96.1.9", 0, "why")

    def interrupt(step: str) -> None:
        if step == where:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        release(place.runner, "1", "why", told=interrupt)
    assert place.held_back() == NINE and place.noted() == (made,)


@pytest.mark.parametrize("act", ["quarantine", "release"])
@pytest.mark.parametrize("at", range(1, 5))
def test_killed_half_way_the_same_command_again_does_it(place: Holding, act: str, at: int) -> None:
    steps = HOLD if act == "quarantine" else RELEASE
    if act == "release":
        quarantine(place.runner, "10.96.1.9", 0, "why")

    def do(told: Callable[[str], None] = lambda step: None) -> None:
        if act == "quarantine":
            quarantine(place.runner, "10.96.1.9", 0, "why", told=told)
        else:
            release(place.runner, "10.96.1.9", "why", told=told)

    child = os.fork()
    if not child:
        left = [at]

        def told(step: str) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), 9)

        do(told)
        os._exit(0)
    died = os.waitpid(child, 0)[1] == 9
    assert died == (at <= len(steps))
    if died:
        do()
    assert place.held_back() == (NINE if act == "quarantine" else {}) and place.drift() == ()


def test_what_is_noted_and_nowhere_held_can_be_released(place: Holding) -> None:
    """After somebody's flush: no generation is live, nothing is held, and the disk still says so."""
    quarantine(place.runner, "10.96.1.9", 0, "why")
    place.nft("flush ruleset")
    assert release(place.runner, "10.96.1.9", "why") and place.noted() == () and place.tables() == set()


def test_removed_it_is_gone(place: Holding) -> None:
    quarantine(place.runner, "10.96.1.9", 0, "why")
    remove(place.runner, closed=False, at=AT, why="moved")
    assert place.tables() == set() and place.noted() == ()


# -- grants -----------------------------------------------------------------------------------------------------------

WIDER = NEW.replace("points:", '  c: {strictness: strict, members: ["10.96.3.0/24"]}\npoints:').replace(
    "segments: [b]", "segments: [b, c]"
)
SSH = Ranges.single(traffic(4, TCP, 22))


def test_a_grant_that_the_sleeping_generation_knows_nothing_of(place: Holding) -> None:
    place.apply(WIDER)
    grant(place.runner, ("a", "c", "tcp/22"), SSH, acts.now() + 60_000, "why")
    assert place.drift() == ()
    assert roll_back(place.runner).generation == 1
    assert place.drift() == ()
    assert roll_back(place.runner).generation == 2
    assert place.drift() == ()
    release(place.runner, "1", "why")
    assert place.drift() == ()


@pytest.mark.parametrize("at", range(1, 4))
def test_a_grants_release_killed_half_way(place: Holding, at: int) -> None:
    place.apply(NEW)
    grant(place.runner, ("a", "b", "tcp/22"), SSH, acts.now() + 60_000, "why")
    child = os.fork()
    if not child:
        left = [at]

        def told(step: str) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), 9)

        release(place.runner, "1", "why", told=told)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 9
    assert release(place.runner, "1", "why")
    assert place.drift() == ()
    roll_back(place.runner)
    assert place.drift() == ()


def test_the_kernel_says_when_it_is_full(place: Holding) -> None:
    """Of 65,536 addresses that can be held (templates/nftables/holding.nft.j2)."""
    side = compiled(OLD)[1].side
    first = parse_address("10.97.0.0")
    many = Override(1, OverrideKind.QUARANTINE, ("x",), "", "", 1, 0, tuple(range(first, first + 65_537)))
    with pytest.raises(NotApplied, match="Too many open files"), state_of(place.runner) as state:
        assert state
        acts._carried_out(acts.Change(place.runner, state, "quarantine", side, (), (many,)), lambda step: None)
    assert place.noted() == () and place.held_back() == {}


def test_a_service_of_the_site_that_is_live_can_be_granted(place: Holding, capsys: pytest.CaptureFixture[str]) -> None:
    """As that one means it, whatever its name is elsewhere."""
    words = ("--for", "1m", "--why", "why", "--netns", place.runner.name)
    assert run(["-q", "grant", "a", "b", "reports", *words]) == 2
    assert "there is no service 'reports'" in capsys.readouterr().err
    place.apply("services: {reports: [tcp/22], ssh: [tcp/2222]}\n" + NEW)
    for name in ("reports", "ssh", "https"):
        assert run(["-q", "grant", "a", "b", name, *words]) == 0
    nothing = Site("", Span("-", 1, 1), {}, {})
    meant = [said_traffic(parse_service(one, nothing).traffic) for one in ("tcp/22", "tcp/2222", "https")]
    assert [one.words[3] for one in place.noted()] == meant
