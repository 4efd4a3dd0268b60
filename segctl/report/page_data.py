"""What the page of `segctl graph --format html` knows, as plain values (`segctl/page/1`): it answers from these alone.

Segments are named by their place in `segments` everywhere else, sets of classes by runs: `[first, how many, …]`, each
first counted from the end of the run before. tools/page/src/data.js reads it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segctl.ask.result import Row
from segctl.ask.result.page import Atlas, Changes, Rest, Stated, Web, Weight
from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.span import Span
from segctl.report.answers import show_outcome, show_services
from segctl.report.captions import amount, moment, span_of_time, waiver_words

SCHEMA = "segctl/page/1"
MEMBERS = 60  # of a segment that are written out; the rest is counted
_BASES = 48  # rows of `reached` that others may be told by
NODE = ("strictness", "mode", "within", "owner", "classification", "labels", "built_in", "intra", "intra_observed",
        "inside_uncovered", "bound", "out", "into")  # fmt: skip

Lines = Callable[[Span], str]


@dataclass(frozen=True, slots=True)
class Opening:
    """How the page opens.

    start: what it shows at first, as a link to it would say after its `#` (docs/page.md). lines: the text of a place in
    the site's files, "" where there is none; lines_before: the same of the site before a change. through_world: ways of
    any number of hops may lead through the world. fold: `auto`, or whether groups are `always` or `never` one box each
    at first. theme: `auto`, `light` or `dark`.
    """

    start: str = ""
    lines: Lines = lambda _: ""
    lines_before: Lines = lambda _: ""
    through_world: bool = False
    fold: str = "auto"
    theme: str = "auto"


def page_data(atlas: Atlas, web: Web, changes: Changes | None, opening: Opening) -> dict[str, object]:
    """Everything, for JSON."""
    lines = opening.lines
    nodes = {**atlas.segments, **(changes.gone if changes else {})}
    numbers = {name: at for at, name in enumerate(sorted(nodes))}
    return {
        "schema": SCHEMA,
        "site": atlas.site,
        "at": moment(atlas.at),
        "points": atlas.points,
        "start": opening.start,
        "through_world": opening.through_world,
        "fold": opening.fold,
        "segments": [
            _segment(
                name,
                nodes[name],
                atlas.members.get(name, ()),
                lines if name in atlas.segments else opening.lines_before,
            )
            for name in numbers
        ],
        "statements": [_stated(one, numbers, lines) for one in atlas.statements],
        "rest": _rest(atlas.rest, numbers),
        "web": _web(web, numbers),
        "changes": _changes(changes, numbers, opening) if changes else None,
    }


def _segment(name: str, data: Mapping[str, Any], members: Sequence[str], lines: Lines) -> dict[str, object]:
    return {
        "name": name,
        **{key: data[key] for key in NODE if data[key] not in (None, False, "", {})},
        "v4": amount(data["v4"]),
        "v6": amount(data["v6"]),
        "members": list(members[:MEMBERS]),
        "more": max(0, len(members) - MEMBERS),
        "waivers": [waiver_words(judged) for judged in data["waivers"]],
        **_place(data["span"] if not data["built_in"] else None, lines),
    }


def _stated(one: Stated, numbers: Mapping[str, int], lines: Lines) -> dict[str, object]:
    said = one.said
    out: dict[str, object] = {"kind": _kind(said), "name": said.name, **_place(said.span, lines)}
    if isinstance(said, Flow):
        time = span_of_time({"since": said.since, "until": said.until, "state": one.state})
        out |= {"state": one.state, "time": time, "ends": said.until is not None, "remediation": said.remediation}
    if isinstance(said, Flow | Guardrail):
        out |= {"why": said.why, "owner": said.owner, "ticket": said.ticket}
    out |= {
        "waivers": [waiver_words(judged) for judged in one.waivers],
        "from_parts": {numbers[name]: words for name, words in one.source_parts.items()},
        "to_parts": {numbers[name]: words for name, words in one.destination_parts.items()},
        "blocks": [
            [_runs(numbers[n] for n in b.sources), _runs(numbers[n] for n in b.destinations), b.services, int(b.partly)]
            for b in one.blocks
        ],
    }
    return {key: value for key, value in out.items() if value not in (None, "", [], {}, False)}


def _kind(said: Flow | Guardrail | Management) -> str:
    return "guardrail" if isinstance(said, Guardrail) else "flow" if isinstance(said, Flow) else "management"


def _place(span: Span | None, lines: Lines) -> dict[str, object]:
    return {"place": str(span), "line": lines(span)} if span else {}


def _rest(rest: Rest, numbers: Mapping[str, int]) -> dict[str, object]:
    names = [name for name in numbers if name in rest.kinds]
    return {
        "passings": [
            {"default": one.default, "partly": one.partly, "loose": one.loose, "enforced": one.enforced,
             "refuses": one.refuses}
            for one in rest.passings
        ],
        "kinds": {numbers[name]: rest.kinds[name] for name in names},
        "table": rest.table,
        "places": {numbers[name]: rest.places[name] for name in names},
        "groups": rest.groups,
        "apart": sorted(rest.apart),
        "flipped": sorted(rest.flipped),
        "odd": [[numbers[source], numbers[target], own] for (source, target), own in rest.odd.items()],
    }  # fmt: skip


def _web(web: Web, numbers: Mapping[str, int]) -> dict[str, object]:
    return {
        "segments": [numbers.get(name, -1) for name in web.segments],
        "weights": [_weight(one) for one in web.weights],
        "kinds": [
            [one.classes, _weight(one.own), [_weight(held) for held in one.held], one.alone] for one in web.kinds
        ],
        "starts": {numbers[name]: places for name, places in web.starts.items()},
        "hops": web.hops,
        "reached": list(_rows(web)),
    }


def _weight(weight: Weight) -> list[object]:
    return [_number(n) for n in (*weight[:3], *(n for row in weight.links for n in row))]


def _number(number: int) -> int | str:
    """JavaScript's numbers are exact below 2^53 alone."""
    return number if number < 1 << 53 else str(number)


def _rows(web: Web) -> Iterator[list[object]]:
    """Each set as what tells it from an earlier one: thousands of classes may reach nearly the same thousands."""
    bases: list[tuple[int, int]] = [(-1, 0)]
    number = 0
    for row in web.reached:
        out: list[object] = []
        for mask in row:
            base, known = min(bases, key=lambda one: (one[1] ^ mask).bit_count())
            apart = mask ^ known
            out.append([base, *_mask_runs(apart)])
            if apart.bit_count() > _BASES and len(bases) < _BASES:
                bases.append((number, mask))
            number += 1
        yield out


def _mask_runs(mask: int) -> Iterator[int]:
    """Runs of bits."""
    while mask:
        skip = (mask & -mask).bit_length() - 1
        mask >>= skip
        many = (~mask & mask + 1).bit_length() - 1
        mask >>= many
        yield from (skip, many)


def _runs(numbers: Iterable[int]) -> list[int]:
    """The same of numbers."""
    out: list[int] = []
    end = None
    for number in sorted(numbers):
        if number == end:
            out[-1] += 1
        else:
            out += [number - (end or 0), 1]
        end = number + 1
    return out


def _changes(changes: Changes, numbers: Mapping[str, int], opening: Opening) -> dict[str, object]:
    return {
        "before": changes.before,
        "gone": [numbers[name] for name in changes.gone],
        "added": [numbers[name] for name in changes.added],
        "rows": [
            {
                "way": "opens" if one.row.opens else "closes" if one.row.closes else "otherwise",
                "sources": [numbers[name] for name in one.sources],
                "destinations": [numbers[name] for name in one.destinations],
                "services": show_services(one.row.traffic),
                "before": show_outcome(one.row.before),
                "after": show_outcome(one.row.after),
                "whole": one.row.whole,
                **_decided(one.row, opening),
            }
            for one in changes.rows
        ],
    }


def _decided(row: Row, opening: Opening) -> dict[str, object]:
    """The line that opens something, or that allowed it before."""
    if row.opens:
        return _place(row.after.decision.span, opening.lines)
    return _place(row.before.decision.span, opening.lines_before)
