"""No text of a drawing overlaps another, leaves its box or the picture, or lies upon a box, as a browser sets it."""

import itertools
import re
from pathlib import Path

import pytest

from segctl.ask.graph import segment_graph
from segctl.report import draw_dot, draw_svg
from segctl.report.diagram import diagram
from tests.browser.measure import Measured, inside, measure, meets
from tests.unit.report.estates import estate
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


def test_a_fault_is_seen(tmp_path: Path) -> None:
    svg = draw_svg(diagram(segment_graph(policy(estate(5, 3)), AT), "estate"))
    wide = re.sub(r'(<text [^>]*font-size=")12', r"\g<1>24", svg)
    lost = re.sub(r"(<text [^>]*x=\")[-\d.]+", r"\g<1>-40", svg, count=1)
    for found in measure([wide, lost], tmp_path):
        assert faults(found)


def faults(found: Measured) -> list[str]:
    """What is wrong with a drawing; one pixel is nobody's."""
    out = [f"{text.text!r} leaves the picture" for text in found.texts if not inside(text.box, found.picture)]
    for one, other in itertools.combinations(found.texts, 2):
        if meets(one.box, other.box, 0.5):
            out.append(f"{one.text!r} and {other.text!r} overlap")
    for text in found.texts:
        if text.kind == "node" and not inside(text.box, found.nodes[text.owner]):
            out.append(f"{text.text!r} leaves its box")
        if text.kind != "node" and any(meets(text.box, box, 0.5) for box in found.nodes.values()):
            out.append(f"{text.text!r} lies upon a box")
    return out
