"""A picture as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html), which forges draw in Markdown."""

from collections.abc import Iterator, Mapping

from segctl.report.palette import EITHER, LIGHT
from segctl.report.picture import Box, Heads, Key, Line, Picture, Shade, Stroke

SHAPES: Mapping[Shade, tuple[str, str]] = {
    Shade.OPEN: ("(", ")"),
    Shade.GUARDED: ("[", "]"),
    Shade.STRICT: ("[[", "]]"),
    Shade.SEALED: ("{{", "}}"),
    Shade.QUARANTINE: ("[/", "/]"),
    Shade.OUTSIDE: ("([", "])"),
    Shade.POINT: ("[/", "\\]"),
    Shade.OWN: (">", "]"),
    Shade.ANY: ("((", "))"),
    Shade.HUB: ("((", "))"),
    Shade.START: ("{{", "}}"),
    Shade.NEAR: ("[[", "]]"),
    Shade.SECOND: ("[", "]"),
    Shade.THIRD: ("[", "]"),
    Shade.FAR: ("(", ")"),
    Shade.PALE: ("[", "]"),
    Shade.GROUP: ("[(", ")]"),
}

SOLID, DOTTED = ("--", "--"), ("-.", ".-")
WIDTHS = {Stroke.GUARDRAIL: "2.5px", Stroke.DEFAULT: "1px", Stroke.OPENS: "4px", Stroke.STAYS: "1px"}
DASHED = {Stroke.OBSERVED, Stroke.UNCOVERED, Stroke.INACTIVE, Stroke.CLOSES, Stroke.ALTERS}
NEWLINE = "\n"


def draw_mermaid(picture: Picture) -> str:
    """The picture as text that starts with `flowchart LR`. What a Mermaid chart can't show (tips) is left out.

    Ids are made of the names by `ident`, so that the text changes only where the site does; every label is quoted.
    """
    rows = [*_framed(picture, None), *(_line(line) for line in picture.lines), *_legend(picture)]
    samples = [key for key in picture.legend if isinstance(key.sample, Stroke)]
    strokes = [*((line.stroke, line.dashed) for line in picture.lines)]
    strokes += [(key.sample, key.dashed) for key in samples if isinstance(key.sample, Stroke)]
    rows += [*_classes(picture), *_styles(strokes)]
    return "\n".join(["flowchart LR", *(f"    {row}" for row in rows), ""])


def ident(name: str) -> str:
    """An id that is no word of Mermaid's (`end`, `graph` …), and a different one for each name."""
    signs = {"_": "__", ".": "_d", "-": "_h", "*": "_x"}  # what else a name can hold, and the star of what is none
    plain = (sign if sign.isascii() and sign.isalnum() else f"_{ord(sign)}_" for sign in name)  # a label's value
    return "s_" + "".join(signs.get(sign, other) for sign, other in zip(name, plain, strict=True))


def label(*texts: str) -> str:
    """A quoted label that shows exactly these lines: what Mermaid or HTML would read goes in by number."""
    return '"' + "<br/>".join("".join(map(_sign, text)) for text in texts) + '"'


def _sign(sign: str) -> str:
    """Only letters, digits and harmless signs stand for themselves (`#` starts Mermaid's own entities)."""
    return sign if sign.isalnum() or sign in " .,:-+/()→✕·…_" else f"#{ord(sign)};"


def _framed(picture: Picture, outer: str | None) -> Iterator[str]:
    """The boxes that stand directly in a frame, then the frames in it."""
    yield from (_box(box) for box in picture.boxes if box.frame == outer)
    for frame in picture.frames:
        if frame.within == outer:
            yield f"subgraph f_{ident(frame.name)} [{label(frame.title)}]"
            yield from (f"    {row}" for row in _framed(picture, frame.name))
            yield "end"


def _box(box: Box) -> str:
    opens, closes = SHAPES[box.shade]
    return f"{ident(box.name)}{opens}{label(*box.title.split(NEWLINE), *box.details)}{closes}"


def _line(line: Line) -> str:
    start, end = DOTTED if line.dashed or line.stroke in DASHED else SOLID
    mark = "x" if line.stroke is Stroke.GUARDRAIL else ("o" if line.stroke is Stroke.UNCOVERED else ">")
    tail = {"x": "x", "o": "o", ">": "<"}[mark] if line.heads is Heads.BOTH else ""
    head = "" if line.heads is Heads.NONE else mark
    arrow = {SOLID: "---", DOTTED: "-.-"}[start, end] if not head else {SOLID: "--", DOTTED: "-.-"}[start, end] + head
    text = f"|{label(*line.labels)}|" if line.labels else ""
    return f"{ident(line.source)} {tail}{arrow}{text} {ident(line.target)}"


def _legend(picture: Picture) -> Iterator[str]:
    if not picture.legend:
        return
    yield f"subgraph legend [{label('legend')}]"
    for number, key in enumerate(picture.legend):
        yield f"    {_key(key, f'k{number}')}"
    for number, note in enumerate(picture.notes):
        yield f"    n{number}[{label(note)}]"
    yield "end"


def _key(key: Key, name: str) -> str:
    if isinstance(key.sample, Shade):
        opens, closes = SHAPES[key.sample]
        return f"{name}{opens}{label(key.text)}{closes}"
    arrow = _line(Line("", "", key.sample, dashed=key.dashed)).split()[1]
    return f'{name}[" "] {arrow} {name}t[{label(key.text)}]'


def _classes(picture: Picture) -> Iterator[str]:
    used = {box.shade for box in picture.boxes}
    for shade in (shade for shade in Shade if shade in used):
        paint = LIGHT.boxes[shade]
        yield f"classDef c_{shade} fill:{paint.fill},stroke:{paint.border},color:{LIGHT.text}"
        names = [ident(box.name) for box in picture.boxes if box.shade is shade]
        names += [f"k{number}" for number, key in enumerate(picture.legend) if key.sample is shade]
        yield f"class {','.join(names)} c_{shade}"
    dashed = [ident(box.name) for box in picture.boxes if box.dashed]
    dashed += [f"k{n}" for n, key in enumerate(picture.legend) if key.dashed and isinstance(key.sample, Shade)]
    if dashed:
        yield "classDef c_dashed stroke-dasharray:6 4"
        yield f"class {','.join(dashed)} c_dashed"


def _styles(strokes: list[tuple[Stroke, bool]]) -> Iterator[str]:
    """Mermaid styles lines by their number, in the order in which they stand in the text."""
    for stroke in Stroke:
        numbers = [str(number) for number, (drawn, _) in enumerate(strokes) if drawn is stroke]
        if numbers and stroke in EITHER:
            width = WIDTHS.get(stroke, "1.5px")
            yield f"linkStyle {','.join(numbers)} stroke:{EITHER[stroke]},stroke-width:{width}"
