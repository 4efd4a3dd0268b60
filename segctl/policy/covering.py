"""Whether some products of sets cover others wholly, together, at all times: exact, and quick to say no."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise, product

from segctl.model.ranges import Ranges
from segctl.policy.boxes import Box

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

_FEW = 3  # parts into which a set is cut to look at one member of each


@dataclass(frozen=True, slots=True)
class Lasting:
    """What holds for `box` from `since` until just before `until`."""

    box: Box
    since: datetime = BEGINNING
    until: datetime = END


def covered(
    whole: Sequence[Box], since: datetime, until: datetime, others: Sequence[Lasting], doubtful: Sequence[int] = ()
) -> bool:
    """Whether at each moment from `since` to before `until` every connection of `whole` is in one of the others.

    doubtful: destinations to look at first; that they are missing is then told at once.
    """
    near = [other for other in others if other.since < until and since < other.until]
    near = [other for other in near if any(box.meets(other.box) for box in whole)]
    return all(
        _all_in(box, doubtful, [other.box for other in near if other.since <= begin and end <= other.until])
        for begin, end in _moments(since, until, near)
        for box in whole
    )


def _moments(since: datetime, until: datetime, others: Iterable[Lasting]) -> Iterator[tuple[datetime, datetime]]:
    """The time in parts in which the same of them hold throughout."""
    turns = {time for other in others for time in (other.since, other.until) if since < time < until}
    times = [since, *sorted(turns), until]
    yield from pairwise(times)


def _all_in(whole: Box, doubtful: Sequence[int], others: Sequence[Box]) -> bool:
    """Whether these hold all of it: taken out one by one, and given up as soon as all that is left is too little."""
    if any(not any(_holds(other, one) for other in others) for one in _some(whole, doubtful)):
        return False
    left = [(whole, [part for other in others if (part := meet(whole, other))])]
    while left:
        box, parts = left.pop()
        if size(box) > sum(map(size, parts)):  # nearly always it ends here
            return False
        largest = max(parts, key=size)
        rest = [part for part in parts if part is not largest]
        left += [(one, [part for other in rest if (part := meet(one, other))]) for one in box.without(largest)]
    return True


def _some(box: Box, doubtful: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """A few of its connections: cheap to look for where sets have thousands of ranges."""
    sources, destinations, traffic = (
        dict.fromkeys(ranges.spans[at * (len(ranges.spans) - 1) // _FEW][0] for at in range(_FEW + 1))
        for ranges in _sets(box)
    )
    first = (one for one in doubtful if one in box.destination)
    yield from product(sources, dict.fromkeys((*first, *destinations)), traffic)


def _holds(box: Box, one: tuple[int, ...]) -> bool:
    return all(value in ranges for ranges, value in zip(_sets(box), one, strict=True))


def _sets(box: Box) -> tuple[Ranges, Ranges, Ranges]:
    return box.source, box.destination, box.traffic


def meet(one: Box, other: Box) -> Box | None:
    """What is in both, None if nothing is."""
    both = Box(one.source & other.source, one.destination & other.destination, one.traffic & other.traffic)
    return both if both else None


def size(box: Box) -> int:
    """How many connections."""
    return box.source.size() * box.destination.size() * box.traffic.size()
