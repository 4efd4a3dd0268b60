"""The packets that the prover names, sent: whether the kernel agrees."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from segctl.model.ranges import parse_address
from tests.mutation.expect import expectation
from tests.mutation.helpers import MASTER
from tests.mutation.oracle import Change, Oracle
from tests.mutation.places import MISROUTE, STRAY, Places, is_group, joined
from tests.mutation.seen import Loaded
from tests.mutation.sessions import UNANSWERED, Session
from tests.mutation.shots import ACK, BADSUM, LOCAL, PLAIN, SYN, UNTRACK, Head, Shot
from tests.mutation.tables import Table
from tests.packets.truth.bodies import ICMP, ICMP6, TCP, UDP

_FIRST = 20_000_000
_HOPS = 63  # where the prover's is 0: one that no rule names
_NEVER = ("0.0.0.0", "127.0.0.0", "127.0.0.1", "224.0.0.0", "255.255.255.255", "::", "::1", "fe80::", "ff00::")
_GROUPS = {"224.0.0.0": "224.0.0.22", "ff00::": "ff02::16"}  # the least of its kind is no group that can be joined
_NEIGHBOURS = {"fe80::": "fe80::7"}  # as a destination the least is the router's anycast address
_EXPECTED = (TCP, UDP)
_REQUESTS = {0: 8, 14: 13, 16: 15, 18: 17, 129: 128, 140: 139}


class Unsendable(Exception):
    """No packet can be made that this machine would look at so."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet of the prover's: the shot, the session that it needs, what conntrack is asked for once that stands."""

    shot: Shot
    session: Session | None = None
    requests: tuple[bytes, ...] = ()


def witness(here: Oracle, packet: Mapping[str, Any]) -> Witness:
    """How it is sent. Unsendable if it can't be. An interface without a name is one that the site doesn't name."""
    way, state = packet["way"], packet["state"]
    faces = [LOCAL if name == "lo" or not name else name if name in here.places.faces else STRAY
             for name in (packet["iif"], packet["oif"])]  # fmt: skip
    face, far = LOCAL if way == "output" else faces[0], LOCAL if way == "input" else faces[1]
    ends = parse_address(packet["source"]), parse_address(packet["destination"])
    flags = packet["flags"] or (SYN if state == "new" else ACK)  # none at all: conntrack finds that invalid
    head = Head(*ends, packet["protocol"], packet["head"], packet["tail"], flags)
    hops = packet["fields"].get("ip ttl") or packet["fields"].get("ip6 hoplimit") or 0
    hops = min(255, hops + (way == "forward")) if hops else _HOPS  # a router takes one off before it asks its rules
    why = f"witness, {state} {packet['direction']}"
    long = packet["fields"].get("meta length", 0)
    plain = Shot(face, head, why, hops=hops, mark=packet["mark"], priority=packet["priority"], length=long)
    if way == "forward" and here.places.face_of(head.destination) != far:
        plain = replace(plain, channel=MISROUTE + here.places.faces[far].number)
    if way == "output" and far != LOCAL:
        plain = replace(plain, oif=far)
    return _in_state(plain, far, packet)


def _in_state(plain: Shot, far: str, packet: Mapping[str, Any]) -> Witness:
    """With what makes conntrack say that of it."""
    head, state, mark, reply = plain.head, packet["state"], packet["connection_mark"], packet["direction"] == "reply"
    if state == "established":
        return Witness(plain, _session(head, plain.face, far, mark, reply))
    if state == "related":
        return _related(plain, far, mark, reply)
    if state == "invalid":
        return Witness(replace(plain, head=_invalid(head)))
    if state == "untracked" and not (head.protocol == ICMP6 and 130 <= head.head >> 8 <= 143):
        if plain.channel != PLAIN:
            raise Unsendable("misrouted and untracked")
        return Witness(replace(plain, channel=UNTRACK))
    if state == "new" and mark:
        return Witness(plain, Session(head, plain.face, far, mark, UNANSWERED))
    return Witness(plain)


def _session(head: Head, face: str, far: str, mark: int, reply: bool) -> Session:
    """Conntrack's first packet is the asking end's, whatever the mark's highest bit says."""
    asks = head.with_flags(ACK)
    if head.protocol in (ICMP, ICMP6):
        kind = head.head >> 8
        wanted = _REQUESTS if reply else {value: value for value in _REQUESTS.values()}
        if kind not in wanted:
            raise Unsendable(f"ICMP type {kind} in that direction is no connection's")
        if reply:
            asks = Head(head.destination, head.source, head.protocol, wanted[kind] << 8, head.tail, ACK)
    elif reply:
        asks = head.answered(ACK)
    if asks.source == asks.destination:
        raise Unsendable("both ends are one address")
    return Session(asks, *((far, face) if reply else (face, far)), mark, "witness")


def _related(plain: Shot, far: str, mark: int, reply: bool) -> Witness:
    """An ICMP error about a connection; or what a connection's helper expects."""
    head, face = plain.head, plain.face
    if head.protocol in (ICMP, ICMP6):
        if reply:
            asks = Head(head.destination, head.source, UDP, 47_001, 47_002, ACK)
            return Witness(replace(plain, quote=asks), Session(asks, far, face, mark, "witness"))
        asks = Head(head.source, head.destination, UDP, 47_001, 47_002, ACK)
        return Witness(replace(plain, quote=asks.answered(ACK)), Session(asks, face, far, mark, "witness"))
    if head.protocol not in _EXPECTED or reply:
        raise Unsendable(f"protocol {head.protocol}, related: nothing here expects it")
    master = Head(head.source, head.destination, head.protocol, 47_001, MASTER, ACK)
    return Witness(plain, Session(master, face, far, mark, "witness"), (expectation(master, head),))


def _invalid(head: Head) -> Head:
    if head.protocol in (TCP, UDP):
        return Head(head.source, head.destination, head.protocol, head.head, head.tail | BADSUM, head.flags)
    if head.protocol in (ICMP, ICMP6):
        return head
    raise Unsendable(f"protocol {head.protocol} is never invalid")


def sent(here: Oracle, table: Table, packet: Mapping[str, Any], legacy: bool = False) -> Change:
    """What becomes of the prover's packet under the original and under the mutant.

    Where no kernel lets that very packet in (from 0.0.0.0, a loopback or multicast address), another address of the
    kind stands in for it, if nothing is seen otherwise.
    """
    found = None
    for other in _stand_ins(packet):
        found = _sent(here, table, {**packet, **other}, legacy)
        if found.before != found.after:
            return found
    assert found is not None
    return found


def _stand_ins(packet: Mapping[str, Any]) -> list[dict[str, Any]]:
    four, six = "169.254.7.7", "::ffff:1.2.3.4"
    out: list[dict[str, Any]] = [{}]
    for name in ("ip ttl", "ip6 hoplimit"):
        if packet["fields"].get(name) == 0:  # the least of its kind, which is not on any wire
            out.append({"fields": {**packet["fields"], name: 2}})
    for end in ("source", "destination"):
        if packet[end] in _NEVER:
            other = (
                _GROUPS.get(packet[end])
                or (end == "source" and _NEIGHBOURS.get(packet[end]))
                or (six if ":" in packet[end] else four)
            )
            out += [{**one, end: other} for one in out]
    return out


def _sent(here: Oracle, table: Table, packet: Mapping[str, Any], legacy: bool) -> Change:
    """Its fate, or else that of an ICMP error about it: that passes if the packet left a number that lives."""
    made = witness(here, packet)
    loaded = Loaded.of([made.shot, *_about(here, made.shot, packet)], _FIRST)
    more = [made.session] if made.session else []
    try:
        with _own(here.places, packet):
            (before,) = here.shoot(here.original, more, [(loaded, _FIRST)], made.requests)
            (after,) = here.shoot(table, more, [(loaded, _FIRST)], made.requests)
    finally:
        if legacy:
            here.unload()
    changes = [Change(*row) for row in zip(loaded.shots, before, after, strict=True)]
    return next((one for one in changes if one.before != one.after), changes[0])


def _about(here: Oracle, shot: Shot, packet: Mapping[str, Any]) -> list[Shot]:
    """An error about a packet, from where it went to where it came from."""
    head, ways = shot.head, [packet["oif"], packet["iif"]]
    if packet["state"] not in ("new", "established") or "lo" in ways:
        return []
    front, back = (LOCAL if not name else name if name in here.places.faces else STRAY for name in ways)
    protocol, kind = (ICMP, 3) if head.version == 4 else (ICMP6, 1)
    told = Head(head.destination, head.source, protocol, kind << 8 | 1)
    error = Shot(front, told, "error about the witness", quote=head)
    if front != LOCAL != back and here.places.face_of(told.destination) != back:
        error = replace(error, channel=MISROUTE + here.places.faces[back].number)
    return [replace(error, oif=back) if front == LOCAL else error]


@contextmanager
def _own(places: Places, packet: Mapping[str, Any]) -> Iterator[None]:
    """What comes in goes to an address of the gateway: it gets this one, if it hasn't got it, as an undeclared one.

    Of a group it becomes a member.
    """
    address = packet["destination"]
    if packet["way"] == "input" and is_group(address):
        with joined(places, address, packet["iif"] if packet["iif"] in places.faces else STRAY):
            yield
        return
    length = 128 if ":" in address else 32
    words = ["ip", "address", "add", f"{address}/{length}", "dev", STRAY, *(["nodad"] if length == 128 else [])]
    added = packet["way"] == "input" and not places.gateway.run(words).code
    try:
        yield
    finally:
        if added:
            places.gateway.run(["ip", "address", "del", f"{address}/{length}", "dev", STRAY])
