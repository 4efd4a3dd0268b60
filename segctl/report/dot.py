"""A picture in Graphviz's language (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Iterator, Mapping

from segctl.report.palette import LIGHT
from segctl.report.picture import Box, Heads, Key, Line, Picture, Shade, Stroke

FONT = "Helvetica,Arial,sans-serif"
WORDS = 190  # points of width for the words beside a line of the legend
HIDDEN = {"style": "invis"}
MANY = 300  # lines above which layers are no longer readable (nor quickly made): a force layout, without frames

SHAPES: Mapping[Shade, Mapping[str, str]] = {
    Shade.OPEN: {"shape": "box", "style": "rounded,filled"},
    Shade.GUARDED: {"shape": "box", "style": "filled"},
    Shade.STRICT: {"shape": "box", "style": "filled", "peripheries": "2"},
    Shade.SEALED: {"shape": "octagon", "style": "filled", "peripheries": "2"},
    Shade.QUARANTINE: {"shape": "hexagon", "style": "filled", "penwidth": "2"},
    Shade.OUTSIDE: {"shape": "ellipse", "style": "filled"},
    Shade.POINT: {"shape": "component", "style": "filled"},
    Shade.OWN: {"shape": "note", "style": "filled"},
    Shade.ANY: {"shape": "ellipse", "style": "filled,dotted"},
    Shade.HUB: {"shape": "box", "style": "rounded,filled"},
}

STROKES: Mapping[Stroke, Mapping[str, str]] = {
    Stroke.FLOW: {"penwidth": "1.4", "arrowhead": "normal", "arrowtail": "normal", "weight": "3"},
    Stroke.MANAGEMENT: {"penwidth": "1.4", "arrowhead": "diamond", "arrowtail": "diamond"},
    Stroke.GUARDRAIL: {"penwidth": "2.2", "arrowhead": "tee", "arrowtail": "tee"},
    Stroke.DEFAULT: {"penwidth": "0.8", "arrowhead": "vee", "arrowtail": "vee", "arrowsize": "0.6", "weight": "1"},
    Stroke.OBSERVED: {"penwidth": "1.2", "arrowhead": "empty", "arrowtail": "empty", "weight": "1"},
    Stroke.UNCOVERED: {"penwidth": "1.2", "arrowhead": "odot", "arrowtail": "odot", "weight": "1"},
}
SIGNS: Mapping[Stroke, str] = {
    Stroke.FLOW: "▶",
    Stroke.MANAGEMENT: "◆",
    Stroke.GUARDRAIL: "┃",
    Stroke.DEFAULT: "➢",
    Stroke.OBSERVED: "▷",
    Stroke.UNCOVERED: "○",
}
FRAME = {
    "class": "frame",
    "bgcolor": "transparent",
    "style": "rounded",
    "color": LIGHT.faint,
    "labeljust": "l",
    "fontsize": "10",
}
DASHED = {Stroke.OBSERVED, Stroke.UNCOVERED}


def draw_dot(picture: Picture) -> str:
    """The picture for `dot`: light colours, and a class on everything, by which the svg finds its dark ones."""
    large = len(picture.lines) > MANY
    body = [*_head(picture, large), *(_flat(picture) if large else _framed(picture, None))]
    body += [_line(line) for line in picture.lines]
    if large:
        holds = _list({"label": "holds", "arrowhead": "none", "style": "dotted"})
        body += [f"{quote(box.within)} -> {quote(box.name)} {holds}" for box in picture.boxes if box.within]
    body += _words(picture) if large else _legend(picture)
    return "\n".join([f"digraph {quote(picture.title)} {{", *(f"  {row}" for row in body), "}", ""])


def quote(text: str) -> str:
    """A quoted string of DOT that shows exactly that text: no escape and no entity of it means anything."""
    text = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n") + '"'


def markup(text: str) -> str:
    """The text within an HTML-like label."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("[", "&#91;").replace("]", "&#93;")


def _head(picture: Picture, large: bool) -> Iterator[str]:
    layout = (
        {"layout": "sfdp", "overlap": "prism", "K": "1.2", "outputorder": "edgesfirst"}
        if large
        else {"rankdir": "LR", "newrank": "true"}
    )
    notes = "\\l".join(quote(note)[1:-1] for note in picture.notes)
    yield f"graph {_list({'class': 'picture', 'bgcolor': LIGHT.ground, 'fontname': FONT, 'fontsize': '11'})}"
    yield f"graph {_list({**layout, 'nodesep': '0.35', 'ranksep': '0.9', 'pad': '0.3', 'fontcolor': LIGHT.text})}"
    if notes:
        yield f'graph [label="{notes}\\l", labelloc=b, labeljust=l]'
    yield f"node {_list({'fontname': FONT, 'fontsize': '12', 'margin': '0.18,0.09', 'fontcolor': LIGHT.text})}"
    yield f"edge {_list({'fontname': FONT, 'fontsize': '10', 'fontcolor': LIGHT.text})}"


def _flat(picture: Picture) -> list[str]:
    return [_box(box) for box in picture.boxes]


def _framed(picture: Picture, outer: str | None) -> Iterator[str]:
    """The boxes that lie directly within `outer`; one that holds others is drawn with them in one frame."""
    holding = {box.within for box in picture.boxes}
    for box in picture.boxes:
        if box.within != outer:
            continue
        if box.name not in holding:
            yield _box(box)
            continue
        look = {"label": f"within {box.name}", "tooltip": f"within {box.name}", "margin": "14"}
        yield f"subgraph {quote('cluster_' + box.name)} {{"
        yield f"  graph {_list({**FRAME, **look})}"
        yield f"  {_box(box)}"
        yield from (f"  {row}" for row in _framed(picture, box.name))
        yield "}"


def _box(box: Box, **more: str) -> str:
    paint = LIGHT.boxes[box.shade]
    look = {**SHAPES[box.shade], "class": f"{box.shade}", "fillcolor": paint.fill, "color": paint.border, **more}
    if box.dashed:
        look["style"] += ",dashed"
    if box.shade is Shade.HUB:
        look |= {"margin": "0.05,0.02", "fontsize": "9", "width": "0.1", "height": "0.1"}
    details = "".join(f'<br/><font point-size="9">{markup(text)}</font>' for text in box.details)
    title = markup(box.title) if box.shade is Shade.HUB else f"<b>{markup(box.title)}</b>"
    return f"{quote(box.name)} [label=<{title}{details}>, {_list({**look, 'tooltip': box.tip or box.title})[1:]}"


def _line(line: Line) -> str:
    colour = LIGHT.lines[line.stroke]
    tip = line.tip or f"{line.source} to {line.target}"
    look = {**STROKES[line.stroke], "class": f"{line.stroke}", "color": colour, "fillcolor": colour}
    if line.dashed or line.stroke in DASHED:
        look["style"] = "dashed"
    if line.labels:
        text = "\n".join(f" {label} " for label in line.labels)  # blanks: Graphviz puts labels right at their line
        look |= {"label": text, "fontcolor": colour, "labeltooltip": tip}
    if line.heads is not Heads.TARGET:
        look["dir"] = line.heads
    return f"{quote(line.source)} -> {quote(line.target)} {_list({**look, 'tooltip': tip})}"


def _words(picture: Picture) -> Iterator[str]:
    """The legend without samples, which a force layout would scatter."""
    rows = [
        f'<tr><td>{SIGNS[key.sample]}</td><td align="left">{markup(key.text)}</td></tr>'
        for key in picture.legend
        if isinstance(key.sample, Stroke)
    ]
    if rows:
        table = f'<table border="1" cellborder="0" color="{LIGHT.faint}">{"".join(rows)}</table>'
        yield f'"0legend" [shape="plaintext", class="words frame", tooltip="legend", label=<{table}>]'


def _legend(picture: Picture) -> Iterator[str]:
    """Samples with their meaning, in a frame of their own: boxes left, lines right of them."""
    if not picture.legend:
        return
    boxes = [key for key in picture.legend if isinstance(key.sample, Shade)]
    lines = [key for key in picture.legend if isinstance(key.sample, Stroke)]
    yield 'subgraph "cluster_0legend" {'
    yield f"  graph {_list({**FRAME, 'label': 'legend', 'tooltip': 'legend'})}"
    for column, keys in (("0box", boxes), ("0line", lines)):
        for number, key in enumerate(keys):
            yield from (f"  {row}" for row in _key(key, f"{column}{number}"))
    for number in range(min(len(boxes), len(lines))):  # one row for two keys
        yield f'  "0box{number}" -> "0line{number}" {_list(HIDDEN)}'
    yield "}"


def _key(key: Key, name: str) -> Iterator[str]:
    if isinstance(key.sample, Shade):
        sample = Box(name, key.sample, key.text, dashed=key.dashed, tip=key.text)
        yield _box(sample, width="0.6", height="0.2", margin="0.1,0.04", fontsize="9")
        return
    words = (
        f'<table border="0" cellspacing="0"><tr><td width="{WORDS}" align="left">{markup(key.text)}</td></tr></table>'
    )
    look = {
        "shape": "plaintext",
        "fontsize": "9",
        "margin": "0",
        "height": "0.2",
        "class": "words",
        "tooltip": key.text,
    }
    yield f"{quote(name + 't')} [label=<{words}>, {_list(look)[1:]}"
    yield f"{quote(name)} {_list({'shape': 'point', 'width': '0.02', **HIDDEN})}"
    yield _line(Line(name, name + "t", key.sample, dashed=key.dashed, tip=key.text))


def _list(look: Mapping[str, str]) -> str:
    return "[" + ", ".join(f"{name}={quote(value)}" for name, value in look.items()) + "]"
