"""Large sites: which segments share a box, and that nothing is lost by it."""

from dataclasses import replace

import pytest

from segctl.ask.graph import segment_graph
from segctl.model.site import Site
from segctl.report import draw_dot, draw_svg
from segctl.report.groups import GROUPS, MOST, Fold, Grouping, grouping
from segctl.report.overview import overview
from segctl.report.picture import Picture, Shade, Stroke
from tests.unit.report.estates import estate
from tests.unit.report.sites import AT, policy, segment, site


def drawn(made: Site, group: str = "within") -> Picture:
    return overview(segment_graph(policy(made), AT, undeclared=False), made.name, group)


def grouped(made: Site, group: str = "within") -> Grouping:
    return grouping(segment_graph(policy(made), AT, undeclared=False).nodes, group)


def many(names: list[str]) -> Site:
    return site([segment(name, "strict", f"10.{n // 250}.{n % 250}.0/24") for n, name in enumerate(names)])


def test_from_which_size_on() -> None:
    assert not Fold.AUTO.holds(MOST) and Fold.AUTO.holds(MOST + 1)
    assert Fold.ALWAYS.holds(2) and not Fold.NEVER.holds(9999)


@pytest.mark.parametrize("number", [5, 60, 100, 500])
def test_each_segment_is_in_one_box(number: int) -> None:
    picture = drawn(estate(number, number * 2))
    made = policy(estate(number, number * 2)).site
    rows = [row for box in picture.boxes if box.shade is Shade.GROUP for row in box.details if "segment" in row]
    alone = [box for box in picture.boxes if box.shade is not Shade.GROUP and box.name in made.segments]
    own = [box for box in alone if not made.segments[box.name].built_in]
    counted = sum(int(row.split()[0]) for row in rows)
    assert counted + len(own) == sum(not one.built_in for one in made.segments.values())
    assert len(picture.boxes) <= GROUPS + 4


def test_each_statement_is_counted_once_for_two_boxes() -> None:
    """The flows on lines and within boxes are all flows that hold."""
    made = estate(100, 150)
    graph = segment_graph(policy(made), AT, undeclared=False)
    found = grouping(graph.nodes, "label:zone")
    pairs = {(found.of(a), found.of(b), d["name"]) for a, b, d in graph.edges(data=True) if d["kind"] == "flow"}
    picture = drawn(made, "label:zone")
    lines = [line for line in picture.lines if line.stroke is Stroke.FLOW]
    on_lines = sum(int(line.labels[0].split()[0]) if line.labels[0].endswith("flows") else 1 for line in lines)
    rows = [row for box in picture.boxes for row in box.details if row.startswith("inside: ") and "not in" not in row]
    inside = sum(int(row.split()[1]) for row in rows if "flow" in row)
    assert on_lines + inside == len(pairs)


def test_a_label_is_kept_to_even_if_it_says_little() -> None:
    picture = drawn(estate(100, 100), "label:zone")
    assert {box.title for box in picture.boxes if box.shade is Shade.GROUP} == {
        "zone: dmz", "zone: office", "zone: plant", "zone: prod", "zone: staging", "no zone",
    }  # fmt: skip
    assert any("by label zone" in note for note in picture.notes)


def test_without_labels_the_names_first_part_or_the_alphabet() -> None:
    stems = many([f"{word}-{n}" for word in ("shop", "plant", "lab") for n in range(30)])
    assert set(grouped(stems).titles.values()) == {"shop…", "plant…", "lab…"}
    plain = many([f"{chr(97 + n // 26)}{chr(97 + n % 26)}x" for n in range(90)])
    assert len(grouped(plain).titles) == 12 and "aax … ahx" in grouped(plain).titles.values()


def test_who_is_alone_stays_himself() -> None:
    made = many([*(f"shop-{n}" for n in range(90)), "other"])
    assert grouped(made).of("other") == "other" and "other" in {box.name for box in drawn(made).boxes}


def test_a_picture_of_groups_is_deterministic_and_says_what_it_leaves_out() -> None:
    made = estate(300, 400)
    turned = replace(made, segments=dict(reversed(list(made.segments.items()))), flows=made.flows[::-1])
    assert draw_dot(drawn(made)) == draw_dot(drawn(turned))
    text = draw_svg(drawn(made))
    assert "matrix shows it" in text and "--fold never" in text
