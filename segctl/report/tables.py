"""The tables below a picture, for whoever prints it: every statement with its reason, and every waiver."""

from collections.abc import Iterable, Iterator, Sequence

from segctl.ask.result import Entry, Register, State
from segctl.model.flow import Flow, Guardrail, service_names
from segctl.model.selector import show_selectors
from segctl.report.captions import moment, wrapped
from segctl.report.picture import Table

MOST = 120  # rows of statements; of a site with more, only those that a reviewer must look at
STATEMENTS = ("", "name", "from", "to", "services", "why", "owner", "holds", "line")
WAIVERS = ("waived", "on", "why", "until", "line")

Row = tuple[str, ...]


def tables(register: Register) -> tuple[Table, ...]:
    """Statements, then waivers; each without the columns in which nothing stands."""
    rows = [*_management(register), *_guardrails(register), *map(_flow, register.flows)]
    if len(rows) > MOST:
        rows = [row for row in rows if row[0] not in ("flow", "management") or row[7]]
    waivers = [
        (w.code, on, w.why, f"{w.until or ''}{': past' if past else ''}", w.span.row)
        for on, w, past in register.waivers
    ]
    made = (_table(STATEMENTS, rows[:MOST]), _table(WAIVERS, waivers[:MOST]))
    return tuple(table for table in made if table.rows)


def left_out(register: Register) -> Iterator[str]:
    """A note, if the tables have no room for all."""
    if len(register.flows) + len(register.guardrails) + len(register.management) > MOST:
        yield "The table is not whole: segctl graph --format markdown has every flow."


def held(entry: Entry) -> str:
    """When a flow holds, from its times and where it stands; and its day of review."""
    flow, words = entry.flow, []
    if flow.since is not None:
        words.append(f"{'not yet: ' if entry.state is State.LATER else ''}from {moment(flow.since)}")
    if flow.until is not None:
        words.append(f"{'ended' if entry.state is State.ENDED else 'until'} {moment(flow.until)}")
    if flow.review_by is not None:
        words.append(f"review by {flow.review_by}{': overdue' if entry.overdue else ''}")
    return "\n".join(words)


def _flow(entry: Entry) -> Row:
    said = entry.flow
    name = f"{_name(said)}\n(remediation)" if said.remediation else _name(said)
    owner = "\n".join(filter(None, (said.owner, said.ticket)))
    ends = (_end(said.source, said.source_except), _end(said.destination, said.destination_except))
    rest = (service_names(said.services), said.why or "", owner, held(entry), said.span.row)
    return ("flow", name, *ends, *rest)


def _guardrails(register: Register) -> Iterator[Row]:
    for said in register.guardrails:
        owner = "\n".join(filter(None, (said.owner, said.ticket)))
        ends = (_end(said.source), _end(said.destination), service_names(said.services) or "all")
        yield "✕ guardrail", _name(said), *ends, said.why or "", owner, "", said.span.row


def _management(register: Register) -> Iterator[Row]:
    for said in register.management:
        ends = (show_selectors(said.source), "the points", service_names(said.services))
        yield "management", "", *ends, "", "", "", said.span.row


def _name(said: Flow | Guardrail) -> str:
    return said.name if said.named else ""


def _end(selectors: Iterable[object], except_: Iterable[object] = ()) -> str:
    taken = ", ".join(map(str, except_))
    return ", ".join(map(str, selectors)) + (f" except {taken}" if taken else "")


def _table(head: Row, rows: Sequence[Row]) -> Table:
    kept = [n for n in range(len(head)) if any(row[n] for row in rows)]
    body = tuple(tuple(wrapped(row[n]) for n in kept) for row in rows)
    return Table(tuple(head[n] for n in kept), body)
