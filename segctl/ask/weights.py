"""How many addresses sets of classes have, as a blast radius counts them: fast, since it is asked thousands of times.

Of an IPv6 /64 at most as many as an IPv4 /24 has: else one link would outweigh all others. A /64 is what a link has
(RFC 4291, section 2.5.4), whether two machines live there or two hundred.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segctl.ask.joint import Joint, digits
from segctl.model.ranges import ALL_V4, ALL_V6, Ranges

LINK = 64  # bits below an IPv6 link's prefix
_FULL = 256
V4 = -1
"""Stands for all of IPv4 where numbers of links do."""


def weigh(addresses: Ranges) -> int:
    """How many addresses, counted so."""
    found = sum(here if link == V4 else min(here, _FULL) for link, here in ends(addresses).items())
    return found + inner(addresses) * _FULL


def ends(addresses: Ranges) -> dict[int, int]:
    """Of the /64s at the ends of each block how many addresses are there; under `V4` those of IPv4."""
    found = {V4: (addresses & ALL_V4).size()}
    for first, last in addresses & ALL_V6:
        for link in {first >> LINK, last >> LINK}:
            here = min(last, (link + 1 << LINK) - 1) - max(first, link << LINK) + 1
            found[link] = found.get(link, 0) + here
    return found


def inner(addresses: Ranges) -> int:
    """How many /64s lie between the ends of each block, and are in it whole."""
    return sum(max((last >> LINK) - (first >> LINK) - 1, 0) for first, last in addresses & ALL_V6)


@dataclass(slots=True)
class Weights:
    """`_links`: of each /64 at an end of some block how many addresses each class has there.

    _shared: those of several classes; _digits: what classes weigh without these, by binary digits.
    """

    joint: Joint
    _links: dict[int, dict[int, int]] = field(default_factory=dict)
    _shared: list[dict[int, int]] = field(init=False)
    _digits: list[tuple[int, int]] = field(init=False)
    _known: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        alone = []
        for at, one in enumerate(self.joint.classes):
            found = ends(one)
            alone.append(found.pop(V4) + inner(one) * _FULL)
            for link, here in found.items():
                self._links.setdefault(link, {})[at] = here
        self._shared = [whose for whose in self._links.values() if len(whose) > 1]
        for (at, here), *others in (whose.items() for whose in self._links.values()):
            alone[at] += 0 if others else min(here, _FULL)
        self._digits = digits(alone)

    def of(self, mask: int, more: Mapping[int, int]) -> int:
        """Of these classes, with so many more or fewer in single links, as `ends` numbers them."""
        if mask not in self._known:
            found = sum((mask & digit).bit_count() << at for at, digit in self._digits)
            self._known[mask] = found + sum(min(_among(whose, mask), _FULL) for whose in self._shared)
        return self._known[mask] + more.get(V4, 0) + sum(self._changed(mask, more))

    def _changed(self, mask: int, more: Mapping[int, int]) -> Iterator[int]:
        for link, change in more.items():
            if link == V4:
                continue
            whose = self._links.get(link)
            if whose is None:  # in the midst of a block, or of none
                before = self.joint.meeting(Ranges.single(link << LINK)) & mask and _FULL + abs(change)
            else:
                before = _among(whose, mask)
            yield min(before + change, _FULL) - min(before, _FULL)


def _among(whose: Mapping[int, int], mask: int) -> int:
    return sum(here for at, here in whose.items() if mask >> at & 1)
