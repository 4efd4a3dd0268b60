"""From clashes to differences that a person can check: one packet each, the rule that decides it, the site's word."""

from collections.abc import Iterable
from dataclasses import replace

from segctl.listing.rule import STATES, Ending, name_of, name_span
from segctl.model.packet import Packet
from segctl.model.ranges import family
from segctl.model.service import ICMP, ICMP6, TCP, UDP, WITH_PORTS, show_traffic, traffic
from segctl.policy import judge_at_point
from segctl.prove.axes import DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, STATE, STRANGER, TAIL
from segctl.prove.clauses import Must
from segctl.prove.compare import ClashAt, Comparison
from segctl.prove.effects import Effects
from segctl.prove.result import Difference
from segctl.prove.row import Decided, rule_said
from segctl.prove.space import Axis, bits

_STATES = {value: word for word, value in STATES.items()}
_DIRECTIONS = ("original", "reply")
LIKELY = (TCP, UDP, ICMP, ICMP6)
"""Protocols that people know: of several packets one of theirs is shown."""
MOST = 200
"""Differences that are told one by one; of one rule, end and pair of segments only the first is."""

Clashes = Iterable[tuple[Comparison, ClashAt]]


def told(clashes: Clashes) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """What is wrong, and what nobody can judge: of each kind one packet, and how many pairs of classes it is."""
    wrong: dict[object, Difference] = {}
    doubtful: dict[object, Difference] = {}
    for comparison, at in clashes:
        rows = [comparison.frame.decided[at.cell.rows[place]] for place in at.clash.found]
        into = doubtful if _doubtful(rows) else wrong
        key = _key(comparison, at, rows)
        if key in into:
            into[key] = replace(into[key], pairs=into[key].pairs + at.cell.pairs)
        elif len(into) < MOST:
            into[key] = _difference(comparison, at, rows)
    return tuple(wrong.values()), tuple(doubtful.values())


def _doubtful(rows: list[Decided]) -> bool:
    """Whether the rules may be right after all."""
    return len(rows) > 1 or rows[0].ending is None


def _key(comparison: Comparison, at: ClashAt, rows: list[Decided]) -> object:
    """What makes two clashes one to a reader."""
    places = comparison.cells.places
    segments = places[at.cell.source].segment, places[at.cell.destination].segment
    by = tuple((id(row.by.rule), id(row.by.chain)) if row.by else None for row in rows)
    state = at.clash.cube[comparison.frame.places.index(comparison.evaluated.space.index[STATE])]
    return comparison.evaluated.way, comparison.evaluated.family, segments, by, at.clash.must, state


def _difference(comparison: Comparison, at: ClashAt, rows: list[Decided]) -> Difference:
    places, last = comparison.cells.places, rows[-1]
    made = difference(
        comparison.effects,
        _packet(comparison, at),
        (places[at.cell.source].segment, places[at.cell.destination].segment),
        tuple(str(row.ending or "nobody knows") for row in rows),
        str(_wanted(at, rows)),
    )
    return replace(
        made,
        rule=rule_said(last.by) if last.by is not None else None,
        doubts=tuple(dict.fromkeys(reason for row in rows for reason in row.maybe)),
        pairs=at.cell.pairs,
    )


def difference(
    effects: Effects, packet: Packet, segments: tuple[str | None, str | None], does: tuple[str, ...], must: str
) -> Difference:
    """One packet that rules and intent treat otherwise, with the law's word on it; who decides it isn't said yet."""
    asked = _asked(packet, family(packet.source))
    outcome = judge_at_point(effects.policy, packet.source, packet.destination, asked, effects.at)
    return Difference(
        packet=packet,
        source=segments[0],
        destination=segments[1],
        service=show_traffic(asked),
        does=does,
        must=must,
        rule=None,
        because=outcome.decision.reason,
        span=outcome.decision.span,
    )


def _wanted(at: ClashAt, rows: list[Decided]) -> Must:
    """What must be done; the number is only told where it is what lacks."""
    lost = at.clash.must is Must.NUMBERED and any(row.ending is not Ending.ACCEPT for row in rows)
    return Must.PASS if lost else at.clash.must


def _asked(packet: Packet, kind: int) -> int:
    if packet.protocol in WITH_PORTS:
        return traffic(kind, packet.protocol, packet.tail)
    if packet.protocol == (ICMP if kind == 4 else ICMP6):
        return traffic(kind, packet.protocol, packet.head >> 8)
    return traffic(kind, packet.protocol)


def _packet(comparison: Comparison, at: ClashAt) -> Packet:
    """The smallest packet of a clash, of a protocol that people know if there is one."""
    space = comparison.evaluated.space
    values = {}
    for place, mask in zip(comparison.frame.places, at.clash.cube, strict=True):
        axis = space.axes[place]
        values[axis.name] = _value(axis, mask)
    marks = {
        name: sum(values[part.axis] << part.low for part in parts)
        for name, parts in comparison.evaluated.registers.items()
    }
    known = {PROTO, HEAD, TAIL, FLAGS, STATE, DIRECTION}
    others = {name: value for name, value in values.items() if name not in known and "[" not in name}
    return Packet(
        way=comparison.evaluated.way,
        iif=_interface(space.axes[space.index[IIF]], at.iif),
        oif=_interface(space.axes[space.index[OIF]], at.oif),
        source=comparison.cells.addresses[at.cell.source],
        destination=comparison.cells.addresses[at.cell.destination],
        protocol=values[PROTO],
        head=values[HEAD],
        tail=values[TAIL],
        flags=values[FLAGS],
        state=_STATES[values[STATE]],
        direction=_DIRECTIONS[values[DIRECTION]],
        connection_mark=marks["ct mark"],
        mark=marks["meta mark"],
        priority=marks["meta priority"],
        fields=others,
    )


def _interface(axis: Axis, number: int) -> str:
    """The name of a class of interfaces; of those that nobody names one that could be."""
    (stranger, _) = name_span(STRANGER)
    return STRANGER if axis.class_of(stranger) == number else name_of(axis.least[number])


def _value(axis: Axis, mask: int) -> int:
    if axis.name == PROTO:
        likely = next((protocol for protocol in LIKELY if mask >> axis.class_of(protocol) & 1), None)
        if likely is not None:
            return likely
    return axis.least[next(iter(bits(mask)))]
