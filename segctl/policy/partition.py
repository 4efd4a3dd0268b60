"""Every address that isn't special is in exactly one segment (design, section 2, Addresses)."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.ranges import ALL_ADDRESSES, NOTHING, Ranges, show_addresses
from segctl.model.segment import Segment
from segctl.model.selector import POINTS, QUARANTINE, WORLD, Block, Labelled, Named, Selector
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.policy.special import special_addresses


@dataclass(frozen=True, slots=True)
class Lookup:
    """Which segment an address is in: sorted starts, their ends, their names."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, owners: Mapping[str, Ranges]) -> "Lookup":
        rows = sorted((first, last, name) for name, ranges in owners.items() for first, last in ranges)
        return cls(tuple(row[0] for row in rows), tuple(row[1] for row in rows), tuple(row[2] for row in rows))

    def __call__(self, address: int) -> str | None:
        at = bisect_right(self.firsts, address) - 1
        return self.names[at] if at >= 0 and address <= self.lasts[at] else None

    def names_in(self, addresses: Ranges) -> set[str]:
        """All that have at least one of these addresses."""
        found: set[str] = set()
        for first, last in addresses:
            at = max(bisect_right(self.firsts, first) - 1, 0)
            while at < len(self.firsts) and self.firsts[at] <= last:
                if self.lasts[at] >= first:
                    found.add(self.names[at])
                at += 1
        return found


@dataclass(frozen=True, slots=True)
class Partition:
    """Who owns what.

    own: segment to its addresses, built-in ones included. claims: what each segment's members cover, without
    special addresses and the gateways' own. home: as own, had nothing been quarantined. inner: each segment's
    transitive `within` children.
    """

    own: Mapping[str, Ranges]
    claims: Mapping[str, Ranges]
    home: Mapping[str, Ranges]
    inner: Mapping[str, tuple[str, ...]]
    special: Ranges
    owner: Lookup
    home_owner: Lookup


def member_addresses(site: Site, member: Selector) -> Ranges:
    """What one entry of a member list covers."""
    match member:
        case Block():
            return member.addresses
        case Named() if member.name in site.endpoints:
            return Ranges.of((a, a) for a in site.endpoints[member.name].addresses)
        case Labelled():
            return Ranges.of(
                (address, address) for endpoint in site.carrying(member.labels) for address in endpoint.addresses
            )
    return NOTHING


def partition(site: Site) -> tuple[Partition, tuple[Diagnostic, ...]]:
    """The partition, and where members contradict each other (it is then whole, but not to be relied on)."""
    special = special_addresses(site)
    points = Ranges.of(span for gateway in site.gateways() for span in gateway.own()) - special
    taken = special | points
    claims = {
        name: Ranges.of(s for member in segment.members for s in member_addresses(site, member)) - taken
        for name, segment in site.segments.items()
        if name not in (WORLD, POINTS)
    }
    quarantined = claims.get(QUARANTINE, NOTHING)
    inner = _inner(site)
    home = {
        name: claim - Ranges.of(span for child in inner[name] for span in claims[child])
        for name, claim in claims.items()
        if name != QUARANTINE
    }
    home[POINTS] = points
    home[WORLD] = ALL_ADDRESSES - taken - Ranges.of(span for ranges in claims.values() for span in ranges)
    own = {name: ranges - quarantined for name, ranges in home.items()} if quarantined else dict(home)
    own[QUARANTINE] = quarantined
    home[WORLD] = (
        ALL_ADDRESSES
        - taken
        - Ranges.of(span for name, ranges in claims.items() if name != QUARANTINE for span in ranges)
    )
    owner = Lookup.of(own)
    home_owner = Lookup.of(home) if quarantined else owner  # a third of the time, and few sites quarantine
    made = Partition(own, claims, home, inner, special, owner, home_owner)
    return made, tuple(_contradictions(site, made))


def _inner(site: Site) -> dict[str, tuple[str, ...]]:
    """Each segment's children, grandchildren and so on, in the order of the site."""
    out: dict[str, list[str]] = {name: [] for name in site.segments}
    for name in site.segments:
        for outer in ancestors(site, name):
            out[outer].append(name)
    return {name: tuple(children) for name, children in out.items()}


def ancestors(site: Site, name: str) -> Iterator[str]:
    """The segments that this one lies within, innermost first (a cycle, which load refuses, ends it)."""
    seen = {name}
    outer = site.segments[name].within
    while outer is not None and outer in site.segments and outer not in seen:
        yield outer
        seen.add(outer)
        outer = site.segments[outer].within


def _contradictions(site: Site, made: Partition) -> Iterator[Diagnostic]:
    for name, other, shared in _overlaps(made):
        first, second = sorted((site.segments[name], site.segments[other]), key=lambda segment: segment.span)
        yield Diagnostic(
            _claimant(site, second, shared),
            "overlap",
            f"{show_addresses(shared)} is claimed by '{second.name}' and by '{first.name}'",
            _nesting(made, first, second),
            (Note(_claimant(site, first, shared), f"'{first.name}' claims it here"),),
        )
    for name, segment in site.segments.items():
        outer = segment.within
        if outer is None or outer not in made.claims or name not in made.claims:
            continue
        if rest := made.claims[name] - made.claims[outer]:
            yield Diagnostic(
                segment.within_span or segment.span,
                "within-uncovered",
                f"'{name}' lies within '{outer}', but {show_addresses(rest)} is no member of '{outer}'",
                f"add it to the members of '{outer}', or take it out of '{name}'",
                (Note(site.segments[outer].span, f"'{outer}' is declared here"),),
            )


def _nesting(made: Partition, first: Segment, second: Segment) -> str:
    """What would mend an overlap: only what is covered wholly can lie within the other."""
    for inner, outer in ((second, first), (first, second)):
        if made.claims[outer.name].covers(made.claims[inner.name]):
            return f"say `within: {outer.name}` in '{inner.name}', or take it out of one"
    rest = min((made.claims[i.name] - made.claims[o.name] for i, o in ((second, first), (first, second))), key=_size)
    return f"take it out of one; neither can lie within the other, but for {show_addresses(rest)} one could"


def _size(addresses: Ranges) -> tuple[int, int]:
    return len(addresses.spans), addresses.size()


def _overlaps(made: Partition) -> Iterator[tuple[str, str, Ranges]]:
    """Pairs of segments that share addresses though neither lies within the other, each pair once."""
    rows = sorted(
        (first, last, name) for name, ranges in made.claims.items() if name != QUARANTINE for first, last in ranges
    )
    nested = {frozenset((outer, child)) for outer, children in made.inner.items() for child in children}
    active: list[tuple[int, str]] = []
    seen: set[frozenset[str]] = set()
    for first, last, name in rows:
        active = [(end, other) for end, other in active if end >= first]
        for _, other in active:
            pair = frozenset((name, other))
            if other != name and pair not in nested and pair not in seen:
                seen.add(pair)
                yield name, other, made.claims[name] & made.claims[other]
        active.append((last, name))


def _claimant(site: Site, segment: Segment, shared: Ranges) -> Span:
    """The member that claims it, or the segment where that can't be told."""
    for member in segment.members:
        if member_addresses(site, member).meets(shared):
            return member.span
    return segment.span
