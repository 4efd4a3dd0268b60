"""Drawings of hand-built sites: golden texts, and what must hold of any."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from segctl.ask.graph import segment_graph
from segctl.model.site import Site
from segctl.report import GraphvizError, GraphvizMissing, Picture, dot, draw_dot, draw_mermaid, draw_svg, svg
from segctl.report.diagram import diagram
from segctl.report.mermaid import ident
from segctl.report.picture import Heads, Line, Shade, Stroke
from tests.unit.report.sites import AT, flow, gateway, guardrail, policy, segment, shop, site

GOLDEN = Path(__file__).parents[2] / "golden" / "graph"
SVG = "{http://www.w3.org/2000/svg}"
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
    assert len(picture.lines) <= 3 * 22  # 20 × 19 uncovered pairs, 10 × 10 guardrail pairs
    assert {box.title for box in picture.boxes if box.shade is Shade.HUB} == {"uncovered", "✕ smb"}


def test_a_large_picture_is_drawn_too() -> None:
    picture = drawn(crowd(160))
    assert len(picture.lines) > dot.MANY and 'layout="sfdp"' in draw_dot(picture)
    assert draw_svg(picture).count('class="node strict"') >= 160


# svg


def test_the_svg_is_xml_and_holds_every_segment() -> None:
    picture = drawn(shop())
    root = ElementTree.fromstring(draw_svg(picture))
    titles = {title.text for title in root.iter(f"{SVG}title")}
    assert {box.name for box in picture.boxes} <= titles
    classes = {group.get("class") for group in root.iter(f"{SVG}g")}
    assert {f"edge {stroke}" for stroke in Stroke} | {"node strict", "node sealed", "node guarded"} <= classes
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
    tips = [element.get("{http://www.w3.org/1999/xlink}title") or "" for element in root.iter(f"{SVG}a")]
    assert any(HOSTILE in tip for tip in tips)  # and it is shown as it was written


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
    monkeypatch.setattr(svg, "SECONDS", 0.3)
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
