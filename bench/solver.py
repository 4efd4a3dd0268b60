"""The question of `engines.py` to z3, an SMT solver: is there a new packet that rules and intent treat otherwise?

Five-tuple bit-vectors: source, destination, protocol, the ports, and the interfaces' names as numbers, of one family
and of what is forwarded; a sixth of what the engines answer. It follows the statements that our own tables use on such
a packet; any other is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import z3

from segctl.listing.rule import (
    STATES,
    Anybit,
    Aside,
    Assign,
    Bits,
    Choose,
    Constant,
    Decide,
    Ending,
    Join,
    Load,
    Lookup,
    Mapped,
    Match,
    Set,
    Table,
    Verdict,
)
from segctl.prove.axes import DADDR, DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, SADDR, STATE, TAIL, read
from segctl.prove.bdd.intent import Intent, Part
from segctl.prove.clauses import Must, clauses
from segctl.prove.conntrack import BEGINNING, ICMP_OF, types
from segctl.prove.space import Spans

WIDTHS = {SADDR: 32, DADDR: 32, PROTO: 8, HEAD: 16, TAIL: 16, FLAGS: 8, IIF: 128, OIF: 128}
PACKET = {axis: z3.BitVec(axis, width) for axis, width in WIDTHS.items()}
NEW = {STATE: STATES["new"], DIRECTION: 0}
YES, NO = z3.BoolVal(True), z3.BoolVal(False)


def differs(table: Table, intent: Intent, seconds: int) -> str:
    """`unsat` if there is no such packet, `sat` if there is, `unknown` if it took too long."""
    solver = z3.Solver()
    solver.set("timeout", seconds * 1000)
    solver.add(possible(), _Rules(table).passes() != wanted(intent))
    return str(solver.check())


def possible() -> Any:
    """What conntrack can say is new, between interfaces that are there."""
    icmp = ICMP_OF[4]
    ends = [
        PACKET[axis] != value for axis in (IIF, OIF) for value in (0, int.from_bytes(b"lo".ljust(16, b"\0"), "big"))
    ]
    return z3.And(z3.Or(PACKET[PROTO] != icmp, within(PACKET[HEAD], types(BEGINNING[4]))), *ends)


def within(value: Any, spans: Spans) -> Any:
    """Whether a number is in one of the spans."""
    last = (1 << value.size()) - 1
    held = [
        value == first if first == end else z3.And(z3.UGE(value, first), z3.ULE(value, min(end, last)))
        for first, end in spans
        if first <= last
    ]
    return z3.Or(held)


def wanted(intent: Intent) -> Any:
    """When the law lets a new packet pass."""
    passing = []
    for iif, oif, between, parts in intent.parts():
        left, some = YES, []
        for clause in clauses(between):
            here = _limits(clause.limits)
            if clause.must in (Must.PASS, Must.ALWAYS):
                some.append(z3.And(left, here))
            left = z3.And(left, z3.Not(here))
        if some:
            ends = [_pairs(intent, part) for part in parts]
            faces = z3.And(_in(intent, IIF, 1 << iif), _in(intent, OIF, 1 << oif))
            passing.append(z3.And(faces, z3.Or(ends), z3.Or(some)))
    return z3.Or(passing)


def _pairs(intent: Intent, part: Part) -> Any:
    but = [z3.Not(_pair(intent, 1 << source, 1 << destination)) for source, destination in part.without]
    return z3.And(_pair(intent, part.sources, part.destinations), *but)


def _pair(intent: Intent, sources: int, destinations: int) -> Any:
    return z3.And(_in(intent, SADDR, sources), _in(intent, DADDR, destinations))


def _in(intent: Intent, axis: str, mask: int) -> Any:
    return within(PACKET[axis], intent.values(axis, mask))


def _limits(limits: Any) -> Any:
    held = []
    for axis, spans in limits.items():
        if axis in NEW:
            held.append(z3.BoolVal(any(first <= NEW[axis] <= last for first, last in spans)))
        elif axis in PACKET:
            held.append(within(PACKET[axis], spans))
        else:
            held.append(NO)  # of a connection's number, which a new packet has none of
    return z3.And(held)


@dataclass(frozen=True)
class Here:
    """Packets at a rule, and what their registers hold."""

    packets: Any
    marks: dict[str, Any]

    def only(self, some: Any) -> "Here":
        return Here(z3.And(self.packets, some), self.marks)

    def but(self, some: Any) -> "Here":
        return Here(z3.And(self.packets, z3.Not(some)), self.marks)

    def having(self, name: str, value: Any) -> "Here":
        return Here(self.packets, self.marks | {name: value} if name in self.marks else self.marks)


@dataclass
class _Rules:
    table: Table
    _passed: list[Any] = field(default_factory=list)

    def passes(self) -> Any:
        marks = {name: z3.BitVecVal(0, 32) for name in ("meta mark", "meta priority", "ct mark")}
        chains = [c for c in self.table.chains.values() if c.hook is not None and c.hook.name == "forward"]
        assert len(chains) == 1
        left = self._chain(Here(YES, marks), chains[0].name)
        if chains[0].hook is not None and chains[0].hook.policy is Ending.ACCEPT:
            self._passed.append(left.packets)
        return z3.Or(self._passed)

    def _chain(self, here: Here, name: str) -> Here:
        """Who comes out at its end, or returns."""
        returned: list[Here] = []
        for rule in self.table.chains[name].rules:
            on: list[Here] = []
            inside = here
            for statement in rule.statements:
                match statement:
                    case Aside():
                        continue
                    case Decide(verdict=verdict):
                        inside = self._verdict(inside, verdict, returned)
                        if verdict.ending is not Ending.CONTINUE:
                            break
                    case Choose(key=key, map=named):
                        inside = self._choose(inside, key, self._set(named), on, returned)
                    case Assign(field=field_, value=expression):
                        value, known = self._value(inside, expression)
                        on.append(inside.but(known))
                        inside = inside.only(known).having(field_, value)
                    case _:
                        matches = self._matches(inside, statement)
                        on.append(inside.but(matches))
                        inside = inside.only(matches)
            here = reduce(_either, on, inside)
        return reduce(_either, returned, here)

    def _choose(self, here: Here, key: Any, found: Set, on: list[Here], returned: list[Here]) -> Here:
        """Who goes on in the rule: who hits `continue`."""
        hits = self._by_answer(*self._key(here, key), found)
        on.append(here.but(z3.Or(list(hits.values()))))
        still = [NO]
        for verdict, hit in hits.items():
            if verdict.ending is Ending.CONTINUE:
                still.append(hit)
            else:
                on.append(self._verdict(here.only(hit), verdict, returned))
        return here.only(z3.Or(still))

    def _verdict(self, here: Here, verdict: Verdict, returned: list[Here]) -> Here:
        """Who goes on with the next rule."""
        match verdict.ending:
            case Ending.ACCEPT:
                self._passed.append(here.packets)
            case Ending.RETURN:
                returned.append(here)
            case Ending.JUMP:
                return self._chain(here, str(verdict.chain))
            case Ending.GOTO:
                returned.append(self._chain(here, str(verdict.chain)))
            case Ending.CONTINUE:
                return here
        return Here(NO, here.marks)

    def _matches(self, here: Here, statement: Any) -> Any:
        match statement:
            case Match(left=left, spans=spans, negated=negated):
                value, known = self._value(here, left)
                inside = within(value, spans)
                return z3.And(known, z3.Not(inside) if negated else inside)
            case Anybit(left=left, bits=bits, negated=negated):
                return self._matches(here, Match(Bits(left, bits), ((0, 0),), not negated))
            case Lookup(key=key, set=named, negated=negated):
                values, known = self._key(here, key)
                hit = z3.Or(list(self._by_answer(values, known, self._set(named)).values()))
                return z3.And(known, z3.Not(hit) if negated else hit)
        raise NotImplementedError(statement)

    def _set(self, named: str | Set) -> Set:
        return named if isinstance(named, Set) else self.table.sets[named]

    def _key(self, here: Here, key: Any) -> tuple[list[Any], Any]:
        parts = key.parts if isinstance(key, Join) else (key,)
        held = [self._value(here, part) for part in parts]
        return [value for value, _ in held], z3.And([known for _, known in held])

    def _by_answer(self, values: Sequence[Any], known: Any, found: Set) -> dict[Any, Any]:
        together: dict[Any, list[Any]] = {}
        for element in found.elements:
            hit = z3.And([within(value, (span,)) for value, span in zip(values, element.key, strict=True)])
            together.setdefault(element.value, []).append(hit)
        return {answer: z3.And(known, z3.Or(hits)) for answer, hits in together.items()}

    def _value(self, here: Here, expression: Any) -> tuple[Any, Any]:
        """A value, and whether the packet has it."""
        match expression:
            case Constant(value=value):
                return z3.BitVecVal(value, 32), YES
            case Bits(of=of, mask=mask, flip=flip):
                value, known = self._value(here, of)
                return (value & mask) ^ flip, known
            case Mapped(key=key, map=named):
                hits = self._by_answer(*self._key(here, key), self._set(named))
                said = reduce(lambda rest, one: z3.If(one[1], z3.BitVecVal(one[0], 32), rest), hits.items(),
                              z3.BitVecVal(0, 32))  # fmt: skip
                return said, z3.Or(list(hits.values()))
            case Load(field=name, bits=bits):
                return self._load(here, name, bits)
        raise NotImplementedError(expression)

    def _load(self, here: Here, name: str, bits: int) -> tuple[Any, Any]:
        reading = read(name, bits, 4)
        if reading is None:
            return z3.BitVecVal(0, bits), NO
        needs = z3.And([within(PACKET[axis], spans) for axis, spans in reading.needs])
        if isinstance(reading.of, int):
            return z3.BitVecVal(reading.of, max(bits, 8)), needs
        axis = reading.of.axis
        if axis in here.marks:
            return here.marks[axis], needs
        if axis in NEW:
            return z3.BitVecVal(NEW[axis], 8), needs
        if name in ("meta iif", "meta oif"):
            return z3.BitVecVal(1, bits), needs  # the index of some interface, and not 0: that there is none
        if axis not in PACKET:
            return z3.BitVec(name, bits), needs
        raw = PACKET[axis]
        return z3.LShR((raw & reading.of.mask) ^ reading.of.flip, reading.of.shift), needs


def _either(one: Here, other: Here) -> Here:
    marks = {name: held if z3.eq(held, other.marks[name]) else z3.If(one.packets, held, other.marks[name])
             for name, held in one.marks.items()}  # fmt: skip
    return Here(z3.Or(one.packets, other.packets), marks)
