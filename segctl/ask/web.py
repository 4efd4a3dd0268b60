"""Who reaches whom, written out for a page that follows the ways by itself: see `Web`.

The classes, hops and machines are those of `segctl.ask.reach`; tests put the same questions to both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segctl.ask.joint import bits, lowest
from segctl.ask.reach import Machine, Reach
from segctl.ask.result.page import Kind, Web, Weight
from segctl.ask.weights import V4, ends, inner
from segctl.model.ranges import ALL_V6, NOTHING, Ranges
from segctl.model.selector import WORLD


def web(reach: Reach) -> Web:
    """All classes, and what each reaches in one hop."""
    joint, owner = reach.joint, reach.policy.segment_of
    segments = tuple(owner(one.first()) or "" for one in joint.classes)
    links = _Links()
    counted = (NOTHING if segments[at] in ("", WORLD) else one for at, one in enumerate(joint.classes))
    weights = tuple(map(links.weight, counted))
    kinds, starts = _kinds(reach, segments, links)
    places: dict[tuple[int, int, int], int] = {}
    found = (reach.hops(at) for at in range(len(segments)))
    hops = tuple(places.setdefault((one.allowed, one.observed, one.uncovered), len(places)) for one in found)
    return Web(segments, weights, kinds, starts, hops, tuple(places))


@dataclass(slots=True)
class _Links:
    """Numbers of /64s."""

    numbers: dict[int, int] = field(default_factory=dict)

    def weight(self, addresses: Ranges) -> Weight:
        found = ends(addresses)
        v4 = found.pop(V4)
        links = ((self.numbers.setdefault(link, len(self.numbers)), here) for link, here in found.items())
        return Weight(v4, (addresses & ALL_V6).size(), inner(addresses), tuple(sorted(links)))


def _kinds(
    reach: Reach, segments: tuple[str, ...], links: _Links
) -> tuple[tuple[Kind, ...], Mapping[str, tuple[int, ...]]]:  # fmt: skip
    """All kinds of machines, and which are in each segment: as `Reach.kinds` of its addresses, for all at once."""
    found: dict[int, list[Machine]] = {}
    for machine in reach.machines:
        found.setdefault(machine.classes, []).append(machine)
    taken = [0] * len(segments)
    kinds: dict[int, Kind] = {}
    for mask, machines in found.items():
        held = _held(reach, mask, machines)
        for at, those in held.items():
            taken[at] += those.size()
        own = machines[0].addresses & reach.joint.addresses(mask & ~reach.world)
        weights = (links.weight(those if segments[at] != WORLD else NOTHING) for at, those in held.items())
        kinds[mask] = Kind(tuple(held), links.weight(own), tuple(weights), tuple(bits(reach.own(mask))))
    for at, one in enumerate(reach.joint.classes):
        if segments[at] and one.size() > taken[at]:
            own = Ranges.single(one.first()) if segments[at] != WORLD else NOTHING
            alone = tuple(bits(reach.own(1 << at)))
            kinds.setdefault(1 << at, Kind((at,), links.weight(own), (links.weight(NOTHING),), alone))
    starts: dict[str, list[int]] = {}
    for place, kind in enumerate(kinds.values()):
        for name in dict.fromkeys(segments[at] for at in kind.classes):
            starts.setdefault(name, []).append(place)
    return tuple(kinds.values()), {name: tuple(those) for name, those in starts.items()}


def _held(reach: Reach, mask: int, machines: list[Machine]) -> dict[int, Ranges]:
    """Of each of the classes the addresses that these machines have in it; special ones are nobody's."""
    found: dict[int, list[tuple[int, int]]] = {at: [] for at in bits(mask)}
    for machine in machines:
        for address in (each for first, last in machine.addresses for each in range(first, last + 1)):
            here = reach.joint.meeting(Ranges.single(address))
            if here & mask:
                found[lowest(here)].append((address, address))
    return {at: Ranges.of(spans) for at, spans in found.items()}
