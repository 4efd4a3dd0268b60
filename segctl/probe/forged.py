"""Cells with a forged source: what binding is for, and what no honest packet shows.

A machine behind one interface speaks with the address of a machine behind another, to whom that one may speak, over a
service that it may use. Nothing but the binding of addresses to interfaces stops such a packet.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache

from segctl.model.decision import Effect, Outcome
from segctl.model.point import Interface
from segctl.model.ranges import family
from segctl.model.service import family_of
from segctl.policy import Policy, judge, loose
from segctl.probe.matrix import chosen, ends_of
from segctl.probe.result import Cell, End
from segctl.probe.services import Asked
from segctl.probe.stage import Stage


def forged_cells(policy: Policy, stage: Stage, asked: Asked, at: datetime) -> tuple[Cell, ...]:
    """For each segment that could lie, and each that it could pretend to be: one packet that the honest one may send.

    The expected outcome is the honest one's decision with the effect *drop* and its own reason. Where binding is only
    logged (an interface of observing segments, a waiver) nothing is tried.
    """
    return tuple(_cells(policy, stage, asked, at))


def _cells(policy: Policy, stage: Stage, asked: Asked, at: datetime) -> Iterator[Cell]:
    hosts = chosen(policy, stage.hosts, 1)
    own = tuple(end for gateway in stage.gateways for end in ends_of(policy, gateway))
    honest = cache(lambda victim, target: _honest(policy, victim, target, asked, at))  # whoever pretends to be it
    for liar in hosts:
        behind = _behind(policy, policy.home_of(liar.address))
        if not behind or any(loose(policy, interface) for interface in behind):
            continue
        near = {name for interface in behind for name in interface.segments}
        reason = f"does not live behind {', '.join(interface.name for interface in behind)}"
        for victim in hosts:
            if policy.home_of(victim.address) in near or family(victim.address) != family(liar.address):
                continue
            for targets in (hosts, own):  # one to be forwarded, one for a gateway's own input
                far = (t for t in targets if policy.home_of(t.address) not in near and t.node != victim.node)
                cell = next(filter(None, (honest(victim, target) for target in far)), None)
                if cell is not None:
                    yield _forged(cell, liar, f"forged: '{victim.segment}' {reason}")


def _honest(policy: Policy, source: End, target: End, asked: Asked, at: datetime) -> Cell | None:
    """A cell between the two that passes a point by the law, if there is one."""
    for traffic in asked.traffic:
        if family(target.address) == family(source.address) == family_of(traffic):
            outcome = judge(policy, source.address, target.address, traffic, at)
            if outcome.effect is Effect.PASS and not outcome.uncovered:
                return Cell(source, target, traffic, outcome)
    return None


def _forged(honest: Cell, liar: End, reason: str) -> Cell:
    """The same packet from a machine that it doesn't belong to."""
    decision = replace(honest.expected.decision, reason=reason)
    source = replace(honest.source, node=liar.node)
    return replace(honest, source=source, expected=Outcome(decision, Effect.DROP, unbound=True))


def _behind(policy: Policy, home: str | None) -> list[Interface]:
    """The gateways' interfaces that list a segment."""
    gateways = policy.site.gateways()
    return [i for gateway in gateways for i in gateway.interfaces.values() if home in i.segments]
