"""From clashes to differences that a person can check: one packet each, followed to the rule that decides it."""

from collections.abc import Iterable
from dataclasses import replace

from segctl.listing.rule import STATES, Ending, Listing, name_of
from segctl.model.packet import Packet
from segctl.model.ranges import V6
from segctl.prove.axes import DADDR, DIRECTION, FLAGS, HEAD, IIF, OIF, PROTO, REGISTERS, SADDR, STATE, TAIL, holder
from segctl.prove.bdd.compare import Clash, Comparison
from segctl.prove.bdd.diagrams import Node
from segctl.prove.bdd.domain import Awake, Walked
from segctl.prove.bdd.packet import ROUTED
from segctl.prove.clauses import Must
from segctl.prove.result import Difference
from segctl.prove.row import rule_said
from segctl.prove.trace import follow
from segctl.prove.witness import LIKELY, MOST, difference

_STATES = tuple(STATES)
_MOST_RULES = 3  # of one pair of segments
_DIRECTIONS = ("original", "reply")
_NAMED = {IIF, OIF, SADDR, DADDR, PROTO, HEAD, TAIL, FLAGS, STATE, DIRECTION, ROUTED, *REGISTERS}

Told = tuple[tuple[Difference, ...], tuple[Difference, ...]]


def told(clashes: Iterable[tuple[Comparison, Clash]], listing: Listing, awake: Awake | None) -> Told:
    """What is wrong, and what nobody can judge: for each pair of segments, state and want a packet of each rule.

    Rules that are wrong for many packets are told by the first few: of the rest only how many pairs of classes it is.
    """
    found: dict[object, list[Difference]] = {}
    certain: dict[object, bool] = {}
    for comparison, clash in clashes:
        key = _key(comparison, clash)
        held = found.setdefault(key, [])
        certain[key] = clash.certain
        if len(held) < _MOST_RULES and len(found) <= MOST:
            made = _difference(comparison, clash, listing, awake)
            if made.rule not in [one.rule for one in held]:
                held.append(made)
                continue
        if held:
            held[0] = replace(held[0], pairs=held[0].pairs + clash.region.pairs)
    wrong = tuple(one for key, held in found.items() if certain[key] for one in held)
    return wrong, tuple(one for key, held in found.items() if not certain[key] for one in held)


def _key(comparison: Comparison, clash: Clash) -> object:
    """What makes two clashes one to a reader, but for the rule."""
    walked, places = comparison.walked, comparison.intent.places
    segments = places[clash.region.source].segment, places[clash.region.destination].segment
    return walked.way, walked.family, segments, clash.must, clash.certain, clash.state


def _difference(comparison: Comparison, clash: Clash, listing: Listing, awake: Awake | None) -> Difference:
    walked, place = comparison.walked, comparison.effects.place
    packet = packet_of(walked, _likely(walked, clash.packets))
    trace = follow(listing, packet, awake)
    ends = endings(walked, packet)
    lost = clash.must is Must.NUMBERED and ends != (Ending.ACCEPT,)  # the number is only told where it is what lacks
    made = difference(
        comparison.effects,
        packet,
        (place(packet.source).segment, place(packet.destination).segment),
        tuple(str(ending or "nobody knows") for ending in ends),
        str(Must.PASS if lost else clash.must),
    )
    rule = rule_said(trace.met[-1]) if trace.met else None
    return replace(made, rule=rule, doubts=trace.forks if not clash.certain else (), pairs=clash.region.pairs)


def _likely(walked: Walked, packets: Node) -> Node:
    """Those of a protocol that people know, if there are some."""
    for protocol in LIKELY:
        some = packets & walked.fields.holds(PROTO, ((protocol, protocol),), walked.family)
        if some.satisfiable():
            return some
    return packets


def packet_of(walked: Walked, packets: Node) -> Packet:
    """The smallest packet of a set."""
    fields = walked.fields
    values = fields.decoded(fields.diagrams.smallest(packets))
    bias = V6 if walked.family == 6 else 0
    return Packet(
        way=walked.way,
        iif=name_of(fields.name_of(values[IIF])),
        oif=name_of(fields.name_of(values[OIF])),
        source=bias + values[SADDR],
        destination=bias + values[DADDR],
        protocol=values[PROTO],
        head=values[HEAD],
        tail=values[TAIL],
        flags=values[FLAGS],
        state=_STATES[values[STATE]],
        direction=_DIRECTIONS[values[DIRECTION]],
        connection_mark=values["ct mark"],
        mark=values["meta mark"],
        priority=values["meta priority"],
        fields={
            name: value
            for name, value in values.items()
            if name not in _NAMED and ((header := holder(name)) is None or values[header])
        },
    )


def endings(walked: Walked, packet: Packet) -> tuple[Ending | None, ...]:
    """What may become of one packet (None: nobody knows; CONTINUE: conntrack doesn't say this of it)."""
    ends, at = walked.ends, walked.fields.encoded(packet)
    sets = {
        Ending.ACCEPT: ends.accept,
        Ending.DROP: ends.drop,
        Ending.REJECT: ends.reject,
        None: ends.unknown,
        Ending.CONTINUE: ends.impossible,
    }
    return tuple(ending for ending, packets in sets.items() if packets.eval(at))
