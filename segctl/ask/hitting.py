"""The smallest set that meets each of some sets: exact as long as the search stays small.

Sets are masks. NP-hard (Karp 1972), yet small where it is asked for here: a few dozen ways, each of a few flows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from segctl.ask.joint import bits

_STEPS = 2_000  # of the search


class Hitting(NamedTuple):
    """`chosen` meets all; no set of fewer than `least` does."""

    chosen: int
    least: int


def smallest_hitting(sets: Iterable[int]) -> Hitting:
    """Of sets that aren't empty."""
    needed = _narrowest(sets)
    chosen = _greedy(needed)
    search = _Search(chosen)
    search.look(0, needed)
    least = search.best.bit_count() if search.steps else len(_disjoint(needed))
    return Hitting(search.best, least)


class _Search:
    """Branch and bound: some element of the narrowest set must be in; sets apart from each other need one each."""

    def __init__(self, best: int) -> None:
        self.best = best
        self.steps = _STEPS

    def look(self, chosen: int, sets: Sequence[int], barred: int = 0) -> None:
        """`barred` were tried before at this place: nothing better has them."""
        if not sets:
            if chosen.bit_count() < self.best.bit_count():
                self.best = chosen
            return
        if not self.steps or chosen.bit_count() + len(_disjoint(sets)) >= self.best.bit_count():
            return
        self.steps -= 1
        for at in _by_use(sets[0] & ~barred, sets):
            left = [one & ~barred for one in sets if not one >> at & 1]
            if all(left):
                self.look(chosen | 1 << at, _narrowest(left), barred)
            barred |= 1 << at


def _narrowest(sets: Iterable[int]) -> list[int]:
    """Without those that hold another one, the smallest first."""
    found: list[int] = []
    for one in sorted(set(sets), key=lambda mask: (mask.bit_count(), mask)):
        if not any(other & ~one == 0 for other in found):
            found.append(one)
    return found


def _disjoint(sets: Iterable[int]) -> list[int]:
    """Some that share nothing."""
    found, seen = [], 0
    for one in sets:
        if not one & seen:
            found.append(one)
            seen |= one
    return found


def _by_use(mask: int, sets: Iterable[int]) -> list[int]:
    used = Counter(at for one in sets for at in bits(one & mask))
    return sorted(bits(mask), key=lambda at: (-used[at], at))


def _greedy(sets: Sequence[int]) -> int:
    chosen, left = 0, list(sets)
    while left:
        used = Counter(at for one in left for at in bits(one))
        best = min(used, key=lambda at: (-used[at], at))
        chosen |= 1 << best
        left = [one for one in left if not one >> best & 1]
    return chosen
