"""From the words of a selector to addresses (design, section 2, Names)."""

from segctl.model.ranges import ALL_ADDRESSES, NOTHING, Ranges
from segctl.model.selector import (
    ANY,
    QUARANTINE,
    Block,
    Labelled,
    Named,
    SegmentsLabelled,
    Selector,
    Selectors,
    Within,
    matches,
)
from segctl.model.site import Site
from segctl.policy.partition import Partition, member_addresses


def resolve_in(site: Site, partition: Partition, selectors: Selectors, *, inner: bool) -> Ranges:
    """The addresses that a list of selectors names; `inner`: a segment's name means those within it, too."""
    if len(selectors) == 1:  # most are one name: then thousands of flows share one set
        return _one(site, partition, selectors[0], inner)
    return Ranges.of(span for selector in selectors for span in _one(site, partition, selector, inner))


def asked_in(site: Site, partition: Partition, selectors: Selectors, *, inner: bool) -> Ranges:
    """As in a flow; but who asks for a special address alone gets an answer on it."""
    found = resolve_in(site, partition, selectors, inner=inner)
    for selector in selectors:
        if isinstance(selector, Block) and partition.special.covers(selector.addresses):
            found = found | selector.addresses
    return found


def _one(site: Site, partition: Partition, selector: Selector, inner: bool) -> Ranges:
    match selector:
        case Named(name=name):
            return _named(site, partition, name, inner)
        case Within(segment=name):
            return segment_addresses(partition, name, inner=True)
        case SegmentsLabelled(labels=labels):
            chosen = (name for name, segment in site.segments.items() if matches(labels, segment.labels))
            return Ranges.of(span for name in chosen for span in segment_addresses(partition, name, inner=inner))
        case Block() | Labelled():
            return member_addresses(site, selector) - partition.special


def _named(site: Site, partition: Partition, name: str, inner: bool) -> Ranges:
    if name == ANY:
        return ALL_ADDRESSES - partition.special
    if name in site.segments:
        return segment_addresses(partition, name, inner=inner)
    if name in site.endpoints:
        return Ranges.of((a, a) for a in site.endpoints[name].addresses) - partition.special
    if name in site.points:
        point = site.points[name]
        if point.endpoint is not None:
            return _named(site, partition, point.endpoint, inner)
        return point.own() - partition.special
    return NOTHING


def segment_addresses(partition: Partition, name: str, *, inner: bool) -> Ranges:
    """A segment's addresses; with `inner` those within it as well, and what of `quarantine` its members claim."""
    own = partition.own.get(name, NOTHING)
    if not inner or name == QUARANTINE:
        return own
    quarantined = partition.own[QUARANTINE]
    for part in (name, *partition.inner.get(name, ())):
        if part == QUARANTINE:
            continue
        own = own | partition.own[part] | (partition.claims.get(part, NOTHING) & quarantined)
    return own
