"""Single packets, made by hand: sent from a machine's interface as they are, and seen wherever they leave or arrive."""

import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Packet, Raw

from segctl.lab import Node
from tests.packets.net import Machine, Net
from tests.packets.talk import soon

OUTGOING = 4  # linux/if_packet.h: PACKET_OUTGOING
_EVERYTHING = 0x0003  # linux/if_ether.h: ETH_P_ALL
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
PATIENCE = 1.0
SETTLE = 0.02  # seconds that a packet might be later than one that was sent after it


def token() -> bytes:
    """What tells a packet from all others."""
    return os.urandom(8).hex().encode()


def ip(source: str, destination: str, *, hop: int = 64, carries: int | None = None) -> Packet:
    """The header of either family; `hop` is its time to live, `carries` a protocol that scapy can't know."""
    if ":" in source:
        six = IPv6(src=source, dst=destination, hlim=hop)
        if carries is not None:
            six.nh = carries
        return six
    four = IP(src=source, dst=destination, ttl=hop)
    if carries is not None:
        four.proto = carries
    return four


def udp(source: str, destination: str, port: int, payload: bytes, sport: int = 40_000) -> Packet:
    """A datagram."""
    return ip(source, destination) / UDP(sport=sport, dport=port) / Raw(payload)


def send(sender: Machine, packet: Packet | bytes, to: str) -> None:
    """Out of the machine's interface, to that neighbour's MAC address."""
    body = bytes(packet)
    with sender.runner.inside():
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with out:
        out.bind((sender.nic, 0))
        ethertype = struct.pack("!H", _ETHERTYPE[body[0] >> 4])
        out.send(_octets(to) + _octets(sender.mac) + ethertype + body)


def _octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


@dataclass(frozen=True)
class Frame:
    """What passed an interface; `body` begins with the IP header."""

    nic: str
    outgoing: bool
    body: bytes

    @property
    def protocol(self) -> int:
        return protocol(self.body)


@dataclass
class Ear:
    """Everything that passes the interfaces of a machine, since it was opened."""

    socket: socket.socket
    frames: list[Frame] = field(default_factory=list)

    def listen(self) -> list[Frame]:
        """All that passed until now."""
        while select.select([self.socket], [], [], 0)[0]:
            body, (nic, _, kind, _, _) = self.socket.recvfrom(65_535)
            self.frames.append(Frame(nic, kind == OUTGOING, body[14:]))
        return self.frames

    def wait(self, wanted: Callable[[Frame], bool], patience: float = PATIENCE) -> Frame | None:
        """The first frame of that kind; None if there is none in time."""
        end = time.monotonic() + patience
        while True:
            found = next((frame for frame in self.listen() if wanted(frame)), None)
            if found or time.monotonic() > end:
                return found
            time.sleep(0.002)


@contextmanager
def ear(machine: Machine) -> Iterator[Ear]:
    """Listen in the machine's namespace for the length of a block."""
    with machine.runner.inside():
        opened_ = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
    with opened_:
        yield Ear(opened_)


def leaves_by(net: Net, sender: Machine, packet: Packet, said: bytes) -> set[str]:
    """The interfaces of gw1 by which a packet with these bytes leaves, once `sender` sent it to gw1.

    A packet that must pass is sent after it: when that has passed, this one has, or never will.
    """
    gateway, control = net[nic_towards(net, sender)], token()
    one, other = net["l1"], net["r1"]
    with ear(gateway) as heard:
        send(sender, packet, gateway.mac)
        send(one, udp(one.addresses[4], other.addresses[4], 443, control, 40_001), net["gw1.eth1"].mac)
        assert heard.wait(lambda frame: frame.outgoing and control in frame.body), "the control did not pass"
        time.sleep(SETTLE)
        same = [frame for frame in heard.listen() if frame.outgoing and frame.protocol == protocol(bytes(packet))]
        return {frame.nic for frame in same if said in frame.body}  # an ICMP error quotes it: that is another packet


def protocol(body: bytes) -> int:
    """What the IP header names; -1 if it is none."""
    if not body or body[0] >> 4 not in (4, 6):
        return -1
    return body[9] if body[0] >> 4 == 4 else body[6]


def hears(one: socket.socket, said: bytes, wanted: bool = True) -> bool:
    """Whether these bytes come to a socket: soon, or, where it is not wanted, within a tenth of a second."""

    def come() -> bool:
        while select.select([one], [], [], 0)[0]:
            if said in one.recv(65_535):
                return True
        return False

    return soon(come, 0.5 if wanted else 0.1)


def nic_towards(net: Net, machine: Machine) -> str:
    """gw1's interface on the machine's LAN, as `Net` calls it."""
    nodes: tuple[Node, ...] = (*net.built.gateways, *net.built.hosts)
    lan = {nic.mac: nic.lan for node in nodes for nic in node.nics}
    gateway = net.built.gateway("gw1")
    return "gw1." + next(nic.name for nic in gateway.nics if nic.lan == lan[machine.mac])
