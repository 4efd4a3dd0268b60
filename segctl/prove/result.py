"""What a proof says."""

from dataclasses import dataclass
from enum import StrEnum

from segctl.model.packet import Packet
from segctl.model.rule_said import RuleSaid
from segctl.model.span import Span


class Found(StrEnum):
    """What a proof comes to."""

    PROVEN = "proven"
    DIFFERENT = "different"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Difference:
    """Packets that the rules treat otherwise than the site means; or, with `doubts`, that nobody can judge.

    `source`, `destination`: the segments of the packet's ends (None: a special address). `does`: what the rules do;
    `must`: what the site wants. `rule` decides it. `because` and `span`: the law's word on it, and the site's line.
    `pairs`: of how many pairs of address classes the same is true.
    """

    packet: Packet
    source: str | None
    destination: str | None
    service: str
    does: tuple[str, ...]
    must: str
    rule: RuleSaid | None
    because: str
    span: Span | None
    doubts: tuple[str, ...] = ()
    pairs: int = 1


class Met(StrEnum):
    """Who says that a packet met a rule. UNTOLD: the model, of a rule that the kernel doesn't trace."""

    BOTH = "both"
    MODEL = "model"
    KERNEL = "kernel"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, or a chain's policy, on a packet's way. `verdict`: the kernel's word there, '' where it has none."""

    rule: RuleSaid
    met: Met
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A real packet's way as the model and as the kernel's trace see it, in one order.

    `ending`: the kernel's, accept or drop (a reject drops), '' if its trace ends without one. `differs` says in what
    the two don't agree; `notes` what is to be known of the comparison.
    """

    lines: tuple[Line, ...]
    ending: str
    differs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return not self.differs


@dataclass(frozen=True, slots=True)
class Traced:
    """A packet's way: the rules that matched, in order, and its end; None if that depends on `doubts`.

    `connection_mark` is the connection's in the end, None if that isn't certain. `live`: the kernel's word on it.
    """

    packet: Packet
    met: tuple[RuleSaid, ...]
    ending: str | None
    connection_mark: int | None
    doubts: tuple[str, ...] = ()
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """A rule of ours, or an element of its map, that no packet meets."""

    rule: RuleSaid
    element: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer, and what it is of.

    What is `dead` weighs, and lets nothing pass: it makes no difference. What is `unheld` asks for a connection's
    number that no rule gives: who bears it nevertheless passes.

    `read`, `site`: hashes of what was read and of the site as loaded. `classes`: cells that were compared (by the
    diagrams: regions, each of many pairs of addresses that the site treats alike); `packets`:
    how many packets (as fields and what conntrack says of them) they stand for. `outside`: what was seen and is no
    part of the proof.
    """

    point: str
    read: str
    site: str
    classes: int
    packets: int
    engine: str
    differences: tuple[Difference, ...]
    unproven: tuple[Difference, ...]
    dead: tuple[Dead, ...]
    gaps: tuple[str, ...]
    outside: tuple[str, ...]
    unheld: tuple[Dead, ...] = ()

    @property
    def found(self) -> Found:
        """Different before unproven: one packet that is wrong is enough."""
        if self.differences or self.unheld:
            return Found.DIFFERENT
        return Found.UNPROVEN if self.unproven or self.gaps else Found.PROVEN
