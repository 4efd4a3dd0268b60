"""Which segments a statement's addresses lie in, and the words that name them there."""

from bisect import bisect_right
from collections.abc import Mapping

from segctl.model.ranges import Ranges
from segctl.model.selector import ANY, Named, Selector, Selectors, show_selectors
from segctl.policy import Policy
from segctl.policy.resolve import resolve_in


class Spread:
    """Cuts sets of addresses along the partition; remembers what it was asked (many flows name the same)."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._parts: dict[Ranges, Mapping[str, Ranges]] = {}
        self._named: dict[tuple[Selector, bool], Ranges] = {}

    def parts(self, addresses: Ranges) -> Mapping[str, Ranges]:
        """Segment to what it holds of the addresses, without those that hold nothing of them."""
        if (known := self._parts.get(addresses)) is None:
            known = self._parts[addresses] = {
                name: Ranges.of(spans) for name, spans in sorted(self._cut(addresses).items())
            }
        return known

    def words(self, segment: str, part: Ranges, named: Selectors, except_: Selectors, *, inner: bool) -> str | None:
        """As a person wrote it, for a statement that takes only a part of the segment; None if it takes the whole."""
        own = self._policy.partition.own[segment]
        if part == own:
            return None
        said = show_selectors(self._meeting(named, own, inner))
        without = show_selectors(self._meeting(except_, own, True))
        return f"{said} except {without}" if without else said

    def _meeting(self, selectors: Selectors, own: Ranges, inner: bool) -> Selectors:
        return tuple(selector for selector in selectors if self._resolved(selector, inner).meets(own))

    def _resolved(self, selector: Selector, inner: bool) -> Ranges:
        key = (selector, inner)
        if (known := self._named.get(key)) is None:
            known = resolve_in(self._policy.site, self._policy.partition, (selector,), inner=inner)
            self._named[key] = known
        return known

    def _cut(self, addresses: Ranges) -> dict[str, list[tuple[int, int]]]:
        owner = self._policy.partition.owner
        out: dict[str, list[tuple[int, int]]] = {}
        for first, last in addresses:
            at = max(0, bisect_right(owner.firsts, first) - 1)
            while at < len(owner.firsts) and owner.firsts[at] <= last:
                low, high = max(first, owner.firsts[at]), min(last, owner.lasts[at])
                if low <= high:
                    out.setdefault(owner.names[at], []).append((low, high))
                at += 1
        return out


def says_any(selectors: Selectors, except_: Selectors = ()) -> bool:
    """Whether it is `any`, with nothing taken out."""
    return not except_ and any(isinstance(selector, Named) and selector.name == ANY for selector in selectors)
