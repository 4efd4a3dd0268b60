"""What we write for Mermaid, drawn by the real Mermaid in a real browser, as a forge would."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from segctl.ask.graph import segment_graph
from segctl.model.site import Site
from segctl.report import Picture, draw_mermaid
from segctl.report.diagram import diagram
from segctl.report.overview import overview
from segctl.report.picture import Shade, Stroke
from tests.browser.measure import chromium, unescape
from tests.unit.report.estates import estate
from tests.unit.report.questions import blast, changed, edited, way
from tests.unit.report.sites import AT, flow, policy, segment, shop, site
from tests.unit.report.test_pictures import HOSTILE, NAMES, drawn

pytestmark = pytest.mark.browser
VENDOR = Path(__file__).parent / "vendor"
SHA256 = "7a644017d37f93c8359790884e6b67fb1f747c78eb20475952404bd87190a3f8"
MOST, EDGES = 50_000, 500  # characters and lines: maxTextSize and maxEdges, where nobody says otherwise
SCRIPT = """
mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
(async () => {
  const out = [];
  for (const [number, text] of texts.entries()) {
    const each = {error: "", nodes: 0, edges: 0, clusters: 0, foreign: 0, words: ""};
    try {
      const {svg} = await mermaid.render("m" + number, text);
      const box = document.createElement("div");
      box.innerHTML = svg;
      const count = (what) => box.querySelectorAll(what).length;
      each.nodes = count("g.node"); each.clusters = count("g.cluster");
      each.edges = count("path.flowchart-link");
      each.foreign = count("script, iframe, img, a, [onerror], [onload], [onclick]");
      each.words = box.textContent;
    } catch (error) { each.error = String(error); }
    out.push(each);
  }
  const place = document.createElement("pre");
  place.id = "told";
  place.textContent = JSON.stringify(out);
  document.body.replaceChildren(place);
})();
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What Mermaid made of a text: its error, how much of what, what could run, all words."""

    error: str
    nodes: int
    edges: int
    clusters: int
    foreign: int
    words: str


def mermaid(texts: list[str], folder: Path) -> list[Drawn]:
    """Each drawn as on a forge's page: strict, with its own limits."""
    library = gzip.decompress((VENDOR / "mermaid.tiny.js.gz").read_bytes())
    assert hashlib.sha256(library).hexdigest() == SHA256
    (folder / "mermaid.js").write_bytes(library)
    said = json.dumps(texts).replace("<", "\\u003c")
    page = folder / "page.html"
    page.write_text(
        f'<meta charset="utf-8"><body><script src="mermaid.js"></script><script>const texts = {said};{SCRIPT}</script>'
    )
    dom = chromium(folder, "--virtual-time-budget=120000", "--dump-dom", page.as_uri())
    found = re.search(r'<pre id="told">(.*?)</pre>', dom, re.DOTALL)
    assert found, dom[-2000:]
    return [Drawn(**each) for each in json.loads(unescape(found[1]))]


def pictures() -> list[Picture]:
    made, large = estate(20, 30), estate(500, 750)
    named = [segment(name, "strict", f"10.0.{n}.0/24") for n, name in enumerate(NAMES)]
    return [
        drawn(shop()),
        drawn(estate(5, 8)),
        diagram(segment_graph(policy(made), AT), made.name, "label:zone"),
        drawn(estate(60, 80)),
        overview(segment_graph(policy(large), AT, undeclared=False), large.name),
        changed(made, edited(made, 4)),
        changed(large, edited(large, 10)),
        blast(shop(), "web"),
        way(shop(), "world", "db"),
        drawn(site(named, flows=[flow("f", "end", "graph", "ssh")])),
        hostile(),
    ]


def hostile() -> Picture:
    """Where a site may say anything: labels of segments, owners."""
    made = shop()
    label = {"zone": HOSTILE}
    segments = {
        name: one if one.built_in else segment(name, "strict", f"10.0.{n}.0/24", labels=label, owner=HOSTILE)
        for n, (name, one) in enumerate(made.segments.items())
    }
    said = Site(made.name, made.span, made.profiles, segments, {}, made.services, (), ())
    return diagram(segment_graph(policy(said), AT), made.name, "label:zone")


@pytest.mark.timeout(300)
def test_mermaid_draws_all_of_it(tmp_path: Path) -> None:
    given = pictures()
    texts = [draw_mermaid(picture) for picture in given]
    for number, (picture, text, found) in enumerate(zip(given, texts, mermaid(texts, tmp_path), strict=True)):
        assert not found.error, (number, found.error)
        assert len(text) < MOST and len(picture.lines) < EDGES, number
        keys = len(picture.legend) + sum(isinstance(key.sample, Stroke) for key in picture.legend)
        notes = len(picture.notes) if picture.legend else 0
        assert found.nodes == len(picture.boxes) + keys + notes, number
        assert found.edges == len(picture.lines) + sum(isinstance(key.sample, Stroke) for key in picture.legend), number
        assert found.clusters == len(picture.frames) + bool(picture.legend), number
        assert not found.foreign, number
        words = re.sub(r"\s", "", found.words)
        for box in picture.boxes:
            assert re.sub(r"\s", "", box.title) in words or box.shade is Shade.HUB, (number, box.title)


def test_what_mermaid_refuses_is_seen(tmp_path: Path) -> None:
    wrong, right = mermaid(["flowchart LR\n    end[x] --> ", draw_mermaid(drawn(shop()))], tmp_path)
    assert wrong.error and not right.error
