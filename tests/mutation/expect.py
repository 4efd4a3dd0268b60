"""A connection that conntrack expects, told by netlink: `conntrack -I expect -p tcp` (1.4.7) writes protocol 7.

Numbers: include/uapi/linux/netfilter/nfnetlink_conntrack.h; all values in network order.
"""

import socket
import struct

from segctl.model.ranges import V6
from tests.mutation.shots import Head

_NEW = 2 << 8  # NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_NEW
_REQUEST, _ACK, _CREATE = 0x1, 0x4, 0x400
_MASTER, _TUPLE, _MASK, _TIMEOUT = 1, 2, 3, 4  # CTA_EXPECT_…
_NESTED = 0x8000
_SECONDS = 30


def expectation(master: Head, expected: Head) -> bytes:
    """The request: a connection with `expected`'s ends and ports belongs to the one that `master` began."""
    whole = 1 << (128 if expected.version == 6 else 32)
    mask = _tuple(expected.version, whole - 1, whole - 1, expected.protocol, 0xFFFF, 0xFFFF)
    body = b"".join((
        _nest(_MASTER, _of(master)),
        _nest(_TUPLE, _of(expected)),
        _nest(_MASK, mask),
        _attribute(_TIMEOUT, struct.pack("!I", _SECONDS)),
    ))  # fmt: skip
    family = socket.AF_INET6 if expected.version == 6 else socket.AF_INET
    head = struct.pack("=BBH", family, 0, 0)
    length = 16 + len(head) + len(body)
    return struct.pack("=IHHII", length, _NEW, _REQUEST | _ACK | _CREATE, 1, 0) + head + body


def _of(head: Head) -> bytes:
    base = V6 if head.version == 6 else 0
    return _tuple(head.version, head.source - base, head.destination - base, head.protocol, head.head, head.tail)


def _tuple(version: int, source: int, destination: int, protocol: int, one: int, two: int) -> bytes:
    size, kinds = (16, (3, 4)) if version == 6 else (4, (1, 2))
    ends = b"".join(
        _attribute(kind, end.to_bytes(size, "big")) for kind, end in zip(kinds, (source, destination), strict=True)
    )
    ports = (
        _attribute(1, bytes([protocol])) + _attribute(2, struct.pack("!H", one)) + _attribute(3, struct.pack("!H", two))
    )
    return _nest(1, ends) + _nest(2, ports)


def _nest(kind: int, inner: bytes) -> bytes:
    return _attribute(kind | _NESTED, inner)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
