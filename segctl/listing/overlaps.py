"""Whether the elements of a map overlap: the kernel then answers by the one that came first, which no listing says.

It refuses overlaps of plain intervals, but in a concatenation with ranges takes a later element that is wider than one
that is there.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from segctl.listing.rule import Element, Span

_MOST = 2_000
"""So many that can't be told apart part by part are compared in pairs; more are counted as overlapping."""


def ambiguous(elements: Sequence[Element], catch_all: tuple[Span, ...]) -> bool:
    """Whether two elements share a key and answer differently; the catch-all, which gives way to all, isn't asked."""
    wide = [element for element in elements if any(first != last for first, last in element.key)]
    if not wide or all(element.key == catch_all for element in wide):
        return False
    found = [element for element in elements if element.key != catch_all]
    return any(_differ(group) for group in _groups(found, 0, 0))


def _groups(elements: list[Element], part: int, unsplit: int) -> Iterator[list[Element]]:
    """Elements that may overlap: cut apart by one part after another, until none cuts any more."""
    if len(elements) < 2 or unsplit == len(elements[0].key):
        yield elements
        return
    elements.sort(key=lambda element: element.key[part][0])
    groups: list[list[Element]] = []
    reach = -1
    for element in elements:
        first, last = element.key[part]
        if not groups or first > reach:
            groups.append([])
        groups[-1].append(element)
        reach = max(reach, last)
    following = (part + 1) % len(elements[0].key)
    for group in groups:
        yield from _groups(group, following, 0 if len(groups) > 1 else unsplit + 1)


def _differ(group: list[Element]) -> bool:
    if len(group) > _MOST:
        return True
    return any(
        one.value != other.value and all(a[0] <= b[1] and b[0] <= a[1] for a, b in zip(one.key, other.key, strict=True))
        for one, other in combinations(group, 2)
    )
