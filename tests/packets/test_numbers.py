"""Every kind of number, on every hook and in both directions: the connection shows it, and a flip renumbers it.

One row is one connection: what kind of line allows it, on which hook its first packet meets us, over what.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import pytest

from segctl.model.service import GRE
from tests.packets.net import Change, Net
from tests.packets.talk import Talk, mark_of, missing, opened, spoken

pytestmark = pytest.mark.packets
ANYTHING = 253  # and 254: for experiments (RFC 3692)


@dataclass(frozen=True)
class Row:
    """`kind` of our list; the line's kind and name; from, to; what is spoken: a protocol, and its port or number."""

    kind: str
    hook: str
    line: tuple[str, str]
    first: str
    second: str
    what: str
    port: int = 0

    def talk(self, net: Net, version: int) -> Talk:
        return spoken(self.what, net[self.first], net[self.second], version, self.port)

    @property
    def way(self) -> tuple[str, ...]:
        """The interfaces of its number."""
        return tuple(WHERE[end] for end in (self.first, self.second) if not end.startswith("gw1."))


WHERE = {
    "l1": "eth1", "l2": "eth1", "l3": "eth1", "a1": "eth1", "r1": "eth2", "r2": "eth2", "r3": "eth2", "b1": "eth2",
    "box": "eth2", "plain-1": "eth3", "other-1": "eth4", "admin-1": "eth5", "twin-1": "eth6", "twin-3": "eth7",
    "gw2.up0": "eth8", "seen-1": "eth9", "seen2-1": "eth11",
}  # fmt: skip


def _hooks(one: str, other: str, which: str = "") -> Iterator[tuple[str, str, str, int]]:
    """Through the gateway, to it and from it: the same flow names all three. The last is how often before."""
    yield "forward", one, other, 0
    yield "input", one, f"gw1.{WHERE[one]}{which}", 1
    yield "output", f"gw1.{WHERE[other]}{which}", other, 2


def _flow_rows() -> Iterator[Row]:
    for hook, one, other, at in _hooks("l1", "r1"):
        yield Row("flow", hook, ("flow", "port"), one, other, "tcp", 443 + 100 * at)
        yield Row("flow", hook, ("flow", "port"), one, other, "udp", 443 + 100 * at)
        yield Row("list", hook, ("flow", "list"), one, other, "tcp", 7000 + 5 * at)
        yield Row("list", hook, ("flow", "list"), one, other, "udp", 7000 + 5 * at)
        yield Row("icmp", hook, ("flow", "echo"), one, other, "echo")
        yield Row("protocol", hook, ("flow", "gre"), one, other, "raw", GRE)
    for hook, one, other, at in _hooks("l2", "r2"):
        yield Row("any-port", hook, ("flow", "any-port"), one, other, "tcp", 9001 + at)
        yield Row("any-port", hook, ("flow", "any-port"), one, other, "udp", 9001 + at)
    for hook, one, other, at in _hooks("l3", "r3"):
        yield Row("all", hook, ("flow", "everything"), one, other, "tcp", 9002 + at)
        yield Row("all", hook, ("flow", "everything"), one, other, "raw", ANYTHING)
    for hook, one, other, at in _hooks("a1", "b1", "+"):
        yield Row("wide", hook, ("flow", "wide"), one, other, "tcp", 443 + 100 * at)
        yield Row("wide", hook, ("flow", "wide"), one, other, "udp", 443 + 100 * at)
        yield Row("wide", hook, ("flow", "wide"), one, other, "tcp", 7000 + 5 * at)
        yield Row("wide", hook, ("flow", "wide"), one, other, "echo")
        yield Row("wide", hook, ("flow", "wide"), one, other, "raw", GRE)


def _each(kind: str, hook: str, name: str, one: str, other: str, port: int) -> Iterator[Row]:
    """Over everything that has connections; without a port what is asked of a service of its own."""
    for what in ("tcp", "udp"):
        yield Row(kind, hook, (kind, name), one, other, what, port)
    yield Row(kind, hook, (kind, name), one, other, "echo")
    yield Row(kind, hook, (kind, name), one, other, "raw", ANYTHING + (hook == "output"))


def _managed(hook: str, other: str) -> Iterator[Row]:
    yield Row("management", hook, ("management", ""), "admin-1", other, "tcp", 22)
    yield Row("management", hook, ("management", ""), "admin-1", other, "echo")


AS_WRITTEN = [
    *_flow_rows(),
    *_each("intra", "forward", "twin", "twin-1", "twin-3", 9003),
    *_each("default", "forward", "default", "plain-1", "other-1", 9004),
    *_each("default", "output", "default", "gw1.eth3", "plain-1", 9004),
    *_each("observe", "forward", "observe", "seen-1", "seen2-1", 9005),
    *_each("observe", "output", "observe", "gw1.eth9", "seen-1", 9005),
    *_managed("input", "gw1.eth5"),
    *_managed("forward", "gw2.up0"),
    *_managed("forward", "box"),
]
OPEN_POINTS = [
    *_each("default", "input", "default", "plain-1", "gw1.eth3", 9004),
    *_each("intra", "input", "points", "gw2.up0", "gw1.eth8", 9006),
    *_each("intra", "output", "points", "gw1.eth8", "gw2.up0", 9006),
]
SEEN_POINTS = [*_each("observe", "input", "observe", "seen-1", "gw1.eth9", 9005)]

# A connection that nobody's line allows is none: management is of others, and comes to us; it never begins with us.
CANNOT_BE = {("management", "output")}
FLOWS = [f"name: {name}," for name in ("port", "list", "echo", "gre", "any-port", "everything", "wide")]
RENAMED: tuple[Change, ...] = (
    *((name, f"{name[:-1]}-too,") for name in FLOWS),
    ("services: [tcp/3389]", "services: [tcp/3390]"),  # defaults, intra and observe mean what guardrails leave of them
    ("services: [tcp/22, ping]", "services: [tcp/22, ping, tcp/2222]"),
)
REMOVED: tuple[Change, ...] = (
    *(("- {" + name, "- {until: 2026-01-01T00:00:00Z, " + name) for name in FLOWS),
    ("services: [tcp/22, ping]}", "services: [tcp/2299]}"),
    ("other: {strictness: open", "other: {strictness: strict"),
    ("plain: {strictness: open", "plain: {strictness: strict"),
    ("twin: {strictness: strict", "twin: {strictness: sealed"),
    ("seen: {strictness: strict, mode: observe", "seen: {strictness: strict, mode: enforce"),
    ("seen2: {strictness: strict, mode: observe", "seen2: {strictness: strict, mode: enforce"),
)
STRICT_POINTS: Change = ("points: {strictness: point}", "points: {strictness: strict}")
CASES = {
    "as written": (AS_WRITTEN, (), REMOVED),
    "open points": (OPEN_POINTS, (("points: {strictness: point}", "points: {strictness: open}"),), REMOVED),
    "observing points": (
        SEEN_POINTS, (("points: {strictness: point}", "points: {strictness: point, mode: observe}"),), REMOVED
    ),
}  # fmt: skip


def test_the_list_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """Kind × hook × direction, with how many connections show each; printed."""
    kinds = ("flow", "any-port", "list", "wide", "icmp", "protocol", "all", "intra", "default", "observe", "management")
    rows = [*AS_WRITTEN, *OPEN_POINTS, *SEEN_POINTS]
    counts = Counter((row.kind, row.hook) for row in rows)
    wanted = set(product(kinds, ("forward", "input", "output"))) - CANNOT_BE
    assert set(counts) == wanted
    with capsys.disabled():
        print("\nconnections by kind, hook and direction (each in IPv4 and IPv6):")
        for (kind, hook), count in sorted(counts.items()):
            print(f"  {kind:10} {hook:8} opening {2 * count:3}  reply {2 * count:3}")
        print(f"  {len(wanted)} kinds on hooks, {4 * len(rows)} connections and directions")


@contextmanager
def open_talks(net: Net, rows: list[Row]) -> Iterator[list[tuple[Row, Talk]]]:
    """A connection for each row and family; all must come to the other end, and be answered."""
    found = [(row, row.talk(net, version)) for row in rows for version in (4, 6)]
    talks = [talk for _, talk in found]
    try:
        came = {id(talk) for talk in opened(talks)}
        assert not [_said(row, talk) for row, talk in found if id(talk) not in came]
        assert _named(found, missing(talks, True)) == []
        yield found
    finally:
        for talk in talks:
            talk.close()


def _said(row: Row, talk: Talk) -> str:
    return f"{row.kind} {row.hook} {row.what}/{row.port} IPv{talk.version}"


def _named(found: list[tuple[Row, Talk]], talks: list[Talk]) -> list[str]:
    wanted = {id(talk) for talk in talks}
    return [_said(row, talk) for row, talk in found if id(talk) in wanted]


def _wrongly_numbered(net: Net, found: list[tuple[Row, Talk]], changes: tuple[Change, ...]) -> list[str]:
    """Connections whose mark is not what the rules that are awake call their line."""
    tracked = net.connections()
    out = []
    for row, talk in found:
        kind, name = row.line
        if kind == "flow" and changes:
            name += "-too"
        if (mark := mark_of(talk, tracked)) != net.number(kind, name, *row.way):
            out.append(f"{_said(row, talk)}: {mark}")
    return out


@pytest.mark.parametrize("case", CASES)
def test_every_connection_shows_its_number_through_flips(net: Net, case: str) -> None:
    """Opened; renumbered when the asking end speaks first, and when the answering end does; dead when removed."""
    rows, base, removed = CASES[case]
    renamed = (*base, *RENAMED)
    net.wake(*base)
    with open_talks(net, rows) as found:
        talks = [talk for _, talk in found]
        assert _wrongly_numbered(net, found, ()) == []
        net.wake(*renamed)
        assert _named(found, missing(talks, False)) == []
        assert _wrongly_numbered(net, found, renamed) == []
        assert _named(found, missing(talks, True)) == []
        net.wake(*base)
        assert _named(found, missing(talks, True)) == []
        assert _wrongly_numbered(net, found, ()) == []
        assert _named(found, missing(talks, False)) == []
        net.wake(*removed)
        for back in (False, True):
            silent = {id(talk) for talk in missing(talks, back, 0.3)}
            assert [_said(row, talk) for row, talk in found if id(talk) not in silent] == []
