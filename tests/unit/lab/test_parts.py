"""Names, ports, the log of what was seen, and the lab's record."""

from pathlib import Path

import pytest

from segctl.lab import names
from segctl.lab.layout import layout
from segctl.lab.ports import MORE, MOST, ports
from segctl.lab.record import Record, from_json, to_json
from segctl.lab.seen import Seen, read, token
from segctl.model.ranges import parse_address
from tests.reference import build
from tests.unit.lab.sites import branches, flow, policy_of, shop


@pytest.mark.parametrize(
    ("text", "want"), [("shop", "shop"), ("my-shop.eu", "my_shop_eu"), ("a/../b", "a____b"), ("Größe", "Gr__e")]
)
def test_lab_name(text: str, want: str) -> None:
    assert names.lab_name(text) == want


@pytest.mark.parametrize("text", ["", "---", "x" * 64, "../"])
def test_no_lab_name(text: str) -> None:
    with pytest.raises(ValueError, match="no name for a lab"):
        names.lab_name(text)


def test_no_labs_namespaces_begin_as_anothers() -> None:
    assert not names.namespace("shop_2", "web1").startswith(names.prefix("shop"))
    assert names.namespace("shop", "web1").startswith(names.prefix("shop"))


def test_node_names_are_unique_and_can_be_files() -> None:
    chosen = names.Names()
    assert [chosen.reserve(text) for text in ("web", "web", "a/b", "a_b", "../x", "__switch")] == [
        "web", "web.2", "a_b", "a_b.2", "x", "switch",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("namespace", "want"),
    [
        ("sg-shop-gw1", "shop"),
        ("sg-my_shop-_switch", "my_shop"),
        ("sg-shop-a-b", "shop"),
        ("sg-shop", None),
        ("gw1", None),
    ],
)
def test_the_lab_that_a_namespace_would_be_of(namespace: str, want: str | None) -> None:
    assert names.lab_of(namespace) == want


@pytest.mark.parametrize(
    ("services", "want"),
    [
        ("tcp/443", "tcp/443"),
        ("tcp/9000-9010", "tcp/9000 tcp/9010"),  # the ends of a range
        ("tcp/443+udp/443", "tcp/443 udp/443"),
        ("tcp/any", ""),
        ("all", ""),
        ("icmp4/8", ""),
        ("proto/47", ""),
        ("tcp/22", ""),  # there already
    ],
)
def test_ports(services: str, want: str) -> None:
    site = build.site([build.segment("a", "guarded", "10.0.0.0/8")], flows=(flow("f", "a", "a", services),))
    found, notes = ports(site)
    assert {str(port) for port in found} == {*(str(port) for port in MORE), *want.split()}
    assert not notes


def test_ports_of_all_statements_and_modes() -> None:
    site = build.site(
        [build.segment("a", "guarded", "10.0.0.0/8")],
        guardrails=(build.guardrail("g", "a", "a", "tcp/445"),),
        management=(build.management("m", "a", "tcp/2222"),),
    )
    assert {"tcp/445", "tcp/2222"} <= {str(port) for port in ports(site)[0]}


def test_what_has_no_listener_is_said() -> None:
    many = "+".join(f"tcp/{port}" for port in range(1000, 1000 + 2 * MOST, 2))
    segments = [build.segment("a", "guarded", "10.0.0.0/8")]
    found, notes = ports(build.site(segments, flows=(flow("f", "a", "a", many), flow("g", "a", "a", "sctp/5"))))
    assert len(found) == MOST
    assert [note.split(" have ")[0] for note in notes] == ["3 ports", "SCTP services"]


@pytest.mark.parametrize(
    ("payload", "want"),
    [
        (b"segctl:a1-B_c", "a1-B_c"),
        (b"segctl:a1\n", "a1"),
        (b"segctl:a1 b", "a1"),
        (b"segctl:", None),
        (b"segctl: a", None),
        (b"xsegctl:a", None),
        (b"", None),
        (b"segctl:" + b"a" * 100, "a" * 64),
    ],
)
def test_token(payload: bytes, want: str | None) -> None:
    assert token(payload) == want


def test_what_was_seen_is_read_as_it_was_written_and_half_a_line_waits(tmp_path: Path) -> None:
    first = Seen(1.5, "gw1", "udp", parse_address("10.0.0.1"), 53, parse_address("10.0.0.2"), 4711, "t1", b"segctl:t1")
    second = Seen(2.5, "web1", "tcp", parse_address("fd00::1"), 22, parse_address("fd00::2"), 4712)
    log = tmp_path / "seen.jsonl"
    log.write_bytes(first.line() + second.line()[:10])
    seen, offset = read(log)
    assert (seen, first.family, second.family) == ((first,), 4, 6)
    log.write_bytes(first.line() + second.line())
    assert read(log, offset) == ((second,), offset + len(second.line()))
    assert read(tmp_path / "none", 7) == ((), 7)


@pytest.mark.parametrize("site", [shop(), branches()], ids=["shop", "branches"])
def test_a_record_is_read_as_it_was_written(site: object) -> None:
    made = layout(policy_of(site))  # type: ignore[arg-type]
    record = from_json(to_json(Record.of(made, up=True)))
    assert record.namespaces == made.namespaces
    assert [(n.name, n.nics) for n in record.nodes] == [(n.name, n.nics) for n in made.nodes]
    assert [(h.segment, h.home, h.endpoint, h.addresses) for h in record.hosts] == [
        (h.segment, h.home, h.endpoint, h.addresses) for h in made.hosts
    ]
    assert (record.ports, record.notes, record.up) == (made.ports, made.notes, True)
