"""A change as a page draws it: each row of the difference with the segments at its ends."""

from datetime import datetime

from segctl.ask.diff import difference
from segctl.ask.graph import segment_nodes
from segctl.ask.result.page import Changed, Changes
from segctl.ask.spread import Spread
from segctl.model.ranges import Ranges
from segctl.policy import Policy


def changes(before: Policy, after: Policy, at: datetime, words: str) -> Changes:
    """What opens and closes at that time; `words`: what `before` is called."""
    old, new = Spread(before), Spread(after)
    gone = before.site.segments.keys() - after.site.segments.keys()

    def names(addresses: Ranges) -> tuple[str, ...]:
        lost = {name: part for name, part in old.parts(addresses).items() if name in gone}
        rest = addresses - Ranges.of(span for part in lost.values() for span in part)
        return tuple(sorted({*lost, *new.parts(rest)}))

    rows = difference(before, after, at).rows
    nodes = segment_nodes(before, at)
    return Changes(
        words,
        tuple(Changed(row, names(row.sources), names(row.destinations)) for row in rows),
        {name: nodes[name] for name in sorted(gone)},
        tuple(sorted(after.site.segments.keys() - before.site.segments.keys())),
    )
