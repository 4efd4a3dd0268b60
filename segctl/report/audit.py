"""An audit as text and as JSON (`segctl/audit/1`)."""

from collections.abc import Iterator
from typing import Any

from segctl.draft.result import OTHERS, Audit, Opening, Place, Reach, Side, of_way
from segctl.model.packet import Way
from segctl.model.ranges import ALL_V4, ALL_V6, show_addresses, show_span
from segctl.report.diagnostics import plain, show_counts, show_findings
from segctl.report.openings import say_opening, say_openings

_WAYS = {
    Way.FORWARD: "through the machine",
    Way.INPUT: "to the machine itself",
    Way.OUTPUT: "from the machine itself",
}
_MOST_ADDRESSES = 6
_MOST_INTERFACES = 12
_MOST_ROWS = 200
_MOST_RULES = 4


def audit_lines(audit: Audit) -> Iterator[str]:
    """Who may open what to whom, by family and way; findings; what isn't modelled; a line that sums it up."""
    for family in audit.families:
        for way in Way:
            yield from _way_lines(audit, way, family)
    yield from show_findings(audit.findings)
    for one in audit.not_modelled:
        if one.leaves:
            yield f"{one.place}: not modelled: {one.why}: leaves open {one.leaves}"
            yield f"  rule: {one.rule}"
        else:
            yield f"{one.place}: not modelled: {one.why}: bears on no answer"
    yield from (f"not read: {gap}" for gap in audit.gaps)
    yield from (f"note: {note}" for note in audit.notes)
    families = " and ".join(f"IPv{family}" for family in audit.families)
    count = len(audit.not_modelled)
    yield f"{families}: {show_counts(audit.findings)}; {count} {'rule' if count == 1 else 'rules'} not modelled"


def state_of(audit: Audit, way: Way, family: int) -> str:
    """Whether nothing, everything or some may be opened on a way; `unknown` if nobody can say."""
    if any((one.way, one.family) == (way, family) for one in audit.unwalked):
        return "unknown"
    rows = of_way(audit.reaches, way, family)
    if not rows:
        return "closed"
    whole = len(rows) == 1 and not rows[0].unknown and rows[0].opens == (Opening(((0, 255),)),)
    return "open" if whole and _anywhere(rows[0], family) else "some"


def _anywhere(row: Reach, family: int) -> bool:
    everyone = ALL_V6 if family == 6 else ALL_V4
    return all(
        len(side) == 1 and not side[0].interfaces and side[0].addresses == everyone
        for side in (row.sources, row.destinations)
    )


def _way_lines(audit: Audit, way: Way, family: int) -> Iterator[str]:
    state = state_of(audit, way, family)
    word = {
        "closed": "nothing may be opened",
        "open": "everything may be opened",
        "unknown": "nobody can say: the rules tell too many packets apart",
        "some": "",
    }[state]
    yield f"IPv{family}, {way} ({_WAYS[way]}): {word}".rstrip(": ") + ("" if word else ":")
    if state != "some":
        return
    rows = of_way(audit.reaches, way, family)
    for row in rows[:_MOST_ROWS]:
        yield from _row_lines(row, way, family)
    if (more := len(rows) - _MOST_ROWS) > 0:
        yield f"  and {more} more rows: --format json has them all"


def _row_lines(row: Reach, way: Way, family: int) -> Iterator[str]:
    source = "the machine" if way is Way.OUTPUT and _free(row.sources, family) else _side(row.sources, family)
    target = "the machine" if way is Way.INPUT and _free(row.destinations, family) else _side(row.destinations, family)
    yield f"  {source} -> {target}"
    yield from (f"    {line}" for line in say_openings(row.opens))
    yield from (f"    perhaps {line}" for line in say_openings(row.unknown))
    if row.unknown:
        yield f"    not known for {'; '.join(row.reasons[:_MOST_RULES])}"
    if row.rules:
        more = f" and {len(row.rules) - _MOST_RULES} more" if len(row.rules) > _MOST_RULES else ""
        yield f"    by {' | '.join(row.rules[:_MOST_RULES])}{more}"


def _free(side: Side, family: int) -> bool:
    return len(side) == 1 and side[0].addresses == (ALL_V6 if family == 6 else ALL_V4)


def _side(side: Side, family: int) -> str:
    return " or ".join(_place(place, family) for place in side)


def _place(place: Place, family: int) -> str:
    """Addresses and where; of nearly all those that are left out."""
    everyone, addresses = ALL_V6 if family == 6 else ALL_V4, place.addresses
    rest = everyone - addresses
    if not rest:
        said = "anyone"
    elif len(rest.spans) < len(addresses.spans):
        said = f"anyone but {show_addresses(rest, _MOST_ADDRESSES)}"
    else:
        said = show_addresses(addresses, _MOST_ADDRESSES)
    return f"{said} behind {_faces(place)}" if place.interfaces else said


def _faces(place: Place) -> str:
    """Interfaces; where all that no rule tells from another are among them, those that aren't. One that a beginning
    among those would take away is named.
    """
    if OTHERS not in place.interfaces:
        return ", ".join(place.interfaces)
    taken = tuple(name[:-1] for name in place.but if name.endswith("*"))
    kept = [name for name in place.interfaces if name != OTHERS and name.startswith(taken)]
    more = len(place.but) - _MOST_INTERFACES
    but = ", ".join(place.but[:_MOST_INTERFACES]) + (f" and {more} more" if more > 0 else "")
    return "".join(f"{name}, " for name in kept) + f"all interfaces but {but}"


def audit_json(audit: Audit) -> dict[str, Any]:
    """All of it, with every address and every opening."""
    return {
        "schema": "segctl/audit/1",
        "files": list(audit.files),
        "read": audit.read,
        "families": list(audit.families),
        "ways": [
            {"family": family, "way": str(way), "state": state_of(audit, way, family)}
            for family in audit.families
            for way in Way
        ],
        "reaches": [_reach_json(row) for row in audit.reaches],
        "findings": [plain(one) for one in audit.findings],
        "not_modelled": [
            {"place": str(one.place), "rule": one.rule, "why": one.why, "leaves": one.leaves or None}
            for one in audit.not_modelled
        ],
        "not_read": list(audit.gaps),
        "notes": list(audit.notes),
        "answered": not audit.unanswered,
    }


def _reach_json(row: Reach) -> dict[str, Any]:
    return {
        "family": row.family,
        "way": str(row.way),
        "from": _side_json(row.sources),
        "to": _side_json(row.destinations),
        "opens": [_opening_json(one) for one in row.opens],
        "perhaps": [_opening_json(one) for one in row.unknown],
        "reasons": list(row.reasons),
        "rules": list(row.rules),
    }


def _side_json(side: Side) -> list[dict[str, Any]]:
    """`interfaces` empty: any; `other` among them: all but these of `but`."""
    return [
        {
            "interfaces": list(one.interfaces),
            "but": list(one.but),
            "addresses": [show_span(first, last) for first, last in one.addresses],
        }
        for one in side
    ]


def _opening_json(one: Opening) -> dict[str, Any]:
    return {
        "text": say_opening(one),
        "protocols": [list(span) for span in one.protocols],
        "ports": [list(span) for span in one.ports] if one.ports is not None else None,
        "source_ports": [list(span) for span in one.sources] if one.sources is not None else None,
        "also": {name: [list(span) for span in spans] for name, spans in one.also},
    }
