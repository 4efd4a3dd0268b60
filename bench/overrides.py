"""How long from typing quarantine, grant, relax, panic or release to the packet that meets it, on 100,000 elements?

    a1, a2, o1 ── gateway ── b1

Each command is a process of its own, `segctl` from its first instruction; packets (1,000 a second of each kind) say
when it bites: the first that doesn't come any more, or the first that comes. Beside them the same by hand: one `nft -f`
that adds an address to a set of a small table of its own, in the same namespace. Medians and worst. Needs root.

    python bench/overrides.py [ROUNDS ELEMENTS]
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic_ns

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # the flood is the tests' own

from segctl.apply import Proving, Wish, apply
from segctl.compile import loadable
from segctl.kernel import nft
from segctl.lab import lab
from segctl.load import copy_of, load_site
from segctl.policy import examine
from segctl.store import Source
from tests.packets.flood import Log, Stream, ended, process
from tests.packets.net import Machine, machines

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from apart import apart

RATE = 1000
PAUSE = 0.15  # seconds between a command's end and the next one's begin
PER_FLOW = 4  # elements
HELD, GRANTED, RELAXED = 1, 2, 3
SITE = """\
version: 1
site: overrides
endpoints:
  a1: {addresses: [10.99.1.1]}
  a2: {addresses: [10.99.1.2]}
  o1: {addresses: [10.99.3.1]}
  b1: {addresses: [10.99.2.1]}
segments:
  a: {strictness: strict, members: [10.99.1.0/24]}
  b: {strictness: strict, members: [10.99.2.0/24]}
  o: {strictness: guarded, members: [10.99.3.0/24]}
  admin: {strictness: strict, members: [10.99.9.0/24]}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {segments: [a], addresses: [10.99.1.254/24]}
      eth2: {segments: [b], addresses: [10.99.2.254/24]}
      eth3: {segments: [o], addresses: [10.99.3.254/24]}
      eth9: {segments: [admin], addresses: [10.99.9.254/24]}
management:
  - {from: admin, services: [ssh]}
flows:
  - {name: allowed, from: a1, to: b, services: [udp/1001], why: "is cut"}
"""
HAND = """\
table inet hand {
 set held { type ipv4_addr; }
 chain forward { type filter hook forward priority filter - 20; ip saddr @held drop; }
}
"""


@dataclass
class Said:
    """What was typed when, from which stream it shows, and whether that passes from then on."""

    name: str
    stream: int
    passes: bool
    begun: int
    done: int
    until: int = 0


@dataclass
class Point:
    """The gateway, with what is typed there."""

    name: str
    said: list[Said] = field(default_factory=list)

    def run(self, name: str, stream: int, passes: bool, argv: list[str], stdin: str = "") -> None:
        begun = monotonic_ns()
        if self.said:
            self.said[-1].until = begun
        subprocess.run(argv, input=stdin, text=True, stdout=subprocess.DEVNULL, check=True)
        self.said.append(Said(name, stream, passes, begun, monotonic_ns()))
        time.sleep(PAUSE)

    def segctl(self, stream: int, passes: bool, *words: str) -> None:
        command = [sys.executable, "-m", "segctl", "-q", *words, "--netns", self.name, "--why", "a bench"]
        self.run(words[0], stream, passes, command)

    def hand(self, passes: bool, words: str) -> None:
        self.run("by hand", HELD, passes, ["ip", "netns", "exec", self.name, "nft", "-f", "-"], words)

    def round(self) -> None:
        self.hand(False, "add element inet hand held { 10.99.1.1 }\n")
        self.hand(True, "delete element inet hand held { 10.99.1.1 }\n")
        self.segctl(HELD, False, "quarantine", "a1")
        self.segctl(HELD, True, "release", "a1")
        self.segctl(GRANTED, True, "grant", "a2", "b1", "udp/1009", "--for", "10m")
        self.segctl(GRANTED, False, "release", "grant")
        self.segctl(RELAXED, True, "relax", "b", "--for", "10m")
        self.segctl(RELAXED, False, "release", "b")
        self.segctl(HELD, False, "panic")
        self.segctl(HELD, True, "release", "panic")


def streams(hosts: dict[str, Machine]) -> Iterator[tuple[str, str, Stream]]:
    """From which host, by which interface of the gateway, what."""
    to = hosts["b1"].addresses[4]
    for number, name, gate, port in (
        (HELD, "a1", "eth1", 1001),
        (GRANTED, "a2", "eth1", 1009),
        (RELAXED, "o1", "eth3", 9),
    ):
        yield name, gate, Stream(number, hosts[name].addresses[4], to, 5000 + number, port)


def measured(
    hosts: dict[str, Machine], point: Point, rounds: int, folder: Path
) -> dict[str, tuple[list[float], list[float]]]:
    """By command: milliseconds until it bites, and until it has ended."""
    sending = list(streams(hosts))
    with ExitStack() as stack:
        b1 = hosts["b1"]
        ear = stack.enter_context(process("hear", place=b1.runner.name, interface=b1.nic, folder=str(folder)))
        voices = []
        for name, gate, one in sending:
            words = {"place": hosts[name].runner.name, "interface": hosts[name].nic, "theirs": hosts[f"gw.{gate}"].mac}
            voices.append(stack.enter_context(process("send", **words, rate=RATE, streams=[one], folder=str(folder))))
        time.sleep(0.5)
        for _ in range(rounds):
            point.round()
        point.said[-1].until = monotonic_ns()
        for each in (*voices, ear):
            ended(each)
    logs = {one.number: Log(folder, folder, one) for _, _, one in sending}
    found: dict[str, tuple[list[float], list[float]]] = {}
    for said in point.said:
        bites, whole = found.setdefault(said.name, ([], []))
        bites.append((_bite(logs[said.stream], said) - said.begun) / 1e6)
        whole.append((said.done - said.begun) / 1e6)
    return found


def _bite(log: Log, said: Said) -> int:
    """The date of the first packet that met it: that came, or after which none came."""
    first, last = (int(np.searchsorted(log.dates, np.uint64(at))) for at in (said.begun, said.until))
    came = np.flatnonzero(log.came[first:last])
    if said.passes:
        return int(log.dates[first + came[0]])
    return int(log.dates[first + came[-1] + 1]) if len(came) else said.begun


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    at = datetime.now(UTC)
    flows = "".join(
        f'  - {{name: f{n}, from: a, to: b, services: [tcp/{2000 + n}], why: "one of many"}}\n'
        for n in range(wanted // PER_FLOW)
    )
    with apart(), TemporaryDirectory() as site, TemporaryDirectory() as folder:
        (Path(site) / "segctl.yaml").write_text(SITE + flows)
        loaded = load_site(Path(site))
        policy = examine(loaded.site, at).policy if loaded.site else None
        assert policy is not None, loaded.findings
        with lab(policy, f"bo{os.getpid()}", 2, listeners=False) as built:
            gateway, rules = built.runner("gw"), loadable(policy, "gw", at)
            source = Source(policy.site.name, files=copy_of(loaded.stamp, Path(site), trusted=True))
            for _ in range(2):  # both slots: what is granted is written into both
                apply(gateway, policy, rules, at, Wish(proving=Proving.LEFT_OUT), source)
            nft.load(gateway, HAND)
            found = measured(dict(machines(built)), Point(gateway.name), rounds, Path(folder))
    base = median(found["by hand"][0])
    print(f"{rules.count():,} elements in each slot, {rounds} rounds; from the command's first instruction")
    print("  until the first packet that meets it (worst), beside by hand; until the command has ended (worst)")
    for name, (bites, whole) in found.items():
        print(
            f"  {name:11} {median(bites):6.0f} ms ({max(bites):6.0f})   {median(bites) / base:5.1f} x by hand"
            f"   {median(whole):6.0f} ms ({max(whole):6.0f})"
        )


if __name__ == "__main__":
    main()
