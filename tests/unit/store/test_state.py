"""What is kept of a point, written and read back; whatever else lies there is told as damaged."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segctl.runner import Netns
from segctl.store import About, Damaged, Kept, Newer, Pending, Standing, State, Unsafe, state_of
from segctl.store.files import Folder
from segctl.store.generation import KEPT
from segctl.store.origin import Commit, who
from segctl.store.overrides import Override, OverrideKind
from segctl.store.plain import to_plain
from segctl.store.sealed import seal_json
from tests.odd import ODD
from tests.unit.store.test_plain import RULES, same

FILES = {"segctl.yaml": b"version: 1\n" * 50, "parts/a b.csv": b"\xff\0"}


def about(number: int) -> About:
    return About(
        number, "gw", "shop", "f" * 64, Commit("a" * 40, True), 1_800_000_000_000, who(), "d" * 64, "proven", 7
    )


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    monkeypatch.setenv("SEGCTL_STATE", str(tmp_path / "state"))
    with state_of(Netns("place")) as made:
        assert made is not None
        yield made


def put(state: State, name: str, kind: str, value: Any) -> None:
    """Sealed rightly, whatever it says; not flushed, as that takes its time."""
    path = state.folder.path / name
    path.touch(0o600)
    path.write_bytes(seal_json(kind, value))


# -- what was written comes back --------------------------------------------------------------------------------------


def test_where_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGCTL_STATE", str(tmp_path / "state"))
    with state_of(Netns("place"), make=False) as none:
        assert none is None
    with state_of(Netns("place")) as made:
        assert made and made.standing() == Standing() and made.hits() == {}
        assert made.generations.numbers() == [] and made.overrides.all() == () and made.journal.lines() == []
    with state_of(Netns("other"), make=False) as none:
        assert none is None


@pytest.mark.parametrize(
    "standing",
    [
        Standing(),
        Standing(7),
        Standing(None, None, True),
        Standing(7, Pending(8, 7, 1 << 50, "b" * 36, 4711)),
        Standing(None, Pending(1, None, 0, "")),
    ],
)
def test_standing(state: State, standing: Standing) -> None:
    state.stand(standing)
    assert state.standing() == standing


def test_hits(state: State) -> None:
    hits = {("flow", "orders"): 1 << 40, ("management", ""): 0}
    state.keep_hits(hits)
    assert state.hits() == hits


def test_overrides(state: State) -> None:
    some = (
        Override(1, OverrideKind.QUARANTINE, ("web1",), "INC", "ann as root", 5, 0, (7, (1 << 128) + 7), ("a", "b")),
        Override(2, OverrideKind.PANIC, (), "INC", "root", 5, 99),
    )
    state.overrides.write(some)
    assert state.overrides.all() == some
    assert state.overrides.active(98) == some and state.overrides.active(99) == some[:1]


def test_a_generation(state: State) -> None:
    kept = Kept(about(7), RULES, FILES)
    state.generations.keep(kept)
    found = state.generations.read(7)
    assert found and found.about == kept.about and found.files == FILES and same(found.rules, RULES)
    assert state.generations.side(7) == RULES.side and state.generations.numbers() == [7]
    assert (
        state.generations.read(8) is None and state.generations.about(8) is None and state.generations.side(8) is None
    )
    state.generations.note(replace(kept.about, proof="different"))
    assert state.generations.about(7) == replace(kept.about, proof="different")
    state.generations.forget(7)
    assert state.generations.numbers() == [] and state.generations.read(7) is None


def test_what_else_lies_there_is_no_generation(state: State) -> None:
    for name in ("²²²²²².about", "x.about", ".about", "000001.about.new", "000001.rules", "-00001.about"):
        (state.folder.path / "generations" / name).touch(0o600)
    assert state.generations.numbers() == []


def test_the_newest_stay_and_those_that_are_needed(state: State) -> None:
    for number in range(1, KEPT + 6):
        state.generations.keep(Kept(about(number), RULES))
    state.generations.prune({2, 4})
    assert state.generations.numbers() == [2, 4, *range(6, KEPT + 6)]


# -- whole or not at all ----------------------------------------------------------------------------------------------


def killed_before(call: int, act: Callable[[], None]) -> bool:
    """Do it in a process that dies before its n-th change of a folder; whether it came so far."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == signal.SIGKILL
    left = [call]

    def dying(right: Callable[..., None]) -> Callable[..., None]:
        def counted(*words: object) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            right(*words)

        return counted

    for name in ("write", "remove", "append"):
        setattr(Folder, name, dying(getattr(Folder, name)))
    try:
        act()
    finally:
        os._exit(0)


@pytest.mark.parametrize("there", [False, True], ids=["anew", "over one of that number"])
def test_killed_half_way_a_generation_is_whole_or_none(state: State, there: bool) -> None:
    first, other = Kept(about(7), RULES, FILES), Kept(replace(about(7), site="other"), replace(RULES, point="x"), {})
    call = 1
    while True:
        state.generations.forget(7)
        if there:
            state.generations.keep(first)
        if not killed_before(call, lambda: state.generations.keep(other)):
            break
        found = state.generations.read(7)
        assert found is None or (there and call == 1)
        assert state.generations.numbers() == ([] if found is None else [7])
        call += 1
    found = state.generations.read(7)
    assert call == 5 and found and found.about == other.about and found.rules.point == "x"


# -- damaged ----------------------------------------------------------------------------------------------------------


def test_a_generation_under_another_number(state: State) -> None:
    state.generations.keep(Kept(about(7), RULES))
    folder = state.folder.path / "generations"
    for end in ("about", "side", "rules"):
        (folder / f"000007.{end}").rename(folder / f"000009.{end}")
    with pytest.raises(Damaged, match="generation 7"):
        state.generations.about(9)


@pytest.mark.parametrize("end", ["rules", "side"])
def test_a_generation_with_a_part_missing(state: State, end: str) -> None:
    state.generations.keep(Kept(about(7), RULES))
    (state.folder.path / "generations" / f"000007.{end}").unlink()
    assert state.generations.read(7) is None


def test_a_site_larger_than_sites_are(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.generations.keep(Kept(about(7), RULES, {"a": b"0" * 400, "b": b"0" * 400}))
    assert state.generations.read(7)
    monkeypatch.setattr("segctl.store.generation._SITE_MOST", 700)
    with pytest.raises(Damaged, match="larger"):
        state.generations.read(7)


@pytest.mark.parametrize("packed", ["eAE=", "", "AAAA", "é", 7, None, "eAEDAAAAAAE=eAEDAAAAAAE="])
def test_a_site_file_that_is_none(state: State, packed: object) -> None:
    state.generations.keep(Kept(about(7), RULES))
    put(state, "generations/000007.rules", "rules", {"rules": to_plain(RULES), "files": {"segctl.yaml": packed}})
    with pytest.raises(Damaged):
        state.generations.read(7)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=9)
        | st.dictionaries(st.sampled_from(["confirmed", "pending", "closed", "generation", "boot", "id", "x"]), inner)
    ),
    max_leaves=8,
)


ABOUT: dict[str, Any] = json.loads(json.dumps(asdict(about(7))))
PENDING = {"generation": 8, "before": 7, "deadline": 9, "boot": "b", "guard": 1}
OVERRIDE = {"id": 1, "kind": "panic", "words": ["x"], "why": "", "who": "", "since": 1, "until": 0, "addresses": [7],
            "beside": []}  # fmt: skip
WITHIN: dict[str, Callable[[Any, int], Any]] = {  # a value somewhere in what is right
    "anything": lambda value, at: value,
    "confirmed": lambda value, at: {"confirmed": value, "pending": None, "closed": False},
    "pending": lambda value, at: {"confirmed": 7, "pending": with_one(PENDING, at, value), "closed": False},
    "a count": lambda value, at: [["flow", "a", value]],
    "an override": lambda value, at: [with_one(OVERRIDE, at, value)],
    "a few words": lambda value, at: with_one(ABOUT, at, value),
}


def with_one(right: dict[str, Any], at: int, value: Any) -> dict[str, Any]:
    """The same with another value at one of its keys."""
    return right | {sorted(right)[at % len(right)]: value}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(WITHIN)), values, st.integers(0, 99))
def test_anything_sealed_rightly(state: State, what: str, value: Any, at: int) -> None:
    """It says what may be said there, or is damaged; never anything else."""
    said = WITHIN[what](value, at)
    for name, kind in (
        ("standing", "standing"),
        ("hits", "hits"),
        ("overrides", "overrides"),
        ("generations/000007.about", "generation"),
        ("generations/000007.side", "side"),
    ):
        put(state, name, kind, said)
        try:
            READERS[name](state)
        except Damaged as error:
            assert str(state.folder.path / name) in str(error) and error.exit_code == 3


READERS: dict[str, Callable[[State], object]] = {
    "standing": lambda state: state.standing(),
    "hits": lambda state: state.hits(),
    "overrides": lambda state: state.overrides.all(),
    "generations/000007.about": lambda state: state.generations.about(7),
    "generations/000007.side": lambda state: state.generations.side(7),
    "generations/000007.rules": lambda state: state.generations.read(7),
}


@pytest.fixture
def full(state: State) -> State:
    """One of each."""
    state.stand(Standing(7))
    state.keep_hits({("flow", "a"): 1})
    state.overrides.write((Override(1, OverrideKind.PANIC, (), "w", "root", 1),))
    state.generations.keep(Kept(about(7), RULES, FILES))
    return state


@pytest.mark.parametrize("name", READERS)
def test_each_file_cut_off_turned_or_newer(full: State, name: str) -> None:
    path, read = full.folder.path / name, READERS[name]
    data = path.read_bytes()
    read(full)
    for damaged in (
        b"",
        data[:10],
        data[: len(data) // 2],
        data[:-1],
        data[:-20] + bytes([data[-20] ^ 4]) + data[-19:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(Damaged, match=path.name):
            read(full)
    path.write_bytes(data.replace(b" 1 ", b" 2 ", 1))
    with pytest.raises(Newer, match=path.name):
        read(full)


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("name", READERS)
def test_each_file_somebody_elses(full: State, name: str, what: str) -> None:
    path = full.folder.path / name
    path.unlink()
    ODD[what](path)
    with pytest.raises(Unsafe, match=path.name):
        READERS[name](full)
