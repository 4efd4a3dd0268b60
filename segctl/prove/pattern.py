"""Which pairs are one to rules and law but for the values of their ports.

A flow's element in a map and the flow's words in the site cut the ports at the same places, each flow elsewhere. What
becomes of a packet follows from how the cuts of its pair lie to each other and to those that all pairs have in common
(`anchors`), not from where they are: two pairs whose cuts have the same order are alike, value by value.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from segctl.prove.axes import HEAD, TAIL
from segctl.prove.bundle import Bundle
from segctl.prove.kinds import Kind
from segctl.prove.space import Axis, Space, Spans
from segctl.prove.values import Of, preimage

_LAST = 0xFFFF


class Item(NamedTuple):
    """Something that holds of a pair's packets: what it is but for ports, and the sets of ports that it asks for."""

    like: object
    sets: tuple[Spans, ...]


def pattern(items: Sequence[Item], anchors: Sequence[int]) -> object:
    """Equal for pairs that are alike. `anchors`: where all of them are cut, sorted."""
    cuts = sorted(cut_points(spans for _, sets in items for spans in sets))
    rank = {cut: at for at, cut in enumerate(cuts)}
    where = []
    for cut in cuts:
        at = bisect_left(anchors, cut)
        where.append((at, at < len(anchors) and anchors[at] == cut))
    said = tuple(
        (like, tuple(tuple((rank[first], rank[last + 1]) for first, last in spans) for spans in sets))
        for like, sets in items
    )
    return tuple(where), said


def element_item(bundle: Bundle, element: int, space: Space, outer: Iterable[int]) -> Item:
    """What an element of a bundle asks beside addresses and interfaces (`outer`: the places of their axes)."""
    ports = {space.index[HEAD], space.index[TAIL]}
    literal = tuple(limit for limit in bundle.limits[element] or () if limit[0] not in outer and limit[0] not in ports)
    key = bundle.found.elements[element].key
    asked = [(part, span) for part, span in zip(bundle.parts, key, strict=False) if part.axis in (HEAD, TAIL)]
    sets = tuple(preimage(part, (span,), _LAST) for part, span in asked if isinstance(part, Of))
    tables = tuple((id(part), span) for part, span in asked if not isinstance(part, Of))
    return Item((bundle.at, literal, tuple(part.axis for part, _ in asked), tables), sets)


def traffic_items(like: object, some: Iterable[Kind]) -> list[Item]:
    """What a statement says of services."""
    return [Item((like, kind.protocols, kind.ports is None), port_sets(kind)) for kind in some]


def port_sets(kind: Kind) -> tuple[Spans, ...]:
    """The values of a kind of service on the axes of ports, with those of both for ICMP's types."""
    if kind.ports is not None:
        return (kind.ports,)
    if kind.icmp is not None:
        return (tuple((first << 8, last << 8 | 0xFF) for first, last in kind.icmp),)
    return ()


def cut_points(sets: Iterable[Spans]) -> set[int]:
    """Where sets of ports begin, and where they have ended."""
    return {cut for spans in sets for first, last in spans for cut in (first, last + 1)}


def axis_points(axis: Axis, masks: Iterable[int]) -> set[int]:
    """The same of sets of classes."""
    return cut_points(axis.spans(mask) for mask in set(masks) if mask != axis.full)
