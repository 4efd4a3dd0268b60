"""Pictures of a change, of a blast and of a way: what they say is what the answers say."""

from dataclasses import replace

from segctl.ask.blast import Blasts
from segctl.ask.drawn import spreading
from segctl.ask.reach import reach
from segctl.model.site import Site
from segctl.report import draw_dot, draw_mermaid, draw_svg
from segctl.report.groups import MOST, Fold
from segctl.report.picture import Line, Picture, Shade, Stroke
from tests.unit.report.estates import estate
from tests.unit.report.questions import blast, changed, edited, sides, way
from tests.unit.report.sites import AT, flow, guardrail, policy, segment, shop


def strokes(picture: Picture, stroke: Stroke) -> dict[tuple[str, str], Line]:
    return {(line.source, line.target): line for line in picture.lines if line.stroke is stroke}


def details(picture: Picture) -> dict[str, tuple[str, ...]]:
    return {box.name: box.details for box in picture.boxes}


def shades(picture: Picture) -> dict[str, Shade]:
    return {box.name: box.shade for box in picture.boxes}


def after() -> Site:
    made = shop()
    kept = tuple(one for one in made.flows if one.name != "orders")
    return replace(made, flows=(*kept, flow("mine", "web", "end", "ssh https")))


# a change


def test_what_opens_is_loud_what_closes_is_dashed_what_stays_is_pale() -> None:
    picture = changed(shop(), after())
    assert strokes(picture, Stroke.OPENS)["web", "end"].labels == ("+ tcp/22, tcp/443",)
    assert strokes(picture, Stroke.CLOSES)["web", "db"].labels == ("− tcp/5432",)
    assert ("world", "web") in strokes(picture, Stroke.STAYS)
    assert strokes(picture, Stroke.STAYS).keys().isdisjoint({("web", "end"), ("web", "db")})
    assert shades(picture)["world"] is shades(picture)["guests"] is Shade.PALE
    assert shades(picture)["end"] is shades(picture)["db"] is Shade.STRICT
    assert "nothing changes" in details(picture)["guests"]
    (table,) = picture.tables
    assert ("+", "web", "end (IPv4)", "tcp/22, tcp/443", "by flow 'mine' (segctl.yaml:1)") in table.rows
    assert [row[0] for row in table.rows] == sorted(row[0] for row in table.rows)  # opens first
    text = draw_dot(picture)
    assert 'class="opens"' in text and "dashed" in next(row for row in text.splitlines() if 'class="closes"' in row)


def test_the_rows_of_a_difference_are_all_drawn() -> None:
    for number in (5, 20, 60):
        made = estate(number, number * 2)
        both, rows = sides(made, edited(made, 4))
        picture = changed(made, edited(made, 4))
        opening = {(a, b) for one in rows if one.row.opens for a in one.sources for b in one.destinations}
        closing = {(a, b) for one in rows if one.row.closes for a in one.sources for b in one.destinations}
        assert opening == strokes(picture, Stroke.OPENS).keys() and opening, number
        assert closing == strokes(picture, Stroke.CLOSES).keys(), number
        assert set(both.after.nodes) >= {end for pair in opening for end in pair}


def test_nothing_changed() -> None:
    picture = changed(shop(), shop())
    assert "No connection opens" in " ".join(picture.notes)
    assert {line.stroke for line in picture.lines} == {Stroke.STAYS} and not picture.tables


def test_a_segment_that_is_new_and_one_that_is_gone() -> None:
    made = shop()
    lost = {name: one for name, one in made.segments.items() if name != "guests"}
    flows = tuple(one for one in made.flows if one.name != "old")
    gone = replace(made, segments=lost, flows=flows, guardrails=())
    more = replace(made, segments={**made.segments, "late": segment("late", "open", "10.0.55.0/24")})
    assert "gone" in details(changed(made, gone))["guests"]
    assert "new" in details(changed(made, more))["late"]
    assert any("guests" in pair for pair in strokes(changed(made, gone), Stroke.CLOSES))


def test_any_is_one_box() -> None:
    made = replace(shop(), guardrails=(*shop().guardrails, guardrail("shut", "any", "web")))
    picture = changed(shop(), made)
    assert strokes(picture, Stroke.CLOSES)
    assert len(picture.boxes) <= len(changed(shop(), shop()).boxes) + 1


def test_a_large_change_keeps_who_is_touched_and_puts_the_others_into_one_box() -> None:
    made = estate(200, 300)
    _, rows = sides(made, edited(made, 5))
    touched = {name for one in rows for name in (*one.sources, *one.destinations)}
    picture = changed(made, edited(made, 5))
    boxes = shades(picture)
    assert touched <= boxes.keys() and len(touched) < 30
    assert boxes["*still"] is Shade.PALE and len(boxes) <= len(touched) + 4
    assert len(changed(made, edited(made, 5), Fold.NEVER).boxes) > 200


def test_where_too_many_are_touched_they_are_in_groups() -> None:
    made = estate(200, 400)
    picture = changed(made, edited(made, 150))
    assert 3 < len(picture.boxes) <= 44
    assert any("touched" in row for rows in details(picture).values() for row in rows)


# a blast


def test_boxes_say_the_hops_that_blast_says() -> None:
    large = (estate(20, 40), "mail-web"), (estate(60, 90), "orders-app")
    for made, name in ((shop(), "web"), (shop(), "world"), *large):
        meant = policy(made)
        ways = reach(meant, AT)
        least: dict[str, int] = {}
        for one in Blasts(ways).of(meant.partition.own[name]):
            for other, hops in one.segments.items():
                least[other] = min(hops, least.get(other, hops))
        found = spreading(ways, meant.partition.own[name])
        assert found.start == (name,) and {**found.hops} == least, (made.name, name)
        said = details(blast(made, name))
        for other, hops in least.items():
            row = f"in {hops} hop{'' if hops == 1 else 's'}"
            assert other == name or row in said[other], other
        lost = [other for other in meant.site.segments if other not in least and other != name and other in said]
        assert all("not reached" in said[other] for other in lost)


def test_each_leap_is_one_hop_further() -> None:
    meant = policy(estate(60, 90))
    found = spreading(reach(meant, AT), meant.partition.own["orders-app"])
    hops = {**found.hops, **dict.fromkeys(found.start, 0)}
    spoken = {other for pair in found.joined for other in pair}
    assert all(hops[leap.destination] == hops[leap.source] + 1 for leap in found.leaps if leap.source not in spoken)
    assert {leap.destination for leap in found.leaps} == set(found.hops) - set(found.start)  # each is led to


def test_what_passes_though_it_is_denied_looks_so() -> None:
    picture = blast(shop(), "web")
    assert ("web", "guests") in strokes(picture, Stroke.OBSERVED)
    assert strokes(picture, Stroke.HOP)["web", "db"].labels == ("postgres, redis",)
    assert shades(picture)["web"] is Shade.START and shades(picture)["db"] is Shade.NEAR
    assert "no way leads through world" in " ".join(picture.notes)
    assert "through world, too" in " ".join(blast(shop(), "web", through_world=True).notes)


def test_a_large_blast_is_in_groups_of_one_number_of_hops() -> None:
    picture = blast(estate(90, 120), "payments-app")
    assert len(picture.boxes) < 50 and any(box.name.startswith("*group") for box in picture.boxes)
    assert all(" in " in box.title or "\n" in box.title for box in picture.boxes if box.name.startswith("*group"))
    assert len(blast(estate(90, 120), "payments-app", Fold.NEVER).boxes) > MOST


# a way


def test_a_way_has_a_box_for_each_machine_and_says_by_which_line() -> None:
    made = replace(shop(), guardrails=(), flows=(flow("a", "web", "end", "ssh"), flow("b", "end", "db", "postgres")))
    picture = way(made, "web", "vault")
    assert len(picture.boxes) == len(picture.lines) + 1
    assert picture.boxes[0].shade is Shade.START and "he starts here" in picture.boxes[0].details
    assert "segment vault" in picture.boxes[-1].details
    words = [row for line in picture.lines for row in line.labels]
    assert any("(segctl.yaml:1)" in row for row in words), words
    assert picture.tables[0].head[0] == "hop" and str(len(picture.lines)) in picture.notes[0]


def test_no_way() -> None:
    made = replace(shop(), flows=(), points={})
    picture = way(replace(made, points=shop().points), "db", "end")
    assert not picture.lines and len(picture.boxes) == 2 and "no way" in picture.notes[0]


# all of them


def test_the_same_to_the_byte() -> None:
    made = estate(100, 150)
    turned = replace(made, segments=dict(reversed(list(made.segments.items()))), flows=made.flows[::-1])
    for one, other in (
        (changed(made, edited(made, 3)), changed(turned, edited(made, 3))),
        (blast(shop(), "web"), blast(replace(shop(), flows=shop().flows[::-1]), "web")),
        (way(shop(), "world", "db"), way(shop(), "world", "db")),
    ):
        for draw in (draw_dot, draw_mermaid, draw_svg):
            assert draw(one) == draw(other)
