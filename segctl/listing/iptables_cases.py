"""What the conditions of a rule come to: cases, and how they are put together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from segctl.listing.fields import BITS
from segctl.listing.iptables_values import NotModelled, span
from segctl.listing.iptables_words import Option, Part
from segctl.listing.rule import (
    Bits,
    Constant,
    Element,
    Expression,
    Family,
    Join,
    Load,
    Lookup,
    Match,
    Set,
    Span,
    Statement,
)

Case = tuple[Statement, ...]
"""Statements that must all match."""

Cases = tuple[Case, ...]
"""Alternatives of which a packet fulfils at most one: each makes a rule of its own, since a rule can't say *or*."""

ALWAYS: Cases = ((),)
NEVER: Cases = ((Match(Constant(0), ((1, 1),)),),)
"""A condition that no packet fulfils: a rule of its own, so that it stays to be seen in the listing."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a match must know of its rule: the table's family, the protocol that `-p` names, the machine's ipsets.

    `unions` remembers what the members of a list are together (name and parts: set).
    """

    family: Family
    protocol: int | None = None
    sets: Mapping[str, Set] = field(default_factory=dict)
    unions: dict[tuple[str, tuple[str, ...]], Set] = field(default_factory=dict)

    @property
    def ip(self) -> str:
        """The family's header in nft's words."""
        return "ip6" if self.family is Family.IP6 else "ip"

    @property
    def width(self) -> int:
        """The bits of its addresses."""
        return 128 if self.family is Family.IP6 else 32


def load(name: str, bits: int | None = None) -> Load:
    """A field with nft's width."""
    return Load(name, bits if bits is not None else BITS[name])


def both(one: Cases, other: Cases) -> Cases:
    """All packets that fulfil both."""
    if NEVER in (one, other):
        return NEVER
    return tuple((*a, *b) for a, b in product(one, other))


def within(left: Expression, spans: Iterable[Span], negated: bool = False) -> Cases:
    """A field in one of the spans, or, negated, in none; a span that ends before it begins holds nothing."""
    held = tuple(one for one in spans if one[0] <= one[1])
    if not held and not negated:
        return NEVER
    return ((Match(left, held, negated),),)


def masked(left: Load, value: int, mask: int, negated: bool = False) -> Cases:
    """`(left & mask) == value`."""
    full = (1 << left.bits) - 1
    if mask & full == full:
        return within(left, ((value, value),), negated)
    return within(Bits(left, mask & full), ((value, value),), negated)


def spanned(part: Part, name: str, field: str, last: int) -> Cases:
    """An option that is a number or a range."""
    option = part.get(name)
    return ALWAYS if option is None else within(load(field), [span(option.value, last)], option.negated)


def box(key: Join, parts: tuple[str, ...], boxes: Iterable[tuple[Span, ...]], negated: bool) -> Cases:
    """Whether several fields are within one of some boxes, which are disjoint."""
    elements = tuple(Element(box) for box in boxes)
    return ((Lookup(key, Set("", parts, None, elements), negated),),)


def only(part: Part) -> Option:
    """The one option of a match that can't do without."""
    if len(part.options) != 1 or not part.options[0].values:
        raise NotModelled(str(part))
    return part.options[0]
