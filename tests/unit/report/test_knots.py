"""Knots say what the pairs said: no more, no less."""

import random

import pytest

from segctl.report.knots import Knot, tie


def everybody(number: int) -> set[tuple[str, str]]:
    names = [f"n{n}" for n in range(number)]
    return {(a, b) for a in names for b in names if a != b}


def product(sources: str, targets: str) -> set[tuple[str, str]]:
    return {(a, b) for a in sources for b in targets}


@pytest.mark.parametrize(
    ("pairs", "knots"),
    [
        (set(), 0),
        (everybody(3), 0),  # three lines with two heads each
        (everybody(6), 1),
        (everybody(6) | {("world", f"n{n}") for n in range(6)}, 1),  # one more leads into it
        (product("abc", "xyz"), 0),
        (product("abcd", "wxyz"), 1),
        (product("abcd", "wxyz") | everybody(6), 2),
    ],
)
def test_tie(pairs: set[tuple[str, str]], knots: int) -> None:
    made, left = tie(pairs)
    assert len(made) == knots
    assert meant(made) | set(left) == pairs


def test_what_is_drawn_already_may_be_said_again() -> None:
    pairs = everybody(6) - {("n0", "n1"), ("n2", "n3")}
    assert tie(pairs, {("n0", "n1"), ("n2", "n3")}) == ((Knot((), (), tuple(f"n{n}" for n in range(6))),), ())


@pytest.mark.parametrize("seed", range(50))
def test_nothing_is_lost_and_nothing_invented(seed: int) -> None:
    r = random.Random(seed)
    names = [f"n{n}" for n in range(9)]
    rows = [r.sample(names, r.choice([0, 5, 6, 7])) for _ in range(3)]
    pairs = {(a, b) for a in names for b in r.choice(rows) if a != b}
    also = {(a, b) for a in names for b in names if a != b and r.random() < 0.2}
    made, left = tie(pairs, also)
    assert meant(made) | set(left) >= pairs
    assert meant(made) | set(left) <= pairs | also
    assert set(left) <= pairs


def meant(knots: tuple[Knot, ...]) -> set[tuple[str, str]]:
    return {(a, b) for k in knots for a in k.sources + k.both for b in k.targets + k.both if a != b}
