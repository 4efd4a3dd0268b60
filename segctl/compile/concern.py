"""What of a site concerns one host: the statements with it at an end, without what they say of others."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.ranges import Ranges
from segctl.policy.match import Statement, Statements
from segctl.policy.policy import Policy

T = TypeVar("T", Flow, Guardrail, Management)


def concern(policy: Policy, own: Ranges, at: datetime) -> Policy:
    """The policy as a host with these addresses needs it at that time: of a statement's ends what can meet the host."""
    cutter = _Cutter(own)
    active = Statements(tuple(one for one in policy.flows.items if one.said.active(at)))
    return replace(
        policy,
        flows=cutter.facing(active),
        guardrails=cutter.facing(policy.guardrails),
        management=cutter.facing(policy.management),
    )


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Each set is looked at once, by identity: thousands of flows share one."""

    own: Ranges
    _mine: dict[int, Ranges] = field(default_factory=dict)
    _ends: dict[tuple[int, bool, bool], Ranges] = field(default_factory=dict)

    def facing(self, statements: Statements[T]) -> Statements[T]:
        """Those that can match a packet of the host's."""
        kept: list[Statement[T]] = []
        for one in statements.items:
            source, destination = self._end(one.source, one.destination), self._end(one.destination, one.source)
            if source and destination:
                kept.append(replace(one, source=source, destination=destination))
        return Statements(tuple(kept))

    def _held(self, addresses: Ranges) -> Ranges:
        """The host's own in a set."""
        if id(addresses) not in self._mine:
            self._mine[id(addresses)] = self.own & addresses
        return self._mine[id(addresses)]

    def _end(self, end: Ranges, other: Ranges) -> Ranges:
        """Of one end the host's own addresses, and of the families in which the host is the other end all."""
        opposite = self._held(other)
        key = id(end), bool(opposite.v4()), bool(opposite.v6())
        if key not in self._ends:
            mine = self._held(end)
            self._ends[key] = (end if key[1] else mine).v4() | (end if key[2] else mine).v6()
        return self._ends[key]
