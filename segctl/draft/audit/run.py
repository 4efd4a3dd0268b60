"""The audit: each family and way walked, told as rows; then what is odd about the rules."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from segctl.draft.audit.bare import bare, beside, early_readers, translations
from segctl.draft.audit.behind import behind
from segctl.draft.audit.cells import Cells
from segctl.draft.audit.doubts import not_modelled
from segctl.draft.audit.families import say_ipv6
from segctl.draft.audit.given import Given, rules
from segctl.draft.audit.idle import idle, say_idle
from segctl.draft.audit.reaches import Reaches
from segctl.draft.audit.redundant import Redundant
from segctl.draft.audit.spoofing import by_route, say_spoofing
from segctl.draft.audit.walks import Walks, evaluate_singly
from segctl.draft.result import Audit, Unwalked
from segctl.listing.rule import Listing, Rule
from segctl.model.diagnostic import Diagnostic
from segctl.model.packet import Way
from segctl.model.ranges import Ranges
from segctl.prove.path import bridges
from segctl.prove.unanswered import TooManyClasses
from segctl.prove.walk import place_said

_NOWHERE: Mapping[str, Ranges] = {}


def audit(
    paths: Sequence[Path],
    families: tuple[int, ...] = (),
    where: Mapping[str, Ranges] = _NOWHERE,
    without: frozenset[str] = frozenset(),
) -> Audit:
    """What the rules in these files let through. `families`: only these; default all that the files speak of. `where`:
    by interface the addresses behind it, in place of what the rules say; `without`: codes of findings to leave out.

    NoRules for a file that is none.
    """
    given = Given.read(paths)
    asked = tuple(one for one in (families or given.families) if one in given.families)
    plain = bare(given.listing)
    walked: list[Cells] = []
    unwalked: list[Unwalked] = []
    for family in asked:
        for way in Way:
            try:
                walked.append(walk(plain, way, family))
            except TooManyClasses:
                unwalked.append(Unwalked(way, family))
    reaches = tuple(row for one in walked for row in Reaches(one).rows())
    told = {id(rule): place_said(table, chain, rule) for table, chain, rule in rules(given.listing)}
    notes = list(_notes(given.listing))
    if any(by_route(cells, one) for cells in walked for one in cells.treated if one.passes or one.doubts):
        notes.append("sources are checked by the routes in places: what these let in, no rule says")
    placed = behind(given, where)
    found: list[Diagnostic] = [*say_ipv6(given, walked, families or (4, 6))]
    found += [one for cells in walked for one in say_spoofing(given, cells, placed)]
    found += _of_rules(given, plain, asked, {one.family for one in unwalked}, notes)
    return Audit(
        given.files,
        given.listing.digest,
        asked,
        reaches,
        tuple(sorted((one for one in found if one.code not in without), key=lambda one: one.sort_key())),
        tuple(not_modelled(given, reaches, told)),
        given.listing.gaps,
        tuple(notes),
        tuple(unwalked),
    )


def walk(listing: Listing, way: Way, family: int) -> Cells:
    """All packets that may begin a connection, one way."""
    return Cells(evaluate_singly(listing, way, family, fresh=True, ends_alike=False))


def _of_rules(
    given: Given, plain: Listing, asked: Sequence[int], too_large: set[int], notes: list[str]
) -> Iterator[Diagnostic]:
    """What is odd about single rules."""
    walks = Walks.of(plain, asked, beside(given.listing), too_large)
    dead = idle(plain, walks)
    yield from say_idle(given, plain, walks, dead)
    redundant = Redundant(walks, set(dead))
    yield from redundant.find(given, plain)
    for family in sorted(walks.untold):
        notes.append(f"IPv{family}: too large to look for rules that are shadowed or redundant")
    if not redundant.ended:
        notes.append("too many rules: not all were looked at whether they are redundant")


def _notes(listing: Listing) -> list[str]:
    """What a reader of the answer must know."""
    out = []
    some = list(translations(listing))
    if some:
        words = f"{len(some)} rules translate addresses: the answer is by the source before, the destination after it"
        out.append(words)
        early: list[Rule] = [rule for _, _, rule in early_readers(listing)]
        if early:
            out.append(f"{len(early)} rules ask for the destination before it is translated: {early[0].text}")
    asleep = "sleeps (flags dormant): its rules decide nothing"
    out += [f"table {table.family} {table.name} {asleep}" for table in listing.tables if table.dormant]
    out += [f"table {table.name} looks at bridged frames, and is left out" for table in bridges(listing.tables)]
    out += listing.beside
    return out
