"""What can be noticed of a packet, each tied to a token: all that the judge ever learns."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.probe.result import Answer


class Kind(StrEnum):
    """Noticed of the very packet, byte for byte behind its IP header; ANSWERED of what came back for it."""

    SENT = "sent"  # the kernel took it
    REFUSED = "refused"  # EPERM: a filter on the sender's own output dropped it
    FAILED = "failed"  # any other errno
    ARRIVED = "arrived"  # on a machine's wire, before its filters
    LEFT = "left"  # onto a wire, after the machine's filters
    RECEIVED = "received"  # by a socket of the machine, after its input hook
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing noticed: of which token, where, and by which interface."""

    token: int
    kind: Kind
    node: str
    interface: str = ""
    answer: Answer | None = None
    words: str = ""
