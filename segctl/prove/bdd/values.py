"""What a rule computes of a packet: numbers, bits and names, each under the guard where it is that.

The guards of a value cover all packets that have it. Where two hold the same packet, it may have either.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.bdd.spans import within
from segctl.prove.space import Spans


class NotModelled(Exception):
    """An operation that isn't followed: what depends on it may be so or not."""


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A number in binary, `bits[0]` the lowest. Equal only to itself: what is known of it is remembered by it."""

    bits: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Among:
    """Some interface's name in these spans, nobody tells which."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that isn't followed."""

    reason: str


Atom = int | Word | Among | Unknown
Case = tuple[Node, Atom]


@dataclass(frozen=True, slots=True)
class Value:
    """Guards with what holds under each."""

    cases: tuple[Case, ...]
    _numbers: list[int] = field(default_factory=list, compare=False, repr=False)
    _guards: list[Node] = field(default_factory=list, compare=False, repr=False)
    _others: list[Case] = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self) -> None:
        numbered = sorted(((atom, guard) for guard, atom in self.cases if isinstance(atom, int)), key=_number)
        self._numbers.extend(number for number, _ in numbered)
        self._guards.extend(guard for _, guard in numbered)
        self._others.extend(case for case in self.cases if not isinstance(case[1], int))

    @property
    def others(self) -> list[Case]:
        """The cases that are no plain number."""
        return self._others

    def numbered(self, spans: Spans) -> list[Node]:
        """The guards of the plain numbers in these spans."""
        out: list[Node] = []
        for first, last in spans:
            begin = bisect_left(self._numbers, first)
            out += self._guards[begin : bisect_right(self._numbers, last, begin)]
        return out

    @property
    def numbers(self) -> list[int]:
        """The plain numbers that it can be, sorted."""
        return self._numbers

    def each(self, work: Callable[[Atom], Atom]) -> "Value":
        """The same with every atom changed."""
        return Value(tuple((guard, work(atom)) for guard, atom in self.cases))


def _number(pair: tuple[int, Node]) -> int:
    return pair[0]


class Values:
    """Operations on values of one table of diagrams, which remember what they have done."""

    def __init__(self, diagrams: Diagrams) -> None:
        self._diagrams = diagrams
        self._within: dict[tuple[Word, Spans], Node] = {}
        self._changed: dict[tuple[Word, int, int], Word] = {}
        self._moved: dict[tuple[Word, int], Word] = {}

    def constant(self, atom: Atom) -> Value:
        """One atom for all packets."""
        return Value(((self._diagrams.true, atom),))

    def inside(self, value: Value, spans: Spans) -> tuple[Node, Node]:
        """When a value is in one of the spans; when nobody knows. NotModelled: names that no code stands for."""
        inside = value.numbered(spans)
        doubt: list[Node] = []
        for guard, atom in value.others:
            match atom:
                case Word():
                    inside.append(guard & self.word(atom, spans))
                case Among(spans=names):
                    if _holds(spans, names):
                        inside.append(guard)
                case Unknown():
                    doubt.append(guard)
        return self._diagrams.either(inside), self._diagrams.either(doubt)

    def word(self, word: Word, spans: Spans) -> Node:
        """When a number in binary is in one of the spans."""
        key = word, spans
        if (known := self._within.get(key)) is None:
            known = self._within[key] = within(self._diagrams, word.bits, spans)
        return known

    def bitwise(self, value: Value, mask: int, flip: int) -> Value:
        """`(of & mask) ^ flip`, as the kernel's bitwise expression."""

        def work(atom: Atom) -> Atom:
            match atom:
                case int():
                    return (atom & mask) ^ flip
                case Word():
                    return self._masked(atom, mask, flip)
                case Among():
                    return Unknown("bits of an interface's name")
            return atom

        return self.joined(value.each(work).cases)

    def _masked(self, word: Word, mask: int, flip: int) -> Word:
        key = word, mask, flip
        if key not in self._changed:
            width = max(len(word.bits), flip.bit_length())
            self._changed[key] = Word(tuple(self._bit(word, at, mask, flip) for at in range(width)))
        return self._changed[key]

    def _bit(self, word: Word, at: int, mask: int, flip: int) -> Node:
        bit = word.bits[at] if at < len(word.bits) and mask >> at & 1 else self._diagrams.false
        return ~bit if flip >> at & 1 else bit

    def shifted(self, value: Value, by: int) -> Value:
        """`of << by`, to the right if negative."""

        def work(atom: Atom) -> Atom:
            match atom:
                case int():
                    return atom << by if by > 0 else atom >> -by
                case Word():
                    return self._shifted(atom, by)
                case Among():
                    return Unknown("bits of an interface's name")
            return atom

        return self.joined(value.each(work).cases)

    def _shifted(self, word: Word, by: int) -> Word:
        key = word, by
        if key not in self._moved:
            bits = (*(self._diagrams.false,) * by, *word.bits) if by > 0 else word.bits[-by:]
            self._moved[key] = Word(bits or (self._diagrams.false,))
        return self._moved[key]

    def joined(self, cases: Iterable[Case]) -> Value:
        """Cases of one atom as one."""
        together: dict[Atom, list[Node]] = {}
        for guard, atom in cases:
            if guard.satisfiable():
                together.setdefault(atom, []).append(guard)
        return Value(tuple((self._diagrams.either(guards), atom) for atom, guards in together.items()))


def _holds(spans: Spans, names: Spans) -> bool:
    """Whether the names are in the spans: all or none, or the codes (`names.py`) are too coarse."""
    held = [any(first <= a and b <= last for first, last in spans) for a, b in names]
    met = [any(first <= b and a <= last for first, last in spans) for a, b in names]
    if any(met) and not all(held):
        raise NotModelled("a comparison that cuts through interfaces' names")
    return all(held)
