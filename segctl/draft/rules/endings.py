"""What becomes of each pair's packets, on the axes on which a connection's beginning is told.

**Assumed** of every packet: conntrack takes it for the first of a connection; it bears no mark and no priority yet; its
own end of input and output is what the kernel calls local, any other end what it calls unicast; it is addressed to this
machine's link address; it is whole;
the way back to its source leads out where it came in (segctl's binding takes the place of that check). Where rules ask
for more than this, the packet that doesn't answer so isn't looked at, and `assumed` names what they asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.draft.audit.cells import Cells
from segctl.listing.rule import STATES, Ending
from segctl.model.packet import Way
from segctl.prove.axes import DADDR, DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, REGISTERS, SADDR, STATE, TAIL
from segctl.prove.engine import SYN
from segctl.prove.row import By
from segctl.prove.space import Axis, Cube, Spans, without

_ENDS = (IIF, SADDR, OIF, DADDR)
_FIRST = (PROTO, TAIL, HEAD)
_UNICAST: Spans = ((1, 1),)
_LOCAL: Spans = ((2, 2),)  # RTN_LOCAL (linux/rtnetlink.h)
_HOST: Spans = ((0, 0),)  # PACKET_HOST (linux/if_packet.h)
_NONE: Spans = ((0, 0),)
UNTRACKED = "conntrack is told to leave the packet alone (notrack)"


class End(NamedTuple):
    """Packets on the told axes with what becomes of them. `ending` None: nobody can say, for `doubts`; `refused`: it is
    certain that they don't pass.
    """

    cube: Cube
    ending: Ending | None
    by: By | None
    doubts: tuple[str, ...] = ()
    refused: bool = False


@dataclass(slots=True)
class Endings:
    """The pairs of one walk. `told`: the names of the axes of an `End`'s cube; `assumed`: what else its rules ask."""

    cells: Cells
    told: tuple[str, ...] = field(init=False)
    assumed: tuple[str, ...] = field(init=False)
    _at: tuple[int, ...] = field(init=False)
    _demands: tuple[tuple[int, int], ...] = field(init=False)
    _known: dict[int, tuple[End, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        space = self.cells.evaluated.space
        demands = [(at, self._demand(axis)) for at, axis in enumerate(space.axes) if axis.name not in _ENDS]
        asked = dict(demands)
        others = [at for at, mask in demands if mask is None and space.axes[at].name not in _FIRST]
        others = [at for at in others if not space.axes[at].derived]
        self._at = (*(space.index[name] for name in _FIRST), *sorted(others, key=lambda at: space.axes[at].name))
        self.told = tuple(space.axes[at].name for at in self._at)
        self._demands = tuple((self.cells.places.index(at), mask) for at, mask in demands if mask is not None)
        narrow = [at for at, mask in asked.items() if mask is not None and mask != space.axes[at].full]
        self.assumed = tuple(dict.fromkeys(word for at in narrow if (word := _asked(space.axes[at].name))))

    def axes(self) -> tuple[Axis, ...]:
        """Those of `told`."""
        return tuple(self.cells.evaluated.space.axes[at] for at in self._at)

    def of(self, number: int) -> tuple[End, ...]:
        """The packets of pairs with this number, disjoint."""
        if number not in self._known:
            found = tuple(self._of(number))
            self._known[number] = (*found, *self._rest(found))
        return self._known[number]

    def whole(self) -> tuple[Cube, ...]:
        """All packets, on the told axes."""
        cells = self.cells
        cubes = (tuple(cube[at] for at in cells.places) for cube in cells.evaluated.domain)
        return tuple(dict.fromkeys(made for cube in cubes if (made := self._projected(cube))))

    def _of(self, number: int) -> Iterator[End]:
        for cube, rows in self.cells.parts(number):
            made = self._projected(cube)
            if made is None:
                continue
            endings = {row.ending for row in rows}
            doubts = tuple(dict.fromkeys(reason for row in rows for reason in row.maybe))
            if len(endings) == 1 and (only := next(iter(endings))) in (Ending.ACCEPT, Ending.DROP, Ending.REJECT):
                yield End(made, only, rows[-1].by)
            elif endings == {Ending.CONTINUE}:
                yield End(made, None, None, (UNTRACKED,))
            else:
                yield End(made, None, rows[-1].by, doubts, endings <= {Ending.DROP, Ending.REJECT})

    def _rest(self, found: tuple[End, ...]) -> Iterator[End]:
        """Packets that conntrack can't say this of, for a rule tells it to leave them alone."""
        left = list(self.whole())
        for one in found:
            left = [piece for cube in left for piece in without(cube, one.cube)]
        return (End(cube, None, None, (UNTRACKED,)) for cube in left)

    def _projected(self, cube: Cube) -> Cube | None:
        if any(not cube[at] & mask for at, mask in self._demands):
            return None
        places = self.cells.places
        return tuple(cube[places.index(at)] for at in self._at)

    def _demand(self, axis: Axis) -> int | None:
        """The values of an axis that are looked at; None for all."""
        spans = _demanded(axis.name, self.cells.evaluated.way)
        if spans is None:
            return None
        if axis.name == _BACK:
            return axis.full & ~(1 << axis.class_of(0))
        return 1 << axis.class_of(spans[0][0])


_BACK = "fib saddr . iif oif"


def _demanded(name: str, way: Way) -> Spans | None:
    if name == STATE:
        return ((STATES["new"],) * 2,)
    if name == FLAGS:
        return ((SYN, SYN),)
    if name in (DIRECTION, _BACK) or name.startswith(REGISTERS):
        return _NONE
    if name.startswith("fib ") and name.endswith(" type"):
        near = {Way.INPUT: "fib daddr", Way.OUTPUT: "fib saddr"}.get(way, "none")
        return _LOCAL if name.startswith(near) else _UNICAST
    if name == "meta pkttype":
        return _HOST
    if name.startswith("exthdr frag") or name in ("ip frag-off", "@frag"):
        return _NONE
    return None


_UNSAID = (STATE, DIRECTION, FLAGS)


def _asked(name: str) -> str:
    """What of the assumptions is worth a word, in nft's words."""
    if name in _UNSAID or name.startswith("ct mark"):
        return ""
    return name.split("[")[0]
