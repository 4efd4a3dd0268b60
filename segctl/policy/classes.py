"""The coarsest partition of the addresses that every statement of a site respects: the compiler's shortcut.

Two addresses are in one class if they are in the same segment and in the same ends of the same statements. Found
by one sweep over all borders: O(n log n) in the number of ranges (never by comparing sets with sets).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from segctl.model.ranges import Ranges
from segctl.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class AddressClass:
    """Addresses that nothing in the site tells apart: they lie in one segment."""

    segment: str
    addresses: Ranges


def address_classes(policy: Policy, also: Iterable[Ranges] = ()) -> tuple[AddressClass, ...]:
    """All classes in order of segment (as the site lists them) and first address; `also` is respected as well."""
    ends = [end for s in policy.flows.items for end in (s.source, s.destination)]
    ends += [end for s in policy.guardrails.items for end in (s.source, s.destination)]
    ends += [end for s in policy.management.items for end in (s.source, s.destination)]
    return split(policy.partition.own, (*ends, *also))


def split(own: Mapping[str, Ranges], sets: Iterable[Ranges]) -> tuple[AddressClass, ...]:
    """The classes of the partition `own` under the sets."""
    objects = {id(ranges): ranges for ranges in sets}.values()  # hashing a large set once is enough
    distinct = [ranges for ranges in dict.fromkeys(objects) if ranges]
    names = list(own)
    borders: list[tuple[int, int, int]] = []  # place, set number (segments negative), +1 begins or -1 ends
    for number, ranges in enumerate(distinct):
        for first, last in ranges:
            borders += [(first, number, 1), (last + 1, number, -1)]
    for number, name in enumerate(names):
        for first, last in own[name]:
            borders += [(first, -1 - number, 1), (last + 1, -1 - number, -1)]
    borders.sort()
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    signature, segment, begin = 0, -1, 0  # the signature has one bit for each set that we are in
    for place, group in groupby(borders, key=lambda border: border[0]):
        if segment >= 0:
            found.setdefault((segment, signature), []).append((begin, place - 1))
        for _, number, step in group:
            if number < 0:
                segment = -1 - number if step > 0 else (-1 if segment == -1 - number else segment)
            else:
                signature ^= 1 << number
        begin = place
    classes = [AddressClass(names[number], Ranges.of(spans)) for (number, _), spans in found.items()]
    order = {name: at for at, name in enumerate(names)}
    return tuple(sorted(classes, key=lambda c: (order[c.segment], c.addresses.first())))
