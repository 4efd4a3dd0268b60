"""Which way a packet would go: asked of each machine's own routing, `ip route get`, before and after a run."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from segctl.model.ranges import parse_address, show_address
from segctl.probe.stage import Stage
from segctl.runner import Runner

_FARTHEST = 16  # machines on a way: more is a loop
Pair = tuple[str, int, int]
"""Name of the sending machine, source and destination address."""


class StageError(Exception):
    """A machine of the stage doesn't answer our questions: nothing was tried."""


@dataclass(frozen=True, slots=True)
class Port:
    """One interface: its link-layer address (6 bytes) and all its addresses; `tentative` while DAD still runs.

    Of link-local addresses too: without one the kernel forwards to no IPv6 neighbour that it must ask for first.
    """

    name: str
    link: bytes
    addresses: tuple[int, ...]
    tentative: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A step over one wire: out of a machine by an interface, to the address `next`, into another by one of its."""

    node: str
    out: str
    to: str
    into: str
    next: int


@dataclass(frozen=True, slots=True)
class Way:
    """The links from the source to the destination, in order; `broken` says why there is no whole way."""

    links: tuple[Link, ...] = ()
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """The interfaces of each machine, and who owns which address on which interface."""

    ports: Mapping[str, Mapping[str, Port]]
    owners: Mapping[int, tuple[str, str]]

    def link_address(self, node: str, interface: str) -> bytes:
        """The link-layer address of an interface."""
        return self.ports[node][interface].link


_Question = tuple[int | None, int, str | None]
"""Source (None: the machine itself sends), destination, the interface that it came in by."""


@dataclass(frozen=True, slots=True)
class _Route:
    out: str
    next: int


@dataclass(slots=True)
class _Traveller:
    """A pair under way: the machine that it is at, the interface by which it came there, the links so far."""

    pair: Pair
    at: str
    came_by: str | None = None
    links: list[Link] = field(default_factory=list)


def survey(stage: Stage) -> Map:
    """What interfaces and addresses there are now. Raises StageError, RunnerError."""
    ports = {node.name: _ports(node.runner) for node in stage.nodes}
    owners = {
        address: (node, port.name)
        for node, there in ports.items()
        for port in there.values()
        if port.link
        for address in port.addresses
    }
    return Map(ports, owners)


def ways(stage: Stage, known: Map, pairs: Iterable[Pair]) -> dict[Pair, Way]:
    """The way of each pair, all pairs a machine further in each round. Raises StageError, RunnerError."""
    done: dict[Pair, Way] = {}
    under_way = [_Traveller(pair, pair[0]) for pair in dict.fromkeys(pairs)]
    while under_way:
        there: dict[str, list[_Traveller]] = {}
        for traveller in under_way:
            there.setdefault(traveller.at, []).append(traveller)
        for name, travellers in there.items():
            routes = _routes(stage.by_name[name].runner, travellers)
            for traveller in travellers:
                if way := _step(stage, known, traveller, routes.get(_asked(traveller))):
                    done[traveller.pair] = way
        under_way = [traveller for traveller in under_way if traveller.pair not in done]
    return done


def _step(stage: Stage, known: Map, traveller: _Traveller, route: _Route | None) -> Way | None:
    """One link further; a Way once it has arrived, or can't go on."""
    destination = traveller.pair[2]
    links = traveller.links
    if route is None:
        return Way(tuple(links), f"{traveller.at} has no route to {show_address(destination)}")
    owner = known.owners.get(route.next)
    if owner is None:
        return Way(tuple(links), f"{traveller.at} would send it to {show_address(route.next)}, which is none of ours")
    links.append(Link(traveller.at, route.out, *owner, route.next))
    traveller.at, traveller.came_by = owner
    if known.owners.get(destination, ("",))[0] == traveller.at:
        return Way(tuple(links))
    if not stage.by_name[traveller.at].gateway:
        return Way(tuple(links), f"{traveller.at} is no gateway, but {links[-1].node} would send it there")
    return Way(tuple(links), "its way is a loop") if len(links) > _FARTHEST else None


def _routes(runner: Runner, travellers: list[_Traveller]) -> dict[_Question, _Route]:
    """One `ip` for all questions to a machine: it leaves out what it can't answer, so each is told by its ends."""
    lines = []
    for source, destination, came_by in dict.fromkeys(_asked(traveller) for traveller in travellers):
        ends = (
            show_address(destination) if source is None else f"{show_address(destination)} from {show_address(source)}"
        )
        lines.append(f"route get {ends}{f' iif {came_by}' if came_by else ''}\n")
    done = runner.run(["ip", "-force", "-json", "-batch", "-"], stdin="".join(lines))
    found: dict[_Question, _Route] = {}
    for line in done.stdout.splitlines():
        for row in json.loads(line or "[]"):
            if "dev" in row and row.get("type", "unicast") == "unicast":
                destination = parse_address(row["dst"])
                source = parse_address(row["from"]) if "iif" in row else None
                found[source, destination, row.get("iif")] = _Route(row["dev"], _next(row, destination))
    return found


def _asked(traveller: _Traveller) -> _Question:
    """The sender's own kernel is asked without a source: a raw socket's packet is routed by its destination alone."""
    _, source, destination = traveller.pair
    return (None if traveller.came_by is None else source), destination, traveller.came_by


def _next(row: Mapping[str, Any], destination: int) -> int:
    """Who gets it: a gateway, which for IPv4 may be an IPv6 neighbour (RFC 8950), or the destination itself."""
    if "via" in row:
        return parse_address(row["via"]["host"])
    return parse_address(row["gateway"]) if "gateway" in row else destination


def _ports(runner: Runner) -> dict[str, Port]:
    done = runner.run(["ip", "-json", "address", "show"])
    if done.code:
        raise StageError(f"ip address show on {runner.where}: {done.stderr.strip() or f'exit {done.code}'}")
    return {row["ifname"]: _port(row) for row in json.loads(done.stdout or "[]")}


def _port(row: dict[str, object]) -> Port:
    """One interface of `ip -json address`; an interface without a link-layer address, as lo, sends no frames."""
    infos = row.get("addr_info")
    addresses = infos if isinstance(infos, list) else []
    link = bytes.fromhex(str(row.get("address", "")).replace(":", "")) if row.get("link_type") == "ether" else b""
    return Port(
        str(row["ifname"]),
        link,
        tuple(parse_address(str(info["local"])) for info in addresses if "local" in info),
        any(info.get("tentative") for info in addresses),
    )
