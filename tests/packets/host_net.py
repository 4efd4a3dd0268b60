"""The site `sites/host` as a lab, a host point's rules on db1 alone: the gateway only sends on.

web1 web-1 eth1 ─┐    ┌─ eth2 db1 (the host point), db2        plain-1 eth3   seen-1 eth4
world-1 eth0 ────┴ gw ┴─ eth6 admin-1                           ill-1 eth5
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from segctl.apply import Applied, Proving, Wish, apply
from segctl.compile import loadable
from segctl.kernel import conntrack, nft
from segctl.kernel.conntrack import Connection
from segctl.model.generation import Loadable
from segctl.policy import Policy
from segctl.runner import Netns
from tests.packets.net import Change, Machine, standing
from tests.packets.talk import Talk, among
from tests.sites import policy

FOLDER = Path(__file__).parent / "sites" / "host"
SITE = (FOLDER / "segctl.yaml").read_text()
POINT = "db1-host"


@cache
def law(*changes: Change) -> Policy:
    """The site with some of its words said otherwise: each must stand in it."""
    text = SITE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return policy(text, datetime.now(UTC))


@dataclass
class HostNet:
    """The lab as it stands, and the rules that are awake on db1."""

    lab: str
    machines: dict[str, Machine]
    awake: tuple[Change, ...] | None = None
    rules: Loadable | None = None
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]

    @property
    def host(self) -> Netns:
        return self.machines["db1"].runner

    def apply(self, *changes: Change, prime: float = 0.0, proving: Proving = Proving.LEFT_OUT) -> Applied:
        """A new generation on db1."""
        at = datetime.now(UTC)
        said = law(*changes)
        rules = loadable(said, POINT, at)
        done = apply(self.host, said, rules, at, Wish(prime, proving, replace="a test"))
        self.awake, self.rules = changes, rules
        told = {number: (m.kind, "" if m.kind == "management" else m.name) for number, m in rules.meanings.items()}
        self.numbers = {line: number for number, line in told.items()}
        return done

    def wake(self, *changes: Change) -> None:
        """The site with these changes, if it isn't awake; nothing is tracked any more."""
        if self.awake != changes:
            self.apply(*changes)
        self.host.run(["conntrack", "-F"])

    def bare(self) -> None:
        """Neither rules nor connections."""
        nft.load(self.host, "flush ruleset\n")
        self.host.run(["conntrack", "-F"])
        self.awake = None

    def connections(self) -> tuple[Connection, ...]:
        return tuple(conntrack.entries(self.host))


@contextmanager
def host_net(name: str) -> Iterator[HostNet]:
    """The lab for the length of a block, without rules."""
    with standing(name, law()) as net:
        yield HostNet(net.built.name, net.machines)


def come(talks: Sequence[Talk], patience: float) -> list[Talk]:
    """Open all, also those that our own output hook refuses; those whose opening packet came to the other end."""
    for talk in talks:
        with suppress(PermissionError):
            talk.start()
    return among(talks, _started, patience)


def _started(talk: Talk) -> bool:
    with suppress(AttributeError):  # refused before it had both of its sockets
        return talk.started()
    return False
