"""What an audit answers: who may open connections to whom under rules that no site stands behind, and what is odd."""

from collections.abc import Iterable
from dataclasses import dataclass

from segctl.model.diagnostic import Diagnostic
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.model.span import Span

CODES = (
    "ipv6-open",
    "source-elsewhere",
    "source-own",
    "source-loopback",
    "rule-shadowed",
    "rule-redundant",
    "rule-out-of-reach",
)
"""Of findings; `model/codes.py` has a row for each."""
Spans = tuple[tuple[int, int], ...]
"""First and last value, both included."""
OTHERS = "other"
"""Stands for every interface that no rule names."""


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses behind interfaces. `interfaces`: names, `NAME*` for all that begin so, OTHERS for those that no rule
    names; () for any, or where there is none: the machine's own end of input and output.
    """

    interfaces: tuple[str, ...]
    addresses: Ranges


Side = tuple[Place, ...]
"""One end of connections: any of these places."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Connections by what they ask for. `protocols` as numbers; `ports`: destination ports, or types of ICMP (code
    in the low byte), `sources`: source ports; None where all are meant. `also`: what else must hold of a packet, by
    nft's name of the field.
    """

    protocols: Spans
    ports: Spans | None = None
    sources: Spans | None = None
    also: tuple[tuple[str, Spans], ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """Who may open what to whom, one way through the machine, in one family.

    `opens`: what passes for certain; `unknown`: what may pass or not, for the `reasons`. `rules`: by which, in the
    words of the listing.
    """

    way: Way
    family: int
    sources: Side
    destinations: Side
    opens: tuple[Opening, ...]
    unknown: tuple[Opening, ...]
    reasons: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotModelled:
    """A rule with an expression that isn't modelled: `why` names it, `leaves` says what can't be told for it ("" where
    it bears on no answer).
    """

    place: Span
    rule: str
    why: str
    leaves: str = ""


@dataclass(frozen=True, slots=True)
class Unwalked:
    """A way in a family of which nothing can be told: the rules tell too many packets apart."""

    way: Way
    family: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The answer. `read`: a hash of the rules; `families`: those that were asked about; `notes`: what to know."""

    files: tuple[str, ...]
    read: str
    families: tuple[int, ...]
    reaches: tuple[Reach, ...]
    findings: tuple[Diagnostic, ...]
    not_modelled: tuple[NotModelled, ...]
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unwalked: tuple[Unwalked, ...] = ()

    @property
    def unanswered(self) -> bool:
        """Whether something that isn't modelled leaves an answer open."""
        return bool(self.gaps or self.unwalked) or any(one.leaves for one in self.not_modelled)


def of_way(reaches: Iterable[Reach], way: Way, family: int) -> list[Reach]:
    """Those of one way and family."""
    return [one for one in reaches if one.way is way and one.family == family]
