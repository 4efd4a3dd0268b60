"""From the messages of many packets to packets, each with its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segctl.kernel.nftrace_events import Event, Headers
from segctl.kernel.nftrace_rules import BORN, FIRST, LAST, TOLD, WAY
from segctl.model.packet import Way

Bit = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ours:
    """The table that makes the trace. `bits`: what a rule of its chains `born` and `told` stands for, by handle."""

    table: str
    bits: Mapping[int, Bit] = field(default_factory=dict)


@dataclass(slots=True)
class Seen:
    """One packet's trace. `events` are those of all tables but ours, in order.

    `first`: the packet when it came, with its mark. `told`: what our rules read of it; `known`: they could ask
    conntrack. `way`: None if it ended before the routing decision. `oif`, `oif_type`: the interface's index and type
    (ARPHRD_*), 0 if they aren't known. `through`: it came to the end of its way.
    """

    first: Headers
    mark: int
    events: list[Event] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    known: bool = False
    way: Way | None = None
    oif: int = 0
    oif_type: int = 0
    through: bool = False

    @property
    def ending(self) -> str:
        """accept, drop, stolen or queue; '' if the rules let it go on and it wasn't seen again."""
        if self.events and self.events[-1].ends:
            return self.events[-1].verdict
        return "accept" if self.through else ""


class Gatherer:
    """Told of every message, in order; gives packets when they are whole.

    A packet's number is its place in memory, its flow and its interface: the next one of the flow may have the same, so
    a packet begins where our first chain sets its trace, and only there. It may change where the packet is copied (a
    tap, fragments that are joined): then what comes has the same ends, and is taken for the same packet.
    """

    def __init__(self, ours: Ours) -> None:
        self._ours = ours
        self._open: dict[int, Seen] = {}

    def hear(self, event: Event) -> list[Seen]:
        """Packets that this message ends."""
        ours = event.table == self._ours.table
        if ours and event.chain == FIRST and event.is_rule and event.headers is not None:
            before = self._open.pop(event.packet, None)
            head = event.headers
            self._open[event.packet] = Seen(head, event.mark, oif=head.oif, oif_type=head.oif_type)
            return [before] if before is not None else []
        seen = self._open.get(event.packet) or self._moved(event)
        if seen is None:
            return []  # somebody else traces, too
        if event.headers is not None and event.headers.oif:
            seen.oif, seen.oif_type = event.headers.oif, event.headers.oif_type
        if ours:
            self._own(seen, event)
        else:
            seen.events.append(event)
        if event.ends or seen.through:
            del self._open[event.packet]
            return [seen]
        return []

    def left(self) -> list[Seen]:
        """Packets of which nothing more has come: routing dropped them, or another took them."""
        left = list(self._open.values())
        self._open.clear()
        return left

    @property
    def under_way(self) -> bool:
        """Whether some packet hasn't come to its end."""
        return bool(self._open)

    def _own(self, seen: Seen, event: Event) -> None:
        if event.chain in (BORN, TOLD):
            seen.known |= event.chain == TOLD
            if event.handle is not None and event.handle in self._ours.bits:
                name, bit = self._ours.bits[event.handle]
                seen.told[name] = seen.told.get(name, 0) | bit
        elif event.chain.startswith(WAY):
            seen.way = Way(event.chain.removeprefix(f"{WAY}_"))
        elif event.chain.startswith(LAST) and event.policy:
            seen.through = True

    def _moved(self, event: Event) -> Seen | None:
        if event.headers is None:
            return None
        for at, seen in self._open.items():
            if _ends(seen.first) == _ends(event.headers):
                self._open[event.packet] = self._open.pop(at)
                return seen
        return None


def _ends(headers: Headers) -> tuple[bytes, bytes]:
    """Addresses and ports: what routing leaves as it is."""
    four = headers.network[0] >> 4 == 4
    return headers.network[12:20] if four else headers.network[8:40], headers.transport[:4]
