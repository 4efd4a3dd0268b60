"""A gateway that is changed as segctl changes it, by its functions and its commands; machines speak through it.

web   w1 w2 eth1 ─┐        ┌─ eth3 lax-1    (observes)
db    d1 d2 eth2 ─┼── gw ──┼─ eth4 lazy-1   (observes)
admin admin-1 eth5┘        └─ eth6 old-1, eth7 older-1 (their connections outlive what allowed them)
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns
from typing import Any

from segctl.apply import Applied, CannotApply, Proving, Wish, apply, overrides, read_slots, roll_back
from segctl.apply.plan import plan
from segctl.apply.result import Plan, RolledBack
from segctl.cli.generations import meaning_now
from segctl.compile import loadable
from segctl.kernel import conntrack
from segctl.kernel.conntrack import Connection
from segctl.lab import Built, lab
from segctl.load import copy_of, load_site
from segctl.model.generation import Loadable
from segctl.policy import Policy, examine
from segctl.runner import Completed, Netns
from segctl.store import Source
from tests.packets.net import Change, Machine, machines, quiet

ROOT = Path(__file__).parents[2]
SITE = """
version: 1
site: point
strictness:
  lasting: {like: strict, tightening: keep}
endpoints:
  w1: {addresses: [10.97.1.1, "fd97:1::1"]}
  w2: {addresses: [10.97.1.2, "fd97:1::2"]}
  d1: {addresses: [10.97.2.1, "fd97:2::1"]}
  d2: {addresses: [10.97.2.2, "fd97:2::2"]}
segments:
  web: {strictness: strict, members: [10.97.1.0/24, "fd97:1::/64"]}
  db: {strictness: strict, members: [10.97.2.0/24, "fd97:2::/64"]}
  lax: {strictness: strict, mode: observe, members: [10.97.3.0/24, "fd97:3::/64"]}
  lazy: {strictness: strict, mode: observe, members: [10.97.4.0/24, "fd97:4::/64"]}
  admin: {strictness: strict, members: [10.97.5.0/24, "fd97:5::/64"]}
  old: {strictness: lasting, members: [10.97.6.0/24, "fd97:6::/64"]}
  older: {strictness: lasting, members: [10.97.7.0/24, "fd97:7::/64"]}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {segments: [web], addresses: [10.97.1.254/24, "fd97:1::fe/64"]}
      eth2: {segments: [db], addresses: [10.97.2.254/24, "fd97:2::fe/64"]}
      eth3: {segments: [lax], addresses: [10.97.3.254/24, "fd97:3::fe/64"]}
      eth4: {segments: [lazy], addresses: [10.97.4.254/24, "fd97:4::fe/64"]}
      eth5: {segments: [admin], addresses: [10.97.5.254/24, "fd97:5::fe/64"]}
      eth6: {segments: [old], addresses: [10.97.6.254/24, "fd97:6::fe/64"]}
      eth7: {segments: [older], addresses: [10.97.7.254/24, "fd97:7::fe/64"]}
flows:
  - {name: orders, from: [web, gw], to: [db, gw], services: [tcp/1001, udp/1001, ping, proto/47], why: "orders"}
  - {name: backup, from: web, to: db, services: [tcp/1002, udp/1002], why: "backup"}
  - {name: repair, from: admin, to: web, services: [tcp/1443, udp/1443], remediation: true, why: "mend it"}
guardrails:
  - {name: no-rdp, from: any, to: [db, older], services: [tcp/3389, udp/3389], why: "never"}
management:
  - {from: admin, services: [tcp/22, ping]}
"""
HOSTS = 2  # of a segment: w1, w2, d1, d2


def said(*changes: Change) -> str:
    """The site with some of its words said otherwise: each must stand in it."""
    text = SITE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@cache
def understood(text: str) -> tuple[Policy, Loadable, Source, datetime]:
    """A site as `segctl apply` reads it: its meaning, its rules for gw, and what is kept of its files."""
    at = datetime.now(UTC)
    with TemporaryDirectory() as folder:
        (Path(folder) / "segctl.yaml").write_text(text)
        loaded = load_site(Path(folder))
        assert loaded.site is not None, loaded.findings
        files = copy_of(loaded.stamp, Path(folder), trusted=True)
    examined = examine(loaded.site, at)
    assert examined.policy is not None, examined.findings
    return examined.policy, loadable(examined.policy, "gw", at), Source(loaded.site.name, files=files), at


@dataclass(frozen=True)
class Dated:
    """A place that notes each command that was run there: its words, when it was begun, when it had ended
    (nanoseconds of CLOCK_MONOTONIC).
    """

    place: Netns
    ran: list[tuple[tuple[str, ...], int, int]] = field(default_factory=list)

    @property
    def where(self) -> str:
        return self.place.where

    @property
    def key(self) -> str:
        return self.place.key

    def run(self, argv: Sequence[str], *, stdin: bytes | str | None = None, timeout: float | None = 60.0) -> Completed:
        begun = monotonic_ns()
        done = self.place.run(argv, stdin=stdin, timeout=timeout)
        self.ran.append((tuple(argv), begun, monotonic_ns()))
        return done

    def inside(self) -> AbstractContextManager[None]:
        return self.place.inside()


@dataclass
class Point:
    """The lab, and what is done to its gateway."""

    built: Built
    machines: dict[str, Machine]

    def __getitem__(self, name: str) -> Machine:
        """A host by its name, the gateway at an interface as `gw.eth1`."""
        return self.machines[name]

    @property
    def gateway(self) -> Netns:
        return self.built.runner("gw")

    def apply(self, text: str, told: Callable[[str], None] = lambda step: None, place: Dated | None = None) -> Applied:
        """As the command does it, without the proof."""
        policy, rules, source, at = understood(text)
        wish = Wish(proving=Proving.LEFT_OUT)
        return apply(place or self.gateway, policy, rules, at, wish, source, told, meaning_now)

    def plan(self, text: str) -> Plan:
        policy, rules, source, at = understood(text)
        return plan(self.gateway, policy, rules, at, source, meaning_now)[0]

    def back(self) -> RolledBack:
        return roll_back(self.gateway)

    def fresh(self, text: str = SITE) -> None:
        """Nothing held, nothing tracked, and these rules."""
        if read_slots(self.gateway).live is not None:
            with suppress(CannotApply):
                overrides.release(self.gateway, "all", "the next test")
        self.apply(text)
        self.forget()

    def forget(self) -> None:
        """No connection is tracked any more."""
        assert not self.gateway.run(["conntrack", "-F"]).code

    def tracked(self) -> list[Connection]:
        return list(conntrack.entries(self.gateway))

    def segctl(self, *words: str) -> str:
        """What a command of ours says; it must succeed."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.segctl(*words, "--format", "json"))

    def command(self, *words: str) -> list[str]:
        """The command line of ours, for this gateway."""
        return [sys.executable, "-m", "segctl", "-q", *words, "--netns", self.gateway.name]


@contextmanager
def standing(name: str, text: str = SITE) -> Iterator[Point]:
    """The lab for the length of a block, without rules."""
    with lab(understood(text)[0], f"{name}{os.getpid()}", HOSTS, listeners=False) as built:
        point = Point(built, dict(machines(built)))
        for machine in {m.runner.name: m for m in point.machines.values()}.values():
            quiet(machine)
        yield point


@contextmanager
def killed(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A command in a session of its own, which is killed with all that it has started when the block ends."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
