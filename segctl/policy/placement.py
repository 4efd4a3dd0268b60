"""Where segments lie behind the points: what nothing covers, what lies nowhere, whence management comes."""

from collections.abc import Iterator
from itertools import combinations_with_replacement

from segctl.model.diagnostic import Diagnostic
from segctl.model.point import PointKind
from segctl.model.selector import BUILT_IN, POINTS, WORLD
from segctl.model.strictness import Verdict
from segctl.policy.coverage import bound, gateway_between
from segctl.policy.policy import Policy
from segctl.policy.touch import touched
from segctl.policy.waive import waived


def placement(policy: Policy) -> tuple[Diagnostic, ...]:
    """Findings on interfaces and coverage."""
    if not policy.site.points:
        return (Diagnostic(policy.site.span, "no-points", "the site has no points: nothing enforces it"),)
    return (*_unbound(policy), *_management(policy), *uncovered_pairs(policy))


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


def uncovered_pairs(policy: Policy) -> Iterator[Diagnostic]:
    """Segment pairs, and segments with themselves, whose deny no point enforces; world with itself is no pair."""
    site = policy.site
    places = _places(policy)
    groups: dict[frozenset[tuple[str, str]], list[str]] = {}
    for name, where in places.items():
        groups.setdefault(where, []).append(name)
    for first, second in combinations_with_replacement(groups, 2):
        if not first or not second or gateway_between(site, groups[first][0], groups[second][0]):
            continue
        pairs = (
            combinations_with_replacement(groups[first], 2)
            if first == second
            else ((a, b) for a in groups[first] for b in groups[second])
        )
        for one, other in pairs:
            yield from _uncovered(policy, one, other)


def _places(policy: Policy) -> dict[str, frozenset[tuple[str, str]]]:
    """Segment to the (gateway, interface) pairs that list it; those without uncovered addresses are left out."""
    listed: dict[str, set[tuple[str, str]]] = {}
    for gateway in policy.site.points.values():
        if gateway.kind is PointKind.GATEWAY:
            for interface in gateway.interfaces.values():
                for name in interface.segments:
                    listed.setdefault(name, set()).add((gateway.name, interface.name))
    names = (n for n in policy.site.segments if n not in BUILT_IN or n == WORLD)
    return {n: frozenset(listed.get(n, ())) for n in names if policy.partition.own[n] - policy.host_addresses}


def _uncovered(policy: Policy, one: str, other: str) -> Iterator[Diagnostic]:
    segments = policy.site.segments
    first, second = sorted((segments[one], segments[other]), key=lambda segment: segment.span)
    if one == other:
        denied = one != WORLD and first.profile.intra is Verdict.DENY
    else:
        denied = any(
            Verdict.DENY in (a.profile.egress, b.profile.ingress) for a, b in ((first, second), (second, first))
        )
    if not denied or waived(first.waive, "uncovered") or waived(second.waive, "uncovered"):
        return
    what = (
        f"what '{one}' denies within itself, nothing enforces"
        if one == other
        else f"no point stands between '{first.name}' and '{second.name}': what is denied there, nothing enforces"
    )
    yield Diagnostic(
        second.span if not second.built_in else first.span,
        "uncovered",
        what,
        "put a gateway's interface or a host point between them, or `waive: {uncovered: reason}`",
    )
