"""What becomes of every packet that may begin a connection, by the pair of its ends.

An *end* is a class of interfaces with a class of addresses. Each row of a walk holds a product of ends, and the rows
come in order: so a table of pairs, each with a number for what was decided of it so far, is filled row by row; pairs
that are treated alike have one number, and what that is of packets is worked out once for each.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from segctl.draft.audit.mixed import Mixed, join
from segctl.listing.rule import Ending
from segctl.prove.axes import DADDR, DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, SADDR, STATE, TAIL
from segctl.prove.engine import Evaluated
from segctl.prove.row import By, Decided
from segctl.prove.space import Cube, Space, bits, meet, without
from segctl.prove.unanswered import TooManyClasses

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

ENDS = (IIF, SADDR, OIF, DADDR)
_FIRST = (PROTO, TAIL, HEAD)
_UNTOLD = (STATE, DIRECTION, FLAGS)  # of what begins a connection they are known
MOST_PAIRS = 40_000_000


class Treated(NamedTuple):
    """What becomes of a pair's packets, as functions of the other axes: those that pass, those of which nobody can say
    (`doubts`, each with its reasons); `by`: the rules that let some pass.
    """

    passes: Mixed
    doubts: tuple[tuple[Mixed, tuple[str, ...]], ...]
    by: tuple[By, ...]


class _State(NamedTuple):
    """`left`: packets that no row holds for certain yet; `got`: rows that hold some, in order."""

    left: tuple[Cube, ...]
    got: tuple[int, ...]


@dataclass(slots=True)
class Cells:
    """All pairs of a walk. `pairs`: numbers by interface and address of the source, of the destination; `numbers` are
    places in `treated`. `classes`: of each of ENDS those that can be. `told`: the axes on which packets are told, in
    order; `whole`: all packets on them; `possible`: of each of these axes what some packet has.
    """

    evaluated: Evaluated
    places: tuple[int, ...] = field(init=False)
    told: tuple[int, ...] = field(init=False)
    whole: Mixed = field(init=False)
    possible: Cube = field(init=False)
    classes: tuple[tuple[int, ...], ...] = field(init=False)
    pairs: "NDArray[numpy.int32]" = field(init=False)
    treated: list[Treated] = field(init=False)
    _states: list[_State] = field(default_factory=list)
    _known: dict[_State, int] = field(default_factory=dict)
    _rests: list[Cube] = field(default_factory=list)

    def __post_init__(self) -> None:
        import numpy

        space = self.evaluated.space
        outer = [space.index[name] for name in ENDS]
        self.places = tuple(at for at in range(len(space.axes)) if at not in outer)
        self.told = tuple(_told(space))
        self.whole = self._joined(self._rest(cube) for cube in self.evaluated.domain)
        self.possible = tuple(map(_either, zip(*self.whole.cubes(), strict=True)))
        can = [0] * len(outer)
        for cube in self.evaluated.domain:
            can = [mask | cube[at] for mask, at in zip(can, outer, strict=True)]
        self.classes = tuple(tuple(bits(mask)) for mask in can)
        shape = tuple(len(one) for one in self.classes)
        if numpy.prod(shape, dtype=float) > MOST_PAIRS:
            raise TooManyClasses
        self._fill(numpy.zeros(shape, dtype=numpy.int32), outer)

    def _fill(self, pairs: "NDArray[numpy.int32]", outer: Sequence[int]) -> None:
        import numpy

        self._number(_State(tuple(dict.fromkeys(self._rest(cube) for cube in self.evaluated.domain)), ()))
        where = [{number: at for at, number in enumerate(held)} for held in self.classes]
        step: dict[tuple[int, object], int] = {}
        for place, one in enumerate(self.evaluated.decided):
            rest = self._rest(one.cube)
            self._rests.append(rest)
            index = [
                [known[n] for n in bits(one.cube[at]) if n in known] for known, at in zip(where, outer, strict=True)
            ]
            if not all(index):
                continue
            box = numpy.ix_(*index)
            held = pairs[box]
            old = numpy.flatnonzero(numpy.bincount(held.reshape(-1), minlength=len(self._states)))
            new = [self._step(int(number), place, one, rest, step) for number in old]
            if any(a != b for a, b in zip(old, new, strict=True)):
                turned = numpy.zeros(int(old[-1]) + 1, dtype=numpy.int32)
                turned[old] = new
                pairs[box] = turned[held]
        self.pairs = pairs
        self._settle()

    def _rest(self, cube: Cube) -> Cube:
        return tuple(cube[at] for at in self.places)

    def _number(self, state: _State) -> int:
        if state not in self._known:
            self._known[state] = len(self._states)
            self._states.append(state)
        return self._known[state]

    def _step(self, number: int, place: int, one: Decided, rest: Cube, memo: dict[tuple[int, object], int]) -> int:
        """What pairs with this number are once the row is counted in."""
        state = self._states[number]
        if not state.left:
            return number
        key = number, place
        if key not in memo:
            if all(meet(left, rest) is None for left in state.left):
                memo[key] = number
            else:
                left = state.left
                if not one.maybe:
                    left = tuple(piece for cube in left for piece in without(cube, rest))
                memo[key] = self._number(_State(left, (*state.got, place)))
        return memo[key]

    def _settle(self) -> None:
        """Only numbers that some pair has, and what each is."""
        import numpy

        used = numpy.flatnonzero(numpy.bincount(self.pairs.reshape(-1), minlength=len(self._states)))
        self.treated = [self._treated(self._states[int(number)]) for number in used]
        turned = numpy.zeros(len(self._states), dtype=numpy.int32)
        turned[used] = numpy.arange(len(used), dtype=numpy.int32)
        self.pairs = turned[self.pairs]

    def _treated(self, state: _State) -> Treated:
        passes: list[Cube] = []
        doubts: dict[tuple[str, ...], list[Cube]] = {}
        by: dict[tuple[int, int], By] = {}
        decided = self.evaluated.decided
        for cube, places in self._parts(state):
            endings = {decided[at].ending for at in places}
            if endings <= {Ending.CONTINUE}:
                continue
            stops = endings <= {Ending.DROP, Ending.REJECT}
            if not stops:
                lets = [at for at in places if decided[at].ending not in (Ending.DROP, Ending.REJECT)]
                found = [one for at in lets if (one := decided[at].by) is not None]
                by |= {(id(one.chain), id(one.rule)): one for one in found}
            if endings == {Ending.ACCEPT}:
                passes.append(cube)
            elif not stops:
                reasons = tuple(dict.fromkeys(reason for at in places for reason in decided[at].maybe))
                doubts.setdefault(reasons, []).append(cube)
        doubted = tuple((self._joined(cubes), reasons) for reasons, cubes in doubts.items())
        return Treated(self._joined(passes), doubted, tuple(by.values()))

    def _joined(self, cubes: Iterable[Cube]) -> Mixed:
        return join(self.places, cubes, self.told)

    def _parts(self, state: _State) -> Iterator[tuple[Cube, tuple[int, ...]]]:
        """A pair's packets with the rows that decide them: some perhaps, the last for certain."""
        begin = self._states[0].left
        decided = self.evaluated.decided
        work: list[tuple[Cube, int, tuple[int, ...]]] = [(cube, 0, ()) for cube in begin]
        while work:
            now, first, perhaps = work.pop()
            for at in range(first, len(state.got)):
                place = state.got[at]
                both = meet(now, self._rests[place])
                if both is None:
                    continue
                work += [(rest, at + 1, perhaps) for rest in without(now, both)]
                if decided[place].maybe:
                    work.append((both, at + 1, (*perhaps, place)))
                else:
                    yield both, (*perhaps, place)
                break
            else:
                if perhaps:
                    yield now, perhaps


def _either(masks: Iterable[int]) -> int:
    out = 0
    for mask in masks:
        out |= mask
    return out


def _told(space: Space) -> Iterator[int]:
    """The axes on which a connection's beginning is told: what it asks for first."""
    yield from (space.index[name] for name in _FIRST)
    for at, axis in enumerate(space.axes):
        if axis.name not in (*ENDS, *_FIRST, *_UNTOLD) and not axis.name.startswith("ct mark[") and not axis.derived:
            yield at
