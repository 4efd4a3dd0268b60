"""The words in a picture of segments: short on boxes and lines, whole in the tips."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

from segctl.report.picture import Stroke

NAMES = 3  # services on one line; of more than that, two are named and the rest counted
ROWS = 3  # different things that are said on one line
WIDE = 34  # characters of one row
TITLE = 30  # characters of one row of a box's title
TIPS = 20  # rows of a tip
CELL = 44  # characters of one row of a table's cell

STROKES: Mapping[Stroke, str] = {
    Stroke.FLOW: "a flow allows these services",
    Stroke.INACTIVE: "a flow that has ended, or not begun: it allows nothing",
    Stroke.MANAGEMENT: "management of the points",
    Stroke.GUARDRAIL: "a guardrail forbids, whatever else says",
    Stroke.DEFAULT: "both ends' defaults allow all",
    Stroke.OBSERVED: "denied, but passes: only observed",
    Stroke.UNCOVERED: "denied, but passes: no point between (uncovered)",
    Stroke.OPENS: "+ opens",
    Stroke.CLOSES: "− closes",
    Stroke.ALTERS: "~ as closed as before, answered otherwise",
    Stroke.STAYS: "a flow that is there before and after",
    Stroke.HOP: "a hop: allowed",
}
OBSERVES = "dashed box: observes"
LEAKY = "a flow; all else passes too"
NO_POINTS = "This site has no points: nothing enforces what is drawn here."
ALL = "default"
KNOT = "from each that leads in to each that an arrow leads to"
FOLDED = (
    "Where no line is, a connection passes from a box that says “out” to one that says “in”, unless a guardrail forbids"
    " it: by both ends' defaults; if one of the two is observed, it is denied and logged, but passes all the same."
)


def wrapped(text: str) -> str:
    """In rows of at most CELL characters."""
    return "\n".join(row for part in text.split("\n") for row in (wrap(part, CELL) or [""]))


def shorten(text: str, most: int = WIDE) -> str:
    """At most so many characters; what is cut is seen to be."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def broken(name: str, most: int = TITLE) -> str:
    """A name in rows of at most so many characters, broken after its hyphens, dots and underscores if it can be."""
    rows, left = [], name
    while len(left) > most:
        head = re.match(rf".{{{most // 2},{most - 1}}}[-._]", left)
        at = head.end() if head else most
        rows.append(left[:at])
        left = left[at:]
    return "\n".join([*rows, left])


def counted(words: Iterable[Any]) -> str:
    """`strict 20, guarded 14`: the most frequent first."""
    found = Counter(map(str, words))
    return ", ".join(f"{word} {number}" for word, number in sorted(found.items(), key=lambda one: (-one[1], one[0])))


def services(names: Iterable[str]) -> str:
    """`postgres, ssh +3`."""
    named = list(dict.fromkeys(names))
    if "all" in named:
        return "all"
    shown = named if len(named) <= NAMES else named[:2]
    text = ", ".join(shorten(name, 20) for name in shown)
    return text + (f" +{len(named) - len(shown)}" if len(shown) < len(named) else "")


def details(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The small rows of a segment's box."""
    rows = [" · ".join(filter(None, (data["strictness"], shorten(_mode(data)))))]
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
    return (*rows, *_waived(data["waivers"]))


def stances(data: Mapping[str, Any]) -> tuple[str, ...]:
    """What a box says of connections that no line speaks of."""
    ways = (("out", str(data["out"])), ("in", str(data["into"])))
    groups = [("open", "allow"), ("observed", "observed"), ("by the other end", "other")]
    said = [(word, [way for way, stance in ways if stance == key]) for word, key in groups]
    row = " · ".join(f"{word}: {', '.join(found)}" for word, found in said if found)
    return (row,) if row else ()


def labels(statements: Sequence[Mapping[str, Any]], *, forbids: bool, rest: bool) -> tuple[str, ...]:
    """What stands on a line: services of whole segments first, then those of parts; `rest`: what else passes there."""
    whole_segments = (None, None, ())
    groups: dict[tuple[str | None, str | None, tuple[str, ...]], list[str]] = {}
    for data in statements:
        key = (data["source_words"], data["destination_words"], tuple(_notes(data)))
        groups.setdefault(key, []).extend(data["services"])
    whole = set(groups.get(whole_segments, ()))  # of these a part says nothing new
    groups = {
        key: names
        for key, said in groups.items()
        if (names := [n for n in said if n not in whole or key == whole_segments])
    }
    ordered = sorted(groups.items(), key=lambda group: ([word or "" for word in group[0][:2]], group[0][2]))
    shown = ordered if len(ordered) <= ROWS else ordered[: ROWS - 1]
    rows = [("✕ " if forbids and not n else "") + row for said in shown for n, row in enumerate(_rows(*said))]
    if len(shown) < len(ordered):
        rows.append(f"and {len(ordered) - len(shown)} more")
    return (*rows, *(passing(statements[0], "all else") if rest else ()))


def passing(data: Mapping[str, Any], what: str = "") -> tuple[str, ...]:
    """Why a denied connection passes between two segments, if it does."""
    if data["uncovered"]:
        word = "uncovered, waived" if data["waived"] else "uncovered"
        return (f"{what}: {word}" if what else word,)
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
    rows = [
        f"{name}: {data['strictness']}, {_mode(data) or 'mode of the other end'}",
        f"{amount(data['v4'])} IPv4 addresses, {amount(data['v6'])} IPv6",
        f"within itself: {data['intra']}",
    ]
    if data["within"]:
        rows.append(f"within {data['within']}")
    if data["classification"]:
        rows.append(f"classification: {data['classification']}")
    if data["owner"]:
        rows.append(f"owner: {data['owner']}")
    rows += [f"{key}: {value}" for key, value in sorted(data["labels"].items())]
    return "\n".join([*rows, *map(waiver_words, data["waivers"]), f"{data['span'].file}:{data['span'].line}"])


def waiver_words(judged: tuple[Any, bool]) -> str:
    """A waiver with its reason, in one row."""
    waiver, is_void = judged
    end = f" (until {waiver.until}{': past, it waives nothing' if is_void else ''})" if waiver.until else ""
    return f"waives {waiver.code}: {waiver.why}{end}"


def amount(number: int) -> str:
    """A number of addresses, as a power of two where it is large."""
    if number < 1 << 20:
        return str(number)
    power = number.bit_length() - 1
    return f"2^{power}" if number == 1 << power else f"some 2^{power}"


def moment(time: datetime) -> str:
    """To the minute, in UTC; a midnight without its time."""
    text = time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return text.removesuffix(" 00:00")


def span_of_time(data: Mapping[str, Any]) -> str:
    """When a flow holds, if it begins or ends."""
    since, until = data["since"], data["until"]
    if data["state"] == "ended":
        return f"ended {moment(until)}"
    ends = f"until {moment(until)}" if until else ""
    return ", ".join(filter(None, (f"only from {moment(since)}", ends))) if data["state"] == "not yet" else ends


def _mode(data: Mapping[str, Any]) -> str:
    """`enforce`, `observe`, or what alone is enforced."""
    mode: str = data["mode"]
    return mode.replace("enforce ", "enforces only ", 1)


def _waived(waivers: Iterable[tuple[Any, bool]]) -> Iterator[str]:
    for waiver, is_void in waivers:
        if is_void:
            yield f"waiver past {waiver.until}: {waiver.code}"
        else:
            yield f"waives {waiver.code}" + (f" until {waiver.until}" if waiver.until else "")


def _notes(data: Mapping[str, Any]) -> Iterator[str]:
    """What is said in brackets behind a line's services."""
    if data["partly"]:
        yield "✕ in part"
    if time := span_of_time(data):
        yield time
    yield from _waived(data["waivers"])


def _rows(key: tuple[str | None, str | None, tuple[str, ...]], names: Iterable[str]) -> tuple[str, ...]:
    source, target, notes = key
    text = services(names)
    if source or target:
        text += f": {shorten(source or 'all', 22)} → {shorten(target or 'all', 22)}"
    return (text, f"({'; '.join(notes)})") if notes else (text,)


def _tip(data: Mapping[str, Any]) -> str:
    ends = ""
    if data["source_words"] or data["destination_words"]:
        ends = f" ({shorten(data['source_words'] or 'all', 80)} → {shorten(data['destination_words'] or 'all', 80)})"
    why = f": {data['why']}" if data["why"] else ""
    more = [f"[{data[key]}]" for key in ("owner", "ticket") if data[key]]
    more += [f"({text})" for text in (span_of_time(data), *map(waiver_words, data["waivers"])) if text]
    more += ["(remediation)"] if data["remediation"] else []
    more += [f"{data['span'].file}:{data['span'].line}"] if data["span"] else []
    said = f"{data['kind']} {data['name']}: {shorten(', '.join(data['services']), 200)}{ends}{why}"
    return " ".join([said, *more])
