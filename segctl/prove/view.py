"""Where two addresses stand, seen from the point: what the law asks of them and of interfaces before any service."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segctl.model.packet import Way
from segctl.model.selector import POINTS
from segctl.policy.effect import loose
from segctl.policy.essentials import EVERY, Essential
from segctl.prove.effects import Effects, Place
from segctl.prove.martians import unseen

Names = tuple[str, str]
"""The interfaces by which a packet comes in and leaves; "" where there is none."""


class Standing(NamedTuple):
    """The ends of a packet; each field as `clauses.Between` has it. `opens`: whether each may be where it is."""

    opens: tuple[bool, bool]
    local: bool
    unlisted: bool
    misplaced: bool
    special: bool
    lenient: bool
    undeclared: bool
    unseen: bool
    beside: bool
    distant: bool

    @property
    def asked(self) -> bool:
        """Whether the law goes on to ask for services."""
        return all(self.opens) and not (self.special or self.local or self.unlisted or self.misplaced or self.beside)


@dataclass(slots=True)
class View:
    """A point's interfaces and addresses on one way. `own`: which end is its own, 0 the source, 1 the destination."""

    effects: Effects
    way: Way
    own: int | None = field(init=False)
    _loose: frozenset[str] = field(init=False)
    _own_place: Place = field(init=False)
    _essentials: list[Essential] = field(init=False)

    def __post_init__(self) -> None:
        self.own = {Way.FORWARD: None, Way.INPUT: 1, Way.OUTPUT: 0}[self.way]
        point, policy = self.effects.point, self.effects.policy
        self._loose = frozenset(one.name for one in point.interfaces.values() if loose(policy, one))
        points = policy.site.segments[POINTS]
        self._own_place = Place(False, True, False, frozenset(), (points.profile, points.mode, False), POINTS)
        self._essentials = [row for row in policy.essentials if row.point == point.name and row.interface is not None]

    def unlisted(self, names: Names) -> bool:
        """Whether an interface is none of the site's; of a host's it says none."""
        listed = self.effects.point.interfaces
        return not self.effects.host and any(name and name not in listed for name in names)

    def behind(self, place: Place, name: str) -> bool:
        """Whether an address may be behind an interface: behind any of a host's lives what isn't the host itself."""
        if self.effects.host:
            return not place.own
        return name in place.behind or name in self._loose

    def lives(self, places: Sequence[Place], side: int, names: Names) -> int:
        """The classes of a side, as a mask, that may be there: not special, and behind the interface of their side."""
        out = 0
        for number, place in enumerate(places):
            if side == self.own:
                lives = place.own or not self.effects.host
            else:
                lives = self.behind(place, names[side]) or place.nowhere
            if lives and not place.special and not (self.own is None and place.own):
                out |= 1 << number
        return out

    def essentials(self, names: Names) -> Iterator[Essential]:
        """What is essential on the interface."""
        name = EVERY if self.effects.host else names[0] or names[1]
        return (row for row in self._essentials if row.interface == name and row.way in (None, self.way))

    def standing(self, source: Place, destination: Place, names: Names) -> Standing:
        """How two ends stand between two interfaces."""
        ends = [source, destination]
        here = ends[self.own] if self.own is not None else None
        unknown = here is not None and not here.own and not here.special
        if unknown and not self.effects.host and self.own is not None:
            ends[self.own] = self._own_place
        beside = unknown and self.effects.host
        lenient = self.effects.lenient(*ends)
        if beside and self.own is not None:
            lenient = self.effects.lenient_at_home(ends[1 - self.own])
        opens = tuple(
            side == self.own or self.behind(end, name) or (end.nowhere and lenient)
            for side, (end, name) in enumerate(zip(ends, names, strict=True))
        )
        special = source.special or destination.special
        local = "lo" in names
        martians = source.martian, destination.martian
        stopped = not local and unseen(self.way, names, martians, destination.special or destination.distant)
        return Standing(
            opens=(opens[0], opens[1]),
            local=local,
            unlisted=self.unlisted(names) and not local,
            misplaced=self.own is None and not special and (source.own or destination.own),
            special=special,
            lenient=lenient,
            undeclared=unknown and not beside,
            unseen=stopped or (here is not None and here.distant),
            beside=beside,
            distant=source.distant or destination.distant,
        )
