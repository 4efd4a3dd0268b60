"""What a captured packet says about a token: plain struct code, for every packet of a run comes through here."""

import struct

from segctl.model.service import ICMP, ICMP6, SCTP, TCP
from segctl.probe.result import Answer

MARK = b"segctl-probe"
"""Stands before the token in every payload of ours."""

Reading = tuple[int, Answer | None]
"""A token, and what the packet answers it with; None: it may be the very packet (the caller compares its bytes)."""

_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_ERRORS = {4: (3, 11, 12), 6: (1, 2, 3, 4)}  # RFC 792; RFC 4443: they quote what they complain of
_PROHIBITED = {(4, 3, 9), (4, 3, 10), (4, 3, 13), (6, 1, 1)}  # RFC 1122, 1812; RFC 4443
_CLOSED = {(4, 3, 2), (4, 3, 3), (6, 1, 4), (6, 4, 1)}
_INIT = 1


def read(family: int, data: bytes) -> Reading | None:
    """A whole layer-3 packet; None if it carries no token that could be ours, or is cut short."""
    if family == 4:
        if len(data) < 20 or data[0] >> 4 != 4:
            return None
        start, end, protocol = (data[0] & 0xF) * 4, int.from_bytes(data[2:4], "big"), data[9]
    else:
        if len(data) < 40 or data[0] >> 4 != 6:
            return None
        start, end, protocol = 40, 40 + int.from_bytes(data[4:6], "big"), data[6]
    return read_body(family, protocol, data[start:end])


def read_body(family: int, protocol: int, body: bytes) -> Reading | None:
    """What comes after the IP header."""
    if protocol == TCP:
        return _tcp(body)
    if protocol == (ICMP if family == 4 else ICMP6) and len(body) >= 8 and body[0] in _ERRORS[family]:
        return _quoted(family, body)
    if protocol == SCTP and len(body) >= 20 and body[12] == _INIT:
        return int.from_bytes(body[16:20], "big"), None
    at = body.rfind(MARK)
    if at < 0 or len(body) < at + len(MARK) + 4:
        return None
    return int.from_bytes(body[at + len(MARK) : at + len(MARK) + 4], "big"), None


def _tcp(body: bytes) -> Reading | None:
    if len(body) < 20:
        return None
    sequence, acknowledged = struct.unpack_from(">II", body, 4)
    flags = body[13] & (_SYN | _RST | _ACK)
    if flags == _SYN | _ACK:
        return acknowledged - 1 & 0xFFFFFFFF, Answer.SYN_ACK
    if flags == _RST | _ACK:
        return acknowledged - 1 & 0xFFFFFFFF, Answer.RESET
    return (sequence, None) if flags in (_SYN, _RST) else None


def _quoted(family: int, body: bytes) -> Reading | None:
    """An ICMP error: eight bytes of the quoted transport header at least, in which TCP's sequence number stands."""
    inner = body[8:]
    if family == 4 and len(inner) >= 20 and inner[9] == TCP:
        start = (inner[0] & 0xF) * 4
        token = int.from_bytes(inner[start + 4 : start + 8], "big") if len(inner) >= start + 8 else None
    elif family == 6 and len(inner) >= 48 and inner[6] == TCP:
        token = int.from_bytes(inner[44:48], "big")
    else:
        quoted = read(family, inner)
        token = quoted[0] if quoted else None
    if token is None:
        return None
    kind = family, body[0], body[1]
    return token, Answer.PROHIBITED if kind in _PROHIBITED else Answer.CLOSED if kind in _CLOSED else Answer.UNREACHABLE
