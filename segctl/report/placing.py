"""Where the words of lines go: upon their own line, clear of every box, title and other words.

Graphviz makes room for a line's label only in layers, and there it may put it upon a frame's title, or stumble.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Course = tuple[Point, ...]
Area = tuple[float, float, float, float]  # left, bottom, right, top, in points
STEP = 8.0  # points between two places that are tried
ENDS = 12.0  # points at a line's ends that belong to its heads
CLEAR = 2.0  # points that stay free around words
CELL = 64.0
ASIDE = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1), (0, 2), (0, -2))  # halves


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be placed: its line's course, and its own width and height."""

    course: Course
    width: float
    height: float

    def at(self, middle: Point) -> Area:
        """The area that it takes there."""
        x, y = middle
        return x - self.width / 2, y - self.height / 2, x + self.width / 2, y + self.height / 2


def place(
    words: Sequence[Words | None], courses: Sequence[Course], taken: Sequence[Area], page: Area
) -> list[Point | None]:
    """The middle of each one's words on the page, or None where there are none or no room.

    `courses` are those of all lines, `taken` where nothing may stand. Those with the shortest lines, which have the
    least choice, are placed first.
    """
    areas, points = _Grid(), _Grid()
    for area in taken:
        areas.add(area)
    for number, course in enumerate(courses):
        for x, y in course:
            points.add((x, y, x, y), number)
    out: list[Point | None] = [None] * len(words)
    for number in sorted(range(len(words)), key=lambda n: len(courses[n])):
        if (one := words[number]) is not None and (found := _best(one, number, (areas, points), page)) is not None:
            out[number] = found
            areas.add(one.at(found))
    return out


def course(controls: Sequence[Point]) -> Course:
    """Points along a curve of cubic pieces (1 + 3n controls), some STEP apart, without its ENDS."""
    points = [controls[0]]
    for at in range(0, len(controls) - 3, 3):
        piece = controls[at : at + 4]
        length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(piece))
        steps = max(2, round(length / STEP))
        points += [_cubic(piece, step / steps) for step in range(1, steps + 1)]
    first, last = points[0], points[-1]
    inner = [point for point in points if min(_apart(point, first), _apart(point, last)) > ENDS]
    return tuple(inner or points[len(points) // 2 : len(points) // 2 + 1])


def _best(one: Words, number: int, grids: tuple["_Grid", "_Grid"], page: Area) -> Point | None:
    """On the line where fewest others cross, near its middle; else beside it."""
    areas, points = grids
    half = len(one.course) / 2
    for across, up in ASIDE:
        dx, dy = across * (one.width / 2 + CLEAR), up * (one.height / 2 + CLEAR)
        free: list[tuple[float, int]] = []
        for at, (x, y) in enumerate(one.course):
            area = _wider(one.at((x + dx, y + dy)), CLEAR)
            if _inside(area, page) and not areas.meeting(area):
                free.append((len(points.meeting(area) - {number}) + abs(at - half) / (4 * half), at))
        if free:
            x, y = one.course[min(free)[1]]
            return x + dx, y + dy
    return None


def _cubic(piece: Sequence[Point], t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return (
        sum(weight * point[0] for weight, point in zip(weights, piece, strict=True)),
        sum(weight * point[1] for weight, point in zip(weights, piece, strict=True)),
    )


def _apart(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _inside(area: Area, page: Area) -> bool:
    return area[0] >= page[0] and area[1] >= page[1] and area[2] <= page[2] and area[3] <= page[3]


def _wider(area: Area, by: float) -> Area:
    return area[0] - by, area[1] - by, area[2] + by, area[3] + by


class _Grid:
    """Areas by the cells of a square grid that they touch."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], list[tuple[Area, int]]] = {}

    def add(self, area: Area, number: int = 0) -> None:
        for cell in self._touched(area):
            self._cells.setdefault(cell, []).append((area, number))

    def meeting(self, area: Area) -> set[int]:
        """The numbers of those that share a point with it."""
        return {
            number
            for cell in self._touched(area)
            for other, number in self._cells.get(cell, ())
            if other[0] <= area[2] and other[2] >= area[0] and other[1] <= area[3] and other[3] >= area[1]
        }

    @staticmethod
    def _touched(area: Area) -> Iterator[tuple[int, int]]:
        for x in range(int(area[0] // CELL), int(area[2] // CELL) + 1):
            for y in range(int(area[1] // CELL), int(area[3] // CELL) + 1):
                yield x, y
