"""Sending, from inside each machine's own network namespace, with sockets that stay open for the run.

A cell's packet goes through a raw IP socket, so that it passes the sender's own output hook and the kernel finds the
next hop; a control frame goes through a packet socket, which no filter of nftables or iptables sees.
"""

import errno
import os
import socket
from contextlib import ExitStack

from segctl.model.ranges import V6, show_address
from segctl.probe.event import Event, Kind
from segctl.probe.packet import Packet
from segctl.probe.stage import Stage

_ETHERTYPE = {4: 0x0800, 6: 0x86DD}


class Voice:
    """Speaks for every machine of a stage; use it in `with`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sockets: dict[tuple[str, int], socket.socket] = {}
        self._open = ExitStack()
        self.packets = 0

    def __enter__(self) -> "Voice":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def send(self, node: str, packet: Packet) -> Event:
        """Hand the packet to the machine's kernel: SENT, REFUSED by a filter of its own, or FAILED."""
        family = socket.AF_INET6 if packet.destination >= V6 else socket.AF_INET
        self.packets += 1
        try:
            # IPPROTO_RAW: the IP header is ours, in both families (raw(7); net/ipv6/af_inet6.c, inet6_create)
            self._socket(node, family, socket.IPPROTO_RAW).sendto(packet.data, (show_address(packet.destination), 0))
        except PermissionError as error:
            kind = Kind.REFUSED if error.errno == errno.EPERM else Kind.FAILED
            return Event(packet.token, kind, node, words=os.strerror(error.errno or 0))
        except OSError as error:
            return Event(packet.token, Kind.FAILED, node, words=os.strerror(error.errno or 0))
        return Event(packet.token, Kind.SENT, node)

    def inject(self, node: str, interface: str, ours: bytes, theirs: bytes, packet: Packet) -> bool:
        """Put the packet on the wire as it is, past all filters; whether the interface took it."""
        kind = _ETHERTYPE[6 if packet.destination >= V6 else 4]
        self.packets += 1
        try:
            frame = theirs + ours + kind.to_bytes(2, "big") + packet.data
            self._socket(node, socket.AF_PACKET, 0).sendto(frame, (interface, kind))
        except OSError:
            return False
        return True

    def _socket(self, node: str, family: int, protocol: int) -> socket.socket:
        """Made when first needed; protocol 0 of a packet socket hears nothing (packet(7))."""
        if (node, family) not in self._sockets:
            with self._stage.by_name[node].runner.inside():
                made = socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
            self._open.enter_context(made)
            made.settimeout(1.0)
            self._sockets[node, family] = made
        return self._sockets[node, family]
