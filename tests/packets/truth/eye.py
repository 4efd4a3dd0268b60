"""What the kernel tells of packets as it looks at them: a table of our own, and the socket that its log rules write to.

Before any rule under test an answer of the router's own making is told (`born`), after all of them a packet that the
router takes (`input`). With `STATES` loaded, what conntrack says of a packet is told, too, right after it looked.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from segctl.kernel.wire import attribute, attributes, number, string
from segctl.runner import Netns
from tests.packets.truth.world import BOUNCE

GROUP = 7
SENTINEL = 0x88B5  # IEEE 802: local experimental ethertype 1
_BEFORE_ALL, _AFTER_ALL = -2_147_483_647, 2_147_483_646  # conntrack confirms at 2**31 - 1
_BIG = 64 << 20
_LOGGED = 4 << 8  # NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET
_CONFIG = 4 << 8 | 1

EYE = f"""
table netdev sglc_eye {{
 chain bounce {{
  type filter hook ingress device {BOUNCE} priority -500; policy accept;
  ether type {SENTINEL:#x} fwd to {BOUNCE}
 }}
}}
table inet sglc_eye {{
 chain born {{
  type filter hook output priority {_BEFORE_ALL}; policy accept;
  meta l4proto {{ tcp, icmp, ipv6-icmp }} log prefix "born" group {GROUP} queue-threshold 1
 }}
 chain input {{
  type filter hook input priority {_AFTER_ALL}; policy accept;
  log prefix "input" group {GROUP} queue-threshold 1
 }}
}}
"""
_STATES = "".join(
    f'  ct direction {direction} ct state {state} log prefix "{state} {direction}" group {GROUP} queue-threshold 1\n'
    for state in ("new", "established", "related")
    for direction in ("original", "reply")
) + "".join(
    f'  ct state {state} log prefix "{state} original" group {GROUP} queue-threshold 1\n'
    for state in ("invalid", "untracked")
)
STATES = "table inet sglc_states {\n" + "".join(
    f" chain {hook} {{\n  type filter hook {hook} priority -199; policy accept;\n{_STATES} }}\n"
    for hook in ("prerouting", "output")
) + "}\n"  # fmt: skip
OURS = frozenset({"sglc_eye", "sglc_states", "sglc_prepare"})


@dataclass(frozen=True, slots=True)
class Told:
    """One packet that a log rule told of: the rule's prefix, the packet from its IP header on, its mark there."""

    prefix: str
    body: bytes
    mark: int


class Eye:
    """The socket that a router's log rules write to (linux/netfilter/nfnetlink_log.h)."""

    def __init__(self, router: Netns) -> None:
        with router.inside():
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 12)
        self._socket.bind((0, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, 33, _BIG)  # SO_RCVBUFFORCE
        self._configure(attribute(1, b"\x01"))  # NFULA_CFG_CMD: bind to the group
        self._configure(attribute(2, struct.pack("!IBB", 0xFFFF, 2, 0)))  # NFULA_CFG_MODE: the whole packet
        self._configure(attribute(5, struct.pack("!I", 1)))  # NFULA_CFG_QTHRESH: each at once

    def _configure(self, payload: bytes) -> None:
        head = struct.pack("=IHHII", 20 + len(payload), _CONFIG, 0x5, 1, 0)  # REQUEST | ACK
        self._socket.send(head + struct.pack("!BBH", 0, 0, GROUP) + payload)
        answer = self._socket.recv(8192)
        assert struct.unpack_from("=i", answer, 16)[0] == 0, "the kernel refused a log group"

    def told(self) -> Iterator[Told]:
        """All that waits. OSError (ENOBUFS) if something was lost."""
        while True:
            try:
                received = self._socket.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            at = 0
            while at + 16 <= len(received):
                length, kind = struct.unpack_from("=IH", received, at)
                if kind == _LOGGED:
                    found = attributes(received[at + 20 : at + length])
                    yield Told(string(found[10]), found.get(9, b""), number(found.get(2, b"")))
                at += length + 3 & ~3

    def close(self) -> None:
        self._socket.close()
