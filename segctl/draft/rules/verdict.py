"""What a pair's packets meet, as what the language can say of it: services that pass, and how the rest is answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce

from segctl.draft.audit.mixed import join
from segctl.draft.rules.endings import End, Endings
from segctl.listing.rule import Ending
from segctl.model.ranges import NOTHING, Ranges
from segctl.model.service import WITH_PORTS, of_family, traffic_range
from segctl.prove.axes import HEAD, PROTO, TAIL
from segctl.prove.conntrack import ICMP_OF
from segctl.prove.space import Axis, Cube, Spans

_CODES = 256


@dataclass(frozen=True, slots=True)
class Verdict:
    """What of a pair's packets is `passed`, `dropped`, `rejected`, as traffic. `beyond`: what passes, too, and no
    service can say; `doubts`: why nobody can say of the rest; `apart`: pairs that are one here don't meet the same.
    """

    passed: Ranges
    dropped: Ranges
    rejected: Ranges
    beyond: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    apart: bool = False

    def parts(self) -> tuple[Ranges, Ranges, Ranges]:
        """What passes, what is dropped, what is rejected."""
        return self.passed, self.dropped, self.rejected


def verdict(ends: Iterable[End], endings: Endings, whole: tuple[Cube, ...]) -> Verdict:
    """One pair's."""
    held = list(ends)
    said = [_said([one.cube for one in held if one.ending is ending], endings, whole)
            for ending in (Ending.ACCEPT, Ending.DROP, Ending.REJECT)]  # fmt: skip
    open_ = [one for one in held if one.ending is None and not one.refused]
    doubts = tuple(dict.fromkeys(reason for one in open_ for reason in one.doubts))
    return Verdict(said[0][0], said[1][0], said[2][0], said[0][1], doubts)


def together(some: Iterable[Verdict]) -> Verdict:
    """Several pairs' as one: what passes in all of them passes; the rest is rejected where some of them reject it."""
    each = list(dict.fromkeys(some))
    if len(each) == 1:
        return each[0]
    passed, dropped, rejected = (
        reduce(lambda one, other: one & other, held) for held in zip(*(one.parts() for one in each), strict=True)
    )
    everything = reduce(lambda one, other: one | other, (part for one in each for part in one.parts()))
    rejected |= reduce(lambda one, other: one | other, (one.rejected for one in each)) - passed
    dropped |= everything - passed - rejected
    rejected -= dropped
    beyond = tuple(dict.fromkeys(word for one in each for word in one.beyond))
    return Verdict(passed, dropped, rejected, beyond, tuple(dict.fromkeys(w for one in each for w in one.doubts)), True)


def _said(cubes: list[Cube], endings: Endings, whole: tuple[Cube, ...]) -> tuple[Ranges, tuple[str, ...]]:
    family = endings.cells.evaluated.family
    if not cubes:
        return NOTHING, ()
    places = tuple(range(len(endings.told)))
    form = join(places, cubes)
    if form == join(places, whole):
        return of_family(family), ()
    axes = endings.axes()
    found: list[tuple[int, int]] = []
    beyond: list[str] = []
    for cube in form.cubes():
        odd = [axis.name for axis, mask in zip(axes[3:], cube[3:], strict=True) if mask != axis.full]
        if odd:
            beyond.append(f"packets told by {', '.join(odd)}")
            continue
        found += _of_cube(cube, axes, family, whole, beyond)
    return Ranges.of(found), tuple(dict.fromkeys(beyond))


def _of_cube(
    cube: Cube, axes: tuple[Axis, ...], family: int, whole: tuple[Cube, ...], beyond: list[str]
) -> Iterator[tuple[int, int]]:
    """Services of one product; what is none goes into `beyond`."""
    named = dict(zip((PROTO, TAIL, HEAD), axes[:3], strict=True))
    protocols, ports, sources = named[PROTO], named[TAIL], named[HEAD]
    icmp = 1 << protocols.class_of(ICMP_OF[family])
    if cube[0] & icmp:
        yield from _of_icmp(cube, (protocols, ports, sources), family, whole, beyond)
    if not (others := cube[0] & ~icmp):
        return
    if cube[2] != sources.full:
        beyond.append(f"packets told by their source port, to {_ports(ports.spans(cube[1]), cube[1] == ports.full)}")
        return
    for first, last in protocols.spans(others):
        for number in range(first, last + 1):
            if cube[1] == ports.full:
                yield traffic_range(family, number)
            elif number in WITH_PORTS:
                yield from (traffic_range(family, number, low, high) for low, high in ports.spans(cube[1]))
            else:
                beyond.append(f"ports of the protocol {number}")


def _of_icmp(
    cube: Cube, axes: tuple[Axis, ...], family: int, whole: tuple[Cube, ...], beyond: list[str]
) -> Iterator[tuple[int, int]]:
    protocols, sums, heads = axes
    number = ICMP_OF[family]
    icmp = 1 << protocols.class_of(number)
    every = 0
    for one in whole:
        every |= one[2] if one[0] & icmp else 0
    if cube[1] != sums.full:
        beyond.append("ICMP told by its checksum")
    elif not every & ~cube[2]:
        yield traffic_range(family, number)
    else:
        for first, last in heads.spans(cube[2]):
            low, high = -(-first // _CODES), (last + 1) // _CODES - 1
            if first % _CODES or (last + 1) % _CODES:
                beyond.append("codes of ICMP")
            if low <= high:
                yield traffic_range(family, number, low, high)


def _ports(spans: Spans, every: bool) -> str:
    if every:
        return "any port"
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:3]]
    return ", ".join(shown) + (" …" if len(spans) > 3 else "")
