"""The smallest set that meets all: against trying every set."""

from functools import reduce
from itertools import combinations
from operator import or_
from random import Random

from segctl.ask.hitting import smallest_hitting


def by_trying(sets: list[int], elements: int) -> int:
    for size in range(elements + 1):
        for some in combinations(range(elements), size):
            mask = reduce(or_, (1 << at for at in some), 0)
            if all(mask & one for one in sets):
                return size
    raise AssertionError


def test_none_are_met_by_nothing() -> None:
    assert smallest_hitting([]) == (0, 0)


def test_as_few_as_by_trying() -> None:
    rng = Random(8)
    for _ in range(150):
        elements = rng.randint(1, 9)
        sets = [rng.randrange(1, 1 << elements) for _ in range(rng.randint(1, 12))]
        found = smallest_hitting(sets)
        assert all(found.chosen & one for one in sets)
        assert found.chosen.bit_count() == found.least == by_trying(sets, elements)


def test_a_search_that_is_too_long_says_what_it_is_sure_of() -> None:
    rng = Random(9)
    sets = [reduce(or_, (1 << at for at in rng.sample(range(120), 5))) for _ in range(300)]
    found = smallest_hitting(sets)
    assert all(found.chosen & one for one in sets)
    assert 0 < found.least < found.chosen.bit_count()
