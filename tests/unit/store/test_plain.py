"""A Loadable as JSON has it, and back: what isn't of that form is Damaged, whatever it is, and takes no memory."""

import copy
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segctl.model.elements import Elements
from segctl.model.generation import Home, Leaning, Loadable, Meaning, Side
from segctl.model.ranges import LAST_V6, V6, Ranges
from segctl.store import Damaged
from segctl.store.plain import Plain, from_plain, side_from, side_plain, to_plain

SOME = Ranges.of([(3, 9), (V6, V6 + 5)])
SIDE = Side(
    "text",
    (1_800_000_000_000,),
    {"web1": (7, V6 + 7)},
    SOME,
    (Home(0x10001, "web", ("eth1",), False, SOME, Leaning.DENY, Leaning.OBSERVE, True),),
    ((SOME, SOME, Ranges.of([(5, 5)])),),
    {"https": Ranges.of([(443, 443)])},
    True,
    ((SOME, SOME, Ranges.of([(5, 5)]), 1_800_000_000_000),),
    {0x102: (SOME, SOME, Ranges.of([(5, 5)]))},
)
U8 = np.uint8
RULES = Loadable(
    "gw",
    "table inet segctl_a {\n}\n",
    (
        Elements("live", np.arange(24, dtype=U8).reshape(3, 8)),
        Elements("behind", np.zeros((1, 4), U8), ends=np.full((1, 4), 255, U8)),
        Elements("flows", np.ones((2, 12), U8), data=np.full((2, 4), 9, U8), until=np.array([0, 1 << 41], np.uint64)),
        Elements("lists", np.ones((1, 4), U8), verdicts=(("goto", "list_1"),)),
        Elements("empty", np.zeros((0, 4), U8)),
    ),
    {0x101: Meaning("flow", "orders", "segctl.yaml:3:5", ("eth1", "eth2")), 7: Meaning("management", "", "", ())},
    SIDE,
)
PLAIN: Plain = json.loads(json.dumps(to_plain(RULES)))
PLAIN_SIDE: Plain = json.loads(json.dumps(side_plain(SIDE)))

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [0, -1, 1 << 31, 1 << 63, 1 << 128, LAST_V6, LAST_V6 + 1, 1e300, float("nan"), "", "AAAA", "=", "é"]
    )
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def same(one: Loadable, other: Loadable) -> bool:
    return to_plain(one) == to_plain(other) and one.side == other.side


def test_there_and_back() -> None:
    found = from_plain(PLAIN, "here", side_from(PLAIN_SIDE, "here"))
    assert same(found, RULES)
    assert found.meanings == RULES.meanings and found.count() == 7
    assert [one.until is None for one in found.elements] == [True, True, False, True, True]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within."""
    if way:
        yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*way, key))


def changed(plain: Plain, way: tuple[Any, ...], value: Any) -> Plain:
    """With another value there; without it for `...`."""
    made = copy.deepcopy(plain)
    at: Any = made
    for key in way[:-1]:
        at = at[key]
    if value is ...:
        del at[way[-1]]
    else:
        at[way[-1]] = value
    return made


WRONG: tuple[Any, ...] = (
    ...,
    None,
    -1,
    1.5,
    "é",
    "A",
    "AAAA" * 5,
    [],
    {},
    True,
    1 << 31,
    1 << 200,
    [[1, 2, 3]],
    {"x": 1},
)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: str(one)[:12])
def test_each_value_wrong(wrong: object) -> None:
    """Damaged, or a Loadable that says just that (a text may be any text)."""
    refused = 0
    for way in places(PLAIN):
        made = changed(PLAIN, way, wrong)
        try:
            found = from_plain(made, "here", SIDE)
        except Damaged as error:
            refused += 1
            assert str(error).startswith("here holds no rules of a point")
        else:
            assert to_plain(found) == made
    assert refused > 30


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: str(one)[:12])
def test_each_value_of_a_side_wrong(wrong: object) -> None:
    for way in places(PLAIN_SIDE):
        made = changed(PLAIN_SIDE, way, wrong)
        try:
            found = side_from(made, "here")
        except Damaged as error:
            assert str(error).startswith("here says nothing of a generation's side")
        else:
            assert side_plain(found) == made


@pytest.mark.parametrize("key", ["1_0", "٣", "+7", " 7", "07", "-1", "4294967296", "9" * 5000, "", "x"])
def test_a_connections_number_is_written_in_one_way(key: str) -> None:
    with pytest.raises(Damaged):
        from_plain(changed(PLAIN, ("meanings",), {key: ["flow", "", "", []]}), "here", SIDE)


@given(values)
def test_anything_at_all(value: Any) -> None:
    for read in (lambda: from_plain(value, "here", SIDE), lambda: side_from(value, "here")):
        with pytest.raises(Damaged):
            read()


@settings(max_examples=300)
@given(st.sampled_from(list(places(PLAIN))), values)
def test_anything_somewhere(way: tuple[Any, ...], value: Any) -> None:
    try:
        found = from_plain(changed(PLAIN, way, value), "here", SIDE)
    except Damaged:
        return
    assert found.count() < 10


@settings(max_examples=100)
@given(st.sampled_from(list(places(PLAIN_SIDE))), values)
def test_anything_somewhere_in_a_side(way: tuple[Any, ...], value: Any) -> None:
    try:
        found = side_from(changed(PLAIN_SIDE, way, value), "here")
    except Damaged:
        return
    spans = found.managers.spans
    assert all(first <= last for first, last in spans) and Ranges.of(spans) == found.managers
    assert all(end == 0 or end > 0 for end in found.ends)


@pytest.mark.parametrize(
    "said",
    [
        {"count": 1 << 31, "width": 256},
        {"count": 1 << 31, "width": 0, "keys": ""},
        {"count": (1 << 31) - 1, "width": 1, "keys": ""},
        {"count": 0, "width": 4, "keys": "", "until": "AAAA"},
    ],
)
def test_a_count_is_only_believed_if_its_bytes_are_there(said: dict[str, Any]) -> None:
    made = changed(PLAIN, ("elements",), [PLAIN["elements"][0] | said])
    tracemalloc.start()
    with pytest.raises(Damaged):
        from_plain(made, "here", SIDE)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 20


def test_an_address_is_one_of_either_family() -> None:
    """Between the families there is nothing (segctl.model.ranges)."""
    for wrong in (1 << 32, V6 - 1, LAST_V6 + 1):
        with pytest.raises(Damaged):
            side_from(changed(PLAIN_SIDE, ("endpoints", "web1", 0), wrong), "here")
    for span in ([9, 3], [3, 1 << 32], [3, V6 + 3], [V6 - 1, V6]):
        with pytest.raises(Damaged):
            side_from(changed(PLAIN_SIDE, ("managers", 0), span), "here")
