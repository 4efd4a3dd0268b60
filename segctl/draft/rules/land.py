"""One family's walks, with what each pair of ends meets, and the blocks that a segment may hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segctl.draft.audit.reaches import blocks_of
from segctl.draft.rules.endings import Endings
from segctl.draft.rules.verdict import Verdict, verdict
from segctl.draft.rules.walks import ENDS
from segctl.listing.rule import name_span
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.prove.axes import SADDR
from segctl.prove.space import Axis

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@dataclass(slots=True)
class Ground:
    """One walk. `kinds`: what pairs meet; `ids`: places in it, by the pairs' ends as in `Cells.pairs`."""

    endings: Endings
    kinds: list[Verdict] = field(init=False)
    ids: "NDArray[numpy.int32]" = field(init=False)

    def __post_init__(self) -> None:
        import numpy

        known: dict[Verdict, int] = {}
        whole = self.endings.whole()
        cells = self.endings.cells
        places = []
        for number in range(len(cells.treated)):
            one = verdict(self.endings.of(number), self.endings, whole)
            places.append(known.setdefault(one, len(known)))
        self.kinds = list(known)
        self.ids = numpy.array(places, dtype=numpy.int32)[cells.pairs]

    def axis(self, name: str) -> Axis:
        space = self.endings.cells.evaluated.space
        return space.axes[space.index[name]]

    def faces(self, name: str, some: tuple[str, ...]) -> list[int]:
        """Where interfaces stand among the classes that can be, those that can't left out."""
        axis, held = self.axis(name), self._classes(name)
        found = (axis.class_of(name_span(one)[0]) for one in some)
        return [held[number] for number in dict.fromkeys(found) if number in held]

    def blocks(self, name: str, some: tuple[int, ...]) -> list[int]:
        """Where classes of addresses stand."""
        held = self._classes(name)
        return [held[number] for number in some]

    def _classes(self, name: str) -> dict[int, int]:
        return {number: at for at, number in enumerate(self.endings.cells.classes[ENDS.index(name)])}


@dataclass(slots=True)
class Land:
    """One family. `blocks`: the classes of addresses that a segment may hold; `homes`: of each the interfaces."""

    family: int
    grounds: Mapping[Way, Ground]
    blocks: tuple[int, ...]
    homes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def addresses(self, some: Iterator[int] | tuple[int, ...]) -> Ranges:
        """The addresses of classes."""
        mask = 0
        for number in some:
            mask |= 1 << number
        return blocks_of(self.axis(), mask, self.family)

    def axis(self) -> Axis:
        return next(iter(self.grounds.values())).axis(SADDR)
