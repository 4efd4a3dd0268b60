"""Where a draft's rules differ from the original on purpose: each kind exact, so that nothing else hides behind it.

A kind of *cells* is told by the ends of a packet alone, and says what segctl does with all of these; a kind of
*packets* by what the packet is, or by which of segctl's rules decides it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from segctl.draft.rules.endings import End, Endings
from segctl.draft.rules.walks import ENDS
from segctl.draft.rules.write import NOBODY
from segctl.listing.rule import Ending, name_span
from segctl.model.packet import Way
from segctl.model.point import Point, PointKind
from segctl.model.ranges import NOTHING, V6
from segctl.model.selector import WORLD
from segctl.model.service import ICMP, ICMP6, WITH_PORTS
from segctl.policy import Policy
from segctl.prove.axes import PROTO, TAIL
from segctl.prove.space import Axis, Cube

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

NOWHERE = "nowhere"
"""Cells of an interface of which neither rules nor user say who lives there: that nobody does is no purpose."""
REFUSES = (Ending.DROP, Ending.REJECT)
_HEADERS = {0, 43, 44, 60}  # of IPv6: no protocol of a connection
_OTHERS_ICMP = {4: ICMP6, 6: ICMP}


class Place(NamedTuple):
    """Which walk is compared. `known`: the interfaces of which the user says who lives there."""

    policy: Policy
    point: Point
    way: Way
    family: int
    faces: tuple[str, ...] = ()
    """Of a host: the only interfaces that it has, if the user says so."""
    known: tuple[str, ...] = ()

    @property
    def host(self) -> bool:
        return self.point.kind is PointKind.HOST


def is_essential(other: End) -> bool:
    """Decided in the base chain itself, where nothing else but loopback accepts what begins a connection."""
    by = other.by
    return (
        other.ending is Ending.ACCEPT
        and by is not None
        and by.rule is not None
        and by.chain.name in ("input", "output")
    )


class OfCells(NamedTuple):
    """`does`: what segctl does with these; None: whatever, they are none of its business."""

    name: str
    what: str
    does: tuple[Ending, ...] | None

    def holds(self, one: End, other: End) -> bool:
        """Whether segctl does what is said of this kind, which is not what the original does."""
        if self.name == NOWHERE:
            return (one.refused or one.ending in REFUSES) and other.ending in REFUSES
        return self.does is None or other.ending in self.does


class OfPackets(NamedTuple):
    """`holds` of a cube on the told axes, their axes, and how the original and the draft decide it."""

    name: str
    what: str
    holds: Callable[[Cube, tuple[Axis, ...], End, End, Place], bool]


CELLS = (
    OfCells("loopback", "what the machine says to itself over lo: segctl lets it through", (Ending.ACCEPT,)),
    OfCells("stranger", "an interface that the site doesn't name: segctl lets nothing through", (Ending.DROP,)),
    OfCells("absent", "an interface that the host doesn't have, by the user's word: not compared", None),
    OfCells("beside", "local addresses that aren't the host's: segctl leaves them alone", None),
    OfCells("undeclared", "local addresses that the user doesn't name: not compared", None),
    OfCells("special", "an address of no machine (loopback, link-local, multicast, broadcast, 0.0.0.0, mapped): segctl "
            "drops it, but for essentials", (Ending.DROP,)),
    OfCells("mirrored", "the machine's own address where another's belongs, not over lo: segctl drops it",
            (Ending.DROP,)),
    OfCells("binding", "an address behind an interface where the site says it doesn't live: segctl drops it",
            (Ending.DROP,)),
    OfCells(NOWHERE, "an address behind an interface of which nobody says who lives there: the original refuses it, "
            "segctl drops it", ()),
)  # fmt: skip


def _no_connection(cube: Cube, axes: tuple[Axis, ...], one: End, other: End, place: Place) -> bool:
    named = dict(zip((axis.name for axis in axes), zip(axes, cube, strict=True), strict=True))
    protocols, mask = named[PROTO]
    numbers = {n for first, last in protocols.spans(mask) for n in range(first, last + 1)}
    if other.ending not in (Ending.DROP, Ending.REJECT):
        return False
    if numbers <= {*_HEADERS, _OTHERS_ICMP[place.family]}:
        return True
    ports, held = named[TAIL]
    return numbers <= WITH_PORTS.keys() and ports.spans(held) == ((0, 0),)


ESSENTIAL = "essential"
PACKETS = (
    OfPackets(ESSENTIAL, "what a point needs to live (neighbour discovery, MLD, its own DHCP): segctl lets it through",
              lambda cube, axes, one, other, place: is_essential(other)),
    OfPackets("by chance", "the original refuses them, a rate tells whether it drops or rejects: segctl refuses them",
              lambda cube, axes, one, other, place: one.refused and other.ending in (Ending.DROP, Ending.REJECT)),
    OfPackets("unsayable", "port 0, and protocol numbers that begin no connection (IPv6's headers, the other family's "
              "ICMP): no service of a site names them", _no_connection),
)  # fmt: skip


@dataclass(slots=True)
class Ends:
    """Of one walk's cells, by kind, those that are of it; the kinds don't overlap: the first counts."""

    one: Endings
    place: Place
    masks: dict[str, "NDArray[numpy.bool_]"] = field(init=False)

    def __post_init__(self) -> None:
        import numpy

        iif, saddr, oif, daddr = (self._each(name) for name in ENDS)
        no = numpy.zeros(self.one.cells.pairs.shape, dtype=bool)
        host, way = self.place.host, self.place.way
        near = {Way.INPUT: self._flags(daddr, 3, self._theirs), Way.OUTPUT: self._flags(saddr, 1, self._theirs)}
        far = [self._flags(values, at, self._own)
               for values, at, end in ((saddr, 1, Way.OUTPUT), (daddr, 3, Way.INPUT)) if end is not way]  # fmt: skip
        elsewhere = no | near[way] if way in near else no
        self.masks = {
            "loopback": no | self._flags(iif, 0, self._lo) | self._flags(oif, 2, self._lo),
            "stranger": no if host else no | self._flags(iif, 0, self._strange) | self._flags(oif, 2, self._strange),
            "absent": no | self._flags(iif, 0, self._absent) | self._flags(oif, 2, self._absent),
            "beside": elsewhere if host else no,
            "special": no | self._flags(saddr, 1, self._special) | self._flags(daddr, 3, self._special),
            "undeclared": no if host else elsewhere,
            "mirrored": reduce(or_, far, no),
            "binding": no,
            NOWHERE: no,
        }
        if not host and way is not Way.OUTPUT:
            self._bind(iif, saddr, (len(iif), len(saddr), 1, 1))
        if not host and way is not Way.INPUT:
            self._bind(oif, daddr, (1, 1, len(oif), len(daddr)))

    def _bind(self, faces: list[int], addresses: list[int], shape: tuple[int, ...]) -> None:
        unbound, unsaid = self._unbound(faces, addresses)
        self.masks["binding"] = self.masks["binding"] | (unbound & ~unsaid).reshape(shape)
        self.masks[NOWHERE] = self.masks[NOWHERE] | (unbound & unsaid).reshape(shape)

    def _each(self, name: str) -> list[int]:
        """The smallest value of each class that can be."""
        space = self.one.cells.evaluated.space
        axis = space.axes[space.index[name]]
        return [axis.least[number] for number in self.one.cells.classes[ENDS.index(name)]]

    def _flags(self, values: list[int], at: int, told: Callable[[int], bool]) -> "NDArray[numpy.bool_]":
        import numpy

        shape = [1, 1, 1, 1]
        shape[at] = len(values)
        return numpy.array([told(value) for value in values], dtype=bool).reshape(shape)

    def _lo(self, value: int) -> bool:
        return value == name_span("lo")[0]

    def _strange(self, value: int) -> bool:
        return value != 0 and not self._lo(value) and value not in self._faces()

    def _absent(self, value: int) -> bool:
        faces = {name_span(name)[0] for name in self.place.faces}
        return bool(faces) and value != 0 and value not in faces and not self._lo(value)

    def _faces(self) -> dict[int, str]:
        return {name_span(name)[0]: name for name in self.place.point.interfaces}

    def _address(self, value: int) -> int:
        return value + (V6 if self.place.family == 6 else 0)

    def _special(self, value: int) -> bool:
        return self._address(value) in self.place.policy.special

    def _own(self, value: int) -> bool:
        policy, name = self.place.policy, self.place.point.name
        return self._address(value) in (policy.hosts.get(name) or policy.gateways.get(name) or NOTHING)

    def _theirs(self, value: int) -> bool:
        return not self._own(value) and not self._special(value)

    def _unbound(self, faces: list[int], addresses: list[int]) -> "tuple[NDArray[numpy.bool_], NDArray[numpy.bool_]]":
        """Where a segment is listed on no interface of this class; and where that is only because nobody says who lives
        there: forwarded packets of the world, which no rule names, and all packets of an interface that has none but
        those.
        """
        import numpy

        names, interfaces = self._faces(), self.place.point.interfaces
        homes = [self.place.policy.home_of(self._address(value)) for value in addresses]
        empty = {name for name, one in interfaces.items() if one.segments == (NOBODY,)}
        forward = self.place.way is Way.FORWARD

        def unsaid(face: int, home: str | None) -> bool:
            name = names.get(face, "")
            return name not in self.place.known and (name in empty or (forward and home == WORLD))

        unbound = [
            [face in names and home is not None and home not in interfaces[names[face]].segments for home in homes]
            for face in faces
        ]
        told = [[unsaid(face, home) for home in homes] for face in faces]
        return numpy.array(unbound, dtype=bool), numpy.array(told, dtype=bool)
