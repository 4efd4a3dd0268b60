"""Sets and maps: what a key hits, part by part, beside a search through all elements."""

import time
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from segctl.listing.rule import Element, Set
from segctl.prove.bdd.diagrams import Diagrams
from segctl.prove.bdd.lookup import Lookups
from segctl.prove.bdd.values import Case, Values, Word

DIAGRAMS = Diagrams(1 << 20)
FIRST, SECOND = (tuple(reversed(DIAGRAMS.variables(4))) for _ in range(2))
VALUES = Values(DIAGRAMS)
KEY = (VALUES.constant(Word(FIRST)), VALUES.constant(Word(SECOND)))
POINTS = st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), unique=True, max_size=20)


def made(elements: list[Element], answers: str | None) -> Set:
    return Set("m", ("mark", "mark"), answers, tuple(elements))


def place(first: int, second: int) -> list[tuple[int, bool]]:
    bits = [first >> 3 - at & 1 for at in range(4)] + [second >> 3 - at & 1 for at in range(4)]
    return [(at, bool(bit)) for at, bit in enumerate(bits)]


@given(POINTS, st.data())
def test_a_map_answers_what_its_element_says(points: list[tuple[int, int]], data: st.DataObject) -> None:
    said = {point: data.draw(st.integers(0, 3)) for point in points}
    elements = [Element(((a, a), (b, b)), answer) for (a, b), answer in said.items()]
    hits = Lookups(VALUES, DIAGRAMS).hits(KEY, made(elements, "mark"))
    for a in range(16):
        for b in range(16):
            found = {answer for answer, packets in hits.items() if packets.eval(place(a, b))}
            assert found == ({said[a, b]} if (a, b) in said else set())


@given(POINTS)
def test_the_catch_all_element_is_for_the_others(points: list[tuple[int, int]]) -> None:
    elements = [Element(((a, a), (b, b)), 1) for a, b in points]
    elements.append(Element(((0, 15), (0, 15)), 2))
    hits = Lookups(VALUES, DIAGRAMS).hits(KEY, made(elements, "mark"))
    for a in range(16):
        for b in range(16):
            found = {answer for answer, packets in hits.items() if packets.eval(place(a, b))}
            assert found == {1 if (a, b) in points else 2}


def test_a_set_hits_what_it_holds() -> None:
    hits = Lookups(VALUES, DIAGRAMS).hits(KEY, made([Element(((3, 5), (0, 7))), Element(((9, 9), (2, 2)))], None))
    held = {(a, b) for a in range(16) for b in range(16) if hits[None].eval(place(a, b))}
    assert held == {(a, b) for a in (3, 4, 5) for b in range(8)} | {(9, 2)}


def test_ten_thousand_elements_take_no_minutes() -> None:
    """An address map, and a map from two classes, protocol and port to a number, as the compiler writes them."""
    diagrams = Diagrams()
    values, rng = Values(diagrams), Random(1)
    ends = [values.constant(Word(tuple(reversed(diagrams.variables(32))))) for _ in range(2)]
    service = [values.constant(Word(tuple(reversed(diagrams.variables(width))))) for width in (8, 16)]
    begins = enumerate(rng.sample(range(0, 1 << 32, 256), 10_000))
    classes = Set("a", ("ipv4_addr",), "mark", tuple(Element(((at, at | 255),), n % 2000) for n, at in begins))
    lookups = Lookups(values, diagrams)
    begin = time.process_time()
    known = []
    for end in ends:
        cases: list[Case] = []
        for answer, guard in lookups.hits([end], classes).items():
            assert isinstance(answer, int)
            cases.append((guard, answer))
        known.append(values.joined(cases))
    keys = {(rng.randrange(2000), rng.randrange(2000), 6, rng.randrange(1 << 16)) for _ in range(10_000)}
    pairs = [Element(tuple((part, part) for part in key), number) for number, key in enumerate(sorted(keys))]
    hits = lookups.hits([*known, *service], Set("f", ("mark",) * 4, "mark", tuple(pairs)))
    assert len(hits) == len(keys)
    assert time.process_time() - begin < 20
