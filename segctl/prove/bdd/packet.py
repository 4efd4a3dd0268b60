"""The variables of a packet, in the order in which they are decided.

Few and telling first: state, direction and protocol of the connection, interfaces; then the connection's mark and the
addresses, highest bit first; ports, flags, the other registers and what else some rule reads last.
"""

from collections.abc import Iterable, Mapping, Sequence

from segctl.listing.fields import NEEDS
from segctl.listing.rule import STATES, Span, name_span
from segctl.model.packet import Packet
from segctl.model.ranges import V6
from segctl.prove.axes import (
    ADDRESS_BITS,
    DADDR,
    DIRECTION,
    FLAGS,
    HEAD,
    IIF,
    OIF,
    PROTO,
    SADDR,
    STATE,
    STRANGER,
    TAIL,
    WIDTHS,
    holder,
)
from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.bdd.names import NUMBER_MASK, codes
from segctl.prove.bdd.values import Among, Atom, Value, Values, Word
from segctl.prove.clauses import NUMBER, SWAP
from segctl.prove.space import Spans

ROUTED = "priority after routing"
"""What ip_forward leaves in `meta priority` of an IPv4 packet: by its TOS byte, which isn't followed."""
_CODED = (STATE, IIF, OIF)
_ORDER = (STATE, DIRECTION, PROTO, IIF, OIF, "ct mark", SADDR, DADDR, HEAD, TAIL, FLAGS, "meta mark", "meta priority",
          ROUTED)  # fmt: skip
_PRIORITY = (0, 2, 6, 4)  # by two bits of the TOS byte (rt_tos2priority, net/ipv4/route.c)
_NOWHERE = 1 << 33  # an interface's index that no rule names


class Fields:
    """A packet as variables. `faces` are the codes of interfaces: of each the names that share it.

    `alive`, `never`: whether the connection's number is one of a connection that passes between these interfaces, or
    one that no connection gets: what the law looks at, in place of the number (`compare.py`).
    """

    def __init__(self, diagrams: Diagrams, interfaces: Iterable[Spans], known: Mapping[int, str]) -> None:
        self.diagrams = diagrams
        self.values = Values(diagrams)
        zero, loopback = ((0, 0),), (name_span("lo"),)
        there = {(name_span(name),) for name in known.values()}
        self.faces: list[list[Span]] = codes({zero, loopback, *there, *interfaces})
        self._known = {name_span(name)[0]: index for index, name in known.items()} | {0: 0}
        self.alive, self.never = diagrams.variables(2)
        self._bits: dict[str, tuple[Node, ...]] = {}
        for axis in _ORDER:
            self._add(axis, self._width(axis))
        self._values: dict[tuple[str, int], Value] = {}
        self._words: dict[tuple[str, int], Word] = {}

    def _width(self, axis: str) -> int:
        if axis in (IIF, OIF):
            return max(1, (len(self.faces) - 1).bit_length())
        if axis == STATE:
            return (len(STATES) - 1).bit_length()
        if axis in (SADDR, DADDR):
            return ADDRESS_BITS[6]
        return WIDTHS.get(axis, 32)

    def _add(self, axis: str, width: int) -> None:
        held = self._bits.get(axis, ())
        if width > len(held):
            self._bits[axis] = (*held, *reversed(self.diagrams.variables(width - len(held))))

    def bits(self, axis: str, width: int = 0) -> tuple[Node, ...]:
        """The variables of an axis, the lowest bit first; of an interface or state those of its code.

        `width`: how many a field has that is new here (else 32); it may be asked for more later.
        """
        if axis not in _ORDER:
            self._add(axis, NEEDS[axis].bits if axis in NEEDS else width or (32 if axis not in self._bits else 0))
        return self._bits[axis]

    def axes(self) -> list[str]:
        """Every axis that has variables."""
        return list(self._bits)

    def value(self, axis: str, family: int, width: int = 0) -> Value:
        """What a packet of a family has on an axis."""
        key = axis, family if axis in (SADDR, DADDR) else len(self.bits(axis, width))
        if key not in self._values:
            coded = axis in _CODED
            self._values[key] = self._coded(axis) if coded else self.values.constant(self.word(axis, family, width))
        return self._values[key]

    def word(self, axis: str, family: int, width: int = 0) -> Word:
        """An axis that is no code, as bits."""
        bits = self.bits(axis, width)
        key = axis, ADDRESS_BITS[family] if axis in (SADDR, DADDR) else len(bits)
        if key not in self._words:
            self._words[key] = Word(bits[: key[1]])
        return self._words[key]

    def _coded(self, axis: str) -> Value:
        atoms: list[Atom] = list(STATES.values()) if axis == STATE else [_atom(spans) for spans in self.faces]
        return Value(tuple((self.code(axis, at), atom) for at, atom in enumerate(atoms)))

    def code(self, axis: str, number: int) -> Node:
        """The packets with one code."""
        return self.values.word(self.word(axis, 4), ((number, number),))

    def index(self, axis: str) -> Value:
        """The interface's index: of one that isn't there a number that no rule names."""
        cases = []
        for at, spans in enumerate(self.faces):
            alone = spans[0][0] if len(spans) == 1 and spans[0][0] == spans[0][1] else -1
            cases.append((self.code(axis, at), self._known.get(alone, _NOWHERE)))
        return self.values.joined(cases)

    def holds(self, axis: str, spans: Spans, family: int) -> Node:
        """The packets whose value on an axis is in the spans."""
        if axis == NUMBER:
            return self.values.word(self._number(), spans)
        if axis == SWAP:
            return self.values.word(self._swap(), spans)
        inside, doubt = self.values.inside(self.value(axis, family), spans)
        assert not doubt.satisfiable(), f"{axis}: interfaces of one code are told apart"
        return inside

    def _number(self) -> Word:
        width = NUMBER_MASK.bit_length()
        return self._words.setdefault((NUMBER, width), Word(self._bits["ct mark"][:width]))

    def _swap(self) -> Word:
        return self._words.setdefault((SWAP, 1), Word(self._bits["ct mark"][NUMBER_MASK.bit_length() :]))

    def product(self, limits: Mapping[str, Spans], family: int) -> Node:
        """The packets within all limits."""
        held = [self.holds(axis, spans, family) for axis, spans in limits.items()]
        return self.diagrams.all_of(held)

    def sorts(self) -> Node:
        """The packets whose codes stand for something."""
        counts = {STATE: len(STATES), IIF: len(self.faces), OIF: len(self.faces)}
        return self.diagrams.all_of(
            self.values.word(self.word(axis, 4), ((0, count - 1),)) for axis, count in counts.items()
        )

    def encoded(self, packet: Packet) -> list[tuple[int, bool]]:
        """One packet as a value for each variable."""
        values = {
            STATE: list(STATES).index(packet.state),
            DIRECTION: int(packet.direction == "reply"),
            PROTO: packet.protocol,
            IIF: self.face_of(packet.iif),
            OIF: self.face_of(packet.oif),
            "ct mark": packet.connection_mark,
            SADDR: packet.source % V6,
            DADDR: packet.destination % V6,
            HEAD: packet.head,
            TAIL: packet.tail,
            FLAGS: packet.flags,
            "meta mark": packet.mark,
            "meta priority": packet.priority,
            ROUTED: _PRIORITY[packet.fields.get("ip dscp", 0) >> 1 & 3],
        }
        said = ((axis, values[axis] if axis in values else self._said(packet, axis)) for axis in self._bits)
        pairs = [(bit.node_var(), bool(value >> at & 1)) for axis, value in said
                 for at, bit in enumerate(self._bits[axis])]  # fmt: skip
        return [(variable, bit) for variable, bit in pairs if variable is not None]

    def _said(self, packet: Packet, axis: str) -> int:
        """What a packet says of one of the other fields: a header that it says something of is there."""
        if axis in packet.fields:
            return packet.fields[axis]
        return int(any(holder(other) == axis and other in packet.fields for other in self._bits))

    def decoded(self, variables: Sequence[bool]) -> dict[str, int]:
        """A value for each variable as one for each axis."""
        out = {}
        for axis, bits in self._bits.items():
            places = [bit.node_var() for bit in bits]
            out[axis] = sum(variables[place] << at for at, place in enumerate(places) if place is not None)
        return out

    def face_of(self, name: str) -> int:
        """The code of an interface's name."""
        value = name_span(name)[0]
        return next(at for at, spans in enumerate(self.faces) if any(a <= value <= b for a, b in spans))

    def name_of(self, face: int) -> int:
        """A name of a code, as a number: its smallest, or one that could be where nobody names it."""
        (stranger, _) = name_span(STRANGER)
        there = any(first <= stranger <= last for first, last in self.faces[face])
        return stranger if there else self.faces[face][0][0]


def _atom(spans: Sequence[Span]) -> Atom:
    alone = len(spans) == 1 and spans[0][0] == spans[0][1]
    return spans[0][0] if alone else Among(tuple(spans))


def less_one(values: Values, word: Word) -> Word:
    """A number less one, and 0 stays 0: what a router leaves of a packet's life."""
    out = []
    borrow = ~values.word(word, ((0, 0),))  # taken from the lowest bit, and on while a bit is 0
    for bit in word.bits:
        out.append(bit ^ borrow)
        borrow = borrow & ~bit
    return Word(tuple(out))
