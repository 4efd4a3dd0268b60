"""Which source may arrive where, and which destination may leave where; connections' numbers by these interfaces."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import product

from segctl.compile.allowances import Allowance, Allowances
from segctl.compile.fallback import Ends, Fallback
from segctl.compile.ruleset import Element, Field, NamedMap, zone_sets
from segctl.compile.tokens import Name
from segctl.compile.zones import Classes, Zone, world_id
from segctl.model.generation import Meaning
from segctl.model.point import Point
from segctl.model.ranges import Ranges
from segctl.model.selector import POINTS
from segctl.policy.coverage import bound
from segctl.policy.effect import loose
from segctl.policy.numbers import digest, number_all
from segctl.policy.policy import Policy


def loose_interfaces(policy: Policy, point: Point) -> tuple[str, ...]:
    """Where binding is only logged."""
    return tuple(sorted(i.name for i in point.interfaces.values() if loose(policy, i)))


def behind(classes: Classes) -> list[NamedMap]:
    """(interface, zone) pairs, once with the zone as source and once as destination."""
    pairs = sorted((place, zone.id) for zone in classes.zones for place in zone.places)
    elements = tuple(Element(pair) for pair in pairs)
    return [
        NamedMap(Name("behind_source"), (Field.IN, Field.SOURCE), None, elements),
        NamedMap(Name("behind_target"), (Field.IN, Field.TARGET), None, elements),
    ]


def nowhere(policy: Policy, classes: Classes) -> list[NamedMap]:
    """Zones on no interface of any gateway: where both ends observe, their packets are only logged."""
    lost = (zone.id for zone in classes.zones if zone.home != POINTS and not bound(policy.site, zone.home))
    return zone_sets("nowhere", lost)


class Numbers:
    """Each allowance's number by the interfaces behind which the ends of a connection live.

    Between two interfaces a number is live in both directions; with our own addresses at one end it has one interface.
    """

    def __init__(
        self,
        found: Allowances,
        classes: Classes,
        point: Point,
        loose: Iterable[str],
        lenient: Iterable[NamedMap],
        last: Fallback,
    ) -> None:
        self._observing = bool(lenient) or last.observes
        self._last = last
        self._anywhere = _special_observed(lenient, classes)
        self._interfaces = sorted(point.interfaces)
        self._loose = frozenset(loose)
        self._classes = classes
        self._there: dict[tuple[frozenset[int], str], str] = {}
        self._addresses: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for begin, end, index in classes.rows:
            self._addresses[classes.ids[index] >> 16].append((begin, end))
        self._ways = {one.base: tuple(self._of(one)) for one in found.all()}
        self._numbers = number_all(self._meaning(one, way) for one in found.all() for way in self._ways[one.base])
        self._found = found

    def maps(self) -> list[NamedMap]:
        """From base and interfaces to number, and what is live."""
        forward, own, live, live_own, loud = (list[Element]() for _ in range(5))
        for one in self._found.all():
            for way in self._ways[one.base]:
                number = self._numbers[self._meaning(one, way)]
                if len(way) == 2:
                    forward.append(Element((*way, one.base), number, one.until))
                    live += [Element((*both, number), None, one.until) for both in dict.fromkeys((way, way[::-1]))]
                else:
                    own.append(Element((*way, one.base), number, one.until))
                    live_own.append(Element((*way, number), None, one.until))
                if one.log_new:
                    loud.append(Element((number,)))
        made = [
            NamedMap(
                Name("numbers"),
                (Field.IN, Field.OUT, Field.BASE),
                Field.NUMBER,
                _in_order(forward),
                counted=True,
                timed=True,
            ),
            NamedMap(
                Name("numbers_own"),
                (Field.IN, Field.BASE),
                Field.NUMBER,
                _in_order(own),
                counted=True,
                timed=True,
            ),
            NamedMap(Name("live"), (Field.IN, Field.OUT, Field.NUMBER), None, _in_order(live), timed=True),
            NamedMap(Name("live_own"), (Field.IN, Field.NUMBER), None, _in_order(live_own), timed=True),
            NamedMap(Name("loud"), (Field.NUMBER,), None, _in_order(loud)),
        ]
        return [one for one in made if one.elements or one.name.text in ("live", "live_own", "numbers", "numbers_own")]

    def meanings(self) -> dict[int, Meaning]:
        """What each number stands for."""
        return {
            self._numbers[self._meaning(one, way)]: Meaning(one.kind, one.name, one.place, way)
            for one in self._found.all()
            for way in self._ways[one.base]
        }

    def _meaning(self, one: Allowance, way: tuple[str, ...]) -> tuple[str, ...]:
        """What a number stands for: a line, its interfaces, and who of its ends lives behind them, as a number that is
        live is its connections' binding.
        """
        ends = [one.sources, one.targets] if len(way) == 2 else [one.sources | one.targets]
        there = (self._lives(zones, place) for zones, place in zip(ends, way, strict=True))
        return (one.kind, one.name, one.meaning, *way, *there)

    def _lives(self, zones: frozenset[int], place: str) -> str:
        """Which of these zones' addresses live behind an interface; where binding is only logged, all do."""
        key = zones, place
        if key not in self._there:
            here = [self._classes.zone(number) for number in sorted(zones)]
            found = [Ranges.of(self._addresses[zone.number]) for zone in here if place in zone.places]
            self._there[key] = digest(place in self._loose, self._observing, *found)
        return self._there[key]

    def _of(self, one: Allowance) -> Iterable[tuple[str, ...]]:
        """The ways of an allowance: (in, out) for what is forwarded, (interface,) for our own addresses."""
        if one.kind == "default":
            return self._fallen_back([self._last.open_ends])
        if one.kind == "observe" and not self._anywhere:
            return self._fallen_back(self._last.observed)
        sources = [self._classes.zone(number) for number in sorted(one.sources)]
        targets = [self._classes.zone(number) for number in sorted(one.targets)]
        ins = self._places(one, sources)
        outs = self._places(one, [zone for zone in targets if not zone.ours])  # what is ours is never forwarded to
        ways: dict[tuple[str, ...], None] = dict.fromkeys(product(ins, outs))
        if any(zone.ours for zone in targets):
            ways |= dict.fromkeys((place,) for place in ins)
        if any(zone.ours for zone in sources):
            ways |= dict.fromkeys((place,) for place in outs)
        return ways

    def _fallen_back(self, pairs: Iterable[Ends]) -> Iterable[tuple[str, ...]]:
        """Between which interfaces the last steps of the law let through; `pairs` of one segment are its inside."""
        ways: dict[tuple[str, ...], None] = {}
        for sources, targets in pairs:
            inside = {zone.segment for zone in sources} == {zone.segment for zone in targets}
            alone = inside and len({zone.segment for zone in sources}) == 1
            came = self._held(sources, spoken=True)
            for (place, here), (other, there) in product(came.items(), self._held(targets).items()):
                if (place or other) and (alone or len(here | there) > 1):
                    ways[(place, other) if place and other else (place or other,)] = None
        return sorted(ways)

    def _held(self, zones: Iterable[Zone], *, spoken: bool = False) -> dict[str, set[str]]:
        """Interface ("" for the point itself) to the segments of the zones that may be met there.

        `spoken`: as sources: one that says to be the point itself may come in where binding is only logged.
        """
        held: dict[str, set[str]] = {}
        for zone in zones:
            lost = self._observing and not zone.places and not zone.ours
            places = self._interfaces if lost else [*zone.places, *self._loose]
            for place in ["", *(self._loose if spoken else ())] if zone.ours else places:
                held.setdefault(place, set()).add(zone.segment)
        return held

    def _places(self, one: Allowance, zones: list[Zone]) -> list[str]:
        """Interfaces where an end may be: what only is logged, if it comes from elsewhere, may be anywhere."""
        nowhere = any(not zone.places and not zone.ours for zone in zones)
        if self._observing and (one.kind == "observe" or nowhere):
            return self._interfaces
        where = {place for zone in zones for place in zone.places}
        return sorted(where | self._loose if zones else where)


def _special_observed(lenient: Iterable[NamedMap], classes: Classes) -> bool:
    """Whether a special address can be observed: it counts as the world, and nothing binds it to an interface."""
    world = world_id(classes) >> 16 << 16
    return any((world,) == element.key for made in lenient for element in made.elements)


def _in_order(elements: list[Element]) -> tuple[Element, ...]:
    return tuple(sorted(elements, key=lambda element: element.key))
