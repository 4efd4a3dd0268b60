"""What holds between two segments where nobody declared anything: defaults, what only is observed, what is uncovered.

The same law as `segctl.policy.effect`, asked for whole segments at once instead of for one connection.
"""

from collections.abc import Mapping

from segctl.model.ranges import LAST_V4, NOTHING, V6, Ranges
from segctl.model.segment import Segment
from segctl.model.selector import POINTS, QUARANTINE
from segctl.model.service import ALL_TRAFFIC, of_family
from segctl.model.strictness import Mode, ModeKind, Verdict
from segctl.policy import Policy
from segctl.policy.effect import mode_of

_FAMILIES = {  # (IPv4, IPv6): the traffic
    (False, False): NOTHING,
    (True, False): of_family(4),
    (False, True): of_family(6),
    (True, True): of_family(4) | of_family(6),
}


def allowed_by_default(source: Segment, destination: Segment) -> bool:
    """Steps 4 and 5 of the law, quarantine (step 2) before them."""
    if source.profile.quarantine or destination.profile.quarantine:
        return False
    if source.name == destination.name:
        return source.profile.intra is Verdict.ALLOW
    return source.profile.egress is Verdict.ALLOW and destination.profile.ingress is Verdict.ALLOW


def observed_traffic(policy: Policy, source: Segment, destination: Segment) -> tuple[Ranges, tuple[str, ...]]:
    """What of the traffic that is denied at step 4 or 6 passes all the same, for every refusing end observes it.

    The second value names the services that a selective end enforces, as written.
    """
    if allowed_by_default(source, destination) or source.profile.quarantine or destination.profile.quarantine:
        return NOTHING, ()
    passing, enforced = ALL_TRAFFIC, dict[str, None]()
    for end in _refusing(source, destination):
        mode, inbound = _mode_and_place(policy, end, source, destination)
        if mode.kind is ModeKind.ENFORCE:
            return NOTHING, ()
        if mode.kind is ModeKind.SELECTIVE and inbound:
            passing = passing - mode.services
            enforced |= dict.fromkeys(mode.names)
    return passing, tuple(enforced)


def _refusing(source: Segment, destination: Segment) -> tuple[Segment, ...]:
    if source.name == destination.name:
        return (source,)
    says = ((source, source.profile.egress), (destination, destination.profile.ingress))
    return tuple(end for end, verdict in says if verdict is Verdict.DENY)


def _mode_and_place(policy: Policy, end: Segment, source: Segment, destination: Segment) -> tuple[Mode, bool]:
    """The mode that counts for that end, and whether it counts as the destination's."""
    mode = mode_of(policy, end.name)
    if mode is not None:
        return mode, end.name == destination.name
    other = source if end.name == destination.name else destination  # world takes the other end's, in its own place
    mode = mode_of(policy, other.name)
    if mode is not None:
        return mode, other.name == destination.name
    return policy.site.default_mode, True  # world with itself


class Coverage:
    """Between which segments something passes that no point sees."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._has_points = bool(policy.site.points)
        self._bare = {name: own - policy.host_addresses for name, own in policy.partition.own.items()}
        self._homes = {name: self._home(name) for name in policy.partition.own}
        # The same as policy.segments_covered, worked out once for each segment: there are many pairs.
        self._places: dict[str, dict[str, set[str]]] = {}
        for gateway in policy.site.gateways():
            for interface in gateway.interfaces.values():
                for name in interface.segments:
                    self._places.setdefault(name, {}).setdefault(gateway.name, set()).add(interface.name)

    def uncovered(self, first: str, second: str) -> bool:
        """Whether some pair of addresses of the two is uncovered; False on a site without points (said once there)."""
        if not self._has_points:
            return False
        mine, theirs = self._bare[first], self._bare[second]
        if first == second and mine.size() < 2:
            return False
        pairs = ((one, other) for one in self._homes[first] for other in self._homes[second])
        return bool(families(mine, theirs)) and any(not self._between(one, other) for one, other in pairs)

    def place(self, name: str) -> tuple[object, ...]:
        """What coverage knows of a segment: two that have the same are covered from the same others."""
        bare = self._bare[name]
        listed = [
            (
                home == POINTS,
                *((gateway, *sorted(each)) for gateway, each in sorted(self._places.get(home, {}).items())),
            )
            for home in self._homes[name]
        ]
        return bool(bare.v4()), bool(bare.v6()), tuple(listed)

    def bound(self, name: str) -> bool:
        """Whether the segment is on some interface; True of `points`, and on a site without gateways."""
        if name == POINTS or not self._policy.site.gateways():
            return True
        return any(home in self._places for home in self._homes[name])

    def standing(self, name: str) -> Mapping[str, set[str]]:
        """The gateways that list the segment, and on which of their interfaces."""
        return self._places.get(name, {})

    def bare(self, name: str) -> Ranges:
        """What of the segment has no point of its own: without the addresses of host points."""
        return self._bare[name]

    def _between(self, first: str, second: str) -> bool:
        """Whether a gateway lists each on some interface, and none of its interfaces lists both."""
        if POINTS in (first, second):
            return True
        mine, theirs = self._places.get(first, {}), self._places.get(second, {})
        return any(mine[gateway].isdisjoint(theirs[gateway]) for gateway in mine.keys() & theirs.keys())

    def _home(self, name: str) -> tuple[str, ...]:
        """The segments that addresses of this one count as: others than itself for `quarantine` only."""
        if name != QUARANTINE:
            return (name,)
        own, home = self._policy.partition.own[name], self._policy.partition.home
        return tuple(other for other, addresses in home.items() if addresses.meets(own))


def families(first: Ranges, second: Ranges) -> Ranges:
    """All traffic that a pair of these addresses can have: that of the families which both have."""
    if not first or not second:
        return NOTHING
    both4 = max(first.first(), second.first()) <= LAST_V4
    both6 = min(first.spans[-1][1], second.spans[-1][1]) >= V6
    return _FAMILIES[both4, both6]
