"""IPv6 left open: no rules for it, or none that stop anything, where those for IPv4 do."""

from collections.abc import Iterator, Sequence

from segctl.draft.audit.cells import Cells
from segctl.draft.audit.given import Given
from segctl.listing.rule import Family
from segctl.model.diagnostic import Diagnostic, Note
from segctl.model.packet import Way
from segctl.model.span import Span
from segctl.prove.row import By

_WAYS = (Way.INPUT, Way.FORWARD)
_HELP = "give IPv6 the same rules: what has an IPv6 address can be reached by it"


def say_ipv6(given: Given, walked: Sequence[Cells], asked: tuple[int, ...]) -> Iterator[Diagnostic]:
    """A finding for each way, or one where no file speaks of IPv6. None if only one family was asked about."""
    found = {(one.evaluated.family, one.evaluated.way): one for one in walked}
    filtered = [one for way in _WAYS if (one := found.get((4, way))) is not None and not all_open(one)]
    if not {4, 6} <= set(asked) or not filtered:
        return
    if 6 not in given.families:
        what = "IPv4 is filtered, and none of these files has rules for IPv6"
        yield Diagnostic(
            given.span(None), "ipv6-open", what, "give the ip6tables-save too; where there is none, it is open"
        )
        return
    for one in filtered:
        way = one.evaluated.way
        other = found.get((6, way))
        if other is not None and all_open(other):
            what = f"{way}: IPv4 is filtered, and every IPv6 connection may be opened"
            yield Diagnostic(_place(given, way), "ipv6-open", what, _HELP, tuple(_stopping(given, one)))


def _place(given: Given, way: Way) -> Span:
    """The policy of IPv6's own chain on a way; the beginning of the files if there is none."""
    for table in given.listing.tables:
        for chain in table.chains.values():
            if table.family in (Family.IP6, Family.INET) and chain.hook is not None and chain.hook.name == way:
                return given.policy(table, chain)
    return given.span(None)


def _stopping(given: Given, cells: Cells) -> Iterator[Note]:
    """What filters IPv4: the first rule or policy that stops something."""
    for one in cells.evaluated.decided:
        if one.by is not None and one.ending in ("drop", "reject"):
            by: By = one.by
            if by.rule is not None:
                yield Note(given.span(by.rule), f"IPv4 is filtered here: {by.rule.text}")
            else:
                yield Note(given.policy(by.table, by.chain), f"IPv4 is filtered here: policy of {by.chain.name}")
            return


def all_open(cells: Cells) -> bool:
    """Whether every connection may be opened, between any two ends."""
    return all(one.passes == cells.whole for one in cells.treated)
