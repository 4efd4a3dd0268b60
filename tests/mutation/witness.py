"""The packets that the prover names, sent: whether the kernel agrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segctl.model.ranges import parse_address
from tests.mutation.oracle import Change, Oracle
from tests.mutation.places import MISROUTE
from tests.mutation.seen import Loaded
from tests.mutation.sessions import Session
from tests.mutation.shots import ACK, BADSUM, LOCAL, SYN, UNTRACK, Head, Shot
from tests.mutation.tables import Table
from tests.packets.truth.bodies import ICMP, ICMP6, TCP, UDP

_FIRST = 20_000_000
_NEVER = ("0.0.0.0", "127.0.0.0", "127.0.0.1", "224.0.0.0", "255.255.255.255", "::", "::1", "fe80::", "ff00::")
_REQUESTS = {0: 8, 14: 13, 16: 15, 18: 17, 129: 128, 140: 139}


class Unsendable(Exception):
    """No packet can be made that this machine would look at so."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet of the prover's: the shot, the session that it needs."""

    shot: Shot
    session: Session | None


def witness(here: Oracle, packet: Mapping[str, Any]) -> Witness:
    """How it is sent. Unsendable if it can't be."""
    way, state, reply = packet["way"], packet["state"], packet["direction"] == "reply"
    face = LOCAL if way == "output" or packet["iif"] == "lo" else packet["iif"]
    far = LOCAL if way == "input" or packet["oif"] == "lo" else packet["oif"]
    known = here.places.faces
    if any(name and name not in known for name in (face, far)):
        raise Unsendable(f"no interface {face or far}")
    head = Head(
        parse_address(packet["source"]), parse_address(packet["destination"]), packet["protocol"],
        packet["head"], packet["tail"], packet["flags"] or SYN,
    )  # fmt: skip
    channel = Shot(face, head).channel
    oif = ""
    if way == "forward" and here.places.face_of(head.destination) != far:
        channel = MISROUTE + known[far].number
    if way == "output" and far != LOCAL:
        oif = far
    session = None
    quote = None
    if state == "established":
        session, head = _session(head, face, far, packet["connection_mark"], reply)
    elif state == "related":
        session, quote = _related(head, face, far, packet["connection_mark"], reply)
    elif state == "invalid":
        head = _invalid(head)
    elif state == "untracked" and not (head.protocol == ICMP6 and 130 <= head.head >> 8 <= 143):
        if channel != Shot(face, head).channel:
            raise Unsendable("misrouted and untracked")
        channel = UNTRACK
    hops = packet["fields"].get("ip ttl") or packet["fields"].get("ip6 hoplimit") or 64
    shot = Shot(face, head, f"witness, {state} {packet['direction']}", oif, channel, hops, quote=quote,
                mark=packet["mark"], priority=packet["priority"])  # fmt: skip
    return Witness(shot, session)


def _session(head: Head, face: str, far: str, mark: int, reply: bool) -> tuple[Session, Head]:
    kind = head.head >> 8
    if head.protocol in (ICMP, ICMP6):
        wanted = _REQUESTS if reply else {value: value for value in _REQUESTS.values()}
        if kind not in wanted:
            raise Unsendable(f"ICMP type {kind} in that direction is no connection's")
        asks = Head(head.destination, head.source, head.protocol, wanted[kind] << 8, head.tail, ACK) if reply else head
    else:
        asks = head.answered(ACK) if reply else head.with_flags(ACK)
    if asks.source == asks.destination:
        raise Unsendable("both ends are one address")
    front, back = (far, face) if reply else (face, far)
    # conntrack's first packet is the asking end's, whatever the mark's highest bit says
    return Session(asks, front, back, mark, "witness"), head


def _related(head: Head, face: str, far: str, mark: int, reply: bool) -> tuple[Session, Head]:
    if head.protocol not in (ICMP, ICMP6):
        raise Unsendable("related, and no ICMP error")
    if reply:
        asks = Head(head.destination, head.source, UDP, 47_001, 47_002, ACK)
        return Session(asks, far, face, mark, "witness"), asks
    asks = Head(head.source, head.destination, UDP, 47_001, 47_002, ACK)
    return Session(asks, face, far, mark, "witness"), asks.answered(ACK)


def _invalid(head: Head) -> Head:
    if head.protocol in (TCP, UDP):
        return Head(head.source, head.destination, head.protocol, head.head, head.tail | BADSUM, head.flags)
    if head.protocol in (ICMP, ICMP6):
        return head
    raise Unsendable(f"protocol {head.protocol} is never invalid")


def sent(here: Oracle, table: Table, packet: Mapping[str, Any], legacy: bool = False) -> Change:
    """What becomes of the prover's packet under the original and under the mutant.

    Where no kernel lets that very packet in (from 0.0.0.0, a loopback or multicast address), another special address
    stands in for it, if nothing is seen otherwise.
    """
    found = None
    for ends in _stand_ins(packet):
        found = _sent(here, table, {**packet, **ends}, legacy)
        if found.before != found.after:
            return found
    assert found is not None
    return found


def _stand_ins(packet: Mapping[str, Any]) -> list[dict[str, str]]:
    four, six = "169.254.7.7", "::ffff:1.2.3.4"
    out: list[dict[str, str]] = [{}]
    for end in ("source", "destination"):
        if packet[end] in _NEVER:
            other = six if ":" in packet[end] else four
            out += [{**one, end: other} for one in out]
    return out


def _sent(here: Oracle, table: Table, packet: Mapping[str, Any], legacy: bool) -> Change:
    made = witness(here, packet)
    loaded = Loaded.of([made.shot], _FIRST)
    more = [made.session] if made.session else []
    ((before,),) = here.shoot(here.original, more, [(loaded, _FIRST)], unswapped=True)
    try:
        ((after,),) = here.shoot(table, more, [(loaded, _FIRST)], unswapped=True)
    finally:
        if legacy:
            here.unload()
    return Change(made.shot, before, after)
