"""Where everything of an svg stands, as headless Chromium sets it: the text by its own fonts."""

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 120
# Of each text, and of each node's outline and each label's owner: the box on the page, in pixels.
SCRIPT = """
const box = (element) => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
const measured = (svg) => {
const out = {picture: box(svg), texts: [], nodes: []};
// A row's box is higher than its ink: rows of two sizes, one right below the other, share some of it.
const pen = document.createElement("canvas").getContext("2d");
const said = (text) => [...text.childNodes].filter((node) => node.nodeType === 3).map((n) => n.data).join("");
const ink = (text) => {
  const style = getComputedStyle(text);
  const fine = 100;  // the pen's answers are whole pixels
  pen.font = `${style.fontWeight} ${fine * parseFloat(style.fontSize)}px ${style.fontFamily}`;
  const found = pen.measureText(said(text)), part = text.getBBox(), matrix = text.getScreenCTM();
  const at = (x, y) => new DOMPoint(x, y).matrixTransform(matrix);
  const base = text.y.baseVal[0].value;
  const one = at(part.x, base - found.actualBoundingBoxAscent / fine);
  const other = at(part.x + part.width, base + found.actualBoundingBoxDescent / fine);
  return [Math.min(one.x, other.x), Math.min(one.y, other.y), Math.max(one.x, other.x), Math.max(one.y, other.y)];
};
const groups = [...svg.querySelectorAll("g")];
for (const text of svg.querySelectorAll("text")) {
  const owner = text.closest("g.node, g.edge, g.cluster, g.graph");
  out.texts.push({
    box: ink(text), text: said(text), kind: owner ? owner.classList[0] : "page", owner: groups.indexOf(owner),
  });
}
for (const node of svg.querySelectorAll("g.node")) {
  const shape = node.querySelector("polygon, path, ellipse");
  if (shape) out.nodes.push({box: box(shape), owner: groups.indexOf(node)});
}
return out;
};
const out = [...document.querySelectorAll("body > svg")].map(measured);
const place = document.createElement("pre");
place.id = "measured";
place.textContent = JSON.stringify(out);
document.body.replaceChildren(place);
"""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Text:
    """One row of text: what it says, its box, what it belongs to (`node`, `edge`, `cluster`, `graph`; `page`: none)."""

    text: str
    box: Box
    kind: str
    owner: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Left, top, right, bottom of everything; `nodes`: number of the owner to its outline."""

    picture: Box
    texts: tuple[Text, ...]
    nodes: dict[int, Box]


def measure(svgs: Iterable[str], folder: Path) -> list[Measured]:
    """Open the drawings in Chromium and ask; `folder` is for the page and the browser's own files."""
    page = folder / "page.html"
    drawings = "".join(svg[svg.index("<svg") :] for svg in svgs)
    page.write_text(f'<meta charset="utf-8"><body style="margin:0">{drawings}<script>{SCRIPT}</script>', "utf-8")
    dom = chromium(folder, "--dump-dom", page.as_uri())
    found = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)
    assert found, dom[:2000]
    return [_measured(data) for data in json.loads(unescape(found[1]))]


def _measured(data: dict[str, Any]) -> Measured:
    texts = tuple(Text(each["text"], tuple(each["box"]), each["kind"], each["owner"]) for each in data["texts"])
    return Measured(tuple(data["picture"]), texts, {each["owner"]: tuple(each["box"]) for each in data["nodes"]})


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u00a0").replace("&amp;", "&")


def chromium(folder: Path, *arguments: str) -> str:
    """What a headless Chromium prints; it talks to nobody and leaves its files in `folder`."""
    command = ["chromium", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
               "--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}"]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # the sandbox can't be root's
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def meets(one: Box, other: Box, slack: float = 0.0) -> bool:
    """Whether two boxes share more than `slack` in both directions."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > slack and down > slack


def inside(one: Box, other: Box, slack: float = 0.5) -> bool:
    """Whether the first lies in the second, but for `slack`."""
    return (
        one[0] >= other[0] - slack
        and one[1] >= other[1] - slack
        and one[2] <= other[2] + slack
        and one[3] <= other[3] + slack
    )
