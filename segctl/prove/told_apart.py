"""What the intent tells apart: the sets of addresses and of services that some sentence of the site names.

At a host only what concerns its own addresses counts, and segments that fall back alike are one set: so there are few
of them, whatever the size of the site.
"""

from collections.abc import Iterator

from segctl.model.ranges import Ranges
from segctl.model.strictness import Mode
from segctl.policy import Policy
from segctl.policy.essentials import Essential
from segctl.prove.effects import Effects, concerns, stance
from segctl.prove.martians import SETS


def address_sets(effects: Effects) -> Iterator[Ranges]:
    """Every set of addresses that the intent tells from the rest."""
    policy = effects.policy
    yield from (policy.special, policy.held, effects.special, *SETS.values(), effects.own)
    if effects.host:
        yield from _by_stance(effects)
    else:
        yield from policy.partition.own.values()
        yield from policy.partition.home.values()
        yield from policy.gateways.values()
        for gateway in policy.site.gateways():
            yield from (interface.networks() for interface in gateway.interfaces.values())
    for kind in (policy.flows, policy.guardrails, policy.management):
        for statement in kind.items:
            if concerns(effects, statement.source, statement.destination):
                yield statement.source
                yield statement.destination
    for row in essentials(effects):
        yield row.source
        yield row.destination


def _by_stance(effects: Effects) -> Iterator[Ranges]:
    """The point's own segments, and others that fall back alike together."""
    together: dict[object, list[tuple[int, int]]] = {}
    for name, ranges in effects.policy.partition.own.items():
        if name in effects.homes:
            yield ranges
        else:
            together.setdefault(stance(effects.policy.site.segments[name]), []).extend(ranges)
    yield from map(Ranges.of, together.values())


def essentials(effects: Effects) -> Iterator[Essential]:
    """What the point needs to live: what others need is none of its business."""
    return (row for row in effects.policy.essentials if row.point in (effects.point.name, None))


def traffic_sets(effects: Effects) -> Iterator[Ranges]:
    """Every set of services that the intent tells from the rest."""
    policy = effects.policy
    for kind in (policy.flows, policy.guardrails, policy.management):
        for statement in kind.items:
            if concerns(effects, statement.source, statement.destination):
                yield statement.traffic
    yield from (row.traffic for row in essentials(effects))
    yield from (mode.services for mode in modes(policy))


def modes(policy: Policy) -> Iterator[Mode]:
    """Every mode that some segment is in."""
    yield policy.site.default_mode
    yield from (segment.mode for segment in policy.site.segments.values() if segment.mode is not None)
