"""Where rules and intent clash, as sets: first which numbers new connections get, then every packet there is.

Of a connection's number the law asks only whether it is one that passes between these interfaces, or one that no
connection gets. So the packets that fare wrongly are told by that, and the number itself is left out of them: what is
then compared with the clauses, of which there are thousands, is small.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.listing.rule import STATES
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.prove.axes import DADDR, DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, SADDR, STATE, TAIL
from segctl.prove.bdd.diagrams import Node
from segctl.prove.bdd.domain import Walked
from segctl.prove.bdd.intent import Intent, Region
from segctl.prove.bdd.names import NUMBER_MASK
from segctl.prove.clauses import LOCALITY, NUMBER, Between, Must
from segctl.prove.effects import Effects
from segctl.prove.space import Spans

Key = tuple[int, Way, str, str]
Numbers = dict[Key, set[int]]
"""What new connections get, by family, way and interfaces ("" where there is none)."""
_ASKED = (STATE, DIRECTION, PROTO, IIF, OIF, SADDR, DADDR, HEAD, TAIL, FLAGS, "ip ttl", "ip6 hoplimit",
          *LOCALITY.values())  # fmt: skip


class Clash(NamedTuple):
    """Packets of a region, in one state of the connection, of which rules and intent say different things; `certain`
    if the rules do so always.
    """

    region: Region
    must: Must
    state: int
    certain: bool
    packets: Node


@dataclass(slots=True)
class Comparison:
    """One walk compared. `compared`: how many regions there are."""

    walked: Walked
    effects: Effects
    intent: Intent = field(init=False)
    compared: int = 0
    _regions: dict[Between, list[Region]] = field(init=False)

    def __post_init__(self) -> None:
        self.intent = Intent(self.walked, self.effects)
        self._regions = self.intent.regions()
        self.compared = sum(len(regions) for regions in self._regions.values())

    def beginnings(self, numbers: Numbers) -> None:
        """Which numbers the packets get that begin a connection and are wanted, and pass."""
        fields, family = self.walked.fields, self.walked.family
        new = self.walked.domain & fields.holds(STATE, ((STATES["new"],) * 2,), family)
        wanted = new & fields.diagrams.either(self._passing())
        others = self._others((IIF, OIF))
        certain = self._certain()
        for passed in self.walked.ends.passed:
            packets = passed.packets & wanted & certain
            for guard, number in passed.connection.cases if packets.satisfiable() else ():
                if isinstance(number, int) and number & NUMBER_MASK:
                    met = fields.diagrams.both_but(packets, guard, others)
                    for key in self._met(met):
                        numbers[key].add(number & NUMBER_MASK)

    def _passing(self) -> Iterator[Node]:
        """The packets that may pass by their number, between their interfaces."""
        either = self.walked.fields.diagrams.either
        for between, regions in self._regions.items():
            wanted = self.intent.wanted(between)
            passing = either(wanted[must] for must in (Must.PASS, Must.NUMBERED, Must.ANY) if must in wanted)
            if passing.satisfiable():
                yield passing & either(region.packets for region in regions)

    def _met(self, packets: Node) -> Iterator[Key]:
        """The interfaces that some packets have."""
        if packets.satisfiable():
            for iif, oif in self.intent.interfaces():
                if (packets & self.intent.between(iif, oif)).satisfiable():
                    yield (self.walked.family, self.walked.way, *self.intent.names(iif, oif))

    def _others(self, kept: tuple[str, ...]) -> Node:
        """All variables of a packet but those of some axes, as a product."""
        fields = self.walked.fields
        return fields.diagrams.all_of(bit for axis in fields.axes() if axis not in kept for bit in fields.bits(axis, 0))

    def clashes(self, numbers: Numbers) -> Iterator[Clash]:
        """Where what the rules do isn't what is wanted."""
        wrong = self._wrong(numbers)
        either = self.walked.fields.diagrams.either
        left_out = self._left_out()
        short = {must: packets.exists(left_out) for must, packets in wrong.items()}
        for between, regions in self._regions.items():
            here = either(region.packets for region in regions)
            for must, wanted in self.intent.wanted(between).items():
                if must in wrong and (here & wanted & short[must]).satisfiable():
                    yield from self._told(regions, must, wanted & wrong[must])

    def _told(self, regions: list[Region], must: Must, packets: Node) -> Iterator[Clash]:
        """By region, state of the connection, and whether it is certain."""
        fields, family = self.walked.fields, self.walked.family
        certain = self._certain()
        for region in regions:
            here = packets & region.packets
            for state in STATES.values() if here.satisfiable() else ():
                some = here & fields.holds(STATE, ((state, state),), family)
                for sure, part in ((True, some & certain), (False, some & ~certain)):
                    if part.satisfiable():
                        yield Clash(region, must, state, sure, part)

    def _certain(self) -> Node:
        """The packets that have one end, whatever happens."""
        ends = self.walked.ends
        sets = (ends.accept, ends.drop, ends.reject, ends.impossible)
        once, twice = self.walked.fields.diagrams.false, ends.unknown
        for some in sets:
            twice |= once & some
            once |= some
        return once & ~twice

    def _wrong(self, numbers: Numbers) -> dict[Must, Node]:
        """By what is wanted: the packets that fare otherwise, or may; they say by `alive` and `never` what the law asks
        of their number.
        """
        ends, fields = self.walked.ends, self.walked.fields
        alive, never = self._alive(numbers), fields.holds(NUMBER, self._never(numbers), self.walked.family)
        told = self.walked.domain & fields.alive.equiv(alive) & fields.never.equiv(never)
        return {
            Must.PASS: told & (ends.drop | ends.reject | ends.unknown),
            Must.ALWAYS: told & (ends.drop | ends.reject | ends.unknown),
            Must.NUMBERED: told & (ends.drop | ends.reject | ends.unknown | ends.bare),
            Must.DROP: told & (ends.accept | ends.reject | ends.unknown),
            Must.REJECT: told & (ends.accept | ends.drop | ends.unknown),
            Must.BLOCK: told & (ends.accept | ends.unknown),
            Must.BESIDE: told & ends.ours,
        }

    def _left_out(self) -> Node:
        """The variables that no clause asks for: the number of the connection among them."""
        fields = self.walked.fields
        number = fields.bits("ct mark")[: NUMBER_MASK.bit_length()]
        return self._others((*_ASKED, "ct mark")) & fields.diagrams.all_of(reversed(number))

    def _alive(self, numbers: Numbers) -> Node:
        """The packets whose number is one of a connection that passes between their interfaces, whoever opened it."""
        fields = self.walked.fields
        some = []
        for iif, oif in self.intent.interfaces():
            held = Ranges.of((n, n) for key in self._keys(iif, oif, numbers) for n in numbers.get(key, ()))
            if held:
                some.append(self.intent.between(iif, oif) & fields.holds(NUMBER, held.spans, self.walked.family))
        return fields.diagrams.either(some)

    def _keys(self, iif: int, oif: int, numbers: Numbers) -> Iterator[Key]:
        names, family = self.intent.names(iif, oif), self.walked.family
        if self.effects.host:  # whatever the interface
            yield from (key for key in numbers if key[0] == family)
        elif self.walked.way is Way.FORWARD:
            yield (family, Way.FORWARD, *names)
            yield (family, Way.FORWARD, names[1], names[0])
        else:
            name = names[0] or names[1]
            yield (family, Way.INPUT, name, "")
            yield (family, Way.OUTPUT, "", name)

    def _never(self, numbers: Mapping[Key, set[int]]) -> Spans:
        """The numbers that the rules name one by one, and that no connection of the family gets."""
        given = {number for key, some in numbers.items() if key[0] == self.walked.family for number in some}
        return Ranges.of((n, n) for n in self.walked.numbers - given).spans


def no_numbers() -> Numbers:
    """None seen yet."""
    return defaultdict(set)
