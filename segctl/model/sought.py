"""A packet as far as somebody says it: what is followed where all is said, what is waited for where something isn't."""

from dataclasses import dataclass

from segctl.model.packet import Packet, Way
from segctl.model.ranges import family

_CODE = 0xFF


@dataclass(frozen=True, slots=True)
class Sought:
    """Packets of one family and protocol between two interfaces or at one; None: any.

    `iif`, `oif`: '' where a packet of this way has none. `source`, `destination` as in `Packet`, at least one is said.
    `sport`, `dport` of TCP, UDP and SCTP, `kind` and `code` of ICMP. The rest are what conntrack says and `Packet` has.
    """

    iif: str
    oif: str
    source: int | None
    destination: int | None
    protocol: int
    sport: int | None = None
    dport: int | None = None
    kind: int | None = None
    code: int | None = None
    flags: int | None = None
    state: str | None = None
    direction: str | None = None
    connection_mark: int | None = None
    mark: int | None = None
    ttl: int | None = None

    @property
    def way(self) -> Way:
        """Which way they take."""
        return Way.FORWARD if self.iif and self.oif else Way.INPUT if self.iif else Way.OUTPUT

    @property
    def family(self) -> int:
        """4 or 6."""
        said = self.source if self.source is not None else self.destination
        assert said is not None
        return family(said)

    def misfit(self, packet: Packet) -> str:
        """In which words a real packet that the kernel was asked for isn't one of these; '' if it is one.

        Looks at what the kernel isn't asked for in the first place: the way, and what is known only later.
        """
        wanted = {
            "way": (self.way, packet.way),
            "in": (self.iif, packet.iif),
            "out": (self.oif, packet.oif),
            "state": (self.state, packet.state),
            "direction": (self.direction, packet.direction),
            "flags": (self.flags, packet.flags),
            "ct mark": (self.connection_mark, packet.connection_mark),
            "mark": (self.mark, packet.mark),
            "ttl": (self.ttl, packet.fields.get("ip ttl" if self.family == 4 else "ip6 hoplimit")),
            "code": (self.code, packet.head & _CODE),
        }
        return ", ".join(f"{name} {is_}" for name, (said, is_) in wanted.items() if said is not None and said != is_)
