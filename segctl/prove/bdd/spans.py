"""Sets of numbers as functions of bits: what both ends of a span share first, then a chain for each end."""

from collections.abc import Sequence

from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.space import Spans


def within(diagrams: Diagrams, bits: Sequence[Node], spans: Spans) -> Node:
    """When the number that the bits make (`bits[0]` the lowest) is in one of the spans."""
    most = (1 << len(bits)) - 1
    nots = [~bit for bit in bits]
    return diagrams.either(
        _span(diagrams.true, bits, nots, first, min(last, most)) for first, last in spans if first <= most
    )


def _span(true: Node, bits: Sequence[Node], nots: Sequence[Node], first: int, last: int) -> Node:
    """One span, from its lowest bit up, so that each step adds one node on top."""
    apart = (first ^ last).bit_length()  # from here up both ends are the same
    if apart and not (first & (1 << apart) - 1 or ~last & (1 << apart) - 1):
        out = true  # a whole block of numbers
    elif apart:
        low, high = _from(true, bits, first, apart - 1), _to(true, nots, last, apart - 1)
        out = bits[apart - 1].ite(high, low)
    else:
        out = true
    for at in range(apart, len(bits)):
        out = (bits if first >> at & 1 else nots)[at] & out
    return out


def _from(true: Node, bits: Sequence[Node], first: int, height: int) -> Node:
    """When the lowest `height` bits make at least the same of `first`."""
    out = true
    for at in range(height):
        out = bits[at] & out if first >> at & 1 else bits[at] | out
    return out


def _to(true: Node, nots: Sequence[Node], last: int, height: int) -> Node:
    """When the lowest `height` bits make at most the same of `last`."""
    out = true
    for at in range(height):
        out = nots[at] | out if last >> at & 1 else nots[at] & out
    return out
