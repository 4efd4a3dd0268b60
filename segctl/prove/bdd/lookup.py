"""Which packets hit which elements of a set or map: part by part, the elements of one first part together."""

from collections.abc import Iterable, Iterator, Sequence

from segctl.listing.rule import Element, Set, Span, Verdict
from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.bdd.values import Value, Values
from segctl.prove.space import Spans

Answer = int | Verdict | None
Hits = dict[Answer, Node]


class Lookups:
    """The sets of one walk. What a key makes of a set is remembered, with both, so that an id stays its object's."""

    def __init__(self, values: Values, diagrams: Diagrams) -> None:
        self._values = values
        self._diagrams = diagrams
        self._known: dict[tuple[int, tuple[int, ...]], tuple[Set, Sequence[Value], Hits]] = {}

    def hits(self, parts: Sequence[Value], found: Set) -> Hits:
        """By answer the packets that hit an element with it; of a set the answer is None."""
        key = id(found), tuple(id(part) for part in parts)
        if key not in self._known:
            self._known[key] = found, parts, self._asked(parts, found)
        return self._known[key][2]

    def _asked(self, parts: Sequence[Value], found: Set) -> Hits:
        star = _star(found)
        plain = [one for at, one in enumerate(found.elements) if at != star and len(one.key) >= len(parts)]
        hits = self._split(parts, 0, plain)
        if star is not None:
            others, answer = ~self._diagrams.either(hits.values()), found.elements[star].value
            hits[answer] = hits[answer] | others if answer in hits else others
        return hits

    def _split(self, parts: Sequence[Value], at: int, elements: Sequence[Element]) -> Hits:
        """The elements by one part of the key; each part's packets are narrowed by what the rest of the key says."""
        together: dict[Answer, list[Node]] = {}
        if at == len(parts) - 1:
            for answer, spans in _by_answer(elements, at):
                together[answer] = [self._values.inside(parts[at], spans)[0]]
        else:
            for span, held in _by_span(elements, at):
                inside, _ = self._values.inside(parts[at], (span,))
                if inside.satisfiable():
                    for answer, under in self._split(parts, at + 1, held).items():
                        together.setdefault(answer, []).append(inside & under)
        made = ((answer, self._diagrams.either(some)) for answer, some in together.items())
        return {answer: packets for answer, packets in made if packets.satisfiable()}


def _by_answer(elements: Iterable[Element], at: int) -> Iterator[tuple[Answer, Spans]]:
    together: dict[Answer, list[Span]] = {}
    for element in elements:
        together.setdefault(element.value, []).append(element.key[at])
    yield from ((answer, tuple(sorted(spans))) for answer, spans in together.items())


def _by_span(elements: Iterable[Element], at: int) -> Iterator[tuple[Span, list[Element]]]:
    together: dict[Span, list[Element]] = {}
    for element in elements:
        together.setdefault(element.key[at], []).append(element)
    yield from together.items()


def _star(found: Set) -> int | None:
    """The place of a map's catch-all element: the last, over all keys; the others come before it."""
    if found.answers is None or len(found.elements) < 2:
        return None
    widest = all(first == 0 and last > 0 and last + 1 & last == 0 for first, last in found.elements[-1].key)
    return len(found.elements) - 1 if widest else None
