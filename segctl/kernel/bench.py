"""A small gateway on which a trial lets real packets run: one scratch namespace, two links, nothing else on them.

    near0 ═══ near  [the namespace: forwards, its rules are on trial]  far ═══ far0
    192.0.2.2   .1                                                198.51.100.1   .2
    2001:db8:1::2                                                       2001:db8:2::2

`near0` and `far0` have no address: frames are written to them as they are and read from them as they come, so that
no socket of ours stands between. Addresses are those of documentation (RFC 5737, RFC 3849).
"""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from segctl.kernel.errors import KernelError, KernelRefused, NotThere
from segctl.kernel.frames import body, echo
from segctl.kernel.links import LOOPBACK, Batch
from segctl.kernel.namespaces import write
from segctl.model.ranges import family, parse_address
from segctl.model.service import ICMP, ICMP6
from segctl.runner import Runner

NEAR, FAR = "near", "far"
"""The two interfaces of the gateway."""

_INDEX = {NEAR: 11, FAR: 21}
_MACS = {NEAR: "02:00:00:00:01:01", FAR: "02:00:00:00:02:01"}
_MACS_BEHIND = {NEAR: "02:00:00:00:01:02", FAR: "02:00:00:00:02:02"}  # not those of `near0` and `far0`: see `bench`
_OWN = {NEAR: ("192.0.2.1", "2001:db8:1::1"), FAR: ("198.51.100.1", "2001:db8:2::1")}
_LENGTHS = {4: 24, 6: 64}
_BEHIND = {NEAR: ("192.0.2.2", "2001:db8:1::2"), FAR: ("198.51.100.2", "2001:db8:2::2")}
_SETTINGS = {
    "ipv4/ip_forward": 1,
    "ipv6/conf/all/forwarding": 1,
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv4/icmp_ratelimit": 0,  # each refusal must be answered
    "ipv6/icmp/ratelimit": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/accept_ra": 0,
    "ipv6/conf/default/addr_gen_mode": 1,  # no link-local address: nothing is said on a link but by us
}
_ASKED = 0x5E6C  # the identifier of the bench's own echo requests
_LATEST = 2.0  # seconds until the namespace must have answered an echo request
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_HEADER, _LONGEST = 14, 65536
_OUTGOING = 4  # PACKET_OUTGOING (linux/if_packet.h)
_SOL_PACKET, _QDISC_BYPASS = 263, 20
_EVERY_PROTOCOL = 0x0003  # ETH_P_ALL
_ECHO_REPLY = {ICMP: 0, ICMP6: 129}


class BenchLost(KernelError):
    """The bench itself doesn't work: nothing is known of what it was to show."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The gateway; `sockets` are those at its links' other ends."""

    runner: Runner
    sockets: Mapping[str, socket.socket]

    def send(self, packet: bytes | None, at: str = NEAR) -> dict[str, list[bytes]]:
        """Let an IP packet arrive at an interface, or none; what came out of each until the gateway was done with it.

        It is, once it answers an echo request that came behind it on the same link: links keep their order. So rules
        on trial must let echo requests in, and their answers out.
        """
        if packet is not None:
            self._write(packet, at)
        seen: dict[str, list[bytes]] = {NEAR: [], FAR: []}
        until = time.monotonic() + _LATEST
        self._write(echo(behind(at), own(at), _ASKED), at)
        while not self._answered(seen, at):
            if time.monotonic() > until:
                raise BenchLost("the scratch namespace doesn't answer: nothing can be tried with packets")
            time.sleep(0.001)
        return seen

    def crosses(self, packet: bytes, at: str = NEAR) -> bool:
        """Whether a packet that arrives at an interface leaves by the other one."""
        other = FAR if at == NEAR else NEAR
        return body(packet) in map(body, self.send(packet, at)[other])

    def _write(self, packet: bytes, at: str) -> None:
        ends = bytes.fromhex((_MACS[at] + _MACS_BEHIND[at]).replace(":", ""))
        self.sockets[at].send(ends + _ETHERTYPE[packet[0] >> 4].to_bytes(2, "big") + packet)

    def _answered(self, seen: dict[str, list[bytes]], at: str) -> bool:
        """Read what is there; whether the answer to our echo request is among it (it is left out)."""
        found = False
        for side, link in self.sockets.items():
            for packet in _read(link):
                protocol, inner = body(packet)
                if protocol == ICMP and inner[:1] == b"\0" and inner[4:6] == _ASKED.to_bytes(2, "big"):
                    found |= side == at
                else:
                    seen[side].append(packet)
        return found


def _read(link: socket.socket) -> Iterator[bytes]:
    """The IP packets that came to a link's other end; not those that we sent."""
    while True:
        try:
            frame, (_, ethertype, kind, *_) = link.recvfrom(_LONGEST, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        if kind != _OUTGOING and ethertype in _ETHERTYPE.values():
            yield frame[_HEADER:]


def behind(at: str, version: int = 4) -> int:
    """The address of the machine at a link's other end."""
    return parse_address(_BEHIND[at][version == 6])


def own(at: str, version: int = 4) -> int:
    """The gateway's own address on a link."""
    return parse_address(_OWN[at][version == 6])


@contextmanager
def bench(runner: Runner) -> Iterator[Bench]:
    """Make the links in the calling thread's namespace, which is a scratch one (`in_scratch`): it ends with them.

    The machines behind have other MAC addresses than `near0` and `far0`: those are in the same namespace, which would
    forward what it finds there a second time, and so on until the packet's hops are used up.
    """
    try:
        _set_up()
    except KernelRefused as error:
        raise BenchLost(f"no scratch gateway can be made: {error}") from error
    links = {name: socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC) for name in _INDEX}
    try:
        for name, link in links.items():
            link.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)  # `near0` and `far0` may send at once, too
            link.bind((f"{name}0", _EVERY_PROTOCOL))
        yield Bench(runner, links)
    finally:
        for link in links.values():
            link.close()


def _set_up() -> None:
    """Settings, links, addresses, neighbours."""
    for setting, value in _SETTINGS.items():
        with suppress(NotThere):  # a kernel without IPv6, say: then the packets tell
            write(setting, value)
    batch = Batch()
    batch.up(LOOPBACK)
    for name, index in _INDEX.items():
        batch.pair(name, index, _MACS[name], peer=f"{name}0", peer_index=index + 1)
    batch.send()
    for name in _INDEX:
        write(f"ipv6/conf/{name}0/disable_ipv6", 1)
    for name, index in _INDEX.items():
        for address in map(parse_address, _OWN[name]):
            batch.address(index, address, _LENGTHS[family(address)])
        for address in map(parse_address, _BEHIND[name]):
            batch.neighbour(index, address, _MACS_BEHIND[name])
        batch.up(index + 1)  # before ours: the one that is up last can send at once, the other a little later
        batch.up(index)
    batch.send()
