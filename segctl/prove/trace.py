"""One packet through every rule that it meets: the same walk as for all, in a space where each axis has one value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from segctl.listing.rule import STATES, Ending, Listing, name_span
from segctl.model.packet import Packet
from segctl.model.ranges import V6, family
from segctl.prove.axes import (
    DADDR,
    DIRECTION,
    FLAGS,
    HEAD,
    IIF,
    OIF,
    PROTO,
    REGISTERS,
    SADDR,
    STATE,
    TAIL,
)
from segctl.prove.compute import Computed
from segctl.prove.engine import collect
from segctl.prove.evaluate import Evaluator
from segctl.prove.path import Stage, stages
from segctl.prove.result import Traced
from segctl.prove.row import By, Decided, Row, rule_said
from segctl.prove.space import Axis, Cube, Space, Spans
from segctl.prove.values import Known, Table, Value
from segctl.prove.walk import Walk

_CORE = (IIF, OIF, SADDR, DADDR, PROTO, HEAD, TAIL, FLAGS, STATE, DIRECTION)
_DIRECTIONS = {"original": 0, "reply": 1}


class _Single(Axis):
    """An axis with one value."""

    __slots__ = ()

    def mask(self, spans: Spans) -> int:
        return int(any(first <= self.least[0] <= last for first, last in spans))


class _Concrete(Evaluator):
    """Each axis has one value, so that every field is a number; one that the packet isn't said to have it lacks."""

    def __init__(self, space: Space, packet: Packet, kind: int, interfaces: Mapping[int, str]) -> None:
        super().__init__(space, {}, kind, interfaces)
        self._packet = packet

    def _load(self, row: Row, field: str, bits: int, stage: Stage) -> Computed:
        done = super()._load(row, field, bits, stage)
        values: list[tuple[Row, tuple[Known, ...]]] = []
        for part, (value,) in done.values:
            if isinstance(value, int):
                values.append((part, (value,)))
                continue
            if value.axis not in _CORE and value.axis not in self._packet.fields:
                return Computed([], [row])
            if isinstance(value, Table):
                values.append((part, (value.values[0],)))
            else:
                raw = self._space.axes[self._space.index[value.axis]].least[0]
                values.append((part, (((raw & value.mask) ^ value.flip) >> value.shift,)))
        return Computed(values, done.misses, done.ordered)


@dataclass(frozen=True, slots=True)
class Trace:
    """A packet's way: the rules that matched, in order, and its end; None if that depends on `doubts`.

    `forks`: why some of the rules are met now and then, whether or not that changes the end.
    """

    packet: Packet
    met: tuple[By, ...]
    ending: Ending | None
    connection_mark: int | None
    doubts: tuple[str, ...] = ()
    forks: tuple[str, ...] = ()


def follow(listing: Listing, packet: Packet, awake: dict[tuple[str, str], bool] | None = None) -> Trace:
    """What becomes of one packet under these rules."""
    kind = family(packet.source)
    met_stages = stages(listing, packet.way, kind, awake)
    space = _space(packet, set(collect(met_stages, kind).cuts))
    met: list[By] = []

    def hears(by: By, _cube: Cube) -> None:
        met.append(by)

    evaluator = _Concrete(space, packet, kind, listing.interfaces)
    walk = Walk(space, evaluator, kind, hears, _routed_priority(packet), told=True)
    row = Row(space.full, packet.mark, packet.priority, packet.connection_mark, ())
    decided = sorted(walk.along([row], met_stages), key=lambda one: one.key)
    return _told(packet, met, decided, walk.reasons)


def said(trace: Trace) -> Traced:
    """A trace in words."""
    met = tuple(rule_said(by) for by in trace.met)
    ending = None if trace.ending is None else str(trace.ending)
    return Traced(trace.packet, met, ending, trace.connection_mark, trace.doubts)


def _routed_priority(packet: Packet) -> int:
    """As ip_forward sets it, by the TOS byte (rt_tos2priority, net/ipv4/route.c)."""
    return {0: 0, 1: 2, 2: 6, 3: 4}[packet.fields.get("ip dscp", 0) >> 1 & 3]


def _told(packet: Packet, met: list[By], decided: list[Decided], reasons: Iterable[str]) -> Trace:
    may: list[Decided] = []
    for one in decided:
        may.append(one)
        if not one.maybe:
            break
    endings = {one.ending for one in may}
    doubts = tuple(dict.fromkeys(reason for one in may for reason in one.maybe))
    last = may[-1]
    ending = last.ending if len(endings) == 1 else None
    if last.by is not None and last.by.rule is None:
        met.append(last.by)
    mark: Value = last.connection
    forks = tuple(dict.fromkeys([*reasons, *(reason for one in decided for reason in one.maybe)]))
    certain = mark if isinstance(mark, int) else None
    return Trace(packet, tuple(met), ending, certain, doubts if ending is None else (), forks)


def _space(packet: Packet, others: set[str]) -> Space:
    bare = packet.source - V6 if packet.source >= V6 else packet.source
    to = packet.destination - V6 if packet.destination >= V6 else packet.destination
    values: Mapping[str, int] = {
        IIF: name_span(packet.iif)[0],
        OIF: name_span(packet.oif)[0],
        SADDR: bare,
        DADDR: to,
        PROTO: packet.protocol,
        HEAD: packet.head,
        TAIL: packet.tail,
        FLAGS: packet.flags,
        STATE: STATES[packet.state],
        DIRECTION: _DIRECTIONS[packet.direction],
    }
    rest = {name: packet.fields.get(name, 0) for name in others - {*values, *REGISTERS} if "[" not in name}
    return Space.of(_single(name, value) for name, value in {**values, **rest}.items())


def _single(name: str, value: int) -> Axis:
    return _Single(name, (1 << 128) - 1, (0,), (0,), (value,), (1,), (1,))
