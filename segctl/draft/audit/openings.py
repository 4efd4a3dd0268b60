"""Sets of packets as what they ask for: protocols, ports, types, and what else must hold."""

from collections.abc import Iterator

from segctl.draft.audit.cells import Cells
from segctl.draft.audit.mixed import Mixed
from segctl.draft.result import Opening
from segctl.prove.conntrack import ICMP_OF
from segctl.prove.space import Cube

EVERYTHING = Opening(((0, 255),))


def openings(some: Mixed, cells: Cells) -> tuple[Opening, ...]:
    """What a set of packets asks for, in order of protocols."""
    if some == cells.whole:
        return (EVERYTHING,)
    found = [one for cube in some.cubes() for one in _of(cube, cells)]
    return tuple(
        sorted(_together(found), key=lambda one: (one.protocols, one.ports or (), one.sources or (), one.also))
    )


def _of(cube: Cube, cells: Cells) -> Iterator[Opening]:
    """ICMP's types stand where others have their source port."""
    space = cells.evaluated.space
    proto, tail, head, *rest = (space.axes[at] for at in cells.told)
    icmp = 1 << proto.class_of(ICMP_OF[cells.evaluated.family])
    also = tuple(
        (axis.name, axis.spans(mask))
        for axis, mask, possible in zip(rest, cube[3:], cells.possible[3:], strict=True)
        if possible & ~mask
    )
    if cube[0] & icmp:
        heads = _icmp_heads(cells, icmp)
        types = None if not heads & ~cube[2] else head.spans(cube[2])
        yield Opening(proto.spans(icmp), types, None, also)
    if others := cube[0] & ~icmp:
        ports = None if cube[1] == tail.full else tail.spans(cube[1])
        sources = None if cube[2] == head.full else head.spans(cube[2])
        yield Opening(proto.spans(others), ports, sources, also)


def _icmp_heads(cells: Cells, icmp: int) -> int:
    """All that ICMP can begin."""
    out = 0
    for cube in cells.whole.cubes():
        if cube[0] & icmp:
            out |= cube[2]
    return out


def _together(some: list[Opening]) -> Iterator[Opening]:
    """Protocols of which the same holds as one."""
    by_rest: dict[object, list[Opening]] = {}
    for one in some:
        by_rest.setdefault((one.ports, one.sources, one.also), []).append(one)
    for alike in by_rest.values():
        whole = tuple(sorted(span for one in alike for span in one.protocols))
        yield Opening(whole, alike[0].ports, alike[0].sources, alike[0].also)
