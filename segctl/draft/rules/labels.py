"""Names that the rules themselves have for addresses: of sets, of comments, of interfaces; else the block's own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segctl.draft.audit.given import rules
from segctl.listing.rule import Listing, Load, Lookup, Match, Set, Statement, Table
from segctl.model.ranges import LAST_V4, V6, Ranges, show_address

_FAMILY = {"ipv4_addr": 0, "ipv6_addr": V6}
_FIELD = {"ip saddr": 0, "ip daddr": 0, "ip6 saddr": V6, "ip6 daddr": V6}
_COMMENT = re.compile(r"""(?:--comment|(?<!-m )comment) (?:"((?:[^"\\]|\\.)*)"|(\S+))""")
_MOST = 40
_WIDEST = 97
_LARGE4, _LARGE6 = 1 << 30, 1 << 120


@dataclass(frozen=True, slots=True)
class Labels:
    """Sets of addresses (without special ones) by the first name that something gave them."""

    found: Mapping[Ranges, str]

    @classmethod
    def read(cls, listing: Listing, behind: Mapping[str, Ranges | None], ours: Ranges) -> "Labels":
        """`behind`: who lives behind an interface, by the user's word; `ours`: which don't count."""
        out: dict[Ranges, str] = {}
        said = ((addresses, name) for name, addresses in behind.items() if addresses)
        for addresses, name in (*_sets(listing), *_comments(listing), *said):
            kept = addresses - ours
            for half in (kept, kept.v4(), kept - kept.v4()):
                if half:
                    out.setdefault(half, name)
        return cls(out)

    def named(self, addresses: Ranges) -> str:
        """What somebody calls these addresses; nothing if nobody does."""
        return self.found.get(addresses, "")

    def of(self, addresses: Ranges, homes: tuple[str, ...]) -> str:
        """A text to make a name of."""
        if name := self.named(addresses):
            return name
        if len(homes) == 1 and (addresses.v4().size() > _LARGE4 or addresses.size() > _LARGE6):
            return f"behind-{homes[0]}"
        first = _around(addresses).replace("::", "-").replace(":", "-").strip("-").replace("/", "-")
        lead = "host" if "-" not in first else "net"
        more = len((addresses - Ranges.span(*_hull(addresses))).spans)
        return f"{lead}-{first}" + (f"-and-{more}" if more else "")


def _around(addresses: Ranges) -> str:
    return _block(*_hull(addresses))


def _hull(addresses: Ranges) -> tuple[int, int]:
    """The largest prefix with the first address of which more than half is there, or the first range."""
    first, last = addresses.spans[0]
    for bits in range(_WIDEST):
        base = first >> bits << bits
        whole = Ranges.span(base, base + (1 << bits) - 1)
        if base == first and 2 * (addresses & whole).size() > whole.size() and whole.spans[0][1] > last:
            last = whole.spans[0][1]
    return first, last


def _sets(listing: Listing) -> Iterator[tuple[Ranges, str]]:
    for table in listing.tables:
        for one in table.sets.values():
            if len(one.parts) == 1 and one.parts[0] in _FAMILY and not one.dynamic and one.name:
                yield _elements(one), one.name


def _elements(one: Set) -> Ranges:
    lift = _FAMILY[one.parts[0]]
    return Ranges.of(
        (element.key[0][0] + lift, element.key[0][1] + lift) for element in one.elements if not element.negated
    )


def _comments(listing: Listing) -> Iterator[tuple[Ranges, str]]:
    """Of rules that name one set of addresses and bear a comment."""
    for table, _, rule in rules(listing):
        found = _COMMENT.search(rule.text)
        named = [some for statement in rule.statements if (some := _named(statement, table)) is not None]
        if found and len(named) == 1:
            yield named[0], (found[1] or found[2] or "")[:_MOST]


def _named(statement: Statement, table: Table) -> Ranges | None:
    match statement:
        case Match(left=Load(field=field), spans=spans, negated=False) if field in _FIELD:
            lift = _FIELD[field]
            return Ranges.of((first + lift, last + lift) for first, last in spans)
        case Lookup(key=Load(field=field), set=Set() as one, negated=False) if field in _FIELD:
            return _elements(one) if one.parts[0] in _FAMILY else None
    return None


def blocks(addresses: Ranges) -> list[str]:
    """Addresses as a site writes them: CIDR where a range is one, else FIRST-LAST."""
    return [_block(first, last) for part in addresses for first, last in _split(*part)]


def _split(first: int, last: int) -> Iterator[tuple[int, int]]:
    """A family's whole line in two: /0 is no block of a site."""
    whole = {0: LAST_V4, V6: V6 + (1 << 128) - 1}
    if whole.get(first) == last:
        middle = first + (last - first) // 2
        yield from ((first, middle), (middle + 1, last))
    else:
        yield first, last


def _block(first: int, last: int) -> str:
    size = last - first + 1
    width = 128 if first >= V6 else 32
    if size == 1:
        return show_address(first)
    if not size & (size - 1) and not first % size:
        return f"{show_address(first)}/{width - size.bit_length() + 1}"
    return f"{show_address(first)}-{show_address(last)}"
