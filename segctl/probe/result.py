"""What a probe answers: cells, what was expected of each, what was seen, and how the two stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from segctl.model.decision import Outcome
from segctl.model.service import family_of


class Seen(StrEnum):
    """What became of a cell's packet."""

    DELIVERED = "delivered"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    INCONCLUSIVE = "inconclusive"


class Answer(StrEnum):
    """What the sender got back."""

    SYN_ACK = "syn-ack"
    REPLY = "reply"
    RESET = "tcp reset"
    PROHIBITED = "icmp administratively prohibited"
    CLOSED = "icmp port or protocol unreachable"
    UNREACHABLE = "icmp unreachable"


class Standing(StrEnum):
    """How what was seen stands to what was expected; an uncovered cell is shown, and counts neither way."""

    AGREES = "agrees"
    DIFFERS = "differs"
    INCONCLUSIVE = "inconclusive"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a cell: the machine, the segment that its address is in, the address."""

    node: str
    segment: str
    address: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One question to the network: may this packet, the first of a connection, arrive?"""

    source: End
    destination: End
    traffic: int
    expected: Outcome

    @property
    def family(self) -> int:
        """4 or 6."""
        return family_of(self.traffic)


@dataclass(frozen=True, slots=True)
class Tried:
    """A cell with its answer: `reason` says what that rests on, `note` what was odd without counting."""

    cell: Cell
    seen: Seen
    standing: Standing
    reason: str
    answer: Answer | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A whole run; `left_out` are services of the site that no packet was made for, each with the reason."""

    site: str
    tried: tuple[Tried, ...]
    packets: int = 0
    seconds: float = 0.0
    left_out: tuple[str, ...] = ()

    def standing(self, standing: Standing) -> Iterator[Tried]:
        """The cells that stand so, in the order in which they were tried."""
        return (tried for tried in self.tried if tried.standing is standing)

    def count(self, standing: Standing) -> int:
        """How many cells stand so."""
        return sum(1 for _ in self.standing(standing))

    @property
    def agrees(self) -> bool:
        """Whether every cell that counts agrees; a matrix without one shows nothing, and so doesn't."""
        return bool(self.count(Standing.AGREES)) and not (
            self.count(Standing.DIFFERS) or self.count(Standing.INCONCLUSIVE)
        )
