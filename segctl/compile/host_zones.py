"""Addresses as one host needs to tell them apart: its own, those of its own segments, and few kinds of others.

Segments that fall back alike towards the host's own are one zone, however many there are. The one with the world in it
has no elements but for what statements about the host name: what no map knows is the world's.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segctl.compile.fallback import alike
from segctl.compile.zones import Classes, Zone, number_classes
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.selector import WORLD
from segctl.policy.classes import split
from segctl.policy.effect import lenient
from segctl.policy.policy import Policy
from segctl.policy.touch import touched


@dataclass(frozen=True, slots=True)
class Others:
    """Other addresses that meet the same: of all these segments. `name`: one that stands for them.

    `meets`: what `alike` says of them, in words; empty for the rest of one of the host's own segments.
    """

    name: str
    names: tuple[str, ...]
    meets: str
    addresses: Ranges


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A host's own addresses, the segments that they are in, and all others."""

    own: Ranges
    homes: tuple[str, ...]
    others: tuple[Others, ...]


def surroundings(policy: Policy, own: Ranges) -> Surroundings:
    """Those of a host with these addresses; of others only what it can meet in its families."""
    homes = tuple(sorted(touched(policy.partition, own)))
    return Surroundings(own, homes, tuple(_others(policy, homes, own)))


def host_classes(policy: Policy, here: Surroundings) -> Classes:
    """Zones and classes for a host, of a policy without what doesn't concern it."""
    parts = [(name, policy.partition.own[name] & here.own, True) for name in here.homes]
    parts += [(one.name, one.addresses, False) for one in here.others if one.addresses or one.name == WORLD]
    zones = tuple(Zone(at, name, name, (), ours) for at, (name, _, ours) in enumerate(parts, 1))
    held = [addresses for _, addresses, _ in parts]
    ends = [end for one in policy.flows.items for end in (one.source, one.destination)]
    ends += [end for one in policy.guardrails.items for end in (one.source, one.destination)]
    ends += [end for one in policy.management.items for end in (one.source, one.destination)]
    classes = split({str(at): addresses for at, addresses in enumerate(held)}, ends)
    return number_classes(zones, held, [one.addresses for one in classes], host=True)


def _others(policy: Policy, homes: tuple[str, ...], own: Ranges) -> Iterator[Others]:
    partition = policy.partition.own
    for name in homes:
        yield Others(name, (name,), "", _looked_at(policy, homes, name, partition[name] - own, own))
    for meets, names in _alike(policy, homes).items():
        name = WORLD if WORLD in names else min(names, key=lambda name: _quietest(policy, name))
        addresses = Ranges.of(span for one in names for span in partition[one])
        yield Others(name, tuple(names), meets, _looked_at(policy, homes, name, addresses, own))


def _quietest(policy: Policy, name: str) -> tuple[int, str]:
    return policy.site.segments[name].profile.log, name


def _alike(policy: Policy, homes: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Other segments by what they meet, in an order that doesn't hang on how many there are."""
    known: dict[object, str] = {}
    groups: dict[str, list[str]] = defaultdict(list)
    for name in policy.partition.own:
        if name not in homes:
            segment = policy.site.segments[name]
            key = segment.profile, segment.mode, name == WORLD
            if key not in known:
                known[key] = repr(alike(policy, name, homes))
            groups[known[key]].append(name)
    return dict(sorted(groups.items()))


def _looked_at(policy: Policy, homes: tuple[str, ...], name: str, addresses: Ranges, own: Ranges) -> Ranges:
    """Of a family in which the host has no address only what its link-local ones could tell from the world."""
    if any(lenient(policy, name, end) != lenient(policy, WORLD, end) for end in (*homes, WORLD)):
        return addresses
    return (addresses.v4() if own.v4() else NOTHING) | (addresses.v6() if own.v6() else NOTHING)
