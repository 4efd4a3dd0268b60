"""A shortest way from one to another, with what lets each step pass, and what all ways have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from segctl.ask.blast import passings
from segctl.ask.called import Caller
from segctl.ask.joint import bits, lowest
from segctl.ask.reach import Reach
from segctl.ask.result import Called, Hop
from segctl.model.ranges import Ranges, show_addresses

_SHOWN = 2  # addresses of a step
Steps = list[tuple[int, int]]


@dataclass(slots=True)
class Ways:
    """From machines that have some of `starts` to those that have some of `goals`, as masks."""

    reach: Reach
    starts: Ranges
    goals: Ranges
    through_world: bool = False
    _from: int = field(init=False)
    _to: int = field(init=False)
    _caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.starts, self.goals = (self._with_machines(one) for one in (self.starts, self.goals))
        self._from, self._to = (self._spoken(one) for one in (self.starts, self.goals))
        self._caller = Caller(self.reach.policy, self.reach.joint)

    def _with_machines(self, addresses: Ranges) -> Ranges:
        """With all other addresses of the machines that have some of these."""
        machines = (one.addresses for one in self.reach.machines if one.addresses.meets(addresses))
        return addresses | Ranges.of(span for one in machines for span in one)

    def _spoken(self, addresses: Ranges) -> int:
        found = 0
        for classes in self.reach.kinds(addresses):
            found |= classes
        return found

    @property
    def start(self) -> int:
        """The classes from which the starting machines can speak."""
        return self._from

    @property
    def goal(self) -> int:
        """The classes of which some address is a machine's that is looked for."""
        return self._to

    def shortest(self, without: int = 0) -> tuple[Hop, ...]:
        """Empty if there is none; `without`: that doesn't lead through these classes."""
        return self.told(self.steps(without))

    def told(self, steps: Steps) -> tuple[Hop, ...]:
        """A way in words, with all that passes at each step."""
        return tuple(self._hops(steps))

    def steps(self, without: int = 0, hops: Callable[[int], int] | None = None) -> Steps:
        """Of a shortest way the class that speaks and the class that it reaches, hop by hop.

        `hops`: what a class reaches in one, where it isn't all that passes.
        """
        hops = hops or self._all
        rings = self.reach.spread(self._from, hops, through_world=self.through_world, without=without)
        last = next((n for n, mask in enumerate(rings.reached) if mask & self._to), None)
        if last is None:
            return []
        target = lowest(rings.reached[last] & self._to)
        found = []
        for number in range(last, -1, -1):
            source = next(at for at in bits(rings.speaking[number]) if hops(at) >> target & 1)
            found.append((source, target))
            if number:
                target = self._arrived(rings.reached[number - 1] & ~without, source)
        return found[::-1]

    def _all(self, source: int) -> int:
        return self.reach.hops(source).chosen(observed=True, uncovered=True)

    def _arrived(self, new: int, source: int) -> int:
        """Where he came to, of what he reached, to speak from that class: it, or another of the same machine's."""
        if new >> source & 1:
            return source
        return next(at for at in bits(new) if self.reach.linked.get(at, 0) >> source & 1)

    def _hops(self, steps: Steps) -> Iterator[Hop]:
        for number, (source, target) in enumerate(steps):
            before = steps[number - 1][1] if number else source
            after = steps[number + 1][0] if number + 1 < len(steps) else target
            first = self.starts if not number else None
            last = self.goals if number + 1 == len(steps) else None
            pieces = self.reach.search.between(source, target)
            services = tuple(passings(self.reach, source, 1 << target, pieces))
            yield Hop(self._words(source, before, first), self._words(target, after, last), services)

    def _words(self, at: int, other: int, asked: Ranges | None) -> str:
        """Who speaks or is spoken to; the machine that has addresses in two classes, where the way leads over both."""
        here = self.reach.joint.classes[at]
        if asked is not None and at == other:
            here = here & asked or here
        if at != other:
            both = 1 << at | 1 << other
            machine = next(one for one in self.reach.machines if one.classes & both == both)
            here = machine.addresses & here
        return show_called(self._caller.named(here), here)


def show_called(called: Called, addresses: Ranges) -> str:
    """Names with a few addresses: `web1 (10.0.1.10)`."""
    names = [*called.wholes, *(name for name, _ in called.parts if name)]
    shown = show_addresses(addresses, _SHOWN)
    return f"{', '.join(names[:_SHOWN])} ({shown})" if names else shown
