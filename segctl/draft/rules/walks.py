"""Rules walked over classes that several walks share: so that their pairs of ends can be held against each other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from segctl.draft.audit.cells import Cells
from segctl.draft.audit.walks import evaluate_singly
from segctl.listing.rule import Listing
from segctl.model.packet import Way
from segctl.prove.axes import DADDR, IIF, OIF, REGISTERS, SADDR
from segctl.prove.cuts import Cuts
from segctl.prove.engine import Evaluated
from segctl.prove.space import Axis, Spans
from segctl.prove.unanswered import TooLarge, TooManyClasses

ENDS = (IIF, SADDR, OIF, DADDR)
_MOST_ROUNDS = 20
Awake = dict[tuple[str, str], bool]


@dataclass(frozen=True, slots=True)
class Rules:
    """A listing, and which of its tables are awake whatever it says."""

    listing: Listing
    awake: Awake | None = None

    def walk(self, way: Way, family: int, cuts: Cuts) -> Evaluated:
        """All packets that may begin a connection."""
        return evaluate_singly(self.listing, way, family, cuts, self.awake, fresh=True)


def shared(walks: Sequence[Callable[[Cuts], Evaluated]], cuts: Cuts, axes: Sequence[str] | None = None) -> list[Cells]:
    """Each walk's pairs, over the same classes of these axes (default: all that each walk has by itself, but for
    registers).

    TooLarge if the rules tell too many packets apart.
    """
    held = {name: set(sets) for name, sets in cuts.items()}
    for _ in range(_MOST_ROUNDS):
        try:
            made = [walk(held) for walk in walks]
            axes = axes or _common(made)
            if _same(made, axes):
                return [Cells(one) for one in made]
        except TooManyClasses as error:
            raise TooLarge("the rules tell too many packets apart", "import fewer of its tables at once") from error
        for one in made:
            for axis in _of(one, axes):
                held.setdefault(axis.name, set()).update(_classes(axis))
    raise AssertionError("the walks' classes don't settle")


def _common(made: Sequence[Evaluated]) -> list[str]:
    """What only one of them reads is no matter to the others, and they don't know how wide it is."""
    each = [{axis.name for axis in one.space.axes if not _own(axis)} for one in made]
    return sorted(set.intersection(*each))


def _of(one: Evaluated, names: Sequence[str]) -> Iterable[Axis]:
    return (axis for axis in one.space.axes if axis.name in names and not _own(axis))


def _own(axis: Axis) -> bool:
    """What each walk cuts for itself: registers, and hits of maps."""
    return axis.derived or axis.name.startswith(REGISTERS)


def _same(made: Sequence[Evaluated], names: Sequence[str]) -> bool:
    each = [{axis.name: tuple(_classes(axis)) for axis in _of(one, names)} for one in made]
    return all(one == each[0] for one in each)


def _classes(axis: Axis) -> Iterable[Spans]:
    return (axis.spans(1 << number) for number in range(len(axis.least)))
