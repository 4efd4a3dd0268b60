"""Who may open what to whom, by blocks of addresses alone, each where it lives."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segctl.draft.rules.land import Ground, Land
from segctl.draft.rules.survey import Survey
from segctl.draft.rules.verdict import Verdict, together
from segctl.draft.rules.walks import ENDS
from segctl.listing.rule import name_span
from segctl.model.packet import Way
from segctl.prove.axes import DADDR, IIF, OIF, SADDR
from segctl.prove.kinds import half

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@dataclass(slots=True)
class Matrix:
    """One family. `kinds`: what pairs of blocks meet. `pairs`: places in it, by the blocks of source and destination as
    in `Land.blocks` (None: nothing is forwarded); `into`, `out_of`: what blocks meet that open connections to the
    machine itself, and it to them.
    """

    land: Land
    kinds: list[Verdict] = field(default_factory=list)
    pairs: "NDArray[numpy.int32] | None" = None
    into: list[int] = field(default_factory=list)
    out_of: list[int] = field(default_factory=list)
    _known: dict[Verdict, int] = field(default_factory=dict)

    def number(self, one: Verdict) -> int:
        """The place of a verdict."""
        if one not in self._known:
            self._known[one] = len(self.kinds)
            self.kinds.append(one)
        return self._known[one]


def matrix(survey: Survey, land: Land) -> Matrix:
    """What the blocks of a family meet; where pairs of interfaces differ, what all of them let through."""
    made = Matrix(land)
    if (ground := land.grounds.get(Way.FORWARD)) is not None:
        _forwarded(made, ground)
    if (ground := land.grounds.get(Way.INPUT)) is not None:
        made.into = [_own(made, ground, survey, number, IIF) for number in land.blocks]
    if (ground := land.grounds.get(Way.OUTPUT)) is not None:
        made.out_of = [_own(made, ground, survey, number, OIF) for number in land.blocks]
    return made


def _forwarded(made: Matrix, ground: Ground) -> None:
    import numpy

    land = made.land
    out = numpy.zeros((len(land.blocks),) * 2, dtype=numpy.int32)
    alike = _by_homes(land)
    known: dict[tuple[int, ...], int] = {}
    for here, sources in alike:
        for there, targets in alike:
            box = numpy.ix_(
                ground.faces(IIF, here),
                ground.blocks(SADDR, tuple(land.blocks[at] for at in sources)),
                ground.faces(OIF, there),
                ground.blocks(DADDR, tuple(land.blocks[at] for at in targets)),
            )
            each = ground.ids[box].transpose(1, 3, 0, 2).reshape(len(sources) * len(targets), -1)
            rows, inverse = numpy.unique(each, axis=0, return_inverse=True)
            numbers = [_joined(made, ground, tuple(map(int, row)), known) for row in rows]
            out[numpy.ix_(sources, targets)] = numpy.array(numbers, dtype=numpy.int32)[inverse.reshape(-1)].reshape(
                len(sources), len(targets)
            )
    made.pairs = out


def _by_homes(land: Land) -> list[tuple[tuple[str, ...], list[int]]]:
    out: dict[tuple[str, ...], list[int]] = {}
    for at, number in enumerate(land.blocks):
        out.setdefault(land.homes[number], []).append(at)
    return list(out.items())


def _joined(made: Matrix, ground: Ground, row: tuple[int, ...], known: dict[tuple[int, ...], int]) -> int:
    key = tuple(sorted(set(row)))
    if key not in known:
        known[key] = made.number(together(ground.kinds[at] for at in key))
    return known[key]


def _own(made: Matrix, ground: Ground, survey: Survey, number: int, face: str) -> int:
    """One block and the machine itself: whatever address of the machine's is meant, if the user doesn't say."""
    import numpy

    land, wanted = made.land, survey.wanted
    faces = ground.faces(face, land.homes[number]) if not wanted.host or wanted.behind else _every(ground, face)
    own = ground.axis(SADDR).mask(spans) if (spans := half(wanted.ours, land.family)) else 0
    ours = tuple(one for one in range(len(land.axis().least)) if own >> one & 1) if own else land.blocks
    box: list[list[int]]
    if face == IIF:
        box = [faces, ground.blocks(SADDR, (number,)), [0], ground.blocks(DADDR, ours)]
    else:
        box = [[0], ground.blocks(SADDR, ours), faces, ground.blocks(DADDR, (number,))]
    found = numpy.unique(ground.ids[numpy.ix_(*box)])
    return made.number(together(ground.kinds[int(at)] for at in found))


def _every(ground: Ground, face: str) -> list[int]:
    """All interfaces but loopback."""
    lo = ground.axis(face).class_of(name_span("lo")[0])
    held = ground.endings.cells.classes[ENDS.index(face)]
    return [at for at, number in enumerate(held) if number != lo]
