"""All of a change, for who decides on it: as lines of text, as Markdown for a pull request, as plain values."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from segctl.ask.result import Difference, Far, FarRow, Hop, Later, Radius, Review, Row, Turn
from segctl.model.decision import Decision
from segctl.report.answers import plain_way, show_called, show_services
from segctl.report.captions import moment
from segctl.report.difference import MOST, plain_difference, show_difference, show_ends, show_now, show_stand
from segctl.report.markdown import escaped, table
from segctl.report.reach import plain_called

_LOUD = "> [!CAUTION]"
_CALM = "> [!NOTE]"
_HEAD = ("from", "to", "services", "now", "before")


def show_review(found: Review) -> Iterator[str]:
    """What opens and closes, then in several hops, then blast radii, then what turns later."""
    yield from show_difference(found.now)
    yield from _far(found.far)
    yield from _later(found.later)


def _far(far: Far) -> Iterator[str]:
    for title, sign, rows in (("can be reached now in several hops", "+", far.appear),
                              ("can't be reached any more", "-", far.vanish)):  # fmt: skip
        if rows:
            yield f"{title}:"
        for row in rows[:MOST]:
            yield f"  {sign} {show_called(row.from_)} -> {show_called(row.to)} ({row.hops} hops{_some(row)})"
            if row.way:
                yield f"      {_by(row.way)}"
        if len(rows) > MOST:
            yield f"  and {len(rows) - MOST} more"
    if changed := changed_radii(far):
        yield "blast radius:"
        yield from (f"  {_sign(one)} {one.segment}: {_number(one.before)} -> {_number(one.after)}" for one in changed)


def _some(row: FarRow) -> str:
    return "" if row.whole else ", each with some"


def _by(way: Iterable[Hop]) -> str:
    """Each hop on a line is too much here: whom it leads over, and by which lines."""
    words = []
    for hop in way:
        first = hop.services[0].outcome.decision
        place = f" ({first.span.row})" if first.span else ""
        words.append(f"{hop.source} -> {hop.destination} by {_line(first)}{place}")
    return "; ".join(words)


def _line(decision: Decision) -> str:
    """The statement that lets it pass; else what the law says of it."""
    return f"{decision.by}" if decision.by else decision.reason


def changed_radii(far: Far) -> list[Radius]:
    """The segments whose radius is another one, those first that reach further by most."""
    changed = [one for one in far.radii if one.before != one.after]
    return sorted(changed, key=lambda one: ((one.before or 0) - (one.after or 0), one.segment))


def _sign(one: Radius) -> str:
    return "+" if (one.after or 0) > (one.before or 0) else "-"


def _number(radius: int | None) -> str:
    return "no such segment" if radius is None else str(radius)


def _later(later: Later) -> Iterator[str]:
    if later.turns:
        yield "later:"
    yield from (f"  {_turn(turn)}" for turn in later.turns[:MOST])
    if len(later.turns) > MOST:
        yield f"  and {len(later.turns) - MOST} more"
    for time, rows in later.opens:
        yield f"opens at {moment(time)}:"
        yield from (f"  + {show_ends(row)}  {show_services(row.traffic)}  {show_now(row)}" for row in rows[:MOST])
        if len(rows) > MOST:
            yield f"  and {len(rows) - MOST} more"


def _turn(turn: Turn) -> str:
    word = "begins" if turn.begins else "ends"
    gone = "" if turn.added else ", before this change"
    return f"{moment(turn.at)}: flow '{turn.flow.name}' {word}{gone} ({turn.flow.span.row})"


def review_markdown(found: Review) -> str:
    """A comment for a pull request: what opens is loud and first, all else is folded."""
    return "\n\n".join(_parts(found)) + "\n"


def _parts(found: Review) -> Iterator[str]:
    yield f"### segctl: {escaped(found.before)} → {escaped(found.after)}"
    yield _verdict(found)
    yield from _rows("Opens", found.now.opens, folded=False)
    for time, rows in found.later.opens:
        yield from _rows(f"Opens at {moment(time)}", rows, folded=False)
    yield from _ways("Can be reached now in several hops", found.far.appear, folded=False)
    yield from _rows("Closes", found.now.closes, folded=True)
    yield from _rows("Is answered otherwise", found.now.otherwise, folded=True)
    yield from _ways("Can't be reached any more", found.far.vanish, folded=True)
    if changed := changed_radii(found.far):
        radii = [(escaped(one.segment), _number(one.before), _number(one.after)) for one in changed]
        yield from _tables("Blast radius (addresses)", ("segment", "before", "after"), radii, folded=True)
    if found.later.turns:
        turns = [(moment(one.at), escaped(_turn(one).partition(": ")[2])) for one in found.later.turns]
        yield from _tables("Later", ("when", "what"), turns, folded=True)


def _verdict(found: Review) -> str:
    counts = [
        (len(found.now.opens), "opens", "rows of connections"),
        (sum(len(rows) for _, rows in found.later.opens), "opens later", "more"),
        (len(found.far.appear), "lets reach in several hops", "more"),
    ]
    said = [f"**{word} {number}** {what}" for number, word, what in counts if number]
    if said:
        return f"{_LOUD}\n> This change {'; '.join(said)}. It closes {len(found.now.closes)}."
    return f"{_CALM}\n> This change opens nothing. It closes {len(found.now.closes)} rows of connections."


def _rows(title: str, rows: Sequence[Row], *, folded: bool) -> Iterator[str]:
    cells = [
        (
            *(escaped(end) for end in show_ends(row).split(" -> ", 1)),
            escaped(show_services(row.traffic)),
            escaped(show_stand(row.after)),
            escaped(show_stand(row.before)),
        )
        for row in rows
    ]
    yield from _tables(title, _HEAD, cells, folded=folded)


def _ways(title: str, rows: Sequence[FarRow], *, folded: bool) -> Iterator[str]:
    cells = [
        (
            escaped(show_called(row.from_)),
            escaped(show_called(row.to)),
            f"{row.hops}{_some(row)}",
            escaped(_by(row.way)),
        )
        for row in rows
    ]
    yield from _tables(title, ("from", "to", "hops", "a way"), cells, folded=folded)


def _tables(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, folded: bool) -> Iterator[str]:
    """A table; what is beyond `MOST` rows is folded, as is all of what isn't loud."""
    if not rows:
        return
    if folded:
        yield _folded(f"{title} ({len(rows)})", table(head, rows))
        return
    yield f"#### {title} ({len(rows)})"
    yield table(head, rows[:MOST])
    if len(rows) > MOST:
        yield _folded(f"{len(rows) - MOST} more", table(head, rows[MOST:]))


def _folded(title: str, inner: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{inner}\n\n</details>"


def plain_review(found: Review) -> dict[str, object]:
    """`segctl/diff/1`, with what `plan` doesn't say."""
    return {
        **plain_difference(found.now),
        "from": found.before,
        "to": found.after,
        "appear": [_plain_far(row) for row in found.far.appear],
        "vanish": [_plain_far(row) for row in found.far.vanish],
        "radius": [{"segment": one.segment, "before": one.before, "after": one.after} for one in found.far.radii],
        "turns": [_plain_turn(turn) for turn in found.later.turns],
        "opens_later": [_plain_later(time, rows, found.now) for time, rows in found.later.opens],
    }


def _plain_far(row: FarRow) -> dict[str, object]:
    return {
        "from": plain_called(row.from_),
        "to": plain_called(row.to),
        "hops": row.hops,
        "whole": row.whole,
        "way": plain_way(row.way),
    }


def _plain_turn(turn: Turn) -> dict[str, object]:
    said = {"at": turn.at.isoformat(), "flow": turn.flow.name, "place": str(turn.flow.span)}
    return {**said, "begins": turn.begins, "added": turn.added}


def _plain_later(time: datetime, rows: tuple[Row, ...], now: Difference) -> dict[str, object]:
    return {"at": time.isoformat(), "opens": plain_difference(Difference(time, now.point, rows))["opens"]}
