"""Steps and slots as plain values: what is undone, in which order, and where the next generation goes."""

import pytest

from segctl.apply.slots import Slot, Slots
from segctl.apply.step import Step, run
from segctl.apply.steps import APPLY
from segctl.apply.verify import Held, differences, numbered
from segctl.kernel.image import Chain, Image

A, B = Slot("segctl_a", 4), Slot("segctl_b", 5)
UNPROVED = Slot("segctl_b", None)


@pytest.mark.parametrize(
    ("slots", "free", "generation"),
    [
        (Slots(None, None), "segctl_a", 1),
        (Slots(A, None), "segctl_b", 5),
        (Slots(A, B), "segctl_b", 6),
        (Slots(B, A), "segctl_a", 6),
        (Slots(A, UNPROVED), "segctl_b", 5),
        (Slots(None, B), "segctl_a", 6),
    ],
)
def test_where_the_next_generation_goes(slots: Slots, free: str, generation: int) -> None:
    assert (slots.free, slots.next_generation) == (free, generation)


def test_what_failed_half_way_is_undone_too_the_last_first() -> None:
    done: list[str] = []

    def fail(job: list[str]) -> None:
        raise RuntimeError("half-way")

    steps: list[Step[list[str]]] = [Step("one", lambda job: job.append("one"), lambda job: job.append("not one"))]
    steps += [Step("two", fail, lambda job: job.append("not two"))]
    steps += [Step("three", lambda job: job.append("three"), lambda job: job.append("not three"))]
    told: list[str] = []
    with pytest.raises(RuntimeError, match="half-way"):
        run(steps, done, told.append)
    assert done == ["one", "not two", "not one"]
    assert told == ["one", "two"]


def test_what_is_done_stays() -> None:
    done: list[str] = []
    run([Step("one", lambda job: job.append("one"), lambda job: job.append("not one"))], done, lambda name: None)
    assert done == ["one"]


def test_nothing_is_woken_that_was_not_read_back() -> None:
    names = [step.name for step in APPLY]
    assert (
        names.index("load asleep") < names.index("read back") < names.index("adopt connections") < names.index("flip")
    )
    assert names.index("read back") < names.index("prove asleep") < names.index("flip")
    assert names.index("flip") < names.index("read back awake") < names.index("record")


def image(*chains: str, rules: tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...] = ()) -> Image:
    return Image(tuple(Chain(name) for name in chains), rules, (), ())


WANTED = Held(image("forward", "gen_80000001", rules=(("forward", (("meta", b"1"),)),)), {"live": "x"})


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (WANTED, ()),
        (Held(WANTED.image, {"live": "y"}), ("the elements of live differ",)),
        (Held(WANTED.image, {}), ("the elements of live differ",)),
        (Held(WANTED.image, {"live": "x", "more": ""}), ("the elements of more differ",)),
        (
            Held(image("forward", "gen_80000001", rules=(("forward", (("meta", b"2"),)),)), {"live": "x"}),
            ("the rules of chain forward differ",),
        ),
        (
            Held(image("forward", "gen_00000001", rules=WANTED.image.rules), {"live": "x"}),
            ("chains differ: gen_00000001, gen_80000001",),
        ),
        (Held(image("forward", "gen_80000001"), {"live": "x"}), ("the rules of chain forward differ",)),
    ],
)
def test_differences_are_named(found: Held, says: tuple[str, ...]) -> None:
    assert differences(WANTED, found) == says


def test_the_flip_changes_the_number_and_nothing_else() -> None:
    flipped = numbered(WANTED, 0x80000001, 7)
    assert flipped == Held(image("forward", "gen_00000007", rules=WANTED.image.rules), {"live": "x"})
