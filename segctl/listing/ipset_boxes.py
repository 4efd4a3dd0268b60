"""Products of ranges that overlap, with an order among them, as the disjoint ones that they mean.

An ipset of networks is asked from the longest prefix to the shortest; the first element found decides, and a `nomatch`
one says *not in the set*. Disjoint elements need no order, which is what a look-up in a `Set` wants.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from segctl.listing.rule import Element, Span

Order = tuple[int, ...]


class Box(NamedTuple):
    """An element: its spans, `order` (the smaller is asked first), whether it is in the set, how long it lives."""

    spans: tuple[Span, ...]
    order: Order = ()
    positive: bool = True
    expires: float = inf


class Disjoint(NamedTuple):
    """Disjoint elements; `returns`: some part will be in the set again when a `nomatch` element ends."""

    elements: tuple[Element, ...]
    returns: bool


Pieces = tuple[tuple[tuple[Span, ...], float], ...]


def disjoint(boxes: Sequence[Box]) -> Disjoint:
    """The same packets in disjoint elements, each with the time that it is in the set for."""
    if not boxes:
        return Disjoint((), False)
    returns = [False]
    # Ranges last: where a part is a number, those of other numbers aren't cut along.
    ranges = [sum(first != last for first, last in spans) for spans in zip(*(box.spans for box in boxes), strict=True)]
    order = sorted(range(len(ranges)), key=ranges.__getitem__)
    back = sorted(range(len(order)), key=order.__getitem__)
    turned = [box._replace(spans=tuple(box.spans[at] for at in order)) for box in boxes]
    pieces = _pieces(turned, 0, returns)
    elements = (
        Element(tuple(spans[at] for at in back), expires=None if lives == inf else lives) for spans, lives in pieces
    )
    return Disjoint(tuple(elements), returns[0])


def _pieces(boxes: Sequence[Box], at: int, returns: list[bool]) -> Pieces:
    """Cut the parts from `at` on: between two edges the same boxes hold."""
    if at == len(boxes[0].spans):
        lives = _lives(sorted(boxes, key=lambda box: box.order), returns)
        return (((), lives),) if lives else ()
    edges: dict[int, tuple[list[Box], list[Box]]] = {}
    for box in boxes:
        first, last = box.spans[at]
        edges.setdefault(first, ([], []))[0].append(box)
        edges.setdefault(last + 1, ([], []))[1].append(box)
    held: dict[int, Box] = {}
    out: list[tuple[Span, Pieces]] = []
    begin = 0
    for edge in sorted(edges):
        if held and (rest := _pieces(list(held.values()), at + 1, returns)):
            if out and out[-1][0][1] == begin - 1 and out[-1][1] == rest:
                begin = out.pop()[0][0]
            out.append(((begin, edge - 1), rest))
        opened, closed = edges[edge]
        for box in closed:
            del held[id(box)]
        for box in opened:
            held[id(box)] = box
        begin = edge
    return tuple(((span, *spans), lives) for span, rest in out for spans, lives in rest)


def _lives(boxes: Sequence[Box], returns: list[bool]) -> float:
    """How long what all of them hold is in the set, 0 for not at all; when the first ends, the next is asked."""
    lives = 0.0
    for box in reversed(boxes):
        if box.positive:
            lives = max(lives, box.expires)
        else:
            returns[0] |= bool(lives) and box.expires < lives
            lives = 0.0
    return lives
