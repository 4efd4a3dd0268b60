"""An import from end to end: survey, plan, text, its own rules, the proof."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from segctl.draft.audit.given import Given
from segctl.draft.names import Names
from segctl.draft.result import Equality, Imported
from segctl.draft.rules.equal import compare
from segctl.draft.rules.head import head, notes
from segctl.draft.rules.labels import Labels
from segctl.draft.rules.left_out import left_out
from segctl.draft.rules.matrix import matrix
from segctl.draft.rules.plain import plain
from segctl.draft.rules.plan import plan
from segctl.draft.rules.segments import Made, Pairs, segments
from segctl.draft.rules.survey import Survey, Wanted, survey
from segctl.draft.rules.walks import Rules
from segctl.draft.rules.write import NOBODY, POINT, Site, written
from segctl.draft.start import SCHEMA
from segctl.listing import nft_text
from segctl.load.context import RESERVED
from segctl.load.files import MAIN
from segctl.load.read import read_site
from segctl.load.schema import show_schema
from segctl.model.diagnostic import SiteError
from segctl.model.ranges import ALL_V4, ALL_V6
from segctl.model.selector import POINTS
from segctl.policy import Policy, examine

Compiler = Callable[[Policy, str, datetime], str]
"""A policy, a point's name and a time to the text of its table."""
_OWN = "own"


class Silent(Exception):
    """The files don't speak of what was asked. Nothing was done."""

    exit_code = 2
    help = "give the rules of that family, or leave --family out"

    def __init__(self, families: tuple[int, ...]) -> None:
        which = " and ".join(f"IPv{family}" for family in families)
        super().__init__(f"the files hold no rules for {which}" if families else "the files hold no rules")


_HALVES = {4: ("ipv4", ALL_V4), 6: ("ipv6", ALL_V6)}


def import_rules(paths: Sequence[Path], name: str, wanted: Wanted, families: tuple[int, ...], compiled: Compiler,
                 at: datetime) -> Imported:  # fmt: skip
    """A draft of what these files let through. `families`: only these; default all that the files speak of.

    NoRules for a file that is none; TooLarge if the rules tell more packets apart than can be held.
    """
    given = Given.read(paths)
    asked = tuple(one for one in (families or given.families) if one in given.families)
    if not asked:
        raise Silent(families)
    rules = Rules(plain(given.listing))
    found = survey(rules, asked, wanted)
    pairs = _segments(found, Labels.read(given.listing, wanted.behind, wanted.ours | wanted.special), asked)
    site = Site(name, given.files, found, pairs, plan(pairs), _OWN if wanted.host else POINTS)
    proved = _proved(written(site, ()), rules, found, asked, compiled, at)
    equality = replace(proved, gaps=given.listing.gaps)
    lost = tuple(left_out(given))
    said = tuple(notes(given, found, asked))
    text = written(site, head(equality, lost, said))
    files = {MAIN: text.encode(), SCHEMA: show_schema().encode()}
    return Imported(name, files, equality, lost, said, tuple(one.name for one in pairs.segments))


def _segments(found: Survey, labels: Labels, asked: tuple[int, ...]) -> Pairs:
    """With one more for the family of which the files say nothing, or what is said of the world would open it."""
    names = Names(RESERVED | {POINT, NOBODY, f"{POINT}-host", _OWN})
    made = segments(tuple(matrix(found, land) for land in found.lands), labels, names)
    return replace(made, segments=(*made.segments, *_unspoken(found, asked, names)))


def _unspoken(found: Survey, asked: tuple[int, ...], names: Names) -> Iterator[Made]:
    for family, (name, addresses) in _HALVES.items():
        if family not in asked:
            yield Made(found.faces, {}, addresses, names.take(name, "net"))


def _proved(text: str, rules: Rules, found: Survey, asked: tuple[int, ...], compiled: Compiler,
            at: datetime) -> Equality:  # fmt: skip
    """The draft is read and compiled as any other site."""
    with tempfile.TemporaryDirectory(prefix="segctl-import-") as folder:
        (Path(folder) / MAIN).write_text(text)
        site = read_site(Path(folder))
    examined = examine(site, at)
    if examined.policy is None:
        raise SiteError(examined.findings)
    point = next(iter(site.points.values()))
    listing = nft_text.parse(compiled(examined.policy, point.name, at))
    own = Rules(listing, {(table.family, table.name): True for table in listing.tables})
    return compare(rules, own, examined.policy, point, asked, found.wanted)
