"""A gateway of a site in a namespace of its own, under its own interface names; all its far ends in another.

                 ┌── gateway ──┐
    x0 ───────── eth0       eth1 ───────── x1      far ends have no addresses: they send and hear frames, whatever
    x2 ───────── eth2      stray ───────── x3      these say; next hops are permanent neighbours, so nothing moves
                 └─────────────┘                   but what is sent on purpose

`stray` is an interface that the site doesn't name, with an address of the gateway that it doesn't name either.
"""

import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from segctl.model.point import Point
from segctl.model.ranges import ALL_ADDRESSES, V6, Ranges, family, parse_address, prefix, show_address
from segctl.model.selector import POINTS, WORLD
from segctl.policy import Policy
from segctl.runner import Netns

STRAY = "stray"
STRAY_ADDRESSES = (parse_address("192.0.2.1"), parse_address("2001:db8:ffff::1"))
MISROUTE = 0x7000  # channel (IP id, flow label): out by the interface with that number
_HOP = {4: "169.254.254.254", 6: "fe80::fe"}
_TABLE = 1000
_MTU = 65_535  # rules may ask for a packet's length
_UNROUTED = (
    ("0.0.0.0", 32),
    ("127.0.0.0", 8),
    ("224.0.0.0", 4),
    ("255.255.255.255", 32),
    ("::1", 128),
    ("fe80::", 10),
    ("ff00::", 8),
)
_SYSCTLS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv4.conf.all.rp_filter": 0,  # what stops a forged source must be the rules
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv4.conf.all.route_localnet": 1,  # 127/8 is for the rules to stop, too
    "net.ipv4.conf.default.route_localnet": 1,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.send_redirects": 0,
    "net.ipv4.conf.all.accept_redirects": 0,
    "net.ipv6.conf.all.accept_redirects": 0,
    "net.ipv4.conf.all.force_igmp_version": 0,
    "net.ipv4.icmp_echo_ignore_broadcasts": 1,
    "net.ipv4.icmp_ratelimit": 0,  # every refusal is answered
    "net.ipv4.icmp_ratemask": 0,
    "net.ipv4.icmp_msgs_per_sec": 10_000_000,
    "net.ipv4.icmp_msgs_burst": 10_000_000,
    "net.ipv6.icmp.ratelimit": 0,
    "net.ipv6.icmp.ratemask": "0,2-127",
    "net.ipv6.conf.all.disable_ipv6": 0,
    "net.ipv6.conf.default.disable_ipv6": 0,
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.accept_ra": 0,
    "net.netfilter.nf_conntrack_tcp_be_liberal": 1,  # whether a sequence number fits is not the question
}


@dataclass(frozen=True, slots=True)
class Face:
    """One interface of the gateway: `number` is that of the far end's."""

    number: int
    name: str

    @property
    def far(self) -> str:
        """The far end's interface."""
        return f"x{self.number}"

    @property
    def mac(self) -> bytes:
        """The gateway's."""
        return bytes((2, 0, 0, 1, 0, self.number))

    @property
    def far_mac(self) -> bytes:
        return bytes((2, 0, 0, 2, 0, self.number))

    @property
    def link_local(self) -> int:
        """The gateway's link-local address there, made from its MAC (RFC 4291, appendix A)."""
        made = bytes((self.mac[0] ^ 2, *self.mac[1:3], 0xFF, 0xFE, *self.mac[3:]))
        return parse_address("fe80::") + int.from_bytes(made, "big")

    @property
    def table(self) -> int:
        """The routing table by which all goes out here."""
        return _TABLE + self.number


@dataclass(frozen=True, slots=True)
class Places:
    """Both namespaces, and what the gateway is."""

    gateway: Netns
    outside: Netns
    faces: dict[str, Face]
    policy: Policy
    point: Point

    def face_of(self, address: int) -> str | None:
        """By which interface the gateway's routes send to an address; None: it is its own, or goes nowhere."""
        return next((name for span, name in routes(self.policy, self.point) if address in span), None)

    def own(self, version: int) -> tuple[int, ...]:
        """The gateway's addresses, the undeclared one last."""
        declared = [first for first, _ in self.point.own() if family(first) == version]
        return (*declared, STRAY_ADDRESSES[version == 6])


def routes(policy: Policy, point: Point) -> list[tuple[Ranges, str]]:
    """Addresses and the interface that leads to them, the first that fits: segments, networks, then all else."""
    found = []
    for interface in point.interfaces.values():
        for segment in interface.segments:
            if segment not in (WORLD, POINTS):
                found.append((policy.partition.home[segment] - policy.special, interface.name))
    for interface in point.interfaces.values():
        found.append((interface.networks() - policy.special, interface.name))
    worlds = [i.name for i in point.interfaces.values() if WORLD in i.segments]
    rest = worlds[0] if worlds else next(iter(point.interfaces))
    never = Ranges.of((prefix(parse_address(a), n)) for a, n in _UNROUTED)
    found.append((ALL_ADDRESSES - never, rest))
    return found


@contextmanager
def standing(policy: Policy, point: str, name: str) -> Iterator[Places]:
    """Both for the length of a block, without rules; needs root. `name` begins the namespaces' names."""
    chosen = policy.site.points[point]
    faces = {n: Face(i, n) for i, n in enumerate((*chosen.interfaces, STRAY))}
    gateway, outside = Netns(f"{name}-g"), Netns(f"{name}-o")
    try:
        for place in (gateway, outside):
            subprocess.run(["ip", "netns", "add", place.name], check=True)
        places = Places(gateway, outside, faces, policy, chosen)
        _links(places)
        _addresses(places)
        yield places
    finally:
        for place in (gateway, outside):
            subprocess.run(["ip", "netns", "delete", place.name], check=False)


@contextmanager
def trusting(places: Places) -> Iterator[None]:
    """For the length of a block the kernel takes its own addresses as sources of others' packets: rules stop them."""
    names = ("all", *places.faces)
    say(places.gateway, ["sysctl", "-qw", *(f"net.ipv4.conf.{name}.accept_local=1" for name in names)])
    try:
        yield
    finally:
        say(places.gateway, ["sysctl", "-qw", *(f"net.ipv4.conf.{name}.accept_local=0" for name in names)])


def _links(places: Places) -> None:
    say(places.gateway, ["sysctl", "-qw", *(f"{key}={value}" for key, value in _SYSCTLS.items())])
    off = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
    say(places.outside, ["sysctl", "-qw", *off])
    lines = ["link set lo up"]
    for face in places.faces.values():
        lines += [
            f"link add name {face.name} address {face.mac.hex(':')} type veth "
            f"peer name {face.far} address {face.far_mac.hex(':')} netns {places.outside.name}",
            f"link set dev {face.name} mtu {_MTU} up",
        ]
    _batch(places.gateway, lines)
    _batch(places.outside, [f"link set dev {face.far} mtu {_MTU} up" for face in places.faces.values()])


def _addresses(places: Places) -> None:
    """Own addresses make no routes: segments do, and they stand on whatever interface lists them."""
    lines = []
    for face in places.faces.values():
        interface = places.point.interfaces.get(face.name)
        own = [(a.address, a.length) for a in interface.addresses] if interface else []
        own = own or [(address, 128 if address >= V6 else 32) for address in STRAY_ADDRESSES if not interface]
        for address, length in own:
            more = "nodad" if address >= V6 else f"broadcast {_broadcast(address, length)}" if length < 31 else ""
            lines.append(f"address add {show_address(address)}/{length} {more} noprefixroute dev {face.name}")
        for version, hop in _HOP.items():
            lines.append(f"neighbour replace {hop} lladdr {face.far_mac.hex(':')} nud permanent dev {face.name}")
            where = f"via {hop} dev {face.name} onlink table {face.table}"
            lines.append(f"-{version} route add default {where}")
            lines.append(f"-{version} rule add pref 100 fwmark {MISROUTE + face.number:#x} table {face.table}")
            lines.append(f"-{version} rule add pref 101 oif {face.name} table {face.table}")
    for addresses, name in routes(places.policy, places.point):
        for first, last in addresses:
            lines += [f"route add {text} via {_HOP[v]} dev {name} onlink" for v, text in _prefixes(first, last)]
    _batch(places.gateway, lines)
    for version in (4, 6):  # a misrouted packet never meets the local table, or it would be ours after all
        _batch(places.gateway, [f"-{version} rule add pref 200 table local", f"-{version} rule del pref 0"])


def _broadcast(address: int, length: int) -> str:
    return show_address(address | ((1 << (32 - length)) - 1))


def _prefixes(first: int, last: int) -> Iterator[tuple[int, str]]:
    """A range as prefixes."""
    while first <= last:
        size = 1 << (128 if first >= V6 else 32)
        offset = first - V6 if first >= V6 else first
        while size > 1 and (offset % size or first + size - 1 > last):
            size >>= 1
        bits = 128 if first >= V6 else 32
        yield (6 if first >= V6 else 4), f"{show_address(first)}/{bits - size.bit_length() + 1}"
        first += size


def _batch(place: Netns, lines: list[str]) -> None:
    """Many of ip's lines; one that names a family needs a call of its own kind. A route that is there stays."""
    for version in ("", "-4", "-6"):
        some = [line.removeprefix(f"{version} ") for line in lines if line.startswith(version + " ")] if version else [
            line for line in lines if line[0] != "-"
        ]  # fmt: skip
        if some:
            stay = ["-force"] if any("route add" in line for line in some) else []
            done = place.run(
                ["ip", *([version] if version else []), *stay, "-batch", "-"], stdin="\n".join(some) + "\n"
            )
            odd = [
                line for line in done.stderr.splitlines() if "File exists" not in line and "Command failed" not in line
            ]
            assert not odd, odd


def say(place: Netns, argv: list[str], stdin: str | None = None) -> str:
    """What a command says there; it must succeed."""
    done = place.run(argv, stdin=stdin)
    assert not done.code, f"{argv}: {done.stderr}"
    return done.stdout


def unused(name: str) -> str:
    """A name for namespaces that no other process has."""
    return f"sgld-{name}-{os.getpid()}"


def raw(place: Netns, kind: int, how: int, protocol: int) -> socket.socket:
    """A socket that lives there, with much room for what comes."""
    with place.inside():
        made = socket.socket(kind, how | socket.SOCK_CLOEXEC, protocol)
    made.setsockopt(socket.SOL_SOCKET, 33, 128 << 20)  # SO_RCVBUFFORCE
    return made


def is_group(address: str) -> bool:
    """Whether it is a multicast address."""
    return address.startswith("ff") if ":" in address else 224 <= int(address.partition(".")[0]) < 240


@contextmanager
def joined(places: Places, group: str, face: str) -> Iterator[None]:
    """The gateway is a member of a group on an interface for the length of a block; no error if none can be."""
    six = ":" in group
    with raw(places.gateway, socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM, 0) as made:
        with places.gateway.inside():
            index = struct.pack("=i", socket.if_nametoindex(face))
        packed = socket.inet_pton(made.family, group)
        with suppress(OSError):
            if six:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + index)
            else:
                made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, packed + bytes(4) + index)
        yield
