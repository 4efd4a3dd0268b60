"""No text of a drawing overlaps another, leaves its box or the picture, or lies upon a box, as a browser sets it."""

import itertools
import re
from pathlib import Path

import networkx
import pytest

from segctl.ask.graph import segment_graph
from segctl.model.site import Site
from segctl.report import draw_dot, draw_svg
from segctl.report.diagram import diagram
from segctl.report.grid import draw_matrix
from segctl.report.groups import Fold
from segctl.report.overview import overview
from tests.browser.measure import Measured, inside, measure, meets
from tests.unit.report.estates import estate
from tests.unit.report.questions import blast, changed, edited, square, turned_square, way
from tests.unit.report.sites import AT, policy

pytestmark = pytest.mark.browser
SIZES = ((5, 3), (5, 20), (20, 20), (20, 40), (60, 20), (60, 60))


@pytest.mark.timeout(300)
def test_every_text_has_its_place(tmp_path: Path) -> None:
    """5, 20 and 60 segments, with names of 63 characters, both groupings."""
    cases = [(*size, group, seed) for size in SIZES for group in ("within", "label:zone") for seed in (1, 2)]
    pictures = [
        diagram(segment_graph(policy(estate(n, flows, seed=seed)), AT), "estate", g) for n, flows, g, seed in cases
    ]
    svgs = [draw_svg(picture) for picture in pictures]
    for case, picture, svg, found in zip(cases, pictures, svgs, measure(svgs, tmp_path), strict=True):
        assert not faults(found), (case, faults(found))
        said = sum(len(line.labels) for line in picture.lines)
        assert len([text for text in found.texts if text.kind == "edge"]) == said, case  # none was left out
        assert len(found.nodes) == len(picture.boxes), case
        assert len(re.findall("customer-relationship-", svg)) > 1


@pytest.mark.timeout(300)
def test_nor_in_a_drawing_by_forces(tmp_path: Path) -> None:
    """Above 300 lines; here words may be left out."""
    picture = diagram(segment_graph(policy(estate(60, 400)), AT), "estate")
    assert 'layout="sfdp"' in draw_dot(picture)
    (found,) = measure([draw_svg(picture)], tmp_path)
    assert not faults(found)
    said = sum(len(line.labels) for line in picture.lines)
    assert len([text for text in found.texts if text.kind == "edge"]) > 0.8 * said


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [5, 20, 60, 500])
def test_nor_in_the_picture_of_an_answer(tmp_path: Path, number: int) -> None:
    """A change, a blast, a way, and groups: at each size, with names of 63 characters."""
    made = estate(number, number + number // 2)
    pictures = [changed(made, edited(made, 2 + number // 30)), overview(_graph(made), "estate", "label:zone")]
    if number <= 60:
        pictures += [blast(made, sorted(made.segments)[3]), changed(made, edited(made, 3), Fold.ALWAYS)]
        pictures.append(way(made, "world", "payments-web"))
    svgs = [draw_svg(picture) for picture in pictures]
    for picture, found in zip(pictures, measure(svgs, tmp_path), strict=True):
        assert not faults(found), (picture.title, faults(found))
        assert len(found.nodes) == len(picture.boxes)
        said = sum(len(line.labels) for line in picture.lines)
        assert len([text for text in found.texts if text.kind == "edge"]) >= 0.9 * said


def _graph(made: Site) -> "networkx.MultiDiGraph[str]":
    return segment_graph(policy(made), AT, undeclared=False)


@pytest.mark.timeout(300)
def test_nor_in_a_matrix(tmp_path: Path) -> None:
    sizes = (5, 20, 60, 500)
    squares = [square(estate(number, 2 * number), "label:zone") for number in sizes]
    squares += [square(estate(100, 150), fold=True), turned_square(estate(20, 40), edited(estate(20, 40), 3))]
    for one, found in zip(squares, measure([draw_matrix(each) for each in squares], tmp_path), strict=True):
        assert not faults(found), (one.title, faults(found)[:20])
        assert len(found.texts) > 2 * len(one.names)


def test_a_fault_is_seen(tmp_path: Path) -> None:
    svg = draw_svg(diagram(segment_graph(policy(estate(5, 3)), AT), "estate"))
    wide = re.sub(r'(<text [^>]*font-size=")12', r"\g<1>24", svg)
    lost = re.sub(r"(<text [^>]*x=\")[-\d.]+", r"\g<1>-40", svg, count=1)
    for found in measure([wide, lost], tmp_path):
        assert faults(found)


def faults(found: Measured) -> list[str]:
    """What is wrong with a drawing; one pixel is nobody's."""
    out = [f"{text.text!r} leaves the picture" for text in found.texts if not inside(text.box, found.picture)]
    ordered = sorted(found.texts, key=lambda text: text.box)
    for at, one in enumerate(ordered):
        for other in itertools.takewhile(lambda text: text.box[0] < one.box[2], ordered[at + 1 :]):  # noqa: B023
            if meets(one.box, other.box, 0.5):
                out.append(f"{one.text!r} and {other.text!r} overlap")
    for (_, one_), (_, other_) in itertools.combinations(sorted(found.nodes.items()), 2):
        if meets(one_, other_, 0.5):
            out.append("two boxes overlap")
    for text in found.texts:
        if text.kind == "node" and not inside(text.box, found.nodes[text.owner]):
            out.append(f"{text.text!r} leaves its box")
        if text.kind != "node" and any(meets(text.box, box, 0.5) for box in found.nodes.values()):
            out.append(f"{text.text!r} lies upon a box")
    return out
