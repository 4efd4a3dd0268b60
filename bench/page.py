"""How long until the page of a large site answers, beside the bare library that draws the same graph at once?

    python bench/page.py [SEGMENTS FLOWS [ROUNDS]]

Both are files that headless Chromium opens from disk, in turn, without a GPU; medians of a few rounds. *open*: from the
navigation until everything is drawn for the first time. *question*: two segments are chosen, until the next frame is
drawn: whether they may talk, and the shortest path. *frame*: one of 30 while the map is moved. The bare library gets
all segments and flows in a grid, no layout, no text: it answers nothing.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
sys.path.insert(0, str(Path(__file__).parents[1]))  # and that of tests/
from estates import write_estate

from segctl.cli.options import Settings, policy_of
from segctl.cli.page import page_of
from segctl.cli.pictures import Asked
from segctl.policy import Policy
from tests.browser.devtools import Browser, browser

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 12, 1, tzinfo=UTC)
DRAWN = "await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
BARE = """<!doctype html><meta charset="utf-8">
<style>body {{ margin: 0 }} #map {{ width: 832px; height: 848px }}</style>
<div id="map"></div><script>{library}</script><script>
cy = cytoscape({{container: document.getElementById("map"), elements: {elements}, layout: {{name: "grid"}}, style: [
  {{selector: "node", style: {{shape: "rectangle"}}}},
  {{selector: "edge", style: {{"curve-style": "bezier", "target-arrow-shape": "triangle"}}}}]}});
document.documentElement.dataset.ready = "true";
</script>"""
MOVED = f"""(async (cy) => {{
  const begin = performance.now();
  for (let n = 0; n < 30; n++) {{ cy.panBy({{x: n % 2 ? 9 : -9, y: 3}}); {DRAWN}; }}
  return (performance.now() - begin) / 30;
}})"""
ASKED = f"""(async () => {{
  const begin = performance.now();
  segctl.page.choose(17, {{second}});
  {DRAWN};
  return performance.now() - begin;
}})()"""


def bare(policy: Policy) -> str:
    """The same graph, as a page that only draws it."""
    elements: list[object] = [{"data": {"id": name}} for name in policy.site.segments]
    for flow in policy.site.flows:
        ends = str(flow.source[0]), str(flow.destination[0])
        elements.append({"data": {"source": ends[0], "target": ends[1]}})
    library = (ROOT / "templates" / "page" / "library.js").read_text("utf-8")
    return BARE.format(library=library, elements=json.dumps(elements))


def opened(tab: Browser, page: Path) -> float:
    """Milliseconds until it is drawn."""
    tab.open(page)
    found: float = tab.ask(f"(async () => {{ {DRAWN}; return performance.now(); }})()")
    return found


def main(segments: int = 5000, flows: int = 15000, rounds: int = 5) -> None:
    with TemporaryDirectory(prefix="segctl-bench-") as name:
        folder = Path(name)
        settings = Settings(write_estate(folder / "site", segments, flows))
        policy = policy_of(settings, AT)
        files = {"page": folder / "page.html", "bare": folder / "bare.html"}
        files["page"].write_text(page_of(settings, (policy,), Asked(group=""), "auto", AT), "utf-8")
        files["bare"].write_text(bare(policy), "utf-8")
        taken: dict[str, list[float]] = {}
        with browser(folder) as tab:
            for _ in range(rounds):
                for what, file in files.items():
                    taken.setdefault(f"{what}: open", []).append(opened(tab, file))
                    cy = "cy" if what == "bare" else "segctl.page.map.cy"
                    taken.setdefault(f"{what}: frame", []).append(tab.ask(f"{MOVED}({cy})"))
                    if what == "page":
                        asked = ASKED.replace("{second}", str(segments // 2))
                        taken.setdefault("page: question", []).append(tab.ask(asked))
    middle = {what: median(those) for what, those in taken.items()}
    print(f"{segments} segments, {flows} flows, {rounds} rounds: medians")
    for what, value in sorted(middle.items()):
        print(f"{what:16} {value:8.1f} ms   {value / middle['bare: open']:6.3f} of the bare library's opening")
    print(f"frame while moving: {middle['page: frame'] / middle['bare: frame']:.3f} of the bare library's")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
