"""The first packet of a connection, or one that can't be any's: what stands behind its IP header.

What conntrack says of each follows nf_conntrack_proto_{tcp,icmp,icmpv6,sctp}.c; a test holds it against the kernel.
"""

from collections.abc import Callable
from dataclasses import dataclass

from segctl.model.ranges import family
from tests.packets.truth import bodies as b
from tests.packets.truth.draw import Draw

BEGINNING = {4: (8, 13, 15, 17), 6: (128,)}
ICMP_OF = {4: b.ICMP, 6: b.ICMP6}
OTHERS = {4: (b.GRE, b.ESP, 89, 103, 112, 253), 6: (b.GRE, b.ESP, 89, 103, 112, 253)}
_ANSWERS = {4: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}, 6: {128: 129, 129: 128}}
_UNTRACKED6 = (130, 131, 132, 133, 134, 135, 136, 143, 151, 152)  # noct_valid_new
_UNANSWERED = {4: {*range(256)} - {0, 8, 13, 14, 15, 16, 17, 18}, 6: {*range(128), 137}}  # errors, and what is no type
_NODE_INFORMATION = 139  # RFC 4620: it is asked and answered, as echo is
_NEW = (2, 2, 2, 2 | 32, 0x42, 0xC2, 16, 24, 48)  # SYN, with URG, ECN; mid-stream, as nf_conntrack_tcp_loose is on
_NOT_NEW = (18, 4, 20, 17, 1, 0, 3, 63, 255, 41)


@dataclass(frozen=True, slots=True)
class Fresh:
    """`rest` stands behind the IP header. `ports` are the connection's, or ICMP's id and type and code; `back` its
    answer's. `answerable`: a refusal of it is answered.
    """

    protocol: int
    rest: bytes
    state: str
    ports: tuple[int, int]
    back: tuple[int, int]
    answerable: bool


def tcp(draw: Draw, ends: tuple[int, int]) -> Fresh:
    rng, ports = draw.rng, draw.ports()
    begins = rng.random() < 0.75
    flags = rng.choice(_NEW if begins else _NOT_NEW)
    options = bytes((2, 4, 5, 0xB4)) if flags & b.SYN and rng.random() < 0.5 else b""
    window = draw.hints.pick(rng, "window", lambda: rng.randrange(1 << 16), 0xFFFF, 0.3)
    ack = 7 if flags & b.ACK else 0
    rest = b.tcp(ends, ports, flags, draw.payload(), window=window, ack=ack, options=options)
    return Fresh(b.TCP, rest, "new" if begins else "invalid", ports, ports[::-1], not flags & b.RST)


def udp(draw: Draw, ends: tuple[int, int]) -> Fresh:
    ports = draw.ports()
    return Fresh(b.UDP, b.udp(ends, ports, draw.payload()), "new", ports, ports[::-1], True)


def icmp(draw: Draw, ends: tuple[int, int]) -> Fresh:
    rng, version = draw.rng, family(ends[0])
    asking = BEGINNING[version]

    def some_type() -> int:
        return rng.choice((rng.choice(asking), rng.choice(asking), *_ANSWERS[version], rng.randrange(256)))

    kind = draw.hints.pick(rng, f"icmp{version}", some_type, 255)
    code = draw.hints.pick(rng, "code", lambda: rng.choice((0, 0, 0, 1, 13)), 255, 0.3)
    ident = rng.randrange(1 << 16)
    rest = b.icmp(ends, kind, code, ident << 16 | rng.randrange(1 << 16), draw.payload())
    state = "new" if kind in asking or (version, kind) == (6, _NODE_INFORMATION) else "invalid"
    if version == 6 and kind in _UNTRACKED6:
        state = "untracked"
    back = (ident, _ANSWERS[version].get(kind, kind) << 8 | code)
    return Fresh(ICMP_OF[version], rest, state, (ident, kind << 8 | code), back, kind not in _UNANSWERED[version])


def sctp(draw: Draw, ends: tuple[int, int]) -> Fresh:
    ports, chunk = draw.ports(), draw.rng.choice((1, 1, 1, 14))  # INIT; SHUTDOWN COMPLETE, which begins nothing
    return Fresh(
        b.SCTP, b.sctp(ports, chunk, draw.payload()), "new" if chunk == 1 else "invalid", ports, ports[::-1], False
    )


def other(draw: Draw, ends: tuple[int, int]) -> Fresh:
    """A protocol without ports; refusals of these are not always answered (nf_reject_verify_csum)."""
    version = family(ends[0])
    protocol = draw.rng.choice((*OTHERS[version], *((b.NONE6,) if version == 6 else ())))
    state = "invalid" if protocol == b.NONE6 else "new"
    return Fresh(protocol, b.gre(b"") + draw.payload(), state, (0, 0), (0, 0), False)


KINDS: dict[str, tuple[int, Callable[[Draw, tuple[int, int]], Fresh]]] = {
    "tcp": (40, tcp), "udp": (25, udp), "icmp": (20, icmp), "sctp": (5, sctp), "other": (10, other),
}  # fmt: skip
"""By name: how often, and what makes it."""


def broken(fresh: Fresh) -> Fresh:
    """The same TCP or UDP with a checksum that is wrong: conntrack looks at it where packets enter."""
    at = 16 if fresh.protocol == b.TCP else 6
    spoilt = bytes((fresh.rest[at] ^ 0x55, fresh.rest[at + 1] ^ 0xAA))
    rest = fresh.rest[:at] + spoilt + fresh.rest[at + 2 :]
    return Fresh(fresh.protocol, rest, "invalid", fresh.ports, fresh.back, False)
