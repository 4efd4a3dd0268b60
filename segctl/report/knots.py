"""Many lines of one kind between the same boxes, drawn through one knot: n + m lines for n × m."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Pair = tuple[str, str]
WORTH = 3  # a knot is drawn if it saves more lines than this


@dataclass(frozen=True, slots=True)
class Knot:
    """From each of `sources` to each of `targets`, but not from one to itself; `both` are in the two."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    both: tuple[str, ...]


def tie(pairs: Iterable[Pair], also: Iterable[Pair] = ()) -> tuple[tuple[Knot, ...], tuple[Pair, ...]]:
    """The knots, and the pairs that are left over; together they say all that `pairs` say.

    They say more only of pairs in `also`: those of which it is true as well, but which are drawn already.
    """
    left = set(pairs)
    true = left | set(also)
    knots: list[Knot] = []
    for find in (_everybody, _some_to_some):
        waiting = {source for source, _ in left}
        for knot in find({pair for pair in true if pair[0] in waiting}):
            if waiting.isdisjoint(knot.sources + knot.both):
                continue
            meant = {(a, b) for a in knot.sources + knot.both for b in knot.targets + knot.both if a != b}
            if _lines(meant & left) - len(knot.sources + knot.targets + knot.both) > WORTH:
                knots.append(knot)
                left -= meant
                waiting = {source for source, _ in left}
    return tuple(knots), tuple(sorted(left))


def _targets(pairs: set[Pair]) -> dict[str, frozenset[str]]:
    out: dict[str, set[str]] = {}
    for source, target in sorted(pairs):
        out.setdefault(source, set()).add(target)
    return {source: frozenset(targets) for source, targets in out.items()}


def _everybody(pairs: set[Pair]) -> Iterator[Knot]:
    """Groups of which each reaches each other, with those outside who reach the whole group."""
    reached = _targets(pairs)
    groups: dict[frozenset[str], list[str]] = {}
    for source, targets in reached.items():
        groups.setdefault(targets | {source}, []).append(source)
    for group, members in sorted(groups.items(), key=lambda item: (-len(item[1]), sorted(item[0]))):
        inner = frozenset(members)
        # Whom all of the group reach, but who doesn't reach the group, is a target of it.
        outside = tuple(source for source in reached if source not in group and reached[source] >= group)
        yield Knot(outside, tuple(sorted(group - inner)), tuple(members))


def _some_to_some(pairs: set[Pair]) -> Iterator[Knot]:
    """Sources that reach the same."""
    groups: dict[frozenset[str], list[str]] = {}
    for source, targets in _targets(pairs).items():
        groups.setdefault(targets, []).append(source)
    for targets, sources in sorted(groups.items(), key=lambda item: (-len(item[1]) * len(item[0]), sorted(item[0]))):
        yield Knot(tuple(sources), tuple(sorted(targets)), ())


def _lines(pairs: set[Pair]) -> int:
    """How many lines they take, two directions in one."""
    return len({frozenset(pair) for pair in pairs})
