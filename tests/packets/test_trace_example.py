"""The rules of an example's gateway, as they are applied: what the model meets is what the kernel's trace names.

Here the model is told of each packet what the trace tells: its headers, and conntrack's word by rules that read it.
"""

import os
import socket
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from segctl.apply.reading import read_listing
from segctl.kernel.nftrace import rule_handles
from segctl.kernel.nftrace_gather import Seen
from segctl.kernel.nftrace_packet import packet_of
from segctl.lab import Built
from segctl.lab.topology import Gateway, Host, Nic
from segctl.listing.rule import Listing
from segctl.model.packet import Packet, Way
from segctl.model.ranges import V6, family
from segctl.model.sought import Sought
from segctl.prove import follow
from segctl.prove.sidebyside import beside
from tests.packets.test_examples import standing
from tests.packets.tracing import TABLE, Tracer, told_of, traced
from tests.packets.truth import bodies as b
from tests.sites import EXAMPLES

pytestmark = [pytest.mark.packets, pytest.mark.timeout(300)]
PORTS = (22, 53, 80, 443, 3389, 5432, 8443, 9000)
TALKS = 120
QUIET = 0.5


@pytest.fixture(scope="module")
def built() -> Iterator[Built]:
    with standing(EXAMPLES / "shop" / "site", f"tr{os.getpid()}") as lab:
        yield lab


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def address(rng: Random, built: Built, version: int) -> int:
    """Of a host, of the gateway, or of nobody whom the site knows."""
    drawn = rng.random()
    ends = [one for host in built.hosts for one in host.addresses if family(one) == version]
    if drawn < 0.8:
        return rng.choice(ends)
    if drawn < 0.9:
        own = [one.address for nic in built.gateways[0].nics for one in nic.addresses]
        return rng.choice([one for one in own if family(one) == version])
    return rng.choice(ends) + rng.randrange(1, 200)


def talk(rng: Random, ends: tuple[int, int]) -> list[tuple[bool, bytes]]:
    """A few packets between two ends, some of them back."""
    ports = rng.randrange(1024, 1 << 16), rng.choice((*PORTS, rng.randrange(1, 1 << 16)))
    make = b.ipv4 if family(ends[0]) == 4 else b.ipv6
    kind = rng.random()
    if kind < 0.5:
        flags = rng.choice(((b.SYN, b.SYN | b.ACK, b.ACK), (b.ACK, b.ACK, b.ACK), (b.SYN, b.RST | b.ACK, b.SYN)))
        said = [(b.TCP, b.tcp(*_turned(ends, ports, back), flags[at], b"")) for at, back in enumerate((0, 1, 0))]
    elif kind < 0.8:
        said = [(b.UDP, b.udp(*_turned(ends, ports, back), b"hello")) for back in (0, 1, 0)]
    else:
        protocol, kinds = (b.ICMP, (8, 0, 8)) if family(ends[0]) == 4 else (b.ICMP6, (128, 129, 128))
        turned = [_turned(ends, ports, back)[0] for back in (0, 1, 0)]
        said = [(protocol, b.icmp(turned[at], kinds[at], 0, ports[0] << 16 | 1, b"")) for at in range(3)]
    backs = (False, True, False)
    return [
        (back, make(*(ends[::-1] if back else ends), protocol, rest))
        for back, (protocol, rest) in zip(backs, said, strict=True)
    ]


def _turned(ends: tuple[int, int], ports: tuple[int, int], back: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (ends[::-1], ports[::-1]) if back else (ends, ports)


class Sender:
    """Sends frames from a host to the gateway's interface on its LAN."""

    def __init__(self, built: Built, gateway: Gateway) -> None:
        self.by_lan = {nic.lan: nic for nic in gateway.nics}
        self.hosts = [host for host in built.hosts if host.lan in self.by_lan]
        self.sockets = dict[str, socket.socket]()
        for host in self.hosts:
            with built.runner(host).inside():
                self.sockets[host.name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)

    def behind(self, end: int, rng: Random) -> Host:
        """The host with that address; one of the others for a forged one."""
        owners = [host for host in self.hosts if end in host.addresses]
        return owners[0] if owners and rng.random() < 0.85 else rng.choice(self.hosts)

    def send(self, host: Host, body: bytes) -> None:
        nic: Nic = self.by_lan[host.lan]
        kind = b"\x08\x00" if body[0] >> 4 == 4 else b"\x86\xdd"
        self.sockets[host.name].sendto(octets(nic.mac) + octets(host.nic.mac) + kind + body, (host.nic.name, 0))

    def close(self) -> None:
        for one in self.sockets.values():
            one.close()


def spoken(built: Built, gateway: Gateway, tracer: Tracer, rng: Random) -> list[Seen]:
    """Talks between random ends, and all that the gateway saw meanwhile: the hosts' own answers, and its own words."""
    sender, found = Sender(built, gateway), list[Seen]()
    try:
        for _ in range(TALKS):
            version = rng.choice((4, 6))
            ends = address(rng, built, version), address(rng, built, version)
            if ends[0] == ends[1]:
                continue
            hosts = sender.behind(ends[0], rng), sender.behind(ends[1], rng)
            for back, body in talk(rng, ends):
                sender.send(hosts[back], body)
                found += tracer.whole()
    finally:
        sender.close()
    return found + tracer.seen(QUIET)


def as_packet(seen: Seen, listing: Listing) -> Packet:
    """What the trace alone tells: the shop's rules read no field but those of headers and connections."""
    head = seen.first
    four = head.network[0] >> 4 == 4
    protocol = head.network[9] if four else head.network[6]
    way = seen.way or Way.OUTPUT
    iif, oif = (listing.interfaces.get(one, "") for one in (head.iif, seen.oif))
    base, places = (0, (12, 16, 20)) if four else (V6, (8, 24, 40))
    ends = [base + int.from_bytes(head.network[a:z], "big") for a, z in pairwise(places)]
    sought = Sought(iif, "" if way is Way.INPUT else oif, ends[0], ends[1], protocol)
    return packet_of(seen, sought, listing.interfaces)


def test_the_gateway_of_an_example(built: Built) -> None:
    gateway = built.gateways[0]
    runner = built.runner(gateway)
    tally, differing, states, rules = Counter[str](), [], Counter[str](), set[int]()
    devices = [nic.name for nic in gateway.nics]
    listing, held = read_listing(runner), rule_handles(runner)
    with traced(runner, devices, connections=True) as tracer:
        found = spoken(built, gateway, tracer, Random(6))
    for seen in found:
        if seen.first.network[0] >> 4 == 6 and seen.first.network[6] == 0:
            tally["of listeners (MLD), behind a header that no trace shows"] += 1
            continue
        if seen.way is None and seen.first.iif:
            tally["not routed"] += 1
            continue
        packet = as_packet(seen, listing)
        live = beside(listing, follow(listing, packet), told_of(seen, (TABLE,)), seen.ending, held, ())
        tally["packets"] += 1
        tally["with rules met now and then"] += any(note.startswith("met now") for note in live.notes)
        tally[seen.ending or "no verdict"] += 1
        states[f"{packet.way} {packet.state} {packet.direction}"] += 1
        rules |= {line.rule.handle for line in live.lines if line.rule.handle is not None}
        if not live.agrees:
            differing.append((packet, live))
    print(f"\n{dict(tally)}; {dict(states)}; {len(rules)} rules met")
    assert not differing, (len(differing), differing[:2])
    assert tally["packets"] >= 350
    assert min(tally["accept"], tally["drop"]) > 50
    assert len(rules) > 30
