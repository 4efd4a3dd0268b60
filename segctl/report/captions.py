"""The words in a picture of segments: short on boxes and lines, whole in the tips."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from segctl.report.picture import Shade, Stroke

NAMES = 3  # services on one line; of more than that, two are named and the rest counted
ROWS = 3  # rows on one line
WIDE = 34  # characters of one row
TIPS = 20  # rows of a tip

WHOLE = (None, None, False)  # both segments whole, no guardrail in it

SHADES: Mapping[Shade, str] = {
    Shade.OPEN: "open",
    Shade.GUARDED: "guarded",
    Shade.STRICT: "strict",
    Shade.SEALED: "sealed",
    Shade.QUARANTINE: "quarantine",
    Shade.OUTSIDE: "outside",
    Shade.POINT: "gateways",
    Shade.OWN: "the site's own",
}
STROKES: Mapping[Stroke, str] = {
    Stroke.FLOW: "a flow allows these services",
    Stroke.MANAGEMENT: "management of the points",
    Stroke.GUARDRAIL: "a guardrail forbids, whatever else says",
    Stroke.DEFAULT: "both ends' defaults allow all",
    Stroke.OBSERVED: "denied, but passes: only observed",
    Stroke.UNCOVERED: "passes: no point between (uncovered)",
}
OBSERVES = "dashed: observes"
LEAKY = "a flow; all else passes too"
NO_POINTS = "This site has no points: nothing enforces what is drawn here."
ALL = "default"
KNOT = "from each that leads in to each that an arrow leads to"


def shorten(text: str, most: int = WIDE) -> str:
    """At most so many characters; what is cut is seen to be."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def services(names: Iterable[str]) -> str:
    """`postgres, ssh +3`."""
    named = list(dict.fromkeys(names))
    if "all" in named:
        return "all"
    shown = named if len(named) <= NAMES else named[:2]
    text = ", ".join(shorten(name, 20) for name in shown)
    return text + (f" +{len(named) - len(shown)}" if len(shown) < len(named) else "")


def details(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The small lines of a segment's box."""
    rows = [" · ".join(filter(None, (data["strictness"], shorten(data["mode"]))))]
    if data["classification"]:
        rows.append(data["classification"])
    if data["owner"]:
        rows.append(f"owner: {shorten(data['owner'], 26)}")
    if not data["v4"] + data["v6"]:
        rows.append("empty")
    elif not data["bound"]:
        rows.append("on no interface")
    if data["intra"] == "deny" and not data["built_in"]:
        if data["inside_uncovered"]:
            rows.append("inside: uncovered")
        elif data["intra_observed"]:
            rows.append("inside: observed")
    return tuple(rows)


def labels(statements: Sequence[Mapping[str, Any]], *, forbids: bool, rest: bool) -> tuple[str, ...]:
    """What stands on a line: services of whole segments first, then those of parts; `rest`: what else passes there."""
    groups: dict[tuple[str | None, str | None, bool], list[str]] = {}
    for data in statements:
        key = (data["source_words"], data["destination_words"], data["partly"])
        groups.setdefault(key, []).extend(data["services"])
    whole = set(groups.get(WHOLE, ()))  # of these a part says nothing new
    groups = {
        key: names for key, said in groups.items() if (names := [n for n in said if n not in whole or key == WHOLE])
    }
    ordered = sorted(groups.items(), key=lambda group: [word or "" for word in group[0][:2]])
    rows = [("✕ " if forbids else "") + _row(key, names) for key, names in ordered]
    if len(rows) > ROWS:
        rows = [*rows[: ROWS - 1], f"and {len(rows) - ROWS + 1} more"]
    return (*rows, *(passing(statements[0], "all else") if rest else ()))


def passing(data: Mapping[str, Any], what: str = "") -> tuple[str, ...]:
    """Why a denied connection passes between two segments, if it does."""
    if data["uncovered"]:
        return (f"{what}: uncovered" if what else "uncovered",)
    return observed(data, what)


def observed(data: Mapping[str, Any], what: str = "") -> tuple[str, ...]:
    """The same, whether or not a point stands between."""
    if not data["observed"]:
        return ()
    but = f" (not {services(data['enforced'])})" if data["enforced"] else ""
    return (f"{what}: observed{but}" if what else f"observed{but}",)


def line_tip(source: str, target: str, statements: Sequence[Mapping[str, Any]]) -> str:
    """Everything that the statements behind a line say, one row each."""
    rows = [_tip(data) for data in statements[:TIPS]]
    if len(statements) > TIPS:
        rows.append(f"and {len(statements) - TIPS} more")
    ends = (end.lstrip("*") for end in (source, target))
    return "\n".join([" → ".join(ends), *rows])


def segment_tip(name: str, data: Mapping[str, Any]) -> str:
    """What a segment's box has no room for."""
    mode = data["mode"] or "mode of the other end"
    rows = [
        f"{name}: {data['strictness']}, {mode}",
        f"{amount(data['v4'])} IPv4 addresses, {amount(data['v6'])} IPv6",
        f"within itself: {data['intra']}",
    ]
    if data["within"]:
        rows.append(f"within {data['within']}")
    if data["owner"]:
        rows.append(f"owner: {data['owner']}")
    return "\n".join([*rows, f"{data['span'].file}:{data['span'].line}"])


def amount(number: int) -> str:
    """A number of addresses, as a power of two where it is large."""
    if number < 1 << 20:
        return str(number)
    power = number.bit_length() - 1
    return f"2^{power}" if number == 1 << power else f"some 2^{power}"


def _row(key: tuple[str | None, str | None, bool], names: Iterable[str]) -> str:
    source, target, partly = key
    text = services(names)
    if source or target:
        text += f": {shorten(source or 'all', 22)} → {shorten(target or 'all', 22)}"
    return text + (" (✕ in part)" if partly else "")


def _tip(data: Mapping[str, Any]) -> str:
    ends = ""
    if data["source_words"] or data["destination_words"]:
        ends = f" ({shorten(data['source_words'] or 'all', 80)} → {shorten(data['destination_words'] or 'all', 80)})"
    why = f": {data['why']}" if data["why"] else ""
    owner = f" [{data['owner']}]" if data["owner"] else ""
    place = f" {data['span'].file}:{data['span'].line}" if data["span"] else ""
    return f"{data['kind']} {data['name']}: {shorten(', '.join(data['services']), 200)}{ends}{why}{owner}{place}"
