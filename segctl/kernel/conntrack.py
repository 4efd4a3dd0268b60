"""Tracked connections: list them, number them, cut them by number.

Listed by the `conntrack` program, as its text is the same behind ssh and ten times faster to read than a netlink dump
in Python; marks are set and cut by netlink (IPCTNL_MSG_CT_*), one small message each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os import strerror

from segctl.kernel.errors import NotThere, NotUnderstood, refused
from segctl.kernel.tools import run_tool
from segctl.kernel.wire import NESTED, Channel, Message, attribute
from segctl.model.ranges import V6, family, parse_address, show_address
from segctl.model.service import traffic
from segctl.runner import Runner

_NEW, _DELETE = 1 << 8, 1 << 8 | 2  # NFNL_SUBSYS_CTNETLINK and IPCTNL_MSG_CT_NEW, _DELETE
_TUPLE_ORIG, _MARK, _ZONE, _MARK_MASK = 1, 8, 18, 21  # CTA_*
_ENOENT = 2
_AF = {4: 2, 6: 10}
_ICMP = {1: (4, 5, 6), 58: (7, 8, 9)}  # protocol: CTA_PROTO_ICMP_ID, _TYPE, _CODE; CTA_PROTO_ICMPV6_*
_EVERY_BIT = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction's packets: addresses on our line (segctl.model.ranges), ports, 0 where the protocol has none.

    `icmp` is (type, code, id) for ICMP and ICMPv6, else None.
    """

    src: int
    dst: int
    sport: int = 0
    dport: int = 0
    icmp: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """One tracked connection. `reply` isn't `original` turned round where addresses are translated.

    protocol: IP protocol number. state: TCP's and SCTP's own word (`ESTABLISHED`), '' for others.
    replied: packets were seen in both directions. assured: it isn't dropped early when the table is full.
    """

    protocol: int
    original: Direction
    reply: Direction
    mark: int = 0
    state: str = ""
    replied: bool = True
    assured: bool = False
    zone: int = 0

    @property
    def family(self) -> int:
        """4 or 6."""
        return family(self.original.src)

    @property
    def src(self) -> int:
        """Who opened it, as conntrack sees it (picked up mid-stream, it may be the wrong end)."""
        return self.original.src

    @property
    def dst(self) -> int:
        """To whom, before translation."""
        return self.original.dst

    @property
    def sport(self) -> int:
        """Source port of the original direction; 0 if there are none."""
        return self.original.sport

    @property
    def dport(self) -> int:
        """Destination port of the original direction; 0 if there are none."""
        return self.original.dport

    def asks(self, swapped: bool = False) -> tuple[int, int, int]:
        """Who asks whom for what, as the filter hooks see it: source, destination, traffic (segctl.model.service).

        `swapped`: it was picked up in the middle, by a packet of who answers.
        """
        ends = self.original.src, self.reply.src
        if self.original.icmp is not None:
            port = self.original.icmp[0]
        else:
            port = self.original.sport if swapped else self.reply.sport
        source, destination = ends[::-1] if swapped else ends
        return source, destination, traffic(self.family, self.protocol, port)

    def __str__(self) -> str:
        src, dst = show_address(self.src), show_address(self.dst)
        return f"{src} port {self.sport} to {dst} port {self.dport}, protocol {self.protocol}"


def entries(runner: Runner) -> Iterator[Connection]:
    """All tracked connections of both families, as `conntrack -L -o extended` lists them.

    Raises ToolMissing, NoPrivilege, NotUnderstood (a line that we can't read is never left out).
    """
    for name in ("ipv4", "ipv6"):
        done = run_tool(runner, ["conntrack", "-L", "-f", name, "-o", "extended"], "listing connections")
        yield from map(parse, done.stdout.splitlines())


def parse(line: str) -> Connection:
    """One line of `conntrack -L -o extended`:

    ipv4 2 tcp 6 431999 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… [ASSURED] mark=257 use=1
    """
    words = line.split()
    try:
        protocol = int(words[3])
        state, flags, directions, rest = _sorted_out(words[4:])
        original, reply = (_direction(one) for one in directions)
        return Connection(
            protocol,
            original,
            reply,
            int(rest.get("mark", "0")),
            state,
            "UNREPLIED" not in flags,
            "ASSURED" in flags,
            int(rest.get("zone", "0")),
        )
    except (IndexError, KeyError, ValueError) as error:
        raise NotUnderstood(f"no line of conntrack's that we can read: {line!r}") from error


def _sorted_out(words: list[str]) -> tuple[str, set[str], list[dict[str, str]], dict[str, str]]:
    """State, [FLAGS], the keys of each direction (one begins with `src=`), the keys of neither."""
    state, flags = "", set()
    directions: list[dict[str, str]] = []
    rest: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if word.startswith("["):
            flags.add(word.strip("[]"))
        elif not equals:
            state = state if word.isdecimal() else word  # the seconds that are left stand here, too
        elif key == "src":
            directions.append({key: value})
        elif directions and key in ("dst", "sport", "dport", "type", "code", "id"):
            directions[-1][key] = value
        else:
            rest[key] = value
    return state, flags, directions, rest


def _direction(keys: dict[str, str]) -> Direction:
    icmp = (int(keys["type"]), int(keys["code"]), int(keys["id"])) if "type" in keys else None
    ports = int(keys.get("sport", "0")), int(keys.get("dport", "0"))
    return Direction(parse_address(keys["src"]), parse_address(keys["dst"]), *ports, icmp)


def set_mark(runner: Runner, connection: Connection, mark: int) -> None:
    """Give one connection its number; NotThere if it ended meanwhile."""
    if set_marks(runner, [(connection, mark)]):
        raise NotThere(f"numbering {connection} on {runner.where}: {strerror(_ENOENT)}", errno=_ENOENT)


def set_marks(runner: Runner, marks: Iterable[tuple[Connection, int]]) -> list[Connection]:
    """Give many their numbers; returns those that ended meanwhile. Other refusals are raised (NoPrivilege, …)."""
    wanted = list(marks)
    messages = [
        Message(
            _NEW, _identity(one) + attribute(_MARK, mark.to_bytes(4, "big")), f"numbering {one}", family=_AF[one.family]
        )
        for one, mark in wanted
    ]
    with Channel(runner) as channel:
        answers = channel.tell(messages)
    gone = []
    for (connection, _), message, errno in zip(wanted, messages, answers, strict=True):
        if errno == _ENOENT:
            gone.append(connection)
        elif errno:
            raise refused(f"{message.about} on {runner.where}", errno)
    return gone


def cut(runner: Runner, mark: int, mask: int = _EVERY_BIT) -> None:
    """Forget every connection, of both families, whose mark is `mark` in the bits of `mask`. None such is no error."""
    if not mask:
        raise ValueError("a mask without bits would cut every connection")
    body = attribute(_MARK, mark.to_bytes(4, "big")) + attribute(_MARK_MASK, mask.to_bytes(4, "big"))
    message = Message(_DELETE, body, f"cutting connections with mark {mark:#x}")
    with Channel(runner) as channel:
        errno = channel.tell([message])[0]
    if errno:
        raise refused(f"{message.about} on {runner.where}", errno)


def delete(runner: Runner, connections: Iterable[Connection]) -> None:
    """Forget these connections; one that has ended meanwhile is no error."""
    wanted = list(connections)
    messages = [Message(_DELETE, _identity(one), f"forgetting {one}", family=_AF[one.family]) for one in wanted]
    with Channel(runner) as channel:
        answers = channel.tell(messages)
    for message, errno in zip(messages, answers, strict=True):
        if errno not in (0, _ENOENT):
            raise refused(f"{message.about} on {runner.where}", errno)


def with_ends(runner: Runner, addresses: Iterable[int]) -> tuple[Connection, ...]:
    """Every connection with one of these addresses at any end, as it is or translated; each once. Raises as `entries`.

    Asked of the kernel address by address: however many there are, few are listed.
    """
    found: dict[Connection, None] = {}
    for address in addresses:
        name = "ipv6" if family(address) == 6 else "ipv4"
        for side in ("-s", "-d", "-r", "-q"):
            argv = ["conntrack", "-L", "-f", name, side, show_address(address), "-o", "extended"]
            done = run_tool(runner, argv, "listing connections")
            found.update((parse(line), None) for line in done.stdout.splitlines())
    return tuple(found)


def _identity(connection: Connection) -> bytes:
    """CTA_TUPLE_ORIG { CTA_TUPLE_IP, CTA_TUPLE_PROTO }, and the zone where it isn't 0."""
    one = connection.original
    width, kinds, base = (16, (3, 4), V6) if connection.family == 6 else (4, (1, 2), 0)
    pairs = zip(kinds, (one.src, one.dst), strict=True)
    ends = (attribute(kind, (end - base).to_bytes(width, "big")) for kind, end in pairs)
    protocol = attribute(1, connection.protocol.to_bytes(1, "big"))
    if connection.protocol in _ICMP and one.icmp is not None:
        identifier, kind, code = _ICMP[connection.protocol]
        protocol += attribute(identifier, one.icmp[2].to_bytes(2, "big"))
        protocol += attribute(kind, one.icmp[0].to_bytes(1, "big")) + attribute(code, one.icmp[1].to_bytes(1, "big"))
    else:
        protocol += attribute(2, one.sport.to_bytes(2, "big")) + attribute(3, one.dport.to_bytes(2, "big"))
    parts = attribute(1 | NESTED, *ends) + attribute(2 | NESTED, protocol)
    zone = attribute(_ZONE, connection.zone.to_bytes(2, "big")) if connection.zone else b""
    return attribute(_TUPLE_ORIG | NESTED, parts) + zone
