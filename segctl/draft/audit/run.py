"""The audit: each family and way walked, told as rows; then what is odd about the rules."""

from collections.abc import Sequence
from pathlib import Path

from segctl.draft.audit.bare import bare, early_readers, translations
from segctl.draft.audit.cells import Cells
from segctl.draft.audit.doubts import not_modelled
from segctl.draft.audit.given import Given, rules
from segctl.draft.audit.reaches import Reaches
from segctl.draft.result import Audit, Reach
from segctl.listing.rule import Listing, Rule
from segctl.model.packet import Way
from segctl.prove.engine import evaluate
from segctl.prove.path import bridges
from segctl.prove.unanswered import TooLarge, TooManyClasses
from segctl.prove.walk import place_said

SINGLY = 1 << 60
"""Elements of a map from which on they would be taken together: none, here."""


def audit(paths: Sequence[Path], families: tuple[int, ...] = ()) -> Audit:
    """What the rules in these files let through. `families`: only these; default all that the files speak of.

    NoRules for a file that is none; TooLarge if the rules tell more packets apart than can be held.
    """
    given = Given.read(paths)
    asked = tuple(one for one in (families or given.families) if one in given.families)
    plain = bare(given.listing)
    try:
        cells = [walked(plain, way, family) for family in asked for way in Way]
    except TooManyClasses as error:
        raise TooLarge("the rules tell too many packets apart", "audit fewer of its files or tables at once") from error
    reaches = tuple(row for one in cells for row in Reaches(one).rows())
    told = {id(rule): place_said(table, chain, rule) for table, chain, rule in rules(given.listing)}
    return Audit(
        given.files,
        given.listing.digest,
        asked,
        reaches,
        (),
        tuple(not_modelled(given, reaches, told)),
        given.listing.gaps,
        tuple(_notes(given.listing)),
    )


def walked(listing: Listing, way: Way, family: int) -> Cells:
    """All packets that may begin a connection, one way."""
    return Cells(evaluate(listing, way, family, fewest=SINGLY, fresh=True))


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
    out += [f"table {table.name} looks at bridged frames, and is left out" for table in bridges(listing.tables)]
    out += listing.beside
    return out
