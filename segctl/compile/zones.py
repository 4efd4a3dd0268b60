"""Ids for addresses: zone in the high half, class in the low half (design, section 4, Classes).

A zone is a segment, or the part of `points` or `quarantine` that lives behind one place: binding and coverage
count these addresses by where they are, so they cannot share their segment's single zone.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from segctl.compile.ruleset import Level
from segctl.model.point import Point
from segctl.model.ranges import Ranges
from segctl.model.selector import POINTS, QUARANTINE, WORLD
from segctl.policy.classes import address_classes
from segctl.policy.policy import Policy

LARGEST_HALF = 0xFFFF


Part = tuple[str, str, tuple[str, ...], bool]
"""What a zone is made of: segment, home, places, ours."""


class TooManyClasses(Exception):
    """The site tells more addresses apart than the ids have room for."""


@dataclass(frozen=True, slots=True)
class Zone:
    """`home`: the segment that binding counts it as; `places`: the interfaces behind which it lives.

    `ours`: the point's own addresses.
    """

    number: int
    segment: str
    home: str
    places: tuple[str, ...]
    ours: bool = False

    @property
    def id(self) -> int:
        return self.number << 16


@dataclass(frozen=True, slots=True)
class Classes:
    """All zones and classes of a site as one point sees them.

    rows: (first, last, class index), sorted; ids: class index to id; members: zone number to its class indices.
    The zone of a gateway's own addresses has one more class, `undeclared`, for local addresses that the site does not
    name. `host`: they are as a host sees them, where one end of each packet is its own.
    """

    zones: tuple[Zone, ...]
    rows: tuple[tuple[int, int, int], ...]
    firsts: tuple[int, ...]
    ids: tuple[int, ...]
    members: dict[int, frozenset[int]]
    undeclared: int | None = None
    host: bool = False
    _known: dict[int, tuple[Ranges, frozenset[int]]] = field(default_factory=dict, compare=False, repr=False)

    def of(self, addresses: Ranges, *, undeclared: bool = False) -> frozenset[int]:
        """The indices of the classes that make up a set which respects them."""
        _, known = self._known.get(id(addresses)) or self._remember(addresses)
        return known | {self.undeclared} if undeclared and self.undeclared is not None else known

    def _remember(self, addresses: Ranges) -> tuple[Ranges, frozenset[int]]:
        """By identity: thousands of flows share one set, and hashing a large one is as slow as looking it up."""
        self._known[id(addresses)] = found = addresses, self._of(addresses)
        return found

    def _of(self, addresses: Ranges) -> frozenset[int]:
        found: set[int] = set()
        for first, last in addresses:
            at = max(bisect_right(self.firsts, first) - 1, 0)
            while at < len(self.rows) and self.rows[at][0] <= last:
                if self.rows[at][1] >= first:
                    found.add(self.rows[at][2])
                at += 1
        return frozenset(found)

    def cover(self, classes: frozenset[int]) -> tuple[tuple[int, int], ...]:
        """The fewest (level, id) that name exactly these classes."""
        if len(classes) == len(self.ids):
            return ((Level.ANY, 0),)
        by_zone: dict[int, list[int]] = {}
        for index in classes:
            by_zone.setdefault(self.ids[index] >> 16, []).append(index)
        out: list[tuple[int, int]] = []
        for zone, indices in by_zone.items():
            if len(indices) == len(self.members[zone]):
                out.append((Level.ZONE, zone << 16))
            else:
                out += [(Level.CLASS, self.ids[index]) for index in indices]
        return tuple(sorted(out))

    def zones_of(self, classes: frozenset[int]) -> frozenset[int]:
        return frozenset(self.ids[index] >> 16 for index in classes)

    def zone(self, number: int) -> Zone:
        return self.zones[number - 1]

    def meet(self, source: Zone, target: Zone) -> bool:
        """Whether a packet between the two can come by."""
        return not self.host or source.ours or target.ours

    def by_segment(self) -> dict[str, list[Zone]]:
        """Each segment's zones: one, but for `points` and `quarantine`."""
        found: dict[str, list[Zone]] = {}
        for zone in self.zones:
            found.setdefault(zone.segment, []).append(zone)
        return found


def classify(policy: Policy, point: Point) -> Classes:
    """Zones and classes for one gateway; TooManyClasses if the ids don't suffice."""
    own = policy.partition.own
    parts: dict[Part, Ranges] = {}
    for name in own:
        if name == POINTS:
            parts |= _points(policy, point)
        elif name == QUARANTINE:
            for home, ranges in policy.partition.home.items():
                if shared := ranges & own[QUARANTINE]:
                    parts[QUARANTINE, home, _places(point, home), False] = shared
        else:
            parts[name, name, _places(point, name), False] = own[name]
    zones = tuple(Zone(at + 1, *key) for at, key in enumerate(parts))
    classes = address_classes(policy, also=parts.values())
    return number_classes(zones, list(parts.values()), [c.addresses for c in classes], undeclared=True)


def _points(policy: Policy, point: Point) -> dict[Part, Ranges]:
    """Our own addresses, and other gateways' by the interface whose network holds them, or that lists `points`."""
    ours = point.own() - policy.special
    parts: dict[Part, Ranges] = {(POINTS, POINTS, (), True): ours}
    others = policy.partition.own[POINTS] - ours
    for interface in point.interfaces.values():
        here = others & interface.networks()
        if here:
            parts[POINTS, POINTS, (interface.name,), False] = here
        others = others - here
    if others:
        key = (POINTS, POINTS, _places(point, POINTS), False)
        parts[key] = parts.get(key, Ranges()) | others
    return parts


def _places(point: Point, segment: str) -> tuple[str, ...]:
    return tuple(sorted(i.name for i in point.interfaces.values() if segment in i.segments))


def number_classes(
    zones: tuple[Zone, ...], parts: list[Ranges], classes: list[Ranges], *, undeclared: bool = False, host: bool = False
) -> Classes:
    """Ids for classes, each of which lies in the addresses of one zone (`parts`, in order of the zones)."""
    owner = sorted((first, last, at) for at, ranges in enumerate(parts) for first, last in ranges)
    firsts = [row[0] for row in owner]
    counts = [0] * len(zones)
    ids: list[int] = []
    members: dict[int, set[int]] = {zone.number: set() for zone in zones}
    rows: list[tuple[int, int, int]] = []

    def add(at: int) -> int:
        counts[at] += 1
        if counts[at] > LARGEST_HALF or len(zones) > LARGEST_HALF:
            raise TooManyClasses(f"more than {LARGEST_HALF} classes of addresses in '{zones[at].segment}'")
        members[zones[at].number].add(len(ids))
        ids.append(zones[at].id | counts[at])
        return len(ids) - 1

    for addresses in classes:
        at = owner[bisect_right(firsts, addresses.first()) - 1][2]
        index = add(at)
        rows += [(first, last, index) for first, last in addresses]
    one_more = add(next(at for at, zone in enumerate(zones) if zone.ours)) if undeclared else None
    rows.sort()
    frozen = {number: frozenset(indices) for number, indices in members.items()}
    return Classes(zones, tuple(rows), tuple(row[0] for row in rows), tuple(ids), frozen, one_more, host)


def world_id(classes: Classes) -> int:
    """What an address has that no map knows: the world's zone; its class is the one that no statement names.

    The map has no element for that class: it is by far the largest, and a miss costs nothing.
    """
    largest = world_class(classes)
    return _world(classes).id if largest is None else classes.ids[largest]


def world_class(classes: Classes) -> int | None:
    """The index of that class; None if the world has no address."""
    sizes = dict.fromkeys(classes.members[_world(classes).number], 0)
    for first, last, index in classes.rows:
        if index in sizes:
            sizes[index] += last - first + 1
    return max(sizes, key=sizes.__getitem__) if sizes else None


def _world(classes: Classes) -> Zone:
    return next(zone for zone in classes.zones if zone.segment == WORLD and not zone.ours)


def undeclared_id(classes: Classes) -> int:
    """What a local address has that no map knows; on a host, where such an address is none of its own, a zone beside
    all others.
    """
    if classes.undeclared is not None:
        return classes.ids[classes.undeclared]
    return (len(classes.zones) + 1) << 16
