"""A proof as text and as JSON (`segctl/prove/1`)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from segctl.model.packet import Packet
from segctl.model.ranges import show_address
from segctl.model.rule_said import RuleSaid
from segctl.model.service import TCP, WITH_PORTS
from segctl.prove.result import Difference, Found, Line, Live, Met, Proof, Traced

_SHOWN = 20
_MARKS = {Met.BOTH: "=", Met.MODEL: "model only ", Met.KERNEL: "kernel only", Met.UNTOLD: "not traced "}
_TELLING = {"ip ttl", "ip dscp", "ip6 hoplimit", "ip6 dscp", "meta length"}
_FLAGS = ((0x02, "syn"), (0x10, "ack"), (0x01, "fin"), (0x04, "rst"), (0x08, "psh"), (0x20, "urg"))


def proof_json(proof: Proof) -> dict[str, Any]:
    """All of it, with every difference."""
    return {
        "schema": "segctl/prove/1",
        "found": str(proof.found),
        "point": proof.point,
        "read": proof.read,
        "site": proof.site,
        "engine": proof.engine,
        "classes": proof.classes,
        "packets": str(proof.packets),  # more than a JSON number holds
        "differences": [_difference_json(one) for one in proof.differences],
        "unproven": [_difference_json(one) for one in proof.unproven],
        "dead": [{"rule": plain_rule(one.rule), "element": one.element} for one in proof.dead],
        "unheld": [{"rule": plain_rule(one.rule), "element": one.element} for one in proof.unheld],
        "gaps": list(proof.gaps),
        "outside": list(proof.outside),
    }


def _difference_json(one: Difference) -> dict[str, Any]:
    return {
        "from": one.source,
        "to": one.destination,
        "service": one.service,
        "packet": packet_json(one.packet),
        "does": list(one.does),
        "must": one.must,
        "rule": plain_rule(one.rule) if one.rule else None,
        "because": one.because,
        "place": str(one.span) if one.span else None,
        "doubts": list(one.doubts),
        "pairs": one.pairs,
    }


def packet_json(packet: Packet) -> dict[str, Any]:
    """Every field of a packet."""
    return {
        "way": str(packet.way),
        "iif": packet.iif,
        "oif": packet.oif,
        "source": show_address(packet.source),
        "destination": show_address(packet.destination),
        "protocol": packet.protocol,
        "head": packet.head,
        "tail": packet.tail,
        "flags": packet.flags,
        "state": packet.state,
        "direction": packet.direction,
        "connection_mark": packet.connection_mark,
        "mark": packet.mark,
        "priority": packet.priority,
        "fields": dict(packet.fields),
    }


def plain_rule(rule: RuleSaid) -> dict[str, Any]:
    """As JSON has it."""
    return {"table": rule.table, "chain": rule.chain, "handle": rule.handle, "text": rule.text}


def proof_lines(proof: Proof) -> Iterator[str]:
    """The answer first, then what speaks against it, each with its packet."""
    stands = f"{proof.classes} classes that stand for {_power(proof.packets)} packets"
    words = {
        Found.PROVEN: f"proven: what {proof.point} holds is what the site means",
        Found.DIFFERENT: f"different: what {proof.point} holds is not what the site means",
        Found.UNPROVEN: f"unproven: nobody can say whether what {proof.point} holds is what the site means",
    }
    yield f"{words[proof.found]} ({stands}; rules {proof.read[:12]}, site {proof.site[:12]})"
    yield from _part(proof.differences, "")
    yield from _part(proof.unproven, "unproven: ")
    for one in proof.unheld[:_SHOWN]:
        yield f"{one.element} passes connections by a number that no rule gives: {show_rule(one.rule)}"
    yield from (f"not read: {gap}" for gap in proof.gaps)
    if proof.dead:
        elements = sum(one.element is not None for one in proof.dead)
        rules = len(proof.dead) - elements
        yield f"dead weight: {rules} rules and {elements} elements that no packet meets (--format json names them)"
    yield from (f"outside: {word}" for word in proof.outside)


def _part(differences: tuple[Difference, ...], prefix: str) -> Iterator[str]:
    for one in differences[:_SHOWN]:
        ends = f"{one.source or 'a special address'} -> {one.destination or 'a special address'}"
        yield f"{prefix}{ends}, {one.service}: the rules {' or '.join(one.does)}, the site says {one.must}"
        yield f"  packet: {show_packet(one.packet)}"
        if one.rule is not None:
            yield f"  rule: {show_rule(one.rule)}"
        yield f"  site: {one.because}" + (f" ({one.span})" if one.span else "")
        yield from (f"  not followed: {doubt}" for doubt in one.doubts)
    if (more := len(differences) - _SHOWN) > 0:
        yield f"{prefix}and {more} more kinds: --format json has them all"


def show_rule(rule: RuleSaid) -> str:
    """Where it stands, its handle and its words."""
    handle = f", handle {rule.handle}" if rule.handle is not None else ""
    return f"{rule.table} {rule.chain}{handle}: {rule.text}"


def show_packet(packet: Packet) -> str:
    """A packet in one line, as an operator would say it."""
    where = " ".join(f"{word} {name}" for word, name in (("in", packet.iif), ("out", packet.oif)) if name)
    words = [str(packet.way), where, f"{show_address(packet.source)} -> {show_address(packet.destination)}"]
    if packet.protocol in WITH_PORTS:
        words.append(f"{WITH_PORTS[packet.protocol]} {packet.head} -> {packet.tail}")
    elif packet.protocol in (1, 58):
        words.append(f"icmp type {packet.head >> 8} code {packet.head & 0xFF}")
    else:
        words.append(f"protocol {packet.protocol}")
    if packet.protocol == TCP:
        words.append("flags " + (",".join(name for bit, name in _FLAGS if packet.flags & bit) or "none"))
    words.append(f"{packet.state}, {packet.direction}" if packet.state == "established" else packet.state)
    for name, value in (("ct mark", packet.connection_mark), ("mark", packet.mark), ("priority", packet.priority)):
        if value:
            words.append(f"{name} {value:#x}")
    words += [f"{name} {value}" for name, value in packet.fields.items() if value]
    return "; ".join(word for word in words if word)


def trace_lines(trace: Traced) -> Iterator[str]:
    """The packet, each rule that it matched in order, and its end; beside the kernel's trace if there is one."""
    if trace.live is not None:
        yield from _live_lines(trace, trace.live)
        return
    yield show_packet(trace.packet)
    for rule in trace.met:
        yield f"  {show_rule(rule)}"
    yield trace.ending or "nobody can say"
    yield from (f"  not followed: {doubt}" for doubt in trace.doubts)


def _live_lines(trace: Traced, live: Live) -> Iterator[str]:
    """`=` before a rule that both met; the kernel's verdict in brackets. Of a real packet's fields only a few."""
    yield show_packet(replace(trace.packet, fields={k: v for k, v in trace.packet.fields.items() if k in _TELLING}))
    same = all(line.met is Met.BOTH for line in live.lines)
    for line in live.lines:
        mark = _MARKS[line.met] if same or line.met is not Met.BOTH else _MARKS[line.met].ljust(11)
        verdict = f" [{line.verdict}]" if line.verdict else ""
        yield f"  {mark} {show_rule(line.rule)}{verdict}"
    yield f"model: {trace.ending or 'nobody can say'}; kernel: {live.ending or 'no verdict'}"
    yield from (f"  not followed: {doubt}" for doubt in trace.doubts)
    yield from (f"  note: {note}" for note in live.notes)
    yield "they agree" if live.agrees else "they don't agree:"
    yield from (f"  {one}" for one in live.differs)


def trace_json(trace: Traced) -> dict[str, Any]:
    """The same (`segctl/trace/1`)."""
    told = {} if trace.live is None else {"live": _live_json(trace.live)}
    return {
        "schema": "segctl/trace/1",
        "packet": packet_json(trace.packet),
        "met": [plain_rule(rule) for rule in trace.met],
        "ending": trace.ending,
        "connection_mark": trace.connection_mark,
        "doubts": list(trace.doubts),
        **told,
    }


def _live_json(live: Live) -> dict[str, Any]:
    """Both ways in one list, and the kernel's by itself."""
    return {
        "agrees": live.agrees,
        "ending": live.ending or None,
        "met": [_line_json(line) for line in live.lines if line.met in (Met.BOTH, Met.KERNEL)],
        "lines": [{"by": str(line.met), **_line_json(line)} for line in live.lines],
        "differs": list(live.differs),
        "notes": list(live.notes),
    }


def _line_json(line: Line) -> dict[str, Any]:
    return {**plain_rule(line.rule), "verdict": line.verdict or None}


def _power(number: int) -> str:
    return str(number) if number < 1_000_000 else f"2^{number.bit_length() - 1}"
