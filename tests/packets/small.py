"""A small network made by hand, with rules written by hand, to hold the probe against something it doesn't share.

web1  10.91.1.10, fd91:1::10 --+
                               switch -- eth1 gw eth2 -- db1    10.91.2.10, fd91:2::10
web2  10.91.1.11, fd91:1::11 --+                 eth3 -- admin1 10.91.3.10, fd91:3::10
                                                 eth0 -- world1 198.51.100.10, 2001:db8:91::10
"""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from segctl.load import read_site
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import parse_address
from segctl.policy import Policy, examine
from segctl.probe import Cell, Node, Pace, Ran, Stage, Tried, cells_of, lift, plan, services_of
from segctl.runner import Netns

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SITE = """\
version: 1
site: small
segments:
  web: {strictness: guarded, members: [10.91.1.0/24, "fd91:1::/64"]}
  db: {strictness: strict, members: [10.91.2.0/24, "fd91:2::/64"]}
  admin: {strictness: guarded, members: [10.91.3.0/24, "fd91:3::/64"]}
flows:
  - {name: orders, from: web, to: db, services: [tcp/5432, udp/5353], why: "orders"}
  - {name: look, from: admin, to: db, services: [icmp/echo-request], why: "are you there"}
management:
  - {from: admin, services: [tcp/22]}
points:
  gw:
    kind: gateway
    interfaces:
      eth0: {segments: [world], addresses: [198.51.100.1/24, "2001:db8:91::1/64"]}
      eth1: {segments: [web], addresses: [10.91.1.1/24, "fd91:1::1/64"]}
      eth2: {segments: [db], addresses: [10.91.2.1/24, "fd91:2::1/64"]}
      eth3: {segments: [admin], addresses: [10.91.3.1/24, "fd91:3::1/64"]}
"""

RULES = """\
table inet hand {
 chain refuse {
  meta l4proto tcp reject with tcp reset
  reject with icmpx admin-prohibited
 }
 chain forward {
  type filter hook forward priority filter; policy drop;
  ct state established,related accept
  iifname eth1 oifname eth2 tcp dport 5432 accept
  iifname eth1 oifname eth2 udp dport 5353 accept
  iifname eth3 oifname eth2 icmp type echo-request accept
  iifname eth3 oifname eth2 icmpv6 type echo-request accept
  oifname eth2 drop
  iifname { "eth1", "eth3" } oifname eth0 accept
  oifname { "eth1", "eth3" } goto refuse
 }
 chain input {
  type filter hook input priority filter; policy drop;
  iif lo accept
  icmpv6 type { 133, 134, 135, 136 } ip6 hoplimit 255 accept
  ct state established,related accept
  iifname eth3 tcp dport 22 accept
 }
 chain output {
  type filter hook output priority filter; policy drop;
  oif lo accept
  icmpv6 type { 133, 134, 135, 136 } ip6 hoplimit 255 accept
  ct state established,related accept
  oifname eth0 accept
  oifname eth2 drop
  goto refuse
 }
}
"""
"""What the site means, as a person would write it (policy `drop` where db, or a gateway's own input, refuses)."""

Make = Callable[..., str]


@dataclass(frozen=True)
class Small:
    """The network as it stands: names of its namespaces, and what the probe is given."""

    policy: Policy
    stage: Stage
    gateway: Netns

    def rules(self, text: str) -> None:
        """The gateway's whole rule set."""
        done = self.gateway.run(["nft", "-f", "-"], stdin="flush ruleset\n" + text)
        assert not done.code, done.stderr

    def quiet_icmp(self) -> None:
        """Take the limits off the gateway's ICMP errors, so that each is seen."""
        assert lift(self.gateway)

    def cells(self) -> tuple[Cell, ...]:
        return cells_of(self.policy, self.stage, services_of(self.policy.site), NOW)

    def probe(self, cells: tuple[Cell, ...] | None = None, pace: Pace | None = None) -> Ran:
        return plan(self.stage, self.cells() if cells is None else cells, pace=pace).carry_out(seed=4)


HOSTS = {
    "web1": ("eth1", "10.91.1.10", "fd91:1::10"),
    "web2": ("eth1", "10.91.1.11", "fd91:1::11"),
    "db1": ("eth2", "10.91.2.10", "fd91:2::10"),
    "admin1": ("eth3", "10.91.3.10", "fd91:3::10"),
    "world1": ("eth0", "198.51.100.10", "2001:db8:91::10"),
}
OWN = {
    "eth0": ("198.51.100.1", "2001:db8:91::1"),
    "eth1": ("10.91.1.1", "fd91:1::1"),
    "eth2": ("10.91.2.1", "fd91:2::1"),
    "eth3": ("10.91.3.1", "fd91:3::1"),
}


def build(make: Make, folder: Path, site: str = SITE) -> Small:
    """Make the namespaces with `make` (which removes them), wire them, load RULES."""
    (folder / "segctl.yaml").write_text(site)
    policy = examine(read_site(folder), NOW).policy
    assert policy
    gateway, switch = make("gw"), make("sw")
    names = {host: make(host) for host in HOSTS}
    for name in (gateway, switch, *names.values()):  # duplicate address detection takes two seconds
        settings = [f"net.ipv6.conf.{which}.accept_dad=0" for which in ("all", "default")]
        assert not Netns(name).run(["sysctl", "-qw", *settings]).code
    _batch(switch, ["link add br0 type bridge", "link set br0 up"])
    for nic, (four, six) in OWN.items():
        _wire(gateway, nic, switch if nic == "eth1" else names[next(h for h, row in HOSTS.items() if row[0] == nic)])
        _batch(gateway, _addresses(nic, four, six))
    for host, (nic, four, six) in HOSTS.items():
        if nic == "eth1":
            _wire(names[host], "eth0", switch, f"p-{host}")
        lines = [*_addresses("eth0", four, six), f"route add default via {OWN[nic][0]}"]
        _batch(names[host], [*lines, f"route add default via {OWN[nic][1]}"])
    there = Netns(gateway)
    assert not there.run(["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"]).code
    nodes = [Node("gw", there, tuple(_own(a) for pair in OWN.values() for a in pair), point="gw", gateway=True)]
    nodes += [Node(host, Netns(names[host]), (_own(row[1]), _own(row[2]))) for host, row in HOSTS.items()]
    small = Small(policy, Stage(tuple(nodes)), there)
    small.rules(RULES)
    small.quiet_icmp()
    return small


def only(small: Small, source: str, destination: str, traffic: int) -> Cell:
    """The cell between two machines (and the family of `traffic`); of a gateway's own addresses the first."""
    wanted = source, destination, traffic
    return next(c for c in small.cells() if (c.source.node, c.destination.node, c.traffic) == wanted)


def row(tried: Tried) -> tuple[str, str, int]:
    """What names a cell in a test's failure."""
    return tried.cell.source.node, tried.cell.destination.node, tried.cell.traffic


def _wire(one: str, nic: str, other: str, port: str | None = None) -> None:
    """A veth between the two; in a switch its end is a port of the bridge."""
    port = port or ("p-gw" if other.endswith("sw") else "eth0")
    _batch(one, [f"link add {nic} type veth peer name {port} netns {other}", f"link set {nic} up"])
    _batch(other, [*([f"link set {port} master br0"] if port.startswith("p-") else []), f"link set {port} up"])


def _addresses(nic: str, four: str, six: str) -> list[str]:
    return [f"address add {four}/24 dev {nic}", f"address add {six}/64 dev {nic} nodad"]


def _own(text: str) -> InterfaceAddress:
    return InterfaceAddress(parse_address(text), 64 if ":" in text else 24)


def _batch(namespace: str, lines: list[str]) -> None:
    done = subprocess.run(
        ["ip", "-n", namespace, "-batch", "-"], input="\n".join(lines), capture_output=True, text=True, check=False
    )
    assert not done.returncode, f"{namespace}: {lines}: {done.stderr}"
