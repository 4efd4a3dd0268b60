"""What people call a set of addresses: segments and endpoints by their names, the rest as it is."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segctl.ask.joint import Joint, bits
from segctl.ask.result import Called
from segctl.ask.spread import Spread
from segctl.model.ranges import Ranges, family
from segctl.model.segment import Endpoint
from segctl.model.selector import ANY
from segctl.model.service import FAMILIES
from segctl.policy import Policy


@dataclass(slots=True)
class Caller:
    """Names of sets of classes, as one policy has them; remembers what it said."""

    policy: Policy
    joint: Joint
    _segments: Mapping[str, int] = field(init=False)
    _spread: Spread = field(init=False)
    _known: dict[int, Called] = field(default_factory=dict)
    _addresses: list[tuple[int, Endpoint]] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = self.policy.partition.own
        self._spread = Spread(self.policy)
        self._segments = {name: self.joint.mask(addresses) for name, addresses in own.items()}

    def called(self, mask: int) -> Called:
        """Of these classes."""
        if mask not in self._known:
            self._known[mask] = self._called(mask)
        return self._known[mask]

    def _called(self, mask: int) -> Called:
        halves = dict(zip(FAMILIES, self.joint.masks, strict=False))
        families = {number for number, half in halves.items() if mask & half}
        seen = sum(halves[number] for number in families)
        special = self.joint.mask(self.policy.special)
        if not seen & ~special & ~mask:
            return Called((ANY,), tuple(self._parts(self.joint.addresses(mask & special))))
        wholes, left, halved = [], mask, False
        owner = self.policy.segment_of
        touched = {owner(self.joint.classes[at].first()) for at in bits(mask & ~special)}
        for name, own in self._segments.items():
            if name in touched and not own & seen & ~mask:
                wholes.append(name)
                left &= ~own
                halved |= bool(own & ~seen)
        return self._with_endpoints(self.joint.addresses(left), families, wholes, halved)

    def named(self, addresses: Ranges) -> Called:
        """Of any addresses, as long as they aren't more than some classes together."""
        mask = self.joint.meeting(addresses)
        if self.joint.size(mask) == addresses.size():
            return self.called(mask)
        return self._with_endpoints(addresses, {family(first) for first, _ in addresses}, [], False)

    def _with_endpoints(self, rest: Ranges, families: set[int], wholes: list[str], halved: bool) -> Called:
        taken: list[int] = []
        for endpoint in self._endpoints(rest):
            here = [one for one in endpoint.addresses if family(one) in families]
            if all(one in rest for one in here):
                wholes.append(endpoint.name)
                taken += here
                halved |= len(here) < len(endpoint.addresses)
        rest -= Ranges.of((one, one) for one in taken)
        return Called(tuple(wholes), tuple(self._parts(rest)), halved)

    def _parts(self, addresses: Ranges) -> Iterator[tuple[str, Ranges]]:
        yield from self._spread.parts(addresses).items()
        if special := addresses & self.policy.special:
            yield "", special

    def _endpoints(self, addresses: Ranges) -> Iterator[Endpoint]:
        """Those of which some address is among these, each once, by their first."""
        if not self._addresses:
            every = self.policy.site.endpoints.values()
            self._addresses = sorted(((one, each) for each in every for one in each.addresses), key=lambda row: row[0])
        seen: set[str] = set()
        for first, last in addresses:
            at = bisect_left(self._addresses, first, key=lambda row: row[0])
            while at < len(self._addresses) and self._addresses[at][0] <= last:
                endpoint = self._addresses[at][1]
                if endpoint.name not in seen:
                    seen.add(endpoint.name)
                    yield endpoint
                at += 1
