"""One packet through every rule that it meets: the same walk as for all, in a space where each axis has one value."""

from collections.abc import Mapping
from dataclasses import dataclass

from segctl.listing.rule import STATES, Ending, Listing, name_span
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
from segctl.prove.engine import collect
from segctl.prove.evaluate import Evaluator
from segctl.prove.packet import Packet
from segctl.prove.path import stages
from segctl.prove.row import By, Decided, Row
from segctl.prove.space import Axis, Cube, Space, Spans
from segctl.prove.values import Value
from segctl.prove.walk import Walk

_DIRECTIONS = {"original": 0, "reply": 1}


class _Single(Axis):
    """An axis with one value."""

    __slots__ = ()

    def mask(self, spans: Spans) -> int:
        return int(any(first <= self.least[0] <= last for first, last in spans))


@dataclass(frozen=True, slots=True)
class Trace:
    """A packet's way: the rules that matched, in order, and its end; None if that depends on `doubts`."""

    packet: Packet
    met: tuple[By, ...]
    ending: Ending | None
    connection_mark: int | None
    doubts: tuple[str, ...] = ()


def follow(listing: Listing, packet: Packet, awake: dict[tuple[str, str], bool] | None = None) -> Trace:
    """What becomes of one packet under these rules."""
    kind = family(packet.source)
    met_stages = stages(listing, packet.way, kind, awake)
    space = _space(packet, set(collect(met_stages, kind).cuts))
    met: list[By] = []

    def hears(by: By, _cube: Cube) -> None:
        met.append(by)

    walk = Walk(space, Evaluator(space, {}, kind), kind, hears)
    row = Row(space.full, packet.mark, packet.priority, packet.connection_mark, (), None)
    decided = sorted(walk.along([row], met_stages), key=lambda one: one.key)
    return _told(packet, met, decided)


def _told(packet: Packet, met: list[By], decided: list[Decided]) -> Trace:
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
    return Trace(packet, tuple(met), ending, mark if isinstance(mark, int) else None, doubts if ending is None else ())


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
