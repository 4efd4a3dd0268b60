"""A transfer in both directions (iperf3) goes on through applies that renumber it each time: no reset, no error."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import mean
from typing import Any

import pytest

from tests.packets.net import Change, Machine
from tests.packets.point import Point, said
from tests.packets.talk import soon

pytestmark = pytest.mark.packets
PORT = 1001
_WAYS = ("sum", "sum_bidir_reverse")


def named(name: str) -> tuple[Change, ...]:
    """The line that allows the transfer gets another name, and so another number."""
    return (("name: orders,", f"name: {name},"),)


@dataclass
class Transfer:
    """A client of iperf3 at work; `told` is what it said in the end."""

    ends: tuple[Machine, Machine]
    version: int
    told: dict[str, Any]

    def moved(self) -> list[int]:
        """Bytes that have come by each connection that moves some, at the end where they come (ss(8))."""
        words = f"ss -{self.version} -Htni state established"
        some = [self.ends[1].run(f"{words} sport = :{PORT}"), self.ends[0].run(f"{words} dport = :{PORT}")]
        return [max(map(int, re.findall(r"bytes_received:(\d+)", text)), default=0) for text in some]

    def moves(self) -> bool:
        """Whether more comes than until now, in both directions."""
        before = self.moved()
        return soon(lambda: all(now > then for now, then in zip(self.moved(), before, strict=True)), 20)

    @property
    def rate(self) -> float:
        """Bits a second in both directions together; mean of its intervals but the first and the last."""
        rows = self.told["intervals"][1:-1]
        return mean(sum(float(row[way]["bits_per_second"]) for way in _WAYS) for row in rows)

    @property
    def idle(self) -> int:
        """How often a direction moved nothing for a second."""
        return sum(not row[way]["bytes"] for row in self.told["intervals"][:-1] for way in _WAYS)


@contextmanager
def transfer(point: Point, version: int, limit: str = "0") -> Iterator[Transfer]:
    """Between w1 and d1, from the block's begin to its end; no connection may have been reset by then."""
    w1, d1 = point["w1"], point["d1"]
    inside = ["ip", "netns", "exec"]
    server = subprocess.Popen(
        [*inside, d1.runner.name, "iperf3", "-s", "-1", "-p", str(PORT), "-B", d1.addresses[version]],
        stdout=subprocess.DEVNULL,
    )
    found = Transfer((w1, d1), version, {})
    try:
        assert soon(lambda: d1.addresses[version] in d1.run(f"ss -Hltn sport = :{PORT}"), 20)
        words = ["-c", d1.addresses[version], "-p", str(PORT), "-t", "86400", "--bidir", "-J", "-l", "64K", "-b", limit]
        before = resets(w1) + resets(d1)
        client = subprocess.Popen(
            [*inside, w1.runner.name, "iperf3", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert soon(lambda: min(found.moved()) > 10_000, 20)
            yield found
            assert found.moves()
            assert client.poll() is None, "the transfer has ended"
            assert resets(w1) + resets(d1) - before == 0
        finally:
            client.send_signal(signal.SIGINT)
            out, _ = client.communicate(timeout=20)
        found.told |= json.loads(out)
        assert found.told["error"] == "interrupt - the client has terminated"  # by us, and by nothing else
    finally:
        server.kill()
        server.wait(10)


def resets(machine: Machine) -> int:
    """Connections that ended by a reset, and resets that were sent (proc(5), /proc/net/snmp)."""
    names, values = (row.split()[1:] for row in machine.run("cat /proc/net/snmp").splitlines() if row[:4] == "Tcp:")
    table = dict(zip(names, map(int, values), strict=True))
    return table["EstabResets"] + table["OutRsts"]


def test_transfers_go_on_through_five_applies(point: Point) -> None:
    point.fresh(said(*named("orders")))
    with transfer(point, 4, "50M") as four, transfer(point, 6, "50M") as six:
        for number in range(5):
            point.apply(said(*named(f"orders-{number % 2}")))
            assert four.moves() and six.moves()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_applies_beside_none(point: Point) -> None:
    point.fresh(said(*named("orders")))
    done: dict[str, Transfer] = {}
    for name, applies in (("without", 0), ("through 100 applies", 100), ("without, again", 0)):
        with transfer(point, 4) as going:
            for number in range(applies):
                point.apply(said(*named(f"orders-{number % 2}")))
            if not applies:
                soon(lambda: False, 20)
        done[name] = going
    beside = mean((done["without"].rate, done["without, again"].rate))
    for name, going in done.items():
        print(
            f"\n  {name}: {going.rate / 1e9:.2f} Gbit/s, {going.rate / beside:.2f} of a run without;"
            f" seconds in which a direction moved nothing: {going.idle}",
            end="",
        )
