"""One concrete packet, as a trace follows it and a witness shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Way(StrEnum):
    """Which way a packet takes through a machine."""

    FORWARD = "forward"
    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet at the machine's first hook, and what conntrack says of it.

    `iif`, `oif`: interface names, empty where there is none (output has no iif, input no oif). `source` and
    `destination` stand on the line of `segctl.model.ranges` (IPv6 2**128 higher). `head` and `tail` are the first and
    second 16 bits of the transport header: source and destination port of TCP, UDP and SCTP; of ICMP `type << 8 | code`
    and the checksum. `flags`: the TCP flags byte (RFC 9293). `state` and `direction` as conntrack says them.
    `connection_mark` is the connection's mark before the first hook. `fields`: any other field, in nft's words
    (`ip ttl`, `meta length` …).
    """

    way: Way
    iif: str
    oif: str
    source: int
    destination: int
    protocol: int
    head: int = 0
    tail: int = 0
    flags: int = 0
    state: str = "new"
    direction: str = "original"
    connection_mark: int = 0
    mark: int = 0
    priority: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)
