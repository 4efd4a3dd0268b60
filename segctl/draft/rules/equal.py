"""The proof: what a draft's own rules do with each packet that may begin a connection, beside what the original does.

Both are walked over one set of classes, so that each cell of the one is a cell of the other. Where they differ, the
difference is one of those on purpose (`purpose.py`), or it is told.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from segctl.draft.audit.reaches import names_of
from segctl.draft.result import OTHERS, Apart, Equality, OnPurpose
from segctl.draft.rules.endings import End, Endings
from segctl.draft.rules.purpose import CELLS, ESSENTIAL, NOWHERE, PACKETS, Ends, Place, is_essential
from segctl.draft.rules.survey import Wanted, cuts_of
from segctl.draft.rules.walks import ENDS, Rules, shared
from segctl.listing.rule import Ending, name_span
from segctl.model.packet import Way
from segctl.model.point import Point
from segctl.model.ranges import V6, show_address
from segctl.model.service import ICMP, ICMP6, WITH_PORTS
from segctl.policy import Policy
from segctl.prove.axes import DADDR, HEAD, IIF, OIF, PROTO, SADDR, STRANGER, TAIL
from segctl.prove.cuts import Cuts
from segctl.prove.kinds import half
from segctl.prove.row import rule_said
from segctl.prove.space import Axis, Cube, Spans, meet

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_SAYS = {Ending.ACCEPT: "accept", Ending.DROP: "drop", Ending.REJECT: "reject", None: "nobody can say"}
_MOST = 2000
_HINT = "the rules go by interface alone: say who lives behind it, --behind IF=CIDR,…"


Axes = tuple[Axis, ...]
_EVERY = -1
"""A mask of all classes, of an axis that somebody doesn't read."""


class _Told(NamedTuple):
    """The axes that either of two walks reads, in one order."""

    axes: Axes

    @classmethod
    def of(cls, one: Endings, other: Endings) -> "_Told":
        found = dict(zip((*one.told, *other.told), (*one.axes(), *other.axes()), strict=True))
        return cls((*one.axes()[:3], *(found[name] for name in sorted(found.keys() - set(one.told[:3])))))

    def all_of(self, some: Endings, number: int) -> tuple[End, ...]:
        """What becomes of a pair's packets, on all of these axes."""
        at = {name: place for place, name in enumerate(some.told)}
        places = [at.get(axis.name) for axis in self.axes]
        return tuple(
            each._replace(cube=tuple(_EVERY if place is None else each.cube[place] for place in places))
            for each in some.of(number)
        )


class Differs(NamedTuple):
    """Packets of some pairs with what becomes of them in the original and in the draft."""

    cube: Cube
    one: End
    other: End


class _Found:
    """What was met so far."""

    def __init__(self) -> None:
        self.pairs = self.packets = self.opened = self.kept = 0
        self.purpose: dict[str, list[int]] = {}
        self.apart: dict[tuple[object, ...], Apart] = {}

    def meant(self, name: str, pairs: int, opened: int) -> None:
        held = self.purpose.setdefault(name, [0, 0])
        held[0] += pairs
        held[1] += opened

    def told(self, one: Apart) -> None:
        """Differences of one kind, by one rule, as one."""
        key = one.way, one.family, one.rules, one.site, one.by, one.doubts
        before = self.apart.get(key)
        if before is not None:
            self.apart[key] = replace(before, pairs=before.pairs + one.pairs)
        elif len(self.apart) < _MOST:
            self.apart[key] = one

    def answer(self, families: tuple[int, ...], ways: tuple[Way, ...]) -> Equality:
        kinds = {kind.name: kind.what for kind in (*CELLS, *PACKETS)}
        meant = (OnPurpose(name, what, *self.purpose[name]) for name, what in kinds.items() if name in self.purpose)
        counts = self.pairs, self.packets, self.opened, self.kept
        return Equality(families, ways, *counts, tuple(meant), tuple(self.apart.values()))


def compare(original: Rules, draft: Rules, policy: Policy, point: Point, families: tuple[int, ...],
            wanted: Wanted) -> Equality:  # fmt: skip
    """Every new connection of these families. TooLarge if the rules tell too many packets apart."""
    found = _Found()
    faces = tuple(wanted.behind) if wanted.host else ()
    known = tuple(name for name, some in wanted.behind.items() if some)
    for family in families:
        for way in wanted.ways:
            one, other = shared(
                [partial(rules.walk, way, family) for rules in (original, draft)],
                _cuts(policy, point, family, wanted),
            )
            _compare(Endings(one), Endings(other), Place(policy, point, way, family, faces, known), found)
    return found.answer(families, wanted.ways)


def _cuts(policy: Policy, point: Point, family: int, wanted: Wanted) -> Cuts:
    """What kinds of differences tell apart."""
    cuts = cuts_of(wanted, family)
    ranges = (policy.special, *policy.partition.own.values(), *policy.hosts.values(), *policy.gateways.values())
    addresses = {spans for some in ranges if (spans := half(some, family))}
    faces: set[Spans] = {(name_span(name),) for name in point.interfaces}
    more: Cuts = {SADDR: addresses, DADDR: addresses, IIF: faces, OIF: faces}
    return {axis: sets | more[axis] for axis, sets in cuts.items()}


def _compare(one: Endings, other: Endings, place: Place, found: _Found) -> None:
    import numpy

    mine, theirs = one.cells.pairs, other.cells.pairs
    ends, both_told = Ends(one, place), _Told.of(one, other)
    found.pairs += mine.size
    space = one.cells.evaluated.space
    found.packets += sum(space.size(cube) for cube in one.cells.evaluated.domain)
    both = mine.astype(numpy.int64) * (int(theirs.max()) + 1) + theirs
    numbers, inverse = numpy.unique(both, return_inverse=True)
    inverse = inverse.reshape(mine.shape)
    for at, number in enumerate(numbers):
        first, second = divmod(int(number), int(theirs.max()) + 1)
        differ = list(_differ(both_told.all_of(one, first), both_told.all_of(other, second)))
        cells = inverse == at
        if _opens(one.of(first)):
            found.opened += int(cells.sum())
            found.kept += int(cells.sum()) if _opens(other.of(second)) else 0
        if differ:
            _sorted_out(differ, cells, both_told.axes, one, ends, found)


def _opens(some: tuple[End, ...]) -> bool:
    """Whether something passes for certain."""
    return any(one.ending is Ending.ACCEPT for one in some)


def _differ(some: tuple[End, ...], others: tuple[End, ...]) -> Iterator[Differs]:
    for one in some:
        for other in others:
            if one.ending is not other.ending or one.ending is None:
                both = meet(one.cube, other.cube)
                if both is not None:
                    yield Differs(both, one, other)


def _sorted_out(differ: list[Differs], cells: "NDArray[numpy.bool_]", axes: Axes, one: Endings, ends: Ends,
                found: _Found) -> None:  # fmt: skip
    """By kinds of cells first, then by kinds of packets; what is left is told."""
    left = cells
    for kind in CELLS:
        here = left & ends.masks[kind.name]
        count = int(here.sum())
        if not count:
            continue
        left = left & ~here
        hint = _HINT if kind.name == NOWHERE else ""
        needed = [each for each in differ if is_essential(each.other) and not kind.holds(each.one, each.other)]
        odd = [each for each in differ if not kind.holds(each.one, each.other) and each not in needed]
        if needed:
            found.meant(ESSENTIAL, count, 0)
        if len(odd) + len(needed) < len(differ):
            opens = any(each.one.ending is not Ending.DROP and each.one.ending is not Ending.REJECT for each in differ)
            found.meant(kind.name, count, count if opens else 0)
        _tell(odd, here, axes, one, ends, found, hint)
    count = int(left.sum())
    if not count:
        return
    odd = []
    for each in differ:
        holding = (kind.name for kind in PACKETS if kind.holds(each.cube, axes, each.one, each.other, ends.place))
        name = next(holding, "")
        if name:
            found.meant(name, count, count if each.one.ending is Ending.ACCEPT else 0)
        else:
            odd.append(each)
    _tell(odd, left, axes, one, ends, found)


def _tell(differ: list[Differs], cells: "NDArray[numpy.bool_]", axes: Axes, one: Endings, ends: Ends, found: _Found,
          hint: str = "") -> None:  # fmt: skip
    import numpy

    if not differ:
        return
    where = tuple(int(at) for at in numpy.argwhere(cells)[0])
    for each in differ:
        by = rule_said(each.one.by) if each.one.by else None
        found.told(
            Apart(
                ends.place.way,
                ends.place.family,
                _packet(each.cube, axes, where, one),
                _SAYS[each.one.ending],
                _SAYS[each.other.ending],
                f"{by.chain}: {by.text}" if by else "",
                (*each.one.doubts, hint) if hint else each.one.doubts,
                int(cells.sum()),
            )
        )


def _packet(cube: Cube, axes: Axes, where: tuple[int, ...], one: Endings) -> str:
    """One packet of a difference, in words."""
    space, family = one.cells.evaluated.space, one.cells.evaluated.family
    lift = V6 if family == 6 else 0
    ends = []
    for face, end in ((IIF, SADDR), (OIF, DADDR)):
        number, block = (one.cells.classes[ENDS.index(name)][where[ENDS.index(name)]] for name in (face, end))
        address = show_address(space.axes[space.index[end]].least[block] + lift)
        ends.append(f"{_interface(space.axes[space.index[face]], number)} {address}".strip())
    told = {axis.name: _smallest(axis, mask) for axis, mask in zip(axes, cube, strict=True)}
    return f"{ends[0]} > {ends[1]}, {_service(told, family)}"


def _interface(axis: Axis, number: int) -> str:
    """One of a class: a name, or the beginning of names with a 0; nothing where there is none."""
    if axis.class_of(0) == number:
        return ""
    word = next(names_of(axis, number))
    return STRANGER if word == OTHERS else word.replace("*", "0")


def _smallest(axis: Axis, mask: int) -> int:
    values = [axis.least[number] for number in range(len(axis.least)) if mask >> number & 1]
    return next((value for value in values if value), values[0])


def _service(told: dict[str, int], family: int) -> str:
    proto = told[PROTO]
    if proto in WITH_PORTS:
        return f"{WITH_PORTS[proto]}/{told[TAIL]} from port {told[HEAD]}"
    if proto == (ICMP if family == 4 else ICMP6):
        return f"icmp{family}/{told[HEAD] >> 8}"
    return f"proto/{proto}" + (f" that begins with {told[HEAD]}" if told[HEAD] else "")
