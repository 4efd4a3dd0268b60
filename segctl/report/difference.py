"""What a change opens and closes, as lines of text and as plain values for JSON."""

from collections.abc import Iterator, Sequence

from segctl.ask.result import Difference, Extent, Row
from segctl.model.decision import Decision, Effect, Outcome, Step
from segctl.model.ranges import LAST_V4
from segctl.model.strictness import Verdict
from segctl.report.answers import plain_extent, plain_outcome, show_called, show_services

MOST = 30
_COUNTED = 1_000_000  # pairs: a greater number says nothing
_BY = {Step.FLOW: "flow", Step.GUARDRAIL: "guardrail", Step.MANAGEMENT: "management"}


def show_difference(found: Difference, most: int = MOST) -> Iterator[str]:
    """What opens first, then what closes, then what gets another answer; of each so many rows at most."""
    if not found.opens and not found.closes:
        yield "no connection opens or closes"
    yield from _section("opens", "+", found.opens, most)
    yield from _section("closes", "-", found.closes, most)
    yield from _section("is answered otherwise", "~", found.otherwise, most)


def _section(title: str, sign: str, rows: Sequence[Row], most: int) -> Iterator[str]:
    if rows:
        yield f"{title}:"
    for row in rows[:most]:
        by = show_now(row) if sign == "+" else ""
        yield f"  {sign} {show_ends(row)}  {show_services(row.traffic)}" + (f"  {by}" if by else "")
        if not by:
            yield f"      before: {show_stand(row.before)}"
            yield f"      now: {show_stand(row.after)}"
    if len(rows) > most:
        yield f"  and {len(rows) - most} more"


def show_now(row: Row) -> str:
    """By what it passes where it was simply stopped; else empty: more is to be said."""
    plainly = _stopped(row.before) and row.after.effect is Effect.PASS
    return f"by {show_who(row.after.decision)}" if plainly and row.after.decision.verdict is Verdict.ALLOW else ""


def _stopped(outcome: Outcome) -> bool:
    return outcome.effect is not Effect.PASS


def show_ends(row: Row) -> str:
    """Who, to whom; of one family, if that can't be told from the names; and whether all of them."""
    only = ""
    if row.from_.halved or row.to.halved:
        only = " (IPv4)" if row.sources.first() <= LAST_V4 else " (IPv6)"
    many = "" if row.pairs > _COUNTED else f": {row.pairs} pairs of addresses"
    some = "" if row.whole else f" (each with some{many})"
    return f"{show_called(row.from_)} -> {show_called(row.to)}{only}{some}"


def show_who(decision: Decision) -> str:
    """What decided, and where it stands."""
    place = f" ({decision.span.row})" if decision.span else ""
    if decision.step in _BY:
        return f"{_BY[decision.step]} '{decision.by}'{place}"
    default = decision.verdict is Verdict.ALLOW and decision.step in (Step.INTRA, Step.DEFAULTS)
    return f"{'default: ' if default else ''}{decision.reason}{place}"


def show_stand(outcome: Outcome) -> str:
    """How it is judged, what it meets where that is something else, and who decided."""
    decision, effect = outcome.decision, outcome.effect
    if decision.verdict is Verdict.ALLOW:
        lost = ", but dropped: an end is behind no interface that counts" if _stopped(outcome) else ""
        return f"allowed by {show_who(decision)}{lost}"
    if effect is Effect.PASS:
        why = "nothing enforces it" if outcome.uncovered else "it is only observed"
        return f"denied, but passes, as {why}: {show_who(decision)}"
    lost = "an end is behind no interface that counts; " if outcome.unbound else ""
    return f"denied ({effect}): {lost}{show_who(decision)}"


def plain_difference(found: Difference) -> dict[str, object]:
    """The same as JSON has it, with every row; one that opens by verdict and closes by effect stands under both."""
    return {
        "schema": "segctl/diff/1",
        "at": found.at.isoformat(),
        "point": found.point,
        "opens": [_plain(row) for row in found.opens],
        "closes": [_plain(row) for row in found.closes],
        "otherwise": [_plain(row) for row in found.otherwise],
    }


def _plain(row: Row) -> dict[str, object]:
    return {
        **plain_extent(Extent(row.sources, row.destinations, row.traffic)),
        "from_names": list(row.from_.wholes),
        "to_names": list(row.to.wholes),
        "pairs": row.pairs,
        "whole": row.whole,
        "before": plain_outcome(row.before),
        "after": plain_outcome(row.after),
    }
