"""Connections on which something was said before the rules under test are there, each with a mark of its own.

What was said carries the mark's number as its DSCP; `preparing` are the rules that write the mark on the connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from segctl.model.ranges import family
from tests.packets.truth import bodies as b
from tests.packets.truth.wire import Frame
from tests.packets.truth.world import Side

MOST_MARKS = 64
_OURS = 0xFEED  # the mark of what the router itself says on such a connection
_FIRST, _SECOND = 1000, 5000  # initial sequence numbers of the two ends


@dataclass(frozen=True, slots=True)
class Talk:
    """`ends` and `ports` as first said (ICMP: id, and type and code), `back` the answer's ports.

    `sides`: where packets of each direction enter the router; None: the router itself says them. `mark` is the
    connection's, `dscp` its number among the volley's marks.
    """

    protocol: int
    ends: tuple[int, int]
    ports: tuple[int, int]
    back: tuple[int, int]
    sides: tuple[Side | None, Side | None]
    mark: int
    dscp: int

    def rest(self, back: bool, payload: bytes, flags: int = 0) -> bytes:
        """What stands behind the IP header of a packet of one direction."""
        ends, ports = (self.ends[::-1], self.back) if back else (self.ends, self.ports)
        match self.protocol:
            case b.TCP:
                numbers = (_SECOND, _FIRST) if back else (_FIRST, _SECOND)
                sequence = numbers[0] + (0 if flags & b.SYN else 1)
                ack = numbers[1] + 1 if flags & b.ACK else 0
                return b.tcp(ends, ports, flags, payload, sequence=sequence, ack=ack)
            case b.UDP:
                return b.udp(ends, ports, payload)
            case b.ICMP | b.ICMP6:
                kind = self.back[1] if back else self.ports[1]
                return b.icmp(ends, kind >> 8, kind & 0xFF, ports[0] << 16 | 1, payload)
        return b.gre(b"") + payload

    def whole(self, back: bool, flags: int = 0) -> bytes:
        """A packet of one direction that says nothing."""
        ends = self.ends[::-1] if back else self.ends
        rest = self.rest(back, b"", flags)
        if family(ends[0]) == 4:
            return b.ipv4(*ends, self.protocol, rest, tos=self.dscp << 2)
        return b.ipv6(*ends, self.protocol, rest, traffic=self.dscp << 2)

    def said(self, answered: bool) -> tuple[Frame, ...]:
        """What is said before; of TCP the whole handshake if it was answered."""
        steps = [(False, b.SYN)]
        if answered:
            steps += [(True, b.SYN | b.ACK)]
            steps += [(False, b.ACK)] if self.protocol == b.TCP else []
        return tuple(self._frame(back, flags) for back, flags in steps)

    def _frame(self, back: bool, flags: int) -> Frame:
        return Frame(self.whole(back, flags), self.sides[back], _OURS)


def preparing(marks: Sequence[int]) -> str:
    """The rules under which it is said; the router's own stack has no say in these connections."""
    table = ", ".join(f"{number:#x} : {mark:#x}" for number, mark in enumerate(marks))
    rules = f"  ct mark set ip dscp map {{ {table} }}\n  ct mark set ip6 dscp map {{ {table} }}\n"
    return f"""table inet sglc_prepare {{
 chain quiet {{
  type filter hook output priority -500; policy accept;
  meta mark != {_OURS:#x} drop
 }}
 chain prerouting {{
  type filter hook prerouting priority -150; policy accept;
{rules} }}
 chain output {{
  type filter hook output priority -150; policy accept;
{rules} }}
}}
"""
