"""Packets on their way that share registers, and how ways that parted join again.

Ways part where a register is set or a packet is un-tracked; they join at the end of the rule, by the condition on which
they parted (`when`), which is much smaller than the packets themselves. Ways that the same packet may go both of
(after a limit, say) join only if nothing tells them apart.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from segctl.prove.axes import REGISTERS
from segctl.prove.bdd.diagrams import Diagrams, Node
from segctl.prove.bdd.values import Value, Values


class Registers(NamedTuple):
    """What packets carry. `untracked` by a rule; `rewritten`: fields of their headers that rules may have changed."""

    mark: Value
    priority: Value
    connection: Value
    untracked: bool = False
    rewritten: tuple[str, ...] = ()

    def held(self, name: str) -> Value:
        """What a register holds, by its name in rules (`REGISTERS`)."""
        return {"meta mark": self.mark, "meta priority": self.priority, "ct mark": self.connection}[name]

    def having(self, name: str, value: Value) -> "Registers":
        """The same with one set."""
        match name:
            case "meta mark":
                return self._replace(mark=value)
            case "meta priority":
                return self._replace(priority=value)
        return self._replace(connection=value)


class Branch(NamedTuple):
    """Packets that are here, or may be. `when`: the condition on which they parted from others since the rule began."""

    packets: Node
    when: Node
    registers: Registers


def joined(branches: Iterable[Branch], values: Values, diagrams: Diagrams) -> list[Branch]:
    """The same packets in as few branches as their registers let them be, all as at the beginning of a rule."""
    alike: list[list[Branch]] = []
    for branch in branches:
        if not branch.packets.satisfiable():
            continue
        for group in alike:
            if group[0].registers == branch.registers:
                group.append(branch)
                break
        else:
            alike.append([branch])
    whole = [
        Branch(diagrams.either(b.packets for b in group), diagrams.either(b.when for b in group), group[0].registers)
        for group in alike
    ]
    if len(whole) > 1:
        whole = _merged(whole, values)
    return [branch._replace(when=diagrams.true) for branch in whole]


def _merged(branches: Sequence[Branch], values: Values) -> list[Branch]:
    """Branches that no packet is in twice become one, each with its registers under its own condition."""
    out: list[list[Branch]] = []
    for branch in branches:
        for group in out:
            if all(_apart(branch, other) for other in group):
                group.append(branch)
                break
        else:
            out.append([branch])
    return [_one(group, values) for group in out]


def _apart(one: Branch, other: Branch) -> bool:
    alike = one.registers[3:] == other.registers[3:]
    return alike and not (one.when & other.when).satisfiable()


def _one(group: list[Branch], values: Values) -> Branch:
    if len(group) == 1:
        return group[0]
    first = group[0]
    held = first.registers
    for name in REGISTERS:
        held = held.having(name, _mixed([(b.when, b.registers.held(name)) for b in group], values))
    packets, when = first.packets, first.when
    for branch in group[1:]:
        packets, when = packets | branch.packets, when | branch.when
    return Branch(packets, when, held)


def _mixed(parts: list[tuple[Node, Value]], values: Values) -> Value:
    first = parts[0][1]
    if all(value is first or value == first for _, value in parts):
        return first
    return values.joined((guard & when, atom) for when, value in parts for guard, atom in value.cases)
