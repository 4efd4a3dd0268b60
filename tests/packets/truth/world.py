"""A router with four sides in a namespace of its own; another namespace holds the far ends, where nobody answers.

          ┌──────── router ────────┐
    o0 ── le0  group 5   ri0 group 6 ── o2      far ends send and hear frames; neighbours are permanent, so that
    o1 ── le1  group 5   ri1         ── o3      nothing moves but what a test sends
          └───────── ze0 ──────────┘── z0       where the last frame of a volley is turned back (`verdicts`)

Side n has the networks 10.(n+1).0.0/16 and fd00:(n+1)::/32, behind 10.9.n.2 and fd09:n::2; ri1 also everything else.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segctl.model.ranges import V6, parse_address
from segctl.runner import Netns

NAMES = ("le0", "le1", "ri0", "ri1")
GROUPS = (5, 5, 6, 0)
BOUNCE, FAR_BOUNCE = "ze0", "z0"
_SYSCTLS = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.send_redirects": 0,
    "net.ipv4.conf.all.accept_local": 0,
    "net.ipv4.icmp_echo_ignore_all": 1,
    "net.ipv6.icmp.echo_ignore_all": 1,
    "net.ipv4.icmp_ratelimit": 0,  # every refusal is answered
    "net.ipv4.icmp_ratemask": 0,
    "net.ipv4.icmp_msgs_per_sec": 1_000_000,
    "net.ipv4.icmp_msgs_burst": 1_000_000,
    "net.ipv6.icmp.ratelimit": 0,
    "net.ipv6.icmp.ratemask": "0,2-127",
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.accept_ra": 0,
    "net.netfilter.nf_conntrack_tcp_be_liberal": 1,  # what is sent on a connection is not about sequence numbers
}


@dataclass(frozen=True, slots=True)
class Side:
    """One interface of the router."""

    number: int

    @property
    def name(self) -> str:
        """The router's interface."""
        return NAMES[self.number]

    @property
    def far(self) -> str:
        """The far end's interface."""
        return f"o{self.number}"

    @property
    def mac(self) -> bytes:
        """The router's."""
        return bytes((2, 0, 0, 0, 1, self.number))

    @property
    def far_mac(self) -> bytes:
        return bytes((2, 0, 0, 0, 2, self.number))

    def own(self, version: int) -> int:
        """The router's address, on the line of `segctl.model.ranges`."""
        return parse_address(f"10.9.{self.number}.1" if version == 4 else f"fd09:{self.number}::1")

    def host(self, version: int, number: int) -> int:
        """One of the addresses behind this side."""
        if version == 4:
            return parse_address(f"10.{self.number + 1}.0.0") + number
        return parse_address(f"fd00:{self.number + 1}::") + number


SIDES = tuple(Side(number) for number in range(len(NAMES)))
OWN = {version: tuple(side.own(version) for side in SIDES) for version in (4, 6)}


def side_of(address: int) -> Side:
    """The side that the router sends a packet to this address out by."""
    if address >= V6:
        behind = (address - V6 >> 96) - 0xFD000001
        net = (address - V6 >> 112) == 0xFD09
        number = (address - V6 >> 96) & 0xFFFF if net else behind
    else:
        behind = (address >> 16) - (10 << 8 | 1)
        number = address >> 8 & 0xFF if address >> 16 == (10 << 8 | 9) else behind
    return SIDES[number] if 0 <= number < len(SIDES) else SIDES[-1]


def index_of(name: str) -> int:
    """The number of one of the router's interfaces: they are made in this order, after `lo`; 0 for no name."""
    return NAMES.index(name) + 2 if name else 0


@dataclass(frozen=True, slots=True)
class World:
    """The two namespaces, and the router's interfaces by index."""

    router: Netns
    outside: Netns
    interfaces: dict[int, str]


@contextmanager
def standing(tag: str = "") -> Iterator[World]:
    """The world for the length of a block; needs root."""
    names = [f"sglc-{tag}{os.getpid()}-{what}" for what in ("r", "o")]
    try:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        router, outside = map(Netns, names)
        _links(router, outside)
        _addresses(router)
        world = World(router, outside, _indices(router))
        assert all(world.interfaces[index_of(name)] == name for name in NAMES)
        yield world
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


def _links(router: Netns, outside: Netns) -> None:
    for place in (router, outside):
        settings = (f"{key}={value}" for key, value in _SYSCTLS.items())
        _run(place, ["sysctl", "-qw", *settings])
    _run(outside, ["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"])
    lines = ["link set lo up"]
    for side in SIDES:
        lines += [
            f"link add {side.name} address {side.mac.hex(':')} type veth "
            f"peer name {side.far} address {side.far_mac.hex(':')} netns {outside.name}",
            f"link set {side.name} group {GROUPS[side.number]} up",
        ]
    lines += [f"link add {BOUNCE} type veth peer name {FAR_BOUNCE} netns {outside.name}", f"link set {BOUNCE} up"]
    _batch(router, lines)
    _batch(outside, [f"link set {name} up" for name in (*(side.far for side in SIDES), FAR_BOUNCE)])


def _addresses(router: Netns) -> None:
    lines = []
    for side in SIDES:
        n, mac = side.number, side.far_mac.hex(":")
        lines += [
            f"address add 10.9.{n}.1/24 broadcast 10.9.{n}.255 dev {side.name}",
            f"address add fd09:{n}::1/64 dev {side.name} nodad",
            f"neighbour replace 10.9.{n}.2 lladdr {mac} nud permanent dev {side.name}",
            f"neighbour replace fd09:{n}::2 lladdr {mac} nud permanent dev {side.name}",
            f"route add 10.{n + 1}.0.0/16 via 10.9.{n}.2",
            f"route add fd00:{n + 1}::/32 via fd09:{n}::2",
        ]
    last = SIDES[-1].number
    lines += [f"route add default via 10.9.{last}.2", f"route add default via fd09:{last}::2"]
    _batch(router, lines)


def _indices(router: Netns) -> dict[int, str]:
    rows = (row.split(": ") for row in _run(router, ["ip", "-o", "link"]).splitlines())
    return {int(row[0]): row[1].split("@")[0] for row in rows}


def _batch(place: Netns, lines: list[str]) -> None:
    _run(place, ["ip", "-batch", "-"], "\n".join(lines) + "\n")


def _run(place: Netns, argv: list[str], stdin: str | None = None) -> str:
    done = place.run(argv, stdin=stdin)
    assert not done.code, f"{argv}: {done.stderr}"
    return done.stdout
