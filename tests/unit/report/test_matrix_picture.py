"""The adjacency matrix as a picture."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from segctl.report.adjacency import MEANS, Mark, Square
from segctl.report.grid import draw_matrix, shape
from segctl.report.palette import Theme
from segctl.report.sizes import width
from tests.unit.report.estates import estate
from tests.unit.report.questions import edited, square, turned_square
from tests.unit.report.sites import flow, segment, shop
from tests.unit.report.test_pictures import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def marks(found: Square, source: str, target: str) -> set[Mark]:
    row, column = found.names.index(source), found.names.index(target)
    said = {mark for cell in found.cells if (cell.row, cell.column) == (row, column) for mark in cell.marks}
    return said | {run.mark for run in found.runs if run.row == row and run.first <= column <= run.last}


def test_a_cell_says_what_passes() -> None:
    found = square(shop())
    assert marks(found, "web", "db") == {Mark.FLOW}
    assert marks(found, "end", "points") == {Mark.MANAGEMENT, Mark.FLOW, Mark.LOST} - {Mark.LOST}
    assert Mark.GUARDRAIL in marks(found, "guests", "db")
    assert marks(found, "web", "world") == {Mark.DEFAULT}
    assert marks(found, "web", "guests") == {Mark.OBSERVED}
    assert Mark.UNCOVERED in marks(found, "db", "vault")
    assert marks(found, "vault", "web") == set()
    assert {mark for mark, _ in found.legend} == {run.mark for run in found.runs} | {
        mark for cell in found.cells for mark in cell.marks
    }


def test_world_is_first_the_points_last_groups_together() -> None:
    found = square(estate(60, 60), "label:zone")
    assert found.names[0] == "world" and found.names[-1] == "points"
    assert [band.title for band in found.bands] == ["no zone"] + [
        f"zone: {zone}" for zone in ("dmz", "office", "plant", "prod", "staging")
    ]
    assert sum(band.many for band in found.bands) == len(found.names) - 2


def test_of_groups_a_cell_says_what_holds_for_some_pair() -> None:
    made = estate(100, 150)
    whole, folded = square(made, "label:zone"), square(made, "label:zone", fold=True)
    assert len(folded.names) == 8 and not folded.runs
    title = {name: band.title for band in whole.bands for name in whole.names[band.first : band.first + band.many]}
    for source in ("zone: dmz", "zone: prod"):
        for target in ("zone: plant", "no zone"):
            each = {
                mark
                for a in whole.names
                for b in whole.names
                if (title.get(a), title.get(b)) == (source, target)
                for mark in marks(whole, a, b)
            }
            shown = marks(folded, source, target)
            assert each - {Mark.FLOW, Mark.INACTIVE} == shown - {Mark.FLOW, Mark.INACTIVE}, (source, target)


def test_a_change_as_a_square() -> None:
    made = estate(20, 30)
    found = turned_square(made, edited(made, 3))
    seen = {mark for cell in found.cells for mark in cell.marks}
    assert seen == {Mark.OPENS, Mark.CLOSES, Mark.STAYS}
    after = replace(shop(), flows=(*shop().flows, flow("mine", "web", "end", "ssh https")))
    assert marks(turned_square(shop(), after), "web", "end") == {Mark.OPENS}


def test_each_mark_has_a_form_of_its_own() -> None:
    """Not only a colour; what has ended is a flow's form, hollow and dashed."""
    forms = {mark: shape(mark, 20) for mark in Mark}
    alike = {Mark.FLOW: Mark.INACTIVE, Mark.MANAGEMENT: Mark.OBSERVED}  # of each the second is hollow
    assert len(set(forms.values())) >= len(Mark) - len(alike)
    assert set(MEANS) == set(Mark)


@pytest.mark.parametrize("number", [5, 20, 60, 500])
def test_nothing_overlaps_and_nothing_is_cut(number: int) -> None:
    """Names in their rows, titles on their bands, all on the page, by sizes that no browser exceeds (tests/browser)."""
    found = square(estate(number, number * 2), "label:zone")
    root = ElementTree.fromstring(draw_matrix(found))
    wide, high = float(root.get("width", "")), float(root.get("height", ""))
    areas = []
    for text in root.iter(f"{SVG}text"):
        said = "".join(text.itertext()) if text.find(f"{SVG}title") is None else (text.find(f"{SVG}title").tail or "")  # type: ignore[union-attr]
        size, x, y = (float(text.get(key, "")) for key in ("font-size", "x", "y"))
        long = width(said, size)
        start = {"end": -long, "middle": -long / 2}.get(text.get("text-anchor", ""), 0.0)
        if text.get("transform"):
            area = (x - size * 0.75, y - start - long, x + size * 0.22, y - start)
        else:
            area = (x + start, y - size * 0.75, x + start + long, y + size * 0.22)
        assert area[0] >= 0 and area[1] >= 0 and area[2] <= wide and area[3] <= high, said
        areas.append((area, said))
    areas.sort()
    for at, (one, said) in enumerate(areas):
        for other, too in areas[at + 1 :]:
            if other[0] >= one[2]:
                break
            assert min(one[3], other[3]) - max(one[1], other[1]) <= 0.5 or min(one[2], other[2]) - other[0] <= 0.5, (
                said,
                too,
            )
    assert len(areas) >= 2 * len(found.names)


def test_it_is_the_same_to_the_byte() -> None:
    made = estate(60, 100)
    turned = replace(made, segments=dict(reversed(list(made.segments.items()))), flows=made.flows[::-1])
    assert draw_matrix(square(made)) == draw_matrix(square(turned))


def test_light_dark_and_both() -> None:
    both, light, dark = (draw_matrix(square(shop()), theme) for theme in Theme)
    assert "prefers-color-scheme: dark" in both
    assert "@media" not in light + dark and "#14181c" in dark and "#14181c" not in light


def test_no_text_is_markup() -> None:
    made = shop()
    label = {"zone": HOSTILE}
    segments = {
        name: replace(one, labels=label, owner=HOSTILE) if not one.built_in else one
        for name, one in made.segments.items()
    }
    hostile = replace(made, name="x", segments={**segments, "q": segment("q", "open", "10.9.0.0/24", labels=label)})
    text = draw_matrix(square(hostile, "label:zone"))
    root = ElementTree.fromstring(text)
    assert "<script" not in text and any(HOSTILE in (title.text or "") for title in root.iter(f"{SVG}title"))
    known = {element.tag for element in ElementTree.fromstring(draw_matrix(square(made))).iter()}
    assert {element.tag for element in root.iter()} <= known
