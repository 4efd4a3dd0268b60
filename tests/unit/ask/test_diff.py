"""What a change opens and closes: one small site, one edit at a time."""

from datetime import timedelta

import pytest

from segctl.ask.diff import difference
from segctl.ask.result import Difference, Row
from segctl.model.decision import Effect, Step
from segctl.model.ranges import show_addresses
from segctl.model.strictness import Verdict
from segctl.policy import Policy
from segctl.report.answers import show_services
from tests.sites import AT, policy

SITE = """
endpoints:
  web1: {addresses: [10.0.1.1, "fd00:1::1"]}
  web2: {addresses: [10.0.1.2]}
segments:
  web: {strictness: strict, members: [web1, web2]}
  app: {strictness: strict, members: [10.0.2.0/30]}
  db: {strictness: strict, members: [10.0.3.0/30, "fd00:3::/126"]}
  lan: {strictness: open, members: [10.0.4.0/30]}
points:
  gw1:
    kind: gateway
    interfaces:
      eth0: {segments: [web], addresses: [10.0.1.254/24]}
      eth1: {segments: [app], addresses: [10.0.2.254/24]}
      eth3: {segments: [db], addresses: [10.0.3.254/24]}
      eth2: {segments: [lan], addresses: [10.0.4.254/24]}
      wan0: {segments: [world], addresses: [203.0.113.1/24]}
management:
  - {from: lan, services: [ssh]}
flows:
  - {name: api, from: web, to: app, services: [tcp/8080], why: x}
  - {name: sql, from: web, to: db, services: [tcp/5432], why: x}
  - {name: old, from: lan, to: db, services: [ssh], why: x, until: 2027-01-01T00:00:00Z}
"""


def edited(*edits: tuple[str, str], text: str = SITE) -> str:
    """The site with some of its text replaced; what is not there would replace nothing."""
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def changed(*edits: tuple[str, str], text: str = SITE) -> Policy:
    return policy(edited(*edits, text=text))


def diff(*edits: tuple[str, str], text: str = SITE, point: str | None = None) -> Difference:
    return difference(policy(text), changed(*edits, text=text), AT, point=point)


def ends(row: Row) -> str:
    """Parts of segments in round brackets."""
    called = [
        ", ".join((*one.wholes, *(f"{name}({show_addresses(part)})" for name, part in one.parts)))
        for one in (row.from_, row.to)
    ]
    return f"{called[0]} -> {called[1]} {show_services(row.traffic)}"


def inner(row: Row) -> bool:
    """Whether it touches neither the world nor a special address."""
    special = Step.SPECIAL in (row.before.decision.step, row.after.decision.step)
    parts = (name for end in (row.from_, row.to) for name, _ in end.parts)
    return not special and "world" not in (*row.from_.wholes, *row.to.wholes, *parts)


def flow(text: str) -> tuple[str, str]:
    """One more."""
    return "flows:\n", f"flows:\n  - {{name: new, why: x, {text}}}\n"


API = "  - {name: api, from: web, to: app, services: [tcp/8080], why: x}\n"
GUARDED = ("flows:\n", "guardrails:\n  - {name: no, from: web1, to: db}\nflows:\n")


@pytest.mark.parametrize(
    ("edits", "opens", "closes"),
    [
        ([flow("from: app, to: web, services: [tcp/443]")], ["app -> web tcp/443"], []),
        ([("  - {name: api, from: web, to: app, services: [tcp/8080], why: x}\n", "")], [], ["web -> app tcp/8080"]),
        ([("services: [tcp/8080]", "services: [tcp/8080-8081]")], ["web -> app tcp/8081"], []),
        ([("services: [tcp/5432]", "services: [tcp/5433]")], ["web -> db tcp/5433"], ["web -> db tcp/5432"]),
        ([("from: web, to: db", "from: web1, to: db")], [], ["web2 -> db tcp/5432"]),
        ([flow('from: web, to: "fd00:3::/126", services: [tcp/80]')], ["web -> db tcp/80"], []),
        ([flow("from: web, to: db, services: [ping]")], ["web -> db icmp4/8, icmp6/128"], []),
        ([flow("from: web, to: db, services: [icmp6/128]")], ["web -> db icmp6/128"], []),
        ([flow("from: web, to: db, services: [proto/47]")], ["web -> db proto/47"], []),
        ([GUARDED], [], ["web1 -> db tcp/5432"]),
        (
            [("from: lan, services: [ssh]", "from: lan, services: [tcp/2200]")],
            ["lan -> points tcp/2200"],
            ["lan -> points tcp/22"],
        ),
        ([("2027-01-01", "2026-01-01")], [], ["lan -> db tcp/22"]),
        ([("until: 2027-01-01", "since: 2027-01-01")], [], ["lan -> db tcp/22"]),
    ],
    ids=lambda each: str(each)[:60] if isinstance(each, list) else None,
)
def test_what_opens_and_what_closes(edits: list[tuple[str, str]], opens: list[str], closes: list[str]) -> None:
    found = diff(*edits)
    assert [ends(row) for row in found.opens if inner(row)] == opens
    assert [ends(row) for row in found.closes if inner(row)] == closes
    assert all(row.whole for row in found.rows)
    assert not found.otherwise


GONE = [("2027-01-01", "2026-01-01")]
SAME = [
    [("name: api,", "name: renamed,")],
    [("services: [tcp/5432], why: x", "services: [tcp/5432], why: because, owner: me")],
    [("flows:", "# a line more\n\nflows:")],
    [(API, ""), ("flows:\n", f"flows:\n{API}")],
    [("{from: lan, services: [ssh]}", "{from: lan, services: [tcp/22]}")],
    [
        ("web: {strict", "front: {strict"),
        ("segments: [web]", "segments: [front]"),
        ("from: web, to: app", "from: front, to: app"),
        ("from: web, to: db", "from: front, to: db"),
    ],
    [("members: [10.0.2.0/30]", "members: [10.0.2.0/31, 10.0.2.2/31]")],
    [flow("from: lan, to: db, services: [ssh]"), GONE[0]],
    [flow("from: web1, to: db, services: [tcp/5432]")],
    [flow("from: app, to: db, services: [ssh], until: 2025-01-01T00:00:00Z")],
]


@pytest.mark.parametrize("edits", SAME)
def test_what_changes_no_connection(edits: list[tuple[str, str]]) -> None:
    """Names, reasons, order, places, spellings; what another line allows already; what isn't active."""
    for point in (None, "gw1"):
        assert diff(*edits, point=point).rows == ()


def test_each_row_names_the_line_before_and_after() -> None:
    edit = flow("from: app, to: web, services: [tcp/443]")
    (row,) = diff(edit).rows
    assert (row.before.decision.step, row.before.effect) == (Step.REFUSED, Effect.DROP)
    assert (row.after.decision.step, row.after.decision.by, row.after.effect) == (Step.FLOW, "new", Effect.PASS)
    lines = f"version: 1\nsite: test\n{edited(edit)}".splitlines()
    assert row.after.decision.span is not None and "new" in lines[row.after.decision.span.line - 1]
    assert row.pairs == 4 * 2


def test_a_time_is_a_time() -> None:
    """The flow that ends: after its end it makes no difference to take it out."""
    without = ("  - {name: old, from: lan, to: db, services: [ssh], why: x, until: 2027-01-01T00:00:00Z}\n", "")
    before, after = policy(SITE), changed(without)
    assert len(difference(before, after, AT).closes) == 1
    assert not difference(before, after, AT + timedelta(days=365)).rows


def test_an_address_that_moves_takes_its_flows_along() -> None:
    found = diff(("[10.0.1.2]", "[10.0.1.3]"))
    assert {"web2 -> app tcp/8080", "web2 -> db tcp/5432", "web1 -> web2 everything"} <= {ends(r) for r in found.opens}
    assert {"world(10.0.1.2) -> app tcp/8080", "world(10.0.1.2) -> db tcp/5432"} <= {ends(r) for r in found.closes}


def test_an_endpoint_that_moves_to_another_segment() -> None:
    """It is called by its name, which the reader knows, and what both segments may is no difference."""
    found = diff(("members: [web1, web2]", "members: [web1]"), ("[10.0.2.0/30]", "[10.0.2.0/30, web2]"))
    assert {ends(row) for row in found.opens if inner(row)} >= {
        "app(10.0.2.0/30) -> web2 everything",
    }
    assert {ends(row) for row in found.closes if inner(row)} >= {
        "web2 -> db tcp/5432",
        "web -> web2 everything but tcp/8080",
    }
    assert not [row for row in found.rows if row.from_.wholes == ("web2",) == row.to.wholes]


TWINS = """
segments:
  one: {strictness: strict, members: [10.0.1.0/30]}
  two: {strictness: strict, members: [10.0.2.0/30]}
"""


def test_who_moves_between_two_alike_segments_has_other_neighbours() -> None:
    found = diff(("[10.0.1.0/30]", "[10.0.1.0/31]"), ("[10.0.2.0/30]", "[10.0.2.0/30, 10.0.1.2/31]"), text=TWINS)
    assert {ends(row) for row in found.opens} == {
        "two(10.0.2.0/30) -> two(10.0.1.2/31) everything", "two(10.0.1.2/31) -> two(10.0.2.0/30) everything",
    }  # fmt: skip
    assert {ends(row) for row in found.closes} == {
        "one -> two(10.0.1.2/31) everything",
        "two(10.0.1.2/31) -> one everything",
    }


def test_a_segment_that_is_gone_is_called_as_it_was() -> None:
    found = diff(
        ("  db: {strictness: strict", "  other: {strictness: strict"),
        ("10.0.3.0/30", "10.0.3.8/30"),
        ("[db]", "[other]"),
        ("to: db, services: [tcp/5432]", "to: other, services: [tcp/5432]"),
        ("to: db, services: [ssh]", "to: other, services: [ssh]"),
    )
    assert {"web -> db tcp/5432"} <= {ends(row) for row in found.closes}
    assert {"web -> other tcp/5432"} <= {ends(row) for row in found.opens}


def test_a_segment_made_stricter_closes_its_defaults() -> None:
    found = diff(("lan: {strictness: open", "lan: {strictness: sealed"))
    assert not found.opens
    assert {"lan -> world everything", "lan -> lan everything"} < {ends(row) for row in found.closes}
    within = next(row for row in found.closes if ends(row) == "lan -> lan everything")
    assert within.after.uncovered and within.after.effect is Effect.PASS


def test_a_mode_is_told_by_effect() -> None:
    """Verdicts stay; what a segment refuses and lets through is told as opening."""
    found = diff(("db: {strictness: strict,", "db: {strictness: strict, mode: observe,"))
    row = next(row for row in found.opens if row.from_.wholes == ("lan",))
    assert ends(row) == "lan -> db everything but tcp/22"
    assert row.before.decision.verdict is row.after.decision.verdict is Verdict.DENY
    assert (row.before.effect, row.after.effect, row.after.observed) == (Effect.DROP, Effect.PASS, True)
    assert "web" not in {name for row in found.rows for name in row.from_.wholes}, "web refuses, too, and enforces"
    assert not found.closes


def test_the_mode_of_all_from_observing_to_enforcing_is_few_rows() -> None:
    observing = f"defaults: {{mode: observe}}\n{SITE}"
    found = diff(("mode: observe", "mode: enforce"), text=observing)
    assert not found.opens
    assert {row.before.observed for row in found.closes} == {True}
    assert {row.after.effect for row in found.closes} == {Effect.DROP}
    assert "web -> db everything but tcp/5432" in {ends(row) for row in found.closes}


def test_only_some_services_are_enforced() -> None:
    found = diff(("db: {strictness: strict,", "db: {strictness: strict, mode: {enforce: [ssh, tcp/80]},"))
    told = [show_services(row.traffic) for row in found.opens if "lan" in row.from_.wholes]
    assert told == ["everything but tcp/22, tcp/80"]


def test_another_answer_is_neither() -> None:
    found = diff(("db: {strictness: strict", "db: {strictness: guarded"))
    rows = {ends(row): (row.before.effect, row.after.effect) for row in found.otherwise}
    assert rows["web -> db everything but tcp/5432"] == (Effect.DROP, Effect.REJECT)
    assert {row.from_.wholes for row in found.opens} == {("db",)}
    assert not found.closes


def test_a_segment_in_quarantine_keeps_remediation_alone() -> None:
    mend = flow("from: lan, to: db, services: [tcp/9], remediation: true")
    mended = SITE.replace(*mend)
    found = diff(("db: {strictness: strict", "db: {strictness: quarantine"), text=mended)
    assert not found.opens
    told = {ends(row): row.after.decision.step for row in found.closes}
    assert told == dict.fromkeys(("web -> db tcp/5432", "lan -> db tcp/22", "db -> db everything"), Step.QUARANTINE)


def test_many_in_quarantine_are_told_together() -> None:
    both = """
segments:
  a: {strictness: open, members: [10.0.1.0/30]}
  b: {strictness: open, members: [10.0.2.0/30]}
  c: {strictness: guarded, members: [10.0.3.0/30]}
"""
    found = diff(("strictness: open", "strictness: quarantine"), text=both)
    reasons = {ends(row): row.after.decision.reason for row in found.closes}
    assert reasons["a, b -> world everything"] == "2 segments are in quarantine"
    assert reasons["c -> a, b everything"] == "2 segments are in quarantine"
    assert reasons["a -> a everything"] == "segment 'a' is in quarantine"
    alone = diff(("b: {strictness: open", "b: {strictness: quarantine"), text=both)
    reasons = {ends(row): row.after.decision.reason for row in alone.closes}
    assert reasons["b -> a, world everything"] == "segment 'b' is in quarantine"


def test_what_a_point_needs_is_told() -> None:
    found = diff(("addresses: [10.0.4.254/24]}", "addresses: [10.0.4.254/24], links: [vrrp]}"))
    assert {ends(row) for row in found.opens} == {
        "lan, points(10.0.4.254), world(10.0.4.4-10.0.4.253) -> (224.0.0.18) proto/112",
        "(10.0.4.255, fe80::/10) -> (224.0.0.18, ff02::12) proto/112",
    }
    assert {row.after.decision.step for row in found.rows} == {Step.ESSENTIAL}


OFF = ("      eth1: {segments: [app], addresses: [10.0.2.254/24]}\n", "")


def test_a_segment_that_loses_its_interface_is_cut_off() -> None:
    """Allowed as before, and dropped: it closes by effect."""
    found = diff(OFF)
    row = next(row for row in found.closes if ends(row) == "web -> app tcp/8080")
    assert row.after.decision.verdict is Verdict.ALLOW
    assert (row.before.effect, row.after.effect, row.after.unbound) == (Effect.PASS, Effect.DROP, True)
    assert "web -> app tcp/8080" in {ends(row) for row in diff(OFF, point="gw1").closes}


def test_one_row_may_open_and_close() -> None:
    """Observed before; now allowed, but behind no interface."""
    observing = SITE.replace("app: {strictness: strict,", "app: {strictness: strict, mode: observe,")
    edits = ("mode: observe, ", ""), OFF, flow("from: lan, to: app, services: [tcp/9]")
    found = diff(*edits, text=observing)
    (row,) = (row for row in found.opens if ends(row) == "lan -> app tcp/9")
    assert row in found.closes


HOSTED = SITE.replace("points:\n  gw1", "points:\n  h1: {kind: host, endpoint: web1}\n  gw1")


def test_a_gateway_tells_what_crosses_it() -> None:
    assert [ends(r) for r in diff(flow("from: app, to: web, services: [tcp/1]"), point="gw1").opens] == [
        "app -> web tcp/1"
    ]
    sealed = ("lan: {strictness: open", "lan: {strictness: sealed")
    assert "lan -> lan everything" not in {ends(row) for row in diff(sealed, point="gw1").rows}
    other = SITE.replace(
        "points:\n  gw1",
        """points:
  gw2:
    kind: gateway
    ha: pair
    interfaces:
      e0: {segments: [web], addresses: [10.0.1.253/24]}
      e1: {segments: [lan], addresses: [10.0.4.253/24]}
  gw1""",
    ).replace("  gw1:\n    kind: gateway", "  gw1:\n    kind: gateway\n    ha: pair")
    edit = flow("from: app, to: web, services: [tcp/1]")
    assert diff(edit, text=other, point="gw1").opens and not diff(edit, text=other, point="gw2").rows
    links = ("[10.0.4.253/24]", "[10.0.4.253/24], links: [vrrp]")
    assert diff(links, text=other, point="gw2").opens and not diff(links, text=other, point="gw1").rows


def test_a_host_tells_what_concerns_it() -> None:
    edit = flow("from: app, to: web2, services: [tcp/1]")
    assert diff(edit, text=HOSTED).opens and not diff(edit, text=HOSTED, point="h1").rows
    sealed = ("web: {strictness: strict", "web: {strictness: sealed")
    told = {ends(row) for row in diff(sealed, text=HOSTED, point="h1").closes}
    assert told == {"web1 -> web2 everything", "web2 -> web1 everything"}


def test_a_point_that_is_new_closes_what_nothing_enforced() -> None:
    before, after = policy(SITE), policy(HOSTED)
    found = difference(before, after, AT, point="h1")
    essential = {row for row in found.opens if row.after.decision.step is Step.ESSENTIAL}
    assert essential, "a host needs its own, too"
    assert [ends(row) for row in found.opens if row not in essential] == ["lan -> web1 tcp/22"], "it is managed, too"
    assert {row.before.uncovered for row in found.closes} == {True}
    assert {("web1",)} == {name for row in found.closes for name in (row.from_.wholes, row.to.wholes) if "web1" in name}
    back = difference(after, before, AT, point="h1")
    assert (len(back.opens), len(back.closes)) == (len(found.closes), len(found.opens))


def test_a_point_that_nobody_has() -> None:
    with pytest.raises(ValueError, match="gw9"):
        diff(point="gw9")


FLOWS = "\n".join(
    f"  - {{name: f{a}-{b}, from: s{a}, to: s{b}, services: [tcp/{1000 + 20 * a + b}], why: x}}"
    for a in range(20) for b in range(20) if (a + b) % 3
)  # fmt: skip
MANY = "segments:\n" + "".join(f"  s{n}: {{strictness: sealed, members: 10.0.{n}.0/24}}\n" for n in range(20))


def test_many_rows_of_one_kind_are_told_in_few_words() -> None:
    """All segments begin to observe: what each flow doesn't allow passes now."""
    before, after = (policy(f"defaults: {{mode: {mode}}}\n{MANY}flows:\n{FLOWS}") for mode in ("enforce", "observe"))
    found, exact = (difference(before, after, AT, most=most) for most in (8, 10_000))
    assert len(exact.rows) > 100 and all(row.whole for row in exact.rows)
    assert len(found.rows) <= 8 * len({row.after.decision.step for row in found.rows}) * 3
    some = [row for row in found.rows if not row.whole]
    assert some and all(
        row.after.decision.reason.count("20 segments") for row in some if row.after.decision.step is Step.REFUSED
    )
    assert sum(row.pairs for row in found.rows) == sum(row.pairs for row in exact.rows)
    assert set(some[0].after.decision.refusing) <= {f"s{n}" for n in range(20)} | {"world", "points"}


def test_few_words_may_be_exact() -> None:
    """A row of both families, of which each is a product."""
    edit = flow('from: web, to: [app, "fd00:3::/126"], services: [tcp/1]')
    found, exact = (difference(policy(SITE), changed(edit), AT, most=most) for most in (1, 10))
    assert len(exact.rows) == 2
    (row,) = found.rows
    assert row.whole and row.pairs == 2 * 4 + 1 * 4
