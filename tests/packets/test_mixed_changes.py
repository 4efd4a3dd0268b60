"""Changes of every kind in a row, under a flood: nothing forbidden comes, nothing allowed is lost.

    a1, a2 ── gateway ── b1

`apply` of one of four sites, `rollback`, `quarantine` of a2 and `release`, mixed by a seed. What a packet may do hangs
on the site that is live and on whether a2 is held. Each stream is judged over every stretch of time in which it may do
the same throughout, changes that leave it so among them: in such a stretch all come, or none.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import monotonic_ns

import pytest

from segctl.apply import overrides
from tests.packets.flood import Log, Stream, ended, process, softnet_drops
from tests.packets.point import Point, standing

pytestmark = pytest.mark.packets

RATE = 900  # packets a second of each stream
PAUSE = 0.015  # seconds between two changes
MARGIN = 5_000_000  # nanoseconds before a change that aren't judged: what was sent then may meet what comes after it
SITES = 4
SITE = """
version: 1
site: mixed
endpoints:
  a1: {{addresses: [10.98.1.1, "fd98:1::1"]}}
  a2: {{addresses: [10.98.1.2, "fd98:1::2"]}}
  b1: {{addresses: [10.98.2.1, "fd98:2::1"]}}
segments:
  a: {{strictness: strict, members: [10.98.1.0/24, "fd98:1::/64"]}}
  b: {{strictness: strict, members: [10.98.2.0/24, "fd98:2::/64"]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {{segments: [a], addresses: [10.98.1.254/24, "fd98:1::fe/64"]}}
      eth2: {{segments: [b], addresses: [10.98.2.254/24, "fd98:2::fe/64"]}}
flows:
  - {{name: both, from: a, to: b, services: [udp/1001], why: "the same in each"}}
  - {{name: renamed-{0}, from: a, to: b, services: [udp/1002], why: "another name in each"}}
  - {{name: wider, from: a, to: b, services: [udp/1003, udp/{1}], why: "another meaning in each"}}
  - {{name: one, from: a1, to: b1, services: [udp/{2}], why: "in this one alone"}}
"""
TEXTS = [SITE.format(n, 1200 + n, 1100 + n) for n in range(SITES)]
KINDS = {"rollback": 60, "quarantine": 18, "release": 18, "apply": 4}  # in a hundred


@dataclass(frozen=True)
class State:
    """What holds from one instant to another: which site is live, whether a2 is held."""

    begin: int
    end: int
    site: int
    held: bool


May = Callable[[State], bool]


@dataclass(frozen=True)
class Judged:
    """A stream, and whether it may pass."""

    stream: Stream
    where: str
    passes: May


@dataclass
class Changes:
    """What is done to the point, and what held in between."""

    point: Point
    random: random.Random
    live: int = 0
    sleeping: int = 1
    held: bool = False
    states: list[State] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        self.point.fresh(TEXTS[self.sleeping])
        self.point.apply(TEXTS[self.live])

    def change(self) -> None:
        """One, and a pause."""
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        if kind in ("quarantine", "release"):
            kind = "release" if self.held else "quarantine"
        getattr(self, f"_{kind}")()
        self.done[kind] += 1
        self.rest()

    def rest(self) -> None:
        """Nothing changes for a while."""
        begin = monotonic_ns()
        time.sleep(PAUSE)
        self.states.append(State(begin, monotonic_ns() - MARGIN, self.live, self.held))

    def _apply(self) -> None:
        self.live, self.sleeping = self.random.randrange(SITES), self.live
        self.point.apply(TEXTS[self.live])

    def _rollback(self) -> None:
        self.live, self.sleeping = self.sleeping, self.live
        self.point.back()

    def _quarantine(self) -> None:
        overrides.quarantine(self.point.gateway, "a2", 0, "a test")
        self.held = True

    def _release(self) -> None:
        overrides.release(self.point.gateway, "a2", "a test")
        self.held = False


@pytest.fixture(scope="module")
def point() -> Iterator[Point]:
    with standing("mx", TEXTS[0]) as point:
        yield point


def always(state: State) -> bool:
    return True


def never(state: State) -> bool:
    return False


def alone(site: int) -> May:
    return lambda state: state.site == site


def free(state: State) -> bool:
    return not state.held


def streams(point: Point, version: int) -> list[Judged]:
    """What is sent from where; answers of a1's connections come from b1, which may begin nothing itself."""
    a1, a2, b1 = (point[name].addresses[version] for name in ("a1", "a2", "b1"))
    found: list[tuple[str, str, int, int, str, May]] = []
    for port in (1001, 1002, 1003):
        found += [(a1, b1, 5000 + port, port, "a1", always), (b1, a1, port, 5000 + port, "b1", always)]
    found += [(a1, b1, 5100 + n, 1100 + n, "a1", alone(n)) for n in range(SITES)]
    found += [(a2, b1, 5001, port, "a2", free) for port in (1001, 1002)]
    found += [(a1, b1, 5999, 1999, "a1", never), (a2, b1, 5999, 1999, "a2", never), (b1, a2, 5999, 1999, "b1", never)]
    return [Judged(Stream(number, *row[:4]), *row[4:]) for number, row in enumerate(found)]


def run(point: Point, folder: Path, version: int, seed: int, changes: int) -> Changes:
    """So many changes under the flood; what came of each packet lies in the folder."""
    made = Changes(point, random.Random(seed))
    made.begin()
    judged = streams(point, version)
    with ExitStack() as stack:
        ears = [
            stack.enter_context(
                process(
                    "hear",
                    place=point[name].runner.name,
                    interface=point[name].nic,
                    folder=str(_made(folder / name)),
                    version=version,
                )
            )
            for name in ("a1", "a2", "b1")
        ]
        voices = []
        for name, gate in (("a1", "gw.eth1"), ("a2", "gw.eth1"), ("b1", "gw.eth2")):
            said = [one.stream for one in judged if one.where == name]
            words = {"place": point[name].runner.name, "interface": point[name].nic, "theirs": point[gate].mac}
            voices.append(
                stack.enter_context(
                    process("send", **words, rate=RATE * len(said), streams=said, folder=str(_made(folder / "sent")))
                )
            )
            time.sleep(0.3)  # who answers begins once there is a connection to answer
        made.rest()
        for _ in range(changes):
            made.change()
        for voice in voices:
            ended(voice)
        assert sum(ended(ear)["dropped"] for ear in ears) == 0, "an ear was too slow: this run says nothing"
    return made


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def stretches(states: list[State], passes: May) -> Iterator[tuple[int, int, bool]]:
    """From when to when a stream may pass throughout, or may not."""
    begin, may = states[0].begin, passes(states[0])
    for before, state in pairwise(states):
        if passes(state) is not may:
            yield begin, before.end, may
            begin, may = state.begin, passes(state)
    yield begin, states[-1].end, may


def judge(folder: Path, judged: list[Judged], states: list[State]) -> tuple[Counter[str], list[str]]:
    """How many packets were sent in such stretches; in words those that did what they may not."""
    found, wrong = Counter[str](), []
    for one in judged:
        target = "b1" if one.where != "b1" else ("a2" if one.passes is never else "a1")
        log = Log(folder / "sent", folder / target, one.stream)
        for begin, end, may in stretches(states, one.passes):
            sent, came = log.between(begin, end)
            found["allowed" if may else "forbidden"] += sent
            if came != (sent if may else 0):
                wrong.append(f"{one.stream}: {came} of {sent} came, {'all' if may else 'none'} may")
    return found, wrong


def flooded(point: Point, folder: Path, version: int, seed: int, changes: int) -> tuple[Counter[str], Counter[str]]:
    """Changes by kind, packets by whether they may pass; fails if one did what it may not."""
    drops = softnet_drops()
    made = run(point, folder, version, seed, changes)
    sent, wrong = judge(folder, streams(point, version), made.states)
    assert wrong == [], f"seed {seed}; the machine itself dropped {softnet_drops() - drops} packets meanwhile"
    assert min(sent["allowed"], sent["forbidden"]) > 10 * changes
    return made.done, sent


@pytest.mark.parametrize("version", [4, 6])
def test_fifty_changes_of_every_kind(point: Point, tmp_path: Path, version: int) -> None:
    done, sent = flooded(point, tmp_path, version, 11 + version, 25)
    print(f"\n  IPv{version}: {dict(done)}; packets: {dict(sent)}")
    assert set(done) == set(KINDS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_thousand_changes(point: Point, tmp_path: Path) -> None:
    assert many(point, tmp_path, 4) == 2_000


@pytest.mark.soak_long
@pytest.mark.timeout(0)
def test_ten_thousand_changes(point: Point, tmp_path: Path) -> None:
    assert many(point, tmp_path, 20) == 10_000


def many(point: Point, tmp_path: Path, seeds: int) -> int:
    """Five hundred for each seed, both families by turns."""
    done, sent = Counter[str](), Counter[str]()
    for seed in range(seeds):
        here = _made(tmp_path / str(seed))
        some, packets = flooded(point, here, 6 if seed % 2 else 4, seed, 500)
        done += some
        sent += packets
        print(f"\n  {sum(done.values())} changes: {dict(done)}; packets: {dict(sent)}", end="", flush=True)
    return sum(done.values())
