"""The flow register: complete, and harmless in a spreadsheet, a page or a forge."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import pytest
from markdown_it import MarkdownIt

from segctl.ask.register import register
from segctl.model.segment import Waiver
from segctl.model.site import Site
from segctl.report.register import HEAD, register_csv, register_markdown
from tests.unit.report.sites import AT, SPAN, flow, guardrail, segment, select, shop, site

NASTY = "=HYPERLINK(0) | `x` <b>&amp; **y** _z_ ~~q~~ [a](http://b) \\ ;@SUM(1)"


def nasty() -> Site:
    return site(
        [segment("a", "guarded", "10.0.1.0/24"), segment("b", "guarded", "10.0.2.0/24")],
        flows=[
            replace(
                flow("f", "a", "b", "ssh https", why=NASTY, owner="-1+1", ticket="@x", remediation=True,
                     since=datetime(2026, 1, 1, 8, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC),
                     review_by=date(2026, 6, 30), waive=(Waiver("wide", "+so", SPAN, date(2026, 5, 1)),)),
                source_except=select("10.0.1.7"), destination_except=select("10.0.2.9"),
            ),
            flow("gone", "a", "b", "ssh", until=datetime(2026, 1, 1, tzinfo=UTC)),
            flow("comes", "a", "b", "ssh", since=datetime(2027, 1, 1, tzinfo=UTC)),
            replace(flow("x", "b", "a", "ping"), named=False),
        ],
        guardrails=[guardrail("g", "a", "b", "smb", why=NASTY)],
    )  # fmt: skip


def test_csv_has_every_column_of_every_flow() -> None:
    text = register_csv(register(nasty(), AT))
    assert text.count("\r\n") == text.count("\n") == 5
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert tuple(next(iter(rows.values()))) == HEAD
    assert rows["f"] == {
        "name": "f", "from": "a", "except": "10.0.1.7", "to": "b", "not_to": "10.0.2.9", "services": "ssh, https",
        "why": "'" + NASTY.replace(";@", ";'@"), "owner": "'-1+1", "ticket": "'@x", "since": "2026-01-01T08:00:00Z",
        "until": "2027-01-01T00:00:00Z", "state": "active", "review_by": "2026-06-30", "review": "overdue",
        "remediation": "yes", "waivers": "wide: +so (past: 2026-05-01)", "place": "segctl.yaml:1",
    }  # fmt: skip
    assert (rows["gone"]["state"], rows["comes"]["state"], rows[""]["to"]) == ("ended", "not yet", "a")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\uff1d", "x; =", "x;-"])
def test_no_cell_is_a_formula(start: str) -> None:
    made = replace(shop(), flows=(flow("f", "web", "db", "ssh", why=f"{start}cmd|' /C calc'!A0"),))
    for delimiter in ",;":  # a spreadsheet set to semicolons cuts elsewhere
        for row in csv.reader(io.StringIO(register_csv(register(made, AT)), newline=""), delimiter=delimiter):
            assert not any(re.match(r"\s*[=+\-@\uff1d]", cell) for cell in row), row


def cells(html: str) -> list[list[str]]:
    html = html.replace("<!-- -->", "")  # parts a mention for GitHub, nothing for a reader
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def test_markdown_shows_every_text_as_it_is() -> None:
    text = register_markdown(register(nasty(), AT))
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    table = cells(parser.render(text))
    first = next(row for row in table if row[0] == "f")
    assert dict(zip(table[0], first, strict=True))["why"] == NASTY
    assert ["g", "a", "b", "smb", NASTY, "segctl.yaml:1"] in table
    assert ["wide", "flow 'f'", "+so", "past: 2026-05-01", "segctl.yaml:1"] in table


def test_markdown_strikes_what_does_not_hold() -> None:
    text = register_markdown(register(nasty(), AT))
    gone = next(row for row in text.splitlines() if "gone" in row)
    assert "~~gone~~" in gone and "**ended**" in gone
    assert "~~" not in next(row for row in text.splitlines() if row.startswith("| f |")).replace("\\~", "")


def test_the_order_in_the_site_does_not_matter() -> None:
    made = nasty()
    turned = replace(made, flows=made.flows[::-1])
    assert register_csv(register(made, AT)) == register_csv(register(turned, AT))
