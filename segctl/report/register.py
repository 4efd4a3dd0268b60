"""The flow register, for reviewers' spreadsheets and pages: one row a flow."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from segctl.ask.result import Entry, Register, State
from segctl.model.flow import Guardrail, service_names
from segctl.model.segment import Waiver
from segctl.model.selector import show_selectors
from segctl.report.markdown import escaped, table_row

HEAD = (
    "name", "from", "except", "to", "not_to", "services", "why", "owner", "ticket", "since", "until", "state",
    "review_by", "review", "remediation", "waivers", "place",
)  # fmt: skip
# What a spreadsheet takes for a formula, in ASCII and in full width, also behind the semicolon that parts cells where
# the comma parts decimals (https://owasp.org/www-community/attacks/CSV_Injection).
FORMULA = re.compile(r"(^\s*|;\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\t\r])")

Row = tuple[str, ...]


def register_csv(register: Register) -> str:
    """RFC 4180, with a head; every cell quoted, lines end with CR LF, times in RFC 3339.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets don't show.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows([FORMULA.sub(r"\1'", cell) for cell in _row(entry)] for entry in register.flows)
    return out.getvalue()


def register_markdown(register: Register) -> str:
    """A page in GitHub's Markdown: flows, guardrails, management and waivers, each a table."""
    parts = [f"# {escaped(register.site)}: flow register", f"As of {_time(register.at)}."]
    parts += _section("Flows", HEAD, map(_row, register.flows))
    head = ("name", "from", "to", "forbidden", "why", "owner", "ticket", "waivers", "place")
    parts += _section("Guardrails", head, map(_guardrail, register.guardrails))
    management = ((show_selectors(m.source), service_names(m.services), m.span.row) for m in register.management)
    parts += _section("Management of the points", ("from", "services", "place"), management)
    waivers = (
        (waiver.code, owner, waiver.why, _end(waiver, is_void), waiver.span.row)
        for owner, waiver, is_void in register.waivers
    )
    parts += _section("Waivers", ("waived", "on", "why", "until", "place"), waivers)
    return "\n\n".join(parts) + "\n"


def _row(entry: Entry) -> Row:
    flow = entry.flow
    return (
        flow.name if flow.named else "",
        show_selectors(flow.source),
        show_selectors(flow.source_except),
        show_selectors(flow.destination),
        show_selectors(flow.destination_except),
        service_names(flow.services),
        flow.why or "",
        flow.owner or "",
        flow.ticket or "",
        _time(flow.since),
        _time(flow.until),
        entry.state.value,
        str(flow.review_by or ""),
        "overdue" if entry.overdue else "",
        "yes" if flow.remediation else "",
        _waivers(entry.waivers),
        flow.span.row,
    )


def _guardrail(said: Guardrail) -> Row:
    return (
        said.name if said.named else "",
        show_selectors(said.source),
        show_selectors(said.destination),
        service_names(said.services) or "all",
        said.why or "",
        said.owner or "",
        said.ticket or "",
        "; ".join(f"{waiver.code}: {waiver.why}" for waiver in said.waive),
        said.span.row,
    )


def _section(title: str, head: Row, rows: Iterable[Row]) -> Iterator[str]:
    """A heading and a table, without the columns in which nothing stands; nothing, if there is no row."""
    rows = list(rows)
    if not rows:
        return
    state = head.index("state") if "state" in head else None
    kept = [number for number in range(len(head)) if any(row[number] for row in rows)]
    lines = [table_row(head[number] for number in kept), "|" + " --- |" * len(kept)]
    for row in rows:
        live = state is None or row[state] == State.ACTIVE.value
        cells = [escaped(row[number]) for number in kept]
        lines.append(table_row(cell if live or not cell else f"~~{cell}~~" if n != state else f"**{cell}**"
                           for n, cell in zip(kept, cells, strict=True)))  # fmt: skip
    yield f"## {title}"
    yield "\n".join(lines)


def _waivers(waivers: Iterable[tuple[Waiver, bool]]) -> str:
    return "; ".join(f"{w.code}: {w.why}" + (f" ({_end(w, past)})" if w.until else "") for w, past in waivers)


def _end(waiver: Waiver, is_void: bool) -> str:
    if waiver.until is None:
        return ""
    return f"past: {waiver.until}" if is_void else f"until {waiver.until}"


def _time(time: datetime | None) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""
