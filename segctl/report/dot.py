"""A picture in Graphviz's language (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isqrt
from textwrap import wrap

from segctl.report.palette import LIGHT
from segctl.report.picture import Box, Heads, Key, Line, Picture, Shade, Stroke, Table

FONT = "Helvetica,Arial,sans-serif"
SMALL = "9"
LABEL_SIZE = "10"
NOTE = 150  # characters of one row of a note
NBSP = "\u00a0"  # of several blanks an svg keeps one
BOX_SIGN = "□"
CROWD = 600  # lines above which they run straight, below the boxes: to lead them around takes minutes
MANY = 300  # lines above which layers are no longer readable (nor quickly made): a force layout, without frames


FORCES = {
    "layout": "sfdp",
    "overlap": "prism",
    "K": "2.2",
    "sep": "+20",
    "outputorder": "edgesfirst",
    "splines": "true",
}

SHAPES: Mapping[Shade, Mapping[str, str]] = {
    Shade.OPEN: {"shape": "box", "style": "rounded,filled"},
    Shade.GUARDED: {"shape": "box", "style": "filled"},
    Shade.STRICT: {"shape": "box", "style": "filled", "peripheries": "2"},
    Shade.SEALED: {"shape": "box", "style": "filled", "peripheries": "3"},
    Shade.QUARANTINE: {"shape": "hexagon", "style": "filled", "penwidth": "2"},
    Shade.OUTSIDE: {"shape": "ellipse", "style": "filled"},
    Shade.POINT: {"shape": "component", "style": "filled"},
    Shade.OWN: {"shape": "note", "style": "filled"},
    Shade.ANY: {"shape": "ellipse", "style": "filled,dotted"},
    Shade.HUB: {"shape": "box", "style": "rounded,filled"},
    Shade.START: {"shape": "box", "style": "filled", "peripheries": "2", "penwidth": "2.5"},
    Shade.NEAR: {"shape": "box", "style": "filled", "penwidth": "3"},
    Shade.SECOND: {"shape": "box", "style": "filled", "penwidth": "2"},
    Shade.THIRD: {"shape": "box", "style": "filled"},
    Shade.FAR: {"shape": "box", "style": "rounded,filled"},
    Shade.PALE: {"shape": "box", "style": "filled"},
    Shade.GROUP: {"shape": "folder", "style": "filled"},
}

STROKES: Mapping[Stroke, Mapping[str, str]] = {
    Stroke.FLOW: {"penwidth": "1.4", "arrowhead": "normal", "arrowtail": "normal", "weight": "3"},
    Stroke.INACTIVE: {"penwidth": "1.2", "arrowhead": "onormal", "arrowtail": "onormal", "weight": "1"},
    Stroke.MANAGEMENT: {"penwidth": "1.4", "arrowhead": "diamond", "arrowtail": "diamond"},
    Stroke.GUARDRAIL: {"penwidth": "2.2", "arrowhead": "tee", "arrowtail": "tee"},
    Stroke.DEFAULT: {"penwidth": "0.8", "arrowhead": "vee", "arrowtail": "vee", "arrowsize": "0.6", "weight": "1"},
    Stroke.OBSERVED: {"penwidth": "1.2", "arrowhead": "empty", "arrowtail": "empty", "weight": "1"},
    Stroke.UNCOVERED: {"penwidth": "1.2", "arrowhead": "odot", "arrowtail": "odot", "weight": "1"},
    Stroke.OPENS: {"penwidth": "3.5", "arrowhead": "normal", "arrowtail": "normal", "weight": "3"},
    Stroke.CLOSES: {"penwidth": "2", "arrowhead": "empty", "arrowtail": "empty", "weight": "2"},
    Stroke.ALTERS: {"penwidth": "1.2", "arrowhead": "vee", "arrowtail": "vee", "weight": "1"},
    Stroke.STAYS: {"penwidth": "0.8", "arrowhead": "vee", "arrowtail": "vee", "arrowsize": "0.6", "weight": "1"},
    Stroke.HOP: {"penwidth": "2", "arrowhead": "normal", "arrowtail": "normal", "weight": "3"},
}
# Of the legend. Only signs that Helvetica, Arial and Liberation all have (the WGL4 set): one that a reader's machine
# takes from another font is wider there than Graphviz thought.
SIGNS: Mapping[Stroke, str] = {
    Stroke.FLOW: "──►",
    Stroke.INACTIVE: "····>",
    Stroke.MANAGEMENT: "──♦",
    Stroke.GUARDRAIL: "══|",
    Stroke.DEFAULT: "──>",
    Stroke.OBSERVED: "– – >",
    Stroke.UNCOVERED: "– – ○",
    Stroke.OPENS: "══►",
    Stroke.CLOSES: "– – >",
    Stroke.ALTERS: "····>",
    Stroke.STAYS: "──>",
    Stroke.HOP: "──►",
}
FRAME = {
    "class": "frame",
    "bgcolor": "transparent",
    "style": "rounded",
    "color": LIGHT.faint,
    "labeljust": "l",
    "labelloc": "t",
    "fontsize": "10",
}
DASHES = {
    Stroke.OBSERVED: "dashed",
    Stroke.UNCOVERED: "dashed",
    Stroke.INACTIVE: "dotted",
    Stroke.CLOSES: "dashed",
    Stroke.ALTERS: "dotted",
}


PALE = (Stroke.DEFAULT, Stroke.STAYS)  # too pale for words


@dataclass(frozen=True, slots=True)
class Room:
    """How far things stand apart: layers and boxes of one layer in inches, a frame from what it holds in points."""

    layers: float = 0.9
    boxes: float = 0.35
    frame: float = 14


def draw_dot(picture: Picture, room: Room = Room(), *, words: bool = True) -> str:
    """The picture for `dot`: light colours, and a class on everything, by which the svg finds its dark ones.

    Without `words` the lines have none; each line's id is `line` and its number.
    """
    large = len(picture.lines) > MANY
    forces = {**FORCES, "splines": "line"} if len(picture.lines) > CROWD else FORCES
    layout = forces if large else {"rankdir": "LR", "nodesep": f"{room.boxes:g}", "ranksep": f"{room.layers:.2f}"}
    body = [*_head(picture, layout), *(_flat(picture) if large else _framed(picture, None, room))]
    body += [_line(number, line, words=words) for number, line in enumerate(picture.lines)]
    return "\n".join([f"digraph {quote(picture.title)} {{", *(f"  {row}" for row in body), "}", ""])


def quote(text: str) -> str:
    """A quoted string of DOT that shows exactly that text: no escape and no entity of it means anything."""
    text = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n") + '"'


def markup(text: str) -> str:
    """The text within an HTML-like label, on one row."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("[", "&#91;").replace("]", "&#93;")


def _head(picture: Picture, layout: Mapping[str, str]) -> Iterator[str]:
    yield f"graph {_list({'class': 'picture', 'bgcolor': LIGHT.ground, 'fontname': FONT, 'fontsize': SMALL})}"
    yield f"graph {_list({**layout, 'pad': '0.3', 'fontcolor': LIGHT.text})}"
    if foot := footer(picture):
        yield f"graph [label=<{foot}>, labelloc=b, labeljust=l]"
    yield f"node {_list({'fontname': FONT, 'fontsize': '12', 'margin': '0.18,0.09', 'fontcolor': LIGHT.text})}"
    yield f"edge {_list({'fontname': FONT, 'fontsize': LABEL_SIZE, 'fontcolor': LIGHT.text})}"


def _flat(picture: Picture) -> Iterator[str]:
    """Without frames, which a force layout can't keep together: the boxes say them."""
    titles = {frame.name: frame.title for frame in picture.frames}
    for box in picture.boxes:
        yield _box(replace(box, details=(*box.details, titles[box.frame])) if box.frame else box)


def _framed(picture: Picture, outer: str | None, room: Room) -> Iterator[str]:
    """The boxes that stand directly in a frame, then the frames in it."""
    boxes = [box for box in picture.boxes if box.frame == outer]
    yield from map(_box, boxes)
    yield from _alone(picture, boxes)
    for frame in picture.frames:
        if frame.within == outer:
            look = {**FRAME, "label": frame.title, "tooltip": frame.title, "margin": f"{room.frame:g}"}
            yield f"subgraph {quote('cluster_' + frame.name)} {{"
            yield f"  graph {_list(look)}"
            yield from (f"  {row}" for row in _framed(picture, frame.name, room))
            yield "}"


def _alone(picture: Picture, boxes: list[Box]) -> Iterator[str]:
    """Boxes without a line in rows, by lines that nobody sees: dot would put all of them into one long column."""
    ends = {end for line in picture.lines for end in (line.source, line.target)}
    alone = [box.name for box in boxes if box.name not in ends]
    wide = isqrt(len(alone))
    for at in range(0, len(alone), max(wide, 1)):
        if len(row := alone[at : at + wide]) > 1:
            yield f'{" -> ".join(map(quote, row))} [style="invis"]'


def _box(box: Box) -> str:
    paint = LIGHT.boxes[box.shade]
    look = {**SHAPES[box.shade], "class": f"{box.shade}", "fillcolor": paint.fill, "color": paint.border}
    if box.dashed:
        look["style"] += ",dashed"
    if box.shade is Shade.HUB:
        look |= {"margin": "0.05,0.02", "fontsize": "9", "width": "0.1", "height": "0.1"}
    details = "".join(f'<br/><font point-size="{SMALL}">{markup(text)}</font>' for text in box.details)
    title = "<br/>".join(map(markup, box.title.split("\n")))
    title = title if box.shade is Shade.HUB else f"<b>{title}</b>"
    return f"{quote(box.name)} [label=<{title}{details}>, {_list({**look, 'tooltip': box.tip or box.title})[1:]}"


def tip_of(line: Line) -> str:
    """What is shown when the pointer rests on a line."""
    return line.tip or f"{line.source} to {line.target}"


def _line(number: int, line: Line, *, words: bool) -> str:
    colour, tip = LIGHT.lines[line.stroke], tip_of(line)
    look = {"id": f"line{number}"} if not words else {}
    look |= {**STROKES[line.stroke], "class": f"{line.stroke}", "color": colour, "fillcolor": colour}
    if line.dashed or line.stroke in DASHES:
        look["style"] = DASHES.get(line.stroke, "dashed")
    if line.labels and words:
        text = "\n".join(f" {label} " for label in line.labels)  # blanks: Graphviz puts labels right at their line
        look |= {"label": text, "fontcolor": colour, "labeltooltip": tip}
    if line.heads is not Heads.TARGET:
        look["dir"] = line.heads
    return f"{quote(line.source)} -> {quote(line.target)} {_list({**look, 'tooltip': tip})}"


def footer(picture: Picture) -> str:
    """Legend, notes and tables, one below the other, as an HTML-like label; empty if there are none."""
    rows = ['<br align="left"/>'.join(map(_key, picture.legend))] if picture.legend else []
    rows += [_broken("\n".join(wrap(note, NOTE))) for note in picture.notes]
    rows += [_table(_rows(table)) for table in picture.tables]
    cells = "".join(f'<tr><td align="left" balign="left">{row}</td></tr>' for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="6">{cells}</table>' if rows else ""


def _key(key: Key) -> str:
    """Sign and words in one run of text, in the line's colour: so they stay together in whatever font they are set."""
    sign, colour = BOX_SIGN, LIGHT.text
    if isinstance(key.sample, Stroke):
        sign = SIGNS[key.sample]
        sign = sign.replace("──", "– – ") if key.dashed else sign
        colour = LIGHT.lines[key.sample] if key.sample not in PALE else LIGHT.text
    text = f"{sign}  {key.text}".replace(" ", NBSP)
    return f'<font color="{colour}">{markup(text)}</font>'


def _rows(table: Table) -> Iterator[str]:
    yield "".join(f'<td align="left"><b>{markup(text) or " "}</b></td>' for text in table.head)
    for row in table.rows:
        yield "".join(f'<td align="left" balign="left" valign="top">{_broken(text) or " "}</td>' for text in row)


def _broken(text: str) -> str:
    return '<br align="left"/>'.join(map(markup, text.split("\n")))


def _table(rows: Iterable[str]) -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="3" color="{LIGHT.faint}">{body}</table>'


def _list(look: Mapping[str, str]) -> str:
    return "[" + ", ".join(f"{name}={quote(value)}" for name, value in look.items()) + "]"
