"""Which cells to try: pure, from a policy and the machines that there are."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from segctl.model.ranges import family
from segctl.model.service import family_of
from segctl.policy import Policy, judge
from segctl.probe.result import Cell, End
from segctl.probe.services import Asked
from segctl.probe.stage import Node, Stage

MOST = 3
"""Machines of one segment and family that are tried, unless the caller says otherwise."""


def cells_of(policy: Policy, stage: Stage, asked: Asked, at: datetime, most: int = MOST) -> tuple[Cell, ...]:
    """Every cell, with what the law expects of it at `at`.

    From each segment to each other, within each (where it has two machines), to each address of the gateways, and from
    the gateways themselves. Of a segment's machines those are taken that some statement tells apart, `most` at most.
    Traffic is the outer loop, so that neighbours in the order are different pairs and no pair is flooded.
    """
    pairs = tuple(pairs_of(policy, stage, most))
    return tuple(
        Cell(source, destination, traffic, judge(policy, source.address, destination.address, traffic, at))
        for traffic in asked.traffic
        for source, destination in pairs
        if family(source.address) == family_of(traffic)
    )


def pairs_of(policy: Policy, stage: Stage, most: int) -> Iterator[tuple[End, End]]:
    """Every pair of ends, of one family each."""
    hosts = chosen(policy, stage.hosts, most)
    seconds = _seconds(policy, stage.hosts, hosts)
    own = [end for gateway in stage.gateways for end in ends_of(policy, gateway)]
    for source in hosts:
        for destination in (*hosts, *own):
            if _joins(source, destination):
                yield source, destination
        for second in seconds:
            if second.segment == source.segment and _joins(source, second):
                yield source, second
    for gateway in stage.gateways:
        for destination in (*hosts, *own):
            speaks = gateway.address_towards(destination.address)
            if destination.node != gateway.name and speaks is not None:
                yield End(gateway.name, str(policy.segment_of(speaks)), speaks), destination


def chosen(policy: Policy, hosts: Iterable[Node], most: int) -> tuple[End, ...]:
    """Of each segment, LAN and family one address for each way in which the site speaks of it, `most` at most.

    This is asked of the statements and not of the compiler's own address classes: a witness must not rely on those.
    """
    taken: dict[tuple[str, str, int], list[tuple[object, ...]]] = {}
    out = []
    for host in hosts:
        for end in ends_of(policy, host):
            known = taken.setdefault((end.segment, host.lan, family(end.address)), [])
            spoken = _spoken_of(policy, end.address)
            if spoken not in known and len(known) < most:
                known.append(spoken)
                out.append(end)
    return tuple(out)


def ends_of(policy: Policy, node: Node) -> Iterator[End]:
    """A machine's addresses, without the special ones, which are in no segment."""
    for own in node.addresses:
        segment = policy.segment_of(own.address)
        if segment is not None:
            yield End(node.name, segment, own.address)


def _spoken_of(policy: Policy, address: int) -> tuple[object, ...]:
    """Which statements name the address, as source and as destination; a host point and a quarantined one are apart."""
    groups = (policy.flows.items, policy.guardrails.items, policy.management.items)
    sides = (side for group in groups for said in group for side in (said.source, said.destination))
    named = tuple(place for place, side in enumerate(sides) if address in side)
    return policy.home_of(address), address in policy.host_addresses, *named


def _seconds(policy: Policy, hosts: Iterable[Node], firsts: tuple[End, ...]) -> tuple[End, ...]:
    """For segments with one chosen machine another of theirs, so that the inside can be tried as well."""
    nodes: dict[tuple[str, int], set[str]] = {}
    for end in firsts:
        nodes.setdefault((end.segment, family(end.address)), set()).add(end.node)
    out = []
    for host in hosts:
        for end in ends_of(policy, host):
            among = nodes.get((end.segment, family(end.address)), set())
            if len(among) == 1 and end.node not in among:
                among.add(end.node)
                out.append(end)
    return tuple(out)


def _joins(source: End, destination: End) -> bool:
    """Two machines, one family: what a machine says to itself crosses no wire."""
    return source.node != destination.node and family(source.address) == family(destination.address)
