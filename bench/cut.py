"""When does the last packet of a cut connection come, beside the usual way: reload the rules, then `conntrack -D`?

    a ── gateway ── b

A connection (UDP) sends 1,000 packets a second in both directions, and new rules don't allow it. Ours: the flip that
`apply` makes. Usual: `nft -f` of a plain chain that accepts what is established first, in one transaction, then
`conntrack -D` of the connection. Counted from the return of nft: when the last packet was sent that still came, when it
came (the kernel's own time of receipt), and how many came that were sent after nft had returned. Needs root.

    python bench/cut.py [ROUNDS]
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic_ns

sys.path.insert(0, str(Path(__file__).parents[1]))  # the connections are the tests' own

from segctl.apply import read_slots
from segctl.compile import render_flip
from segctl.kernel import nft
from tests.packets.chat import Chat, Heard, Line, chatting, line
from tests.packets.point import Point, said, standing

sys.path.insert(0, str(Path(__file__).parent))  # a script's own folder, wherever it is started
from apart import apart

PORT, RATE = 2001, 1000
SLOTS = ("segctl_a", "segctl_b")
ALLOWED = (("flows:", f'flows:\n  - {{name: gone, from: w1, to: d1, services: [udp/{PORT}], why: "a bench"}}'),)


@dataclass
class Way:
    """How a connection is allowed and cut. `cuts`: for each round when it was begun, when nft had returned, and when it
    was allowed anew.
    """

    name: str
    allow: Callable[[], object]
    cut: Callable[[], object]
    after: Callable[[], object] = lambda: None
    cuts: list[tuple[int, int, int]] = field(default_factory=list)

    def round(self, chat: Chat, of: Line) -> None:
        chat.until(lambda now: min(now[of.name][way][1] for way in of.directions) > 0)
        chat.more(100)
        begun = monotonic_ns()
        self.cut()
        done = monotonic_ns()
        self.after()
        chat.more(300)
        self.cuts.append((begun, done, monotonic_ns()))
        self.allow()
        came = chat.counts()[of.name]
        chat.until(lambda now: all(now[of.name][way][1] > came[way][1] for way in of.directions))


def ours(point: Point) -> Way:
    """Two generations that wake in turn."""
    nft.load(point.gateway, "flush ruleset\n")  # the lab's own namespace
    point.apply(said())
    point.apply(said(*ALLOWED))
    slots = read_slots(point.gateway)
    assert slots.live is not None and slots.sleeping is not None
    (live, sleeping), numbers = (
        (slots.live.name, slots.sleeping.name),
        (slots.live.generation, slots.sleeping.generation),
    )
    assert numbers[0] is not None and numbers[1] is not None
    forth, back = render_flip(sleeping, numbers[1], live), render_flip(live, numbers[0], sleeping)
    return Way("flip", lambda: nft.load(point.gateway, back), lambda: nft.load(point.gateway, forth))


def usual(point: Point) -> Way:
    """A plain chain, reloaded; then conntrack."""

    def text(port: int) -> str:
        return (
            "add table inet plain\ndelete table inet plain\ntable inet plain {\n chain forward {\n"
            "  type filter hook forward priority filter; policy drop;\n  ct state established accept\n"
            f"  udp dport {port} accept\n }}\n}}\n"
        )

    nft.load(point.gateway, "flush ruleset\n" + text(PORT))
    return Way(
        "reload, then conntrack -D",
        lambda: nft.load(point.gateway, text(PORT)),
        lambda: nft.load(point.gateway, text(PORT + 1)),
        lambda: point.gateway.run(["conntrack", "-D", "-p", "udp", "--dport", str(PORT)]),
    )


def show(way: Way, heard: list[Heard]) -> None:
    sent, arrived, late = [], [], 0
    for begun, done, allowed in way.cuts:
        came = [one for each in heard for one in each.came if begun - 10**9 < one[1] < allowed]
        sent.append(max(one[1] for one in came) - done)
        arrived.append(max(one[2] for one in came) - done)
        late += sum(one[1] > done for one in came)
    took = median(done - begun for begun, done, _ in way.cuts) / 1e6
    print(
        f"  {way.name:26} {len(sent):4} times, nft {took:5.1f} ms; the last that came was sent {said_in_ms(sent)},"
        f" arrived {said_in_ms(arrived)}; sent after it and came: {late}",
        flush=True,
    )


def said_in_ms(times: list[int]) -> str:
    return f"{median(times) / 1e6:+.1f} ms (worst {max(times) / 1e6:+.1f})"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with apart(), standing("bc") as point:
        print(f"from the return of nft; {RATE:,} packets a second in each direction")
        for make in (ours, usual):
            way = make(point)
            one = line("udp", point["w1"], point["d1"], 4, PORT, RATE)
            with chatting([one]) as chat:
                for _ in range(rounds):
                    way.round(chat, one)
                chat.end()
            show(way, chat.of(one))


if __name__ == "__main__":
    main()
