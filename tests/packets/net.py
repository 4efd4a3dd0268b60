"""The site `sites/kinds` as a lab, its gateway under our rules; tests change words of the site and wake it anew.

left l1 l2 l3, wa a1 … eth1 ─┐       ┌─ eth0 world-1            plain-1, partly-1   eth3 ─┐  ┌─ eth6 twin-1
right r1 r2 r3, wb b1 … eth2 ─┼─ gw1 ─┼─ eth5 admin-1            other-1, polite-1   eth4 ─┼──┼─ eth7 twin-3
seen-1 eth9, seen2-1 eth11 ──┘       └─ eth8 mid-1, gw2         (binding waived)         └──┴─ eth10 ill-1
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from segctl.apply import read_slots
from segctl.compile import Ruleset, compile_gateway, pack, render_flip, render_structure
from segctl.kernel import conntrack, netlink, nft
from segctl.kernel.conntrack import Connection
from segctl.lab import Built, Gateway, Node, lab
from segctl.model.generation import Meaning
from segctl.model.moment import milliseconds
from segctl.model.ranges import family, show_address
from segctl.policy import Policy
from segctl.runner import Netns
from tests.sites import meant, read

SITE = (Path(__file__).parent / "sites" / "kinds" / "segctl.yaml").read_text()
HOSTS = 5  # of a segment: enough for each endpoint that a test speaks from
Change = tuple[str, str]
AF = {4: socket.AF_INET, 6: socket.AF_INET6}


@dataclass(frozen=True)
class Machine:
    """A host, or a gateway as seen at one of its interfaces."""

    name: str
    runner: Netns
    nic: str
    mac: str
    addresses: dict[int, str]

    def open(self, version: int, kind: int, protocol: int = 0) -> socket.socket:
        """One that lives in the machine's namespace."""
        with self.runner.inside():
            return socket.socket(AF[version], kind, protocol)

    def listening(self, version: int, port: int) -> socket.socket:
        """A socket that takes what comes to that port of any of its addresses, broadcasts and multicasts too."""
        opened = self.open(version, socket.SOCK_DGRAM)
        opened.setblocking(False)
        opened.bind(("::" if version == 6 else "0.0.0.0", port))
        return opened

    def run(self, line: str) -> str:
        """What a command says there; it must succeed."""
        done = self.runner.run(line.split())
        assert not done.code, f"{self.name}: {line}: {done.stderr}"
        return done.stdout


def changed(*changes: Change) -> Policy:
    """The site with some of its words said otherwise: each must stand in it."""
    text = SITE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    with TemporaryDirectory() as folder:
        (Path(folder) / "segctl.yaml").write_text(text)
        return meant(read(Path(folder)), datetime.now(UTC))


@dataclass
class Net:
    """The lab as it stands, and the rules that are awake in gw1."""

    built: Built
    machines: dict[str, Machine]
    rules: Ruleset | None = None
    awake: tuple[Change, ...] | None = None
    made: dict[tuple[Change, ...], tuple[Ruleset, datetime]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Machine:
        """A host by its name, a gateway's interface as `gw1.eth1`; `gw1.eth1+` by the last of its addresses there."""
        return self.machines[name]

    @property
    def gateway(self) -> Netns:
        return self.built.runner("gw1")

    @property
    def table(self) -> str:
        """Our table that is awake."""
        live = read_slots(self.gateway).live
        assert live is not None
        return live.name

    def wake(self, *changes: Change) -> Ruleset:
        """The site with these changes becomes a generation, if it isn't: loaded asleep, then flipped."""
        if changes not in self.made:
            at = datetime.now(UTC)
            self.made[changes] = compile_gateway(changed(*changes), "gw1", at), at
        rules, at = self.made[changes]
        if self.awake == changes:
            return rules
        slots = read_slots(self.gateway)
        if any(slot is not None and slot.name == slots.free for slot in (slots.sleeping, slots.live)):
            nft.load(self.gateway, f"delete table inet {slots.free}\n")
        nft.load(self.gateway, render_structure(rules, slots.free, slots.next_generation))
        netlink.add(self.gateway, slots.free, (one.at(milliseconds(at)) for one in pack(rules)))
        nft.load(self.gateway, render_flip(slots.free, slots.next_generation, slots.live.name if slots.live else None))
        self.rules, self.awake = rules, changes
        return rules

    def forget(self) -> None:
        """No connection is tracked any more."""
        self.gateway.run(["conntrack", "-F"])

    def number(self, kind: str, name: str, *way: str) -> int:
        """The number of a line between two interfaces, or at one for our own addresses; no name: the only one."""
        found = [n for n, m in self.meanings() if (m.kind, m.ways) == (kind, way) and name in ("", m.name)]
        assert len(found) == 1, (kind, name, way, found)
        return found[0]

    def meanings(self) -> list[tuple[int, Meaning]]:
        """Each number that is awake, with what it stands for."""
        assert self.rules is not None
        return list(self.rules.meanings.items())

    def connections(self) -> tuple[Connection, ...]:
        return tuple(conntrack.entries(self.gateway))

    def foreign(self, text: str) -> None:
        """Somebody else's table, called `foreign`, beside ours; empty text takes it away."""
        nft.load(self.gateway, "add table inet foreign\ndelete table inet foreign\n" + text)


@contextmanager
def standing(name: str, said: Policy | None = None) -> Iterator[Net]:
    """The lab of that site, or of `sites/kinds`, for the length of a block, without rules."""
    with lab(said or changed(), f"{name}{os.getpid()}", HOSTS, listeners=False) as built:
        net = Net(built, dict(machines(built)))
        for machine in {m.runner.name: m for m in net.machines.values()}.values():
            quiet(machine)
        yield net


def machines(built: Built) -> Iterator[tuple[str, Machine]]:
    """Every host and every gateway's interface, by the name that `Net` calls it by."""
    nodes: tuple[Node, ...] = (*built.gateways, *built.hosts)
    for node in nodes:
        for nic in node.nics:
            name = f"{node.name}.{nic.name}" if isinstance(node, Gateway) else node.name
            for suffix, own in (("", nic.addresses[::-1]), ("+", nic.addresses)):  # the first of a family, the last
                addresses = {family(each.address): show_address(each.address) for each in own}
                yield name + suffix, Machine(name + suffix, built.runner(node), nic.name, nic.mac, addresses)


def quiet(machine: Machine) -> None:
    """Echo is answered by tests alone, and no ICMP error is under a limit."""
    settings = {
        "net.ipv4.icmp_echo_ignore_all": "1",
        "net.ipv6.icmp.echo_ignore_all": "1",
        "net.ipv4.icmp_ratemask": "0",
        "net.ipv6.icmp.ratemask": "0,2-127",
    }
    machine.run("sysctl -qw " + " ".join(f"{key}={value}" for key, value in settings.items()))
