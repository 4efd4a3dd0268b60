"""Axes: the coarsest classes that sets of values respect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.prove.space import Axis, NeedsCut, Spans, bits, covers, meet, merged, without

LAST = 31
SPANS = st.lists(
    st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(lambda pair: (min(pair), max(pair))), max_size=4
).map(merged)


def members(spans: Spans) -> set[int]:
    return {value for first, last in spans for value in range(first, last + 1)}


@given(st.lists(SPANS, max_size=5))
def test_values_are_of_one_class_exactly_if_no_set_tells_them_apart(sets: list[Spans]) -> None:
    axis = Axis.cut("x", LAST, sets)
    told = {value: tuple(value in members(spans) for spans in sets) for value in range(LAST + 1)}
    for one in range(LAST + 1):
        for other in range(LAST + 1):
            assert (axis.class_of(one) == axis.class_of(other)) == (told[one] == told[other])


@given(st.lists(SPANS, min_size=1, max_size=5))
def test_a_set_is_its_classes(sets: list[Spans]) -> None:
    axis = Axis.cut("x", LAST, sets)
    for spans in sets:
        mask = axis.mask(spans)
        assert axis.spans(mask) == spans
        assert axis.size(mask) == len(members(spans))


def test_what_cuts_through_a_class_is_said() -> None:
    axis = Axis.cut("x", LAST, [((4, 9),)])
    with pytest.raises(NeedsCut) as raised:
        axis.mask(((5, 9),))
    assert (raised.value.axis, raised.value.sets) == ("x", (((5, 9),),))
    with pytest.raises(NeedsCut):  # 0 to 3 and 10 to 31 are one class
        axis.mask(((0, 3),))


MASKS = st.integers(1, 15)
CUBES = st.tuples(MASKS, MASKS, MASKS)


def points(cube: tuple[int, ...]) -> set[tuple[int, ...]]:
    a, b, c = (list(bits(mask)) for mask in cube)
    return {(x, y, z) for x in a for y in b for z in c}


@given(CUBES, CUBES)
def test_cubes_are_sets(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    both = meet(one, other)
    assert (points(both) if both else set()) == points(one) & points(other)
    rest = [points(cube) for cube in without(one, other)]
    assert set().union(*rest) == points(one) - points(other)
    assert sum(map(len, rest)) == len(points(one) - points(other))  # disjoint
    assert covers(one, other) == (points(one) >= points(other))
