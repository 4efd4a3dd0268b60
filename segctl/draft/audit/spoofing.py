"""Spoofing holes: sources that the rules accept from an interface behind which they can't live."""

from collections.abc import Iterator
from dataclasses import dataclass

from segctl.draft.audit.behind import LOOPBACK, OWN, Behind
from segctl.draft.audit.cells import Cells
from segctl.draft.audit.families import all_open
from segctl.draft.audit.given import Given
from segctl.draft.audit.reaches import blocks_of, names_of
from segctl.draft.result import OTHERS
from segctl.listing.rule import Rule
from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.packet import Way
from segctl.model.ranges import Ranges, show_addresses
from segctl.model.span import Span
from segctl.prove.axes import IIF, SADDR
from segctl.prove.row import By

_MOST_NOTES = 4


_HELP = {
    "source-loopback": "drop 127.0.0.0/8 first, but from lo. The kernel does it itself unless route_localnet is set",
    "source-own": "drop them first, but from lo. The kernel does it itself only for IPv4, unless accept_local is set",
    "source-elsewhere": "drop them there first, or set rp_filter for IPv4; if it isn't so: --behind eth1=BLOCK",
}
_KIND = {
    "source-loopback": "loopback addresses",
    "source-own": "the machine's own addresses",
    "source-elsewhere": "sources that live elsewhere",
}


@dataclass(frozen=True, slots=True)
class Hole:
    """What gets in with false sources, from any of these interfaces. `certain`: that it does."""

    interfaces: tuple[str, ...]
    sources: Ranges
    by: tuple[By, ...]
    certain: bool


def say_spoofing(given: Given, cells: Cells, placed: Behind) -> Iterator[Diagnostic]:
    """Findings of one family on one way: for loopback, for the machine's own, for each other set of addresses.

    None where nothing at all is filtered, which the answer says.
    """
    if cells.evaluated.way is Way.OUTPUT or all_open(cells):
        return
    where = f"IPv{cells.evaluated.family}, {cells.evaluated.way}"
    faces = [(number, name) for number, name in enumerate(_interfaces(cells)) if name != OWN]
    for code, false in (("source-loopback", LOOPBACK), ("source-own", placed.own())):
        some = [hole for number, name in faces if (hole := _hole(cells, number, name, false))]
        if some:
            yield _said(given, placed, _together(some), code, where)
    by_sources: dict[Ranges, list[Hole]] = {}
    for number, name in faces:
        if (hole := _hole(cells, number, name, placed.elsewhere(name))) is not None:
            by_sources.setdefault(hole.sources, []).append(hole)
    for some in by_sources.values():
        yield _said(given, placed, _together(some), "source-elsewhere", where)


def _interfaces(cells: Cells) -> list[str]:
    """The classes of interfaces, each in words."""
    space = cells.evaluated.space
    axis = space.axes[space.index[IIF]]
    return [" or ".join(names_of(axis, number)) for number in cells.classes[0]]


def _hole(cells: Cells, at: int, interface: str, false: Ranges) -> Hole | None:
    """Of these sources what may open something from an interface."""
    import numpy

    space = cells.evaluated.space
    axis = space.axes[space.index[SADDR]]
    sources = Ranges()
    by: dict[int, By] = {}
    certain = False
    for place, number in enumerate(cells.classes[1]):
        mine = blocks_of(axis, 1 << number, cells.evaluated.family) & false
        kinds = [cells.treated[int(kind)] for kind in numpy.unique(cells.pairs[at, place])] if mine else []
        some = [one for one in kinds if one.passes or one.doubts]
        if some:
            sources |= mine
            certain |= any(one.passes for one in some)
            by |= {id(rule.rule or rule.chain): rule for one in some for rule in one.by}
    return Hole((interface,), sources, tuple(by.values()), certain) if sources else None


def _together(holes: list[Hole]) -> Hole:
    """Several interfaces as one."""
    by = {id(one.rule or one.chain): one for hole in holes for one in hole.by}
    sources = Ranges.of(span for hole in holes for span in hole.sources)
    names = tuple(name for hole in holes for name in hole.interfaces)
    return Hole(names, sources, tuple(by.values()), any(hole.certain for hole in holes))


def _said(given: Given, placed: Behind, hole: Hole, code: str, where: str) -> Diagnostic:
    faces = ", ".join("interfaces that no rule names" if name == OTHERS else name for name in hole.interfaces)
    passes = "are accepted" if hole.certain else "may be accepted"
    what = f"{where}: {_KIND[code]} {passes} from {faces}: {show_addresses(hole.sources)}"
    first = hole.by[0] if hole.by else None
    place = given.span(None) if first is None else given.span(first.rule) if first.rule else _policy(given, first)
    return Diagnostic(place, code, what, _HELP[code], tuple(_notes(given, placed, hole, code)))


def _policy(given: Given, by: By) -> Span:
    return given.policy(by.table, by.chain)


def _claims(placed: Behind, hole: Hole, code: str) -> Iterator[tuple[str, Ranges, Rule | None]]:
    """Who says where these addresses live: of each place with its addresses the first rule."""
    seen = set()
    for name, held, rule in placed.claiming(hole.sources):
        if (name == OWN) is (code == "source-own") and (name, held) not in seen and name not in hole.interfaces:
            seen.add((name, held))
            yield name, held, rule


def _notes(given: Given, placed: Behind, hole: Hole, code: str) -> Iterator[Note]:
    """Who says where these addresses live, then what accepts them."""
    claims = list(_claims(placed, hole, code))
    for name, held, rule in claims[:_MOST_NOTES]:
        lives = f"{show_addresses(held)} is {'the machine itself' if name == OWN else f'behind {name}'}"
        if rule is None:
            yield Note(None, f"{lives}: --behind says so")
        else:
            yield Note(given.span(rule), f"{lives}: {rule.text}")
    if (more := len(claims) - _MOST_NOTES) > 0:
        yield Note(None, f"and {more} more that say so")
    for by in hole.by[:_MOST_NOTES]:
        if by.rule is not None:
            yield Note(given.span(by.rule), f"accepted by {by.rule.text}")
        else:
            yield Note(_policy(given, by), f"accepted by the policy of {by.chain.name}")
    if (more := len(hole.by) - _MOST_NOTES) > 0:
        yield Note(None, f"and by {more} more")
