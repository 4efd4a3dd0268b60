"""Numbers as functions of bits: every number of a byte is tried."""

from hypothesis import given
from hypothesis import strategies as st

from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.bdd.packet import less_one
from segctl.prove.bdd.spans import within
from segctl.prove.bdd.values import Values, Word

BYTE = st.integers(0, 255)
SPAN = st.tuples(BYTE, BYTE).map(lambda pair: (min(pair), max(pair)))
SPANS = st.lists(SPAN, max_size=4).map(tuple)
DIAGRAMS = Diagrams(1 << 18)
BITS = tuple(reversed(DIAGRAMS.variables(8)))
VALUES = Values(DIAGRAMS)


def at(node: Node, number: int) -> bool:
    """Whether a function of the byte holds for a number; the first variable is its highest bit."""
    return node.eval([(place, bool(number >> 7 - place & 1)) for place in range(8)])


def value_of(word: Word, number: int) -> int:
    return sum(at(bit, number) << place for place, bit in enumerate(word.bits))


@given(SPANS)
def test_within(spans: tuple[tuple[int, int], ...]) -> None:
    node = within(DIAGRAMS, BITS, spans)
    for number in range(256):
        assert at(node, number) == any(first <= number <= last for first, last in spans)


@given(BYTE, BYTE, st.integers(-8, 8), SPANS)
def test_bits_of_bits(mask: int, flip: int, by: int, spans: tuple[tuple[int, int], ...]) -> None:
    value = VALUES.shifted(VALUES.bitwise(VALUES.constant(Word(BITS)), mask, flip), by)
    inside, doubt = VALUES.inside(value, spans)
    assert not doubt.satisfiable()
    for number in range(256):
        kept = (number & mask) ^ flip
        moved = kept << by if by > 0 else kept >> -by
        assert at(inside, number) == any(first <= moved <= last for first, last in spans)


def test_what_a_router_leaves() -> None:
    less = less_one(VALUES, Word(BITS))
    assert [value_of(less, number) for number in range(256)] == [0, *range(255)]


@given(st.lists(st.tuples(SPAN, BYTE), min_size=1, max_size=5), SPANS)
def test_guarded_numbers(cases: list[tuple[tuple[int, int], int]], spans: tuple[tuple[int, int], ...]) -> None:
    """A number for each part of the byte: the first that holds a byte is its own."""
    left, guarded = DIAGRAMS.true, []
    for span, number in cases:
        here = within(DIAGRAMS, BITS, (span,))
        guarded.append((left & here, number))
        left &= ~here
    inside, _ = VALUES.inside(VALUES.joined(guarded), spans)
    for number in range(256):
        own = next((given for (first, last), given in cases if first <= number <= last), None)
        assert at(inside, number) == (own is not None and any(first <= own <= last for first, last in spans))


@given(st.lists(SPANS, max_size=9))
def test_unions(sets: list[tuple[tuple[int, int], ...]]) -> None:
    union = DIAGRAMS.either(within(DIAGRAMS, BITS, spans) for spans in sets)
    for number in range(256):
        assert at(union, number) == any(first <= number <= last for spans in sets for first, last in spans)


@given(SPANS.filter(bool))
def test_the_smallest(spans: tuple[tuple[int, int], ...]) -> None:
    found = DIAGRAMS.smallest(within(DIAGRAMS, BITS, spans))
    assert sum(bit << 7 - place for place, bit in enumerate(found[:8])) == min(first for first, _ in spans)
