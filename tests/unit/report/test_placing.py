"""Words are put on their line, never upon anything."""

import itertools
import random

from segctl.report.placing import Words, course, place

PAGE = (0.0, 0.0, 1000.0, 1000.0)


def straight(*ends: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    (x, y), (z, w) = ends
    return course([(x, y), (x + (z - x) / 3, y + (w - y) / 3), (z - (z - x) / 3, w - (w - y) / 3), (z, w)])


def test_alone_they_stand_in_the_middle() -> None:
    line = straight((100, 100), (300, 100))
    (found,) = place([Words(line, 40, 10)], [line], [], PAGE)
    assert found is not None and abs(found[0] - 200) < 10 and found[1] == 100


def test_they_give_way_to_a_box_and_to_another_line() -> None:
    line, other = straight((100, 100), (500, 100)), straight((300, 0), (300, 200))
    (one, two) = place([Words(line, 40, 10), None], [line, other], [], PAGE)
    assert one is not None and two is None and not 280 <= one[0] <= 320
    (one,) = place([Words(line, 40, 10)], [line], [(150, 50, 450, 150)], PAGE)
    assert one is not None and (one[0] < 130 or one[0] > 470)


def test_where_no_place_is_there_is_none() -> None:
    line = straight((100, 100), (300, 100))
    assert place([Words(line, 40, 10)], [line], [PAGE], PAGE) == [None]
    assert place([Words(line, 40, 10)], [line], [], (0, 0, 300, 90)) == [None]


def test_whatever_the_lines_nothing_meets() -> None:
    r = random.Random(1)
    at = [(r.uniform(50, 950), r.uniform(50, 950)) for _ in range(40)]
    boxes = [(x - 20, y - 10, x + 20, y + 10) for x, y in at]
    lines = [straight(*r.sample(at, 2)) for _ in range(60)]
    words = [Words(line, r.uniform(20, 120), 12) for line in lines]
    places = place(words, lines, boxes, PAGE)
    put = [one.at(found) for one, found in zip(words, places, strict=True) if found is not None]
    assert len(put) > 40
    for one, other in itertools.combinations([*put, *boxes], 2):
        if one not in boxes:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
