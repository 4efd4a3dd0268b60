"""What is answered of rules that no site stands behind: by an audit who may open connections to whom, and what is odd;
by an import a site, and whether its rules decide as those that it was made of.
"""

from collections.abc import Iterable, Mapping
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
"""Stands for every interface that the rules don't tell from one that they never name, at that end of a connection."""


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses behind interfaces. `interfaces`: names, `NAME*` for all that begin so, OTHERS for all those that have
    no class of their own; () for any, or where there is none: the machine's own end of input and output. `but`: with
    OTHERS those that aren't meant. An interface that rules name at the other end alone is one of OTHERS at this one.
    """

    interfaces: tuple[str, ...]
    addresses: Ranges
    but: tuple[str, ...] = ()


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


# --- an import: a site of somebody else's rules ---


@dataclass(frozen=True, slots=True)
class Apart:
    """Packets that the two treat otherwise: `way`, IP `family`, one of them in words, what each does with it, by which
    of the original rules ("" for none), and why nobody can say what they do. `pairs`: of how many pairs of interface
    and block that is true.
    """

    way: Way
    family: int
    packet: str
    rules: str
    site: str
    by: str
    doubts: tuple[str, ...] = ()
    pairs: int = 1


@dataclass(frozen=True, slots=True)
class OnPurpose:
    """A difference on purpose: `pairs` of interface and block; in `opened` of them the original lets something pass."""

    name: str
    what: str
    pairs: int
    opened: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A rule that isn't imported, or not wholly."""

    place: Span
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Equality:
    """The proof. `pairs` of interface and block were compared, for all packets that begin a connection (`packets` of
    them). In `opened` of the pairs the original lets something through, in `kept` of those the site does, too.
    `exceptions` are those that differ on purpose; `differences` all others. `gaps`: what of the files
    wasn't understood.
    """

    families: tuple[int, ...]
    ways: tuple[Way, ...]
    pairs: int
    packets: int
    opened: int
    kept: int
    exceptions: tuple[OnPurpose, ...]
    differences: tuple[Apart, ...]
    gaps: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Proved equal: what wasn't read may say anything."""
        return not self.differences and not self.gaps


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft: its files by their path, what was proved of it, and what is to be known."""

    name: str
    files: Mapping[str, bytes]
    equality: Equality
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    segments: tuple[str, ...]
