"""Where segments lie behind the points: what nothing covers, what lies nowhere, whence management comes."""

from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement, product

from segctl.model.diagnostic import Diagnostic
from segctl.model.point import Interface
from segctl.model.ranges import ALL_V4, ALL_V6, Ranges, show_span
from segctl.model.segment import Segment
from segctl.model.selector import BUILT_IN, POINTS, WORLD
from segctl.model.strictness import Verdict
from segctl.policy.coverage import bound
from segctl.policy.policy import Policy
from segctl.policy.touch import touched
from segctl.policy.waive import waived

_COVER = "put a gateway's interface or a host point between them, or `waive: {uncovered: reason}`"
_COVER_INSIDE = "no gateway sees it: put host points on its machines, or `waive: {uncovered: reason}`"
Places = frozenset[tuple[str, str]]
"""The (gateway, interface) pairs that list a segment."""
_SHOWN = 3  # names of a list that may be as long as the site


def placement(policy: Policy) -> tuple[Diagnostic, ...]:
    """Findings on interfaces and coverage."""
    if not policy.site.points:
        if waived(policy.site.segments[POINTS].waive, "no-points"):
            return ()
        return (Diagnostic(policy.site.span, "no-points", "the site has no points: nothing enforces it"),)
    return (*_misplaced(policy), *_unbound(policy), *_management(policy), *_told(policy, uncovered_pairs(policy)))


def _misplaced(policy: Policy) -> Iterator[Diagnostic]:
    """An interface's own network is of segments that live behind another: swapped cables, or a slip of the pen."""
    help = "is the address, its length or the list of another interface? A network in between may be waived"
    for interface in (one for gateway in policy.site.gateways() for one in gateway.interfaces.values()):
        for own in () if interface.waives("misplaced") else interface.addresses:
            if strange := _strangers(policy, interface, Ranges.span(*own.network())):
                whose = ", ".join(f"'{name}'" for name in strange[:_SHOWN]) + (" and more" if strange[_SHOWN:] else "")
                where = f"'{interface.name}' stands in {show_span(*own.network())}"
                what = f"{where}, where {whose} lives: it lists no such"
                yield Diagnostic(interface.span, "misplaced", what, help)


def _strangers(policy: Policy, interface: Interface, network: Ranges) -> list[str]:
    """Whose network it is, if that contradicts the list: not of the segments around the listed ones, nor the world's,
    where a listed one is in it too, or none of them has an address of that family.
    """
    home, listed = policy.partition.home, {*interface.segments}
    around = {name for name, inner in policy.partition.inner.items() if not listed.isdisjoint(inner)}
    here = [name for name, ranges in home.items() if name != POINTS and ranges.meets(network)]
    half = ALL_V6 if network.v6() else ALL_V4
    if not listed.isdisjoint(here) or not any(home[name].meets(half) for name in listed if name in home):
        around.add(WORLD)
    return [name for name in here if name not in listed | around]


def _unbound(policy: Policy) -> Iterator[Diagnostic]:
    if not policy.site.gateways():
        return
    for name, segment in policy.site.segments.items():
        if not segment.built_in and not bound(policy.site, name) and not waived(segment.waive, "unbound"):
            what = f"segment '{name}' is on no interface of any gateway: its packets die at each"
            yield Diagnostic(segment.span, "unbound", what, "list it on the interface that it lives behind")


def _management(policy: Policy) -> Iterator[Diagnostic]:
    if not policy.site.gateways():
        return
    for statement in policy.management.items:
        for name in sorted(touched(policy.partition, statement.source)):
            if name != POINTS and not bound(policy.site, name):
                what = f"management from '{name}', which no gateway's interface lists"
                yield Diagnostic(statement.said.span, "management-nowhere", what, f"list '{name}' on an interface")


def uncovered_pairs(policy: Policy) -> Iterator[tuple[Segment, Segment]]:
    """Segment pairs, and segments with themselves, whose deny no point enforces and neither end waives.

    In each pair the one that the site says first comes first; world with itself is no pair.
    """
    groups: dict[Places, list[Segment]] = {}
    for name, where in _places(policy).items():
        segment = policy.site.segments[name]
        if where and not waived(segment.waive, "uncovered"):
            groups.setdefault(where, []).append(segment)
    order = {one.name: at for at, one in enumerate(sorted(policy.site.segments.values(), key=lambda one: one.span))}
    refuses = {name: _refuses(segment) for name, segment in policy.site.segments.items()}
    yield from (
        (one, other) if order[one.name] <= order[other.name] else (other, one)
        for here, there in _same_side(list(groups))
        for one, other in _pairs(groups[here], groups[there], here == there)
        if (refuses[one.name] or refuses[other.name] if one is not other else _refuses_itself(policy, one))
    )


def _pairs(some: list[Segment], others: list[Segment], same: bool) -> Iterable[tuple[Segment, Segment]]:
    return combinations_with_replacement(some, 2) if same else product(some, others)


def _refuses(segment: Segment) -> bool:
    """Whether something between it and another segment is denied by default."""
    return Verdict.DENY in (segment.profile.egress, segment.profile.ingress)


def _refuses_itself(policy: Policy, segment: Segment) -> bool:
    """Whether there are two addresses of one family in it, between which it denies."""
    bare = policy.partition.own[segment.name] - policy.host_addresses
    several = bare.v4().size() > 1 or bare.v6().size() > 1
    return several and segment.name != WORLD and segment.profile.intra is Verdict.DENY


def _same_side(places: list[Places]) -> Iterator[tuple[Places, Places]]:
    """Pairs of places (each with itself, too) that no gateway stands between: by index, for most pairs have one.

    A gateway stands between two if it lists both, and on none of its interfaces both.
    """
    on_interface: dict[tuple[str, str], list[int]] = {}
    of_gateways: dict[frozenset[str], list[int]] = {}
    for at, where in enumerate(places):
        of_gateways.setdefault(frozenset(gateway for gateway, _ in where), []).append(at)
        for place in where:
            on_interface.setdefault(place, []).append(at)
    for at, here in enumerate(places):
        mine = {gateway for gateway, _ in here}
        meeting = {other for place in here for other in on_interface[place]}
        for theirs, members in of_gateways.items():
            common = mine & theirs
            for other in meeting.intersection(members) if common else members:
                if other >= at and common <= {gateway for gateway, _ in here & places[other]}:
                    yield here, places[other]


def _places(policy: Policy) -> dict[str, Places]:
    """Segment to the (gateway, interface) pairs that list it; those without uncovered addresses are left out."""
    listed: dict[str, set[tuple[str, str]]] = {}
    for gateway in policy.site.gateways():
        for interface in gateway.interfaces.values():
            for name in interface.segments:
                listed.setdefault(name, set()).add((gateway.name, interface.name))
    names = (n for n in policy.site.segments if n not in BUILT_IN or n == WORLD)
    return {n: frozenset(listed.get(n, ())) for n in names if policy.partition.own[n] - policy.host_addresses}


def _told(policy: Policy, pairs: Iterable[tuple[Segment, Segment]]) -> Iterator[Diagnostic]:
    """One finding for each segment, however many pairs it has: a flat site has segments² of them.

    A pair is told at the segment that the site says later, one with a built-in segment at the other.
    """
    others: dict[str, list[str]] = {}
    for first, second in pairs:
        home, other = (first, second) if second.built_in else (second, first)
        if home is other:
            what = f"what '{home.name}' denies within itself, nothing enforces"
            yield Diagnostic(home.span, "uncovered", what, _COVER_INSIDE)
        else:
            others.setdefault(home.name, []).append(other.name)
    for name, all_of_them in others.items():
        shown = ", ".join(f"'{other}'" for other in all_of_them[:_SHOWN])
        more = f" and {len(all_of_them) - _SHOWN} more segments" if len(all_of_them) > _SHOWN else ""
        each = "each of " if len(all_of_them) > 1 else ""
        what = f"no point stands between '{name}' and {each}{shown}{more}: what is denied there, nothing enforces"
        yield Diagnostic(policy.site.segments[name].span, "uncovered", what, _COVER)
