"""Drawings of hand-built sites: golden texts, and what must hold of any."""

import re
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from segctl.ask.graph import segment_graph
from segctl.model.segment import Waiver
from segctl.model.site import Site
from segctl.report import GraphvizError, GraphvizMissing, Picture, dot, draw_dot, draw_mermaid, draw_svg, layout, tables
from segctl.report.diagram import diagram
from segctl.report.mermaid import ident
from segctl.report.picture import Frame, Heads, Line, Shade, Stroke
from tests.unit.report.estates import estate
from tests.unit.report.sites import AT, SPAN, flow, gateway, guardrail, policy, segment, shop, site

GOLDEN = Path(__file__).parents[2] / "golden" / "graph"
SVG = "{http://www.w3.org/2000/svg}"
ANSWERS = (Stroke.OPENS, Stroke.CLOSES, Stroke.ALTERS, Stroke.STAYS, Stroke.HOP)  # of other pictures
HOSTILE = '"]; x[shape=box]; //<script>alert(1)</script> </title> &lt;b&gt; \\N \\" --> #quot; `%%{init}%%` {{'


def drawn(made: Site) -> Picture:
    return diagram(segment_graph(policy(made), AT), made.name)


def line(picture: Picture, source: str, target: str, stroke: Stroke) -> Line:
    (found,) = (x for x in picture.lines if (x.source, x.target, x.stroke) == (source, target, stroke))
    return found


@pytest.mark.parametrize(("draw", "name"), [(draw_mermaid, "shop.mmd"), (draw_dot, "shop.dot")])
def test_golden(draw: object, name: str) -> None:
    assert callable(draw)
    assert draw(drawn(shop())) == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_same_to_the_byte_whatever_the_order() -> None:
    made = shop()
    turned = replace(
        made,
        segments={name: made.segments[name] for name in reversed(list(made.segments))},
        flows=made.flows[::-1],
        guardrails=made.guardrails[::-1],
    )
    for draw in (draw_mermaid, draw_dot, draw_svg):
        assert draw(drawn(made)) == draw(drawn(turned)) == draw(drawn(made))


@pytest.mark.parametrize(
    ("source", "target", "stroke", "labels", "dashed"),
    [
        ("web", "db", Stroke.FLOW, ("postgres", "redis: web1 → all"), False),
        ("end", "points", Stroke.MANAGEMENT, ("ssh, ping",), False),
        ("guests", "db", Stroke.GUARDRAIL, ("✕ all",), False),
        ("guests", "*any", Stroke.GUARDRAIL, ("✕ smb, rdp",), False),
        ("end", "*any", Stroke.FLOW, ("ssh",), False),
        ("guests", "world", Stroke.DEFAULT, (), False),
        ("web", "guests", Stroke.OBSERVED, ("observed (not smb, rdp)",), False),
        ("db", "vault", Stroke.UNCOVERED, ("uncovered",), False),
    ],
)
def test_lines(source: str, target: str, stroke: Stroke, labels: tuple[str, ...], dashed: bool) -> None:
    found = line(drawn(shop()), source, target, stroke)
    assert (found.labels, found.dashed) == (labels, dashed)


def test_a_flow_beside_which_all_passes_is_dashed_and_says_so() -> None:
    made = replace(shop(), flows=(flow("f", "web", "cameras", "ssh"), flow("g", "db", "vault", "ssh")))
    picture = drawn(made)
    assert line(picture, "web", "cameras", Stroke.FLOW).dashed
    assert line(picture, "web", "cameras", Stroke.FLOW).labels == ("ssh", "all else: observed")
    assert line(picture, "db", "vault", Stroke.FLOW).labels == ("ssh", "all else: uncovered")
    assert not [x for x in picture.lines if (x.source, x.target, x.stroke) == ("web", "cameras", Stroke.OBSERVED)]
    text = draw_dot(picture)
    assert re.search(r'"web" -> "cameras" \[.*class="flow".*style="dashed"', text)
    assert re.search(r'"vault" -> "db" \[.*class="uncovered".*style="dashed"', text)
    assert 's_web -.->|"ssh<br/>all else: observed"| s_cameras' in draw_mermaid(picture)


def test_observing_segments_are_dashed() -> None:
    picture = drawn(shop())
    assert {box.name for box in picture.boxes if box.dashed} == {"cameras", "guests"}
    assert re.search(r'"cameras" \[.*style="filled,dashed"', draw_dot(picture))


def test_what_does_not_hold_is_drawn_apart_and_says_when() -> None:
    ends, begins = datetime(2026, 6, 1, tzinfo=UTC), datetime(2027, 1, 1, 8, tzinfo=UTC)
    made = replace(
        shop(),
        flows=(
            flow("f", "web", "db", "ssh", until=ends),
            flow("g", "web", "db", "https", since=begins),
            flow("h", "web", "db", "redis", until=begins, waive=(Waiver("wide", "so", SPAN),)),
        ),
    )
    picture = drawn(made)
    assert line(picture, "web", "db", Stroke.INACTIVE).labels == (
        "ssh", "(ended 2026-06-01)", "https", "(only from 2027-01-01 08:00)",
    )  # fmt: skip
    assert line(picture, "web", "db", Stroke.FLOW).labels == ("redis", "(until 2027-01-01 08:00; waives wide)")
    assert re.search(r'"web" -> "db" \[.*class="inactive".*style="dotted"', draw_dot(picture))


def test_waivers_are_seen_on_the_box_on_the_line_and_below() -> None:
    made = shop()
    said = Waiver("uncovered", "one switch for both", SPAN, date(2027, 3, 31))
    made = replace(
        made, segments={n: replace(s, waive=(said,)) if n == "vault" else s for n, s in made.segments.items()}
    )
    picture = drawn(made)
    box = next(box for box in picture.boxes if box.name == "vault")
    assert "waives uncovered until 2027-03-31" in box.details and "one switch for both" in box.tip
    assert line(picture, "db", "vault", Stroke.UNCOVERED).labels == ("uncovered, waived",)
    assert picture.tables[-1].rows == (
        ("uncovered", "segment 'vault'", "one switch for both", "2027-03-31", "segctl.yaml:1"),
    )
    lapsed = replace(said, until=date(2026, 11, 30))
    made = replace(made, segments={n: replace(s, waive=(lapsed,)) if s.waive else s for n, s in made.segments.items()})
    assert line(drawn(made), "db", "vault", Stroke.UNCOVERED).labels == ("uncovered",)
    assert "2026-11-30: past" in drawn(made).tables[-1].rows[0]


def test_every_statement_stands_below_with_its_reason() -> None:
    head, rows = drawn(shop()).tables[0].head, drawn(shop()).tables[0].rows
    assert head == ("", "name", "from", "to", "services", "why", "holds", "line")  # no owner says anything
    by_name = {row[1]: row for row in rows}
    assert by_name["old"][6] == by_name["trial"][6] == "ended 2026-01-01"
    assert by_name["pci-1-4"][0] == "✕ guardrail" and by_name["pci-1-4"][5] == "PCI DSS 1.4"
    assert len(rows) == 1 + 2 + 7


def test_a_table_too_long_keeps_what_a_reviewer_looks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST", 4)
    picture = drawn(shop())
    assert [row[1] for row in picture.tables[0].rows] == ["pci-1-4", "sideways", "old", "trial"]
    assert "markdown" in picture.notes[-1]


def test_frames_hold_what_lies_within_or_what_a_label_joins() -> None:
    picture = drawn(shop())
    assert picture.frames == (Frame("db", "within db"),)
    assert {box.name for box in picture.boxes if box.frame == "db"} == {"db", "vault"}
    made = replace(shop(), segments={
        name: replace(one, labels={"zone": 'R&D "x"'}) if name in ("web", "vault") else one
        for name, one in shop().segments.items()
    })  # fmt: skip
    picture = diagram(segment_graph(policy(made), AT), made.name, "label:zone")
    assert picture.frames == (Frame('R&D "x"', 'zone: R&D "x"'),)
    assert {box.name for box in picture.boxes if box.frame} == {"web", "vault"}
    assert "within db" in next(box for box in picture.boxes if box.name == "vault").details
    assert "zone: R&amp;D" in draw_svg(picture) and "subgraph f_s_R_38_D_32__34_x_34_" in draw_mermaid(picture)


def test_what_nobody_declared_is_written_where_it_is_much() -> None:
    """Twelve pairs of each sort: no line of it, a row in each box, and below which are uncovered."""
    names = [f"s{n}" for n in range(12)]
    made = site(
        [segment(name, "open", f"10.0.{n}.0/24") for n, name in enumerate(names[:6])]
        + [segment(name, "strict", f"10.0.{n + 6}.0/24", "observe") for n, name in enumerate(names[6:])],
        points=[
            gateway(
                "gw",
                {
                    "e0": (" ".join(names[:6]), "192.168.0.1/24"),
                    "e1": (" ".join(names[6:]), "192.168.1.1/24"),
                    "e2": ("world", "192.168.2.1/24"),
                },
            )
        ],
    )
    picture = drawn(made)
    assert not picture.lines
    box = {box.name: box.details for box in picture.boxes}
    assert "open: out, in" in box["s0"] and "observed: out, in" in box["s9"]
    assert "uncovered: s10, s11 +3" in box["s6"]
    assert any("(s10, s11, s6, s7, s8, s9)" in note for note in picture.notes)


def test_a_long_name_is_broken_not_cut() -> None:
    name = "customer-relationship-management-reporting-warehouse-europe-n1z"
    assert len(name) == 63
    picture = drawn(site([segment(name, "guarded", "10.0.1.0/24"), segment("w" * 63, "guarded", "10.0.2.0/24")]))
    titles = {box.name: box.title for box in picture.boxes}
    assert titles[name] == "customer-relationship-\nmanagement-reporting-\nwarehouse-europe-n1z"
    assert titles["w" * 63].split("\n") == ["w" * 30, "w" * 30, "www"]


def test_many_services_are_counted() -> None:
    made = replace(shop(), flows=(flow("f", "web", "db", "postgres ssh https redis ping"),))
    assert line(drawn(made), "web", "db", Stroke.FLOW).labels == ("postgres, ssh +3",)


def test_a_part_is_said_only_where_it_says_more() -> None:
    made = replace(shop(), flows=(flow("f", "web", "db", "ssh"), flow("g", "web1", "db", "ssh https")))
    assert line(drawn(made), "web", "db", Stroke.FLOW).labels == ("ssh", "https: web1 → all")


def test_both_directions_are_one_line_where_they_say_the_same() -> None:
    made = replace(shop(), flows=(flow("f", "web", "db", "ssh"), flow("g", "db", "web", "ssh")))
    assert line(drawn(made), "db", "web", Stroke.FLOW).heads is Heads.BOTH


def test_empty_built_in_segments_are_left_out() -> None:
    made = site([segment("a", "guarded", "10.0.1.0/24")])
    assert [box.name for box in drawn(made).boxes] == ["world", "a"]
    made = site([segment("a", "guarded", "10.0.1.0/24")], guardrails=[guardrail("g", "a", "quarantine")])
    assert "quarantine" not in {box.name for box in drawn(made).boxes}  # it can match no packet


def test_a_site_without_points_says_so() -> None:
    picture = drawn(site([segment("a", "guarded", "10.0.1.0/24")]))
    assert len(picture.notes) == 1
    assert all(picture.notes[0] in draw(picture) for draw in (draw_dot, draw_svg))
    assert "nothing enforces" in draw_mermaid(picture)


def crowd(number: int, says: str = "enforce") -> Site:
    """Segments behind one interface, two tiers of guardrails between them."""
    names = [f"s{n:03}" for n in range(number)]
    half = number // 2
    return site(
        [segment(name, "strict", f"10.{n // 250}.{n % 250}.0/24", says) for n, name in enumerate(names)],
        guardrails=[guardrail("g", " ".join(names[:half]), " ".join(names[half:]), "smb")],
        points=[gateway("gw", {"e0": (" ".join(names), "192.168.0.1/24"), "e1": ("world", "192.168.1.1/24")})],
    )


def test_many_like_lines_are_tied_in_knots() -> None:
    picture = drawn(crowd(20))
    assert len([x for x in picture.lines if x.stroke is Stroke.GUARDRAIL]) == 20  # 10 × 10 pairs
    assert {box.title for box in picture.boxes if box.shade is Shade.HUB} == {"✕ smb"}


def test_a_large_picture_is_drawn_too() -> None:
    picture = drawn(estate(60, 400))
    assert len(picture.lines) > dot.MANY and 'layout="sfdp"' in draw_dot(picture)
    assert draw_svg(picture).count('class="node ') == len(picture.boxes)


# svg


def test_the_svg_is_xml_and_holds_every_segment() -> None:
    picture = drawn(shop())
    root = ElementTree.fromstring(draw_svg(picture))
    titles = {title.text for title in root.iter(f"{SVG}title")}
    assert {box.name for box in picture.boxes} <= titles
    classes = {group.get("class") for group in root.iter(f"{SVG}g")}
    assert {f"edge {stroke}" for stroke in Stroke if stroke not in ANSWERS} | {
        "node strict",
        "node sealed",
        "node guarded",
    } <= classes
    assert "prefers-color-scheme: dark" in "".join(style.text or "" for style in root.iter(f"{SVG}style"))


def test_no_colour_of_the_light_drawing_is_without_a_dark_one() -> None:
    """A class that the style sheet forgot would stay light."""
    root = ElementTree.fromstring(draw_svg(drawn(shop())))
    style = "".join(element.text or "" for element in root.iter(f"{SVG}style"))
    classes = {tuple((group.get("class") or "").split()) for group in root.iter(f"{SVG}g")} - {(), ("graph", "picture")}
    for kind, *names in sorted(classes):
        for name in set(names) - {"words"}:
            assert f".{kind}.{name} " in style or f".{name} " in style, (kind, name)
    assert len(classes) > 10


@pytest.fixture(scope="module")
def hostile() -> Site:
    made = shop()
    return replace(
        made,
        segments={n: replace(s, owner=HOSTILE) if n == "web" else s for n, s in made.segments.items()},
        flows=tuple(replace(flow, why=HOSTILE, owner=HOSTILE) for flow in made.flows),
        guardrails=tuple(replace(rail, why=HOSTILE) for rail in made.guardrails),
    )


def test_no_text_is_markup_in_svg(hostile: Site) -> None:
    text = draw_svg(drawn(hostile))
    root = ElementTree.fromstring(text)
    assert "<script" not in text
    assert {element.tag for element in root.iter()} == {
        element.tag for element in ElementTree.fromstring(draw_svg(drawn(shop()))).iter()
    }
    tips = [element.text or "" for element in root.iter(f"{SVG}title")]
    assert any(HOSTILE in tip for tip in tips)  # and it is shown as it was written
    assert any(part in (text.text or "") for text in root.iter(f"{SVG}text") for part in HOSTILE.split()[:1])
    assert not list(root.iter(f"{SVG}a"))


def test_no_text_is_syntax_in_dot(hostile: Site) -> None:
    """Graphviz itself reads back as many nodes and edges as there are."""
    for made in (hostile, shop()):
        picture = replace(drawn(made), legend=())
        plain = subprocess.run(["dot", "-Tplain"], input=draw_dot(picture).encode(), capture_output=True, check=True)
        words = [row.split()[0] for row in plain.stdout.decode().splitlines() if row]
        assert (words.count("node"), words.count("edge")) == (len(picture.boxes), len(picture.lines))


def test_graphviz_missing_says_the_line_that_gets_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphvizMissing, match="apt install graphviz"):
        draw_svg(drawn(shop()))


@pytest.mark.parametrize(("script", "said"), [("echo no >&2; exit 1", "no"), ("exit 0", "0"), ("sleep 5", "seconds")])
def test_graphviz_failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, said: str) -> None:
    (tmp_path / "dot").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(layout, "SECONDS", 0.3)
    with pytest.raises(GraphvizError, match=said):
        draw_svg(drawn(shop()))


# mermaid

NAMES = (
    "end",
    "o1",
    "x1",
    "default",
    "graph",
    "subgraph",
    "style",
    "class",
    "a.b",
    "a-b",
    "a_b",
    "A_b",
    "click",
    "s_end",
)
ROW = re.compile(
    r'subgraph \w+ \["[^"]*"\]|end|classDef \w+ \S.*|class [\w,]+ \w+|linkStyle [\d,]+ \S+'
    r'|\w+[\[({>/\\]+"[^"]*"[\])}/\\]+'
    r'|\w+(\[" "\])? [<xo]?(---?|-\.-)[>xo]?(\|"[^"]*"\|)? \w+(\["[^"]*"\])?'
)


def test_every_row_of_mermaid_is_well_formed(hostile: Site) -> None:
    """Labels quoted and without a sign that Mermaid or HTML reads; no id is a word of Mermaid's."""
    made = site([segment(name, "strict", f"10.0.{n}.0/24") for n, name in enumerate(NAMES)],
                flows=[flow("f", "end", "graph", "ssh")])  # fmt: skip
    for case in (made, hostile, shop(), crowd(20, "observe")):
        head, *rows = draw_mermaid(drawn(case)).splitlines()
        assert head == "flowchart LR"
        for row in map(str.strip, rows):
            assert ROW.fullmatch(row), row
            for label in re.findall(r'"([^"]*)"', row):
                assert not re.search(r"[<>&`{}\[\]\\%]", label.replace("<br/>", "")), label
                assert not re.search(r"#(?!\d+;)", label), label


def test_ids_are_as_different_as_names() -> None:
    assert len({ident(name) for name in (*NAMES, "*any", "*1")}) == len(NAMES) + 2
    assert all(re.fullmatch(r"s_\w+", ident(name)) for name in NAMES)


def test_mermaid_styles_lines_by_their_number() -> None:
    text = draw_mermaid(drawn(shop()))
    rows = [row for row in text.splitlines() if re.search(r" [<xo]?(--|-\.-)", row)]
    styled = {
        int(n): row.split()[2] for row in text.splitlines() if "linkStyle" in row for n in row.split()[1].split(",")
    }
    for number, row in enumerate(rows):
        assert ("#dd5518" in styled.get(number, "")) == ("--x" in row), row
