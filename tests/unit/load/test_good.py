"""What a right site becomes: every part of the language, as types."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from segctl.load import load_site, read_site
from segctl.load.scalars import NAME
from segctl.model.point import PointKind
from segctl.model.ranges import Ranges, parse_address, show_addresses
from segctl.model.selector import Block, Labelled, Named, SegmentsLabelled, Within
from segctl.model.service import ALL_TRAFFIC, ICMP, ICMP6, TCP, traffic
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.model.strictness import ENFORCE, OBSERVE, Answer, Classification, ModeKind, Verdict

GOLDEN = Path(__file__).parents[2] / "golden" / "load"
HEAD = "version: 1\nsite: s\n"


@pytest.fixture(scope="module")
def language() -> Site:
    return read_site(GOLDEN / "language")


def site_of(folder: Path, text: str, **files: str) -> Site:
    (folder / "segctl.yaml").write_text(HEAD + text)
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return read_site(folder)


def test_language_segments(language: Site) -> None:
    assert list(language.segments) == [
        "web", "db", "vault", "admin", "guests", "spare", "world", "points", "quarantine",
    ]  # fmt: skip
    vault, guests = language.segments["vault"], language.segments["guests"]
    assert (vault.within, vault.profile.name, vault.profile.holds) == ("db", "sealed", Classification.RESTRICTED)
    assert vault.members == (Labelled((("tier", ("vault",)),), Span("segctl.yaml", 61, 14)),)
    assert [(waiver.code, waiver.why) for waiver in vault.waive] == [("uncovered", "one host only, no host point yet")]
    assert guests.mode is not None and guests.mode.kind is ModeKind.SELECTIVE
    assert traffic(4, TCP, 3389) in guests.mode.services and traffic(6, TCP, 445) in guests.mode.services
    assert language.segments["db"].classification is Classification.CONFIDENTIAL
    assert language.segments["spare"].may_be_empty and language.segments["web"].labels == {"env": "prod"}
    assert language.segments["web"].span == Span("segctl.yaml", 45, 3)


def test_language_built_in(language: Site) -> None:
    world, points, quarantine = (language.segments[name] for name in ("world", "points", "quarantine"))
    assert [one.profile.name for one in (world, points, quarantine)] == ["outside", "point", "quarantine"]
    assert world.mode is None and points.mode == quarantine.mode == ENFORCE
    assert all(one.built_in for one in (world, points, quarantine))


def test_language_profile(language: Site) -> None:
    lab = language.profiles["lab"]
    assert (lab.intra, lab.egress, lab.answer, lab.quarantine) == (Verdict.DENY, Verdict.DENY, Answer.REJECT, False)


def test_language_services(language: Site) -> None:
    backup, ping, tunnel = (language.services[name] for name in ("backup", "ping", "wan-link"))
    assert traffic(4, TCP, 5432) in backup.traffic and traffic(6, TCP, 873) in backup.traffic
    assert ping.traffic == Ranges.of([(traffic(4, ICMP, 8),) * 2, (traffic(6, ICMP6, 128),) * 2])
    assert traffic(4, 47, 0) in tunnel.traffic and traffic(6, 47, 65535) in tunnel.traffic
    assert {"https", "rdp", "smb"} <= language.services.keys(), "those of the catalogue that it names"


def test_language_flows(language: Site) -> None:
    orders, public, migration, operators, repair = language.flows
    assert (orders.name, orders.named, orders.ticket) == ("shop-orders", True, "CHG-1042")
    assert orders.review_by == date(2027, 6, 30)
    assert orders.source_except == (Named("web2", Span("segctl.yaml", 90, 14)),)
    assert not public.named and NAME.match(public.name)
    assert migration.since == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert [type(one) for one in migration.source] == [Named, Block]
    assert operators.destination == (Within("db", Span("segctl.yaml", 98, 23)),)
    assert repair.remediation and repair.destination[0] == Named("any", Span("segctl.yaml", 100, 23))


def test_language_rest(language: Site) -> None:
    assert [one.name for one in language.guardrails if one.named] == ["pci-1-4"]
    assert language.guardrails[0].services[0].traffic == ALL_TRAFFIC
    assert [one.expected.value for one in language.expectations] == ["allowed", "denied", "unreachable", "allowed"]
    assert [one.source for one in language.management] == [(Named("admin", Span("segctl.yaml", 113, 12)),)]
    gateway, host = language.points["gw1"], language.points["db1-host"]
    assert gateway.interfaces["eth2"].segments == ("db", "vault")
    assert gateway.interfaces["eth0"].links == ("vrrp",)
    assert parse_address("fd00:1::1") in gateway.own()
    assert (host.kind, host.endpoint, host.where) == (PointKind.HOST, "db1", "ssh:root@db1.example")


def test_bom_and_crlf(tmp_path: Path) -> None:
    text = (GOLDEN / "language" / "segctl.yaml").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "segctl.yaml").write_bytes(b"\xef\xbb\xbf" + text)
    assert read_site(tmp_path) == read_site(GOLDEN / "language")


def test_scalars_are_words(tmp_path: Path) -> None:
    """No yes, no octal, no sexagesimal: what is written is what is meant."""
    site = site_of(tmp_path, "endpoints: {no: {addresses: 10.0.0.1, labels: {a: 010, b: 12:30:45, c: '~', d: 1.0}}}")
    assert site.endpoints["no"].labels == {"a": "010", "b": "12:30:45", "c": "~", "d": "1.0"}


def test_defaults(tmp_path: Path) -> None:
    site = site_of(tmp_path, "defaults: {strictness: sealed, mode: observe}\nsegments: {a: {members: 10.0.0.0/8}}")
    assert (site.segments["a"].profile.name, site.segments["a"].mode) == ("sealed", OBSERVE)
    assert (site.segments["points"].mode, site.segments["world"].mode) == (OBSERVE, None)
    assert site.default_mode == OBSERVE


def test_built_in_said(tmp_path: Path) -> None:
    site = site_of(tmp_path, "segments:\n  world: {strictness: open, mode: enforce, owner: isp}\n"
                             "  quarantine: {members: [10.0.0.1]}\n")  # fmt: skip
    assert (site.segments["world"].profile.name, site.segments["world"].mode) == ("open", ENFORCE)
    assert str(site.segments["quarantine"].members[0]) == "10.0.0.1"


def test_profiles_like_each_other(tmp_path: Path) -> None:
    site = site_of(tmp_path, "strictness:\n  b: {like: a, log: all}\n  a: {like: strict, wide: error}\n")
    assert (site.profiles["b"].wide, site.profiles["b"].log) == (
        site.profiles["sealed"].wide,
        site.profiles["quarantine"].log,
    )
    assert site.profiles["b"].why_required


def test_selectors(tmp_path: Path) -> None:
    site = site_of(tmp_path, "segments: {a: {members: 10.0.0.0/24, labels: {env: prod}}}\n"
        "endpoints: {e: {addresses: 10.0.0.1}}\n"
        "flows:\n- {to: any, services: all, from: [e, a, world, {labels: {tier: [web, api], env: prod}}, {within: a},"
        " {segments: {labels: {env: prod}}}, 10.0.0.0-10.0.0.9, fd00::/8]}")  # fmt: skip
    source = site.flows[0].source
    assert [type(one) for one in source] == [Named, Named, Named, Labelled, Within, SegmentsLabelled, Block, Block]
    assert isinstance(source[3], Labelled) and source[3].labels == (("env", ("prod",)), ("tier", ("api", "web")))
    assert isinstance(source[6], Block) and show_addresses(source[6].addresses) == "10.0.0.0-10.0.0.9"


def test_lists(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        "endpoints: {from: lists/hosts.csv}\n"
        "segments: {a: {members: [web1, {file: lists/a.txt}, {file: lists/b.csv, column: net}]}}",
        lists__hosts_csv='name,addresses,tier\nweb1,10.0.1.11 fd00:1::11,web\n\n"db1","10.0.2.1",\n',
        lists__a_txt="# comment\n\n 10.0.3.0/24 # here\n10.0.4.1-10.0.4.9\n",
        lists__b_csv="net,why\r\nfd00::/64,\"a\nb\"\r\n10.9.0.0/16,c\r\n",
    )  # fmt: skip
    assert site.endpoints["web1"].addresses == (parse_address("10.0.1.11"), parse_address("fd00:1::11"))
    assert (site.endpoints["web1"].labels, site.endpoints["db1"].labels) == ({"tier": "web"}, {})
    assert [(str(one), str(one.span)) for one in site.segments["a"].members] == [
        ("web1", "segctl.yaml:4:26"),
        ("10.0.3.0/24", "lists/a.txt:3:2"),
        ("10.0.4.1-10.0.4.9", "lists/a.txt:4:1"),
        ("fd00::/64", "lists/b.csv:2:1"),
        ("10.9.0.0/16", "lists/b.csv:4:1"),
    ]


def test_includes_merge(tmp_path: Path) -> None:
    """Included from a folder below, one including the other back; each is read once."""
    site = site_of(
        tmp_path,
        "include: [parts/*.yaml]\nsegments: {a: {members: 10.0.1.0/24}}\nflows: [{from: a, to: b, services: ssh}]",
        parts__one_yaml="include: [two.yaml]\nsegments: {b: {members: {file: b.txt}}}\nsite: s\nversion: 1\n",
        parts__two_yaml="segments: {c: {members: 10.0.3.0/24}}\nflows: [{from: b, to: c, services: mine}]",
        parts__three_yaml="services: {mine: tcp/1}",
        parts__empty_yaml="# nothing yet\n",
        parts__b_txt="10.0.2.0/24",
    )
    assert set(site.segments) == {"a", "b", "c", "world", "points", "quarantine"}
    assert [flow.span.file for flow in site.flows] == ["segctl.yaml", "parts/two.yaml"]
    assert site.segments["b"].members[0].span == Span("parts/b.txt", 1, 1)


@pytest.mark.parametrize(("first", "second"), [
    ("{from: a, to: b, services: [ssh, http]}", "{services: [http, ssh], to: [b], from: a}"),
    ("{from: [a, b], to: b, services: ssh}", "{from: [b, a], to: b, services: ssh}"),
])  # fmt: skip
def test_made_names_do_not_see_order(tmp_path: Path, first: str, second: str) -> None:
    segments = "segments: {a: {members: 10.0.1.0/24}, b: {members: 10.0.2.0/24}}\n"
    names = [site_of(tmp_path, segments + f"flows: [{flow}]").flows[0].name for flow in (first, second)]
    assert names[0] == names[1] and NAME.match(names[0])


@pytest.mark.parametrize("other", [
    "{from: b, to: a, services: ssh}", "{from: a, to: b, services: tcp/22}", "{from: a, to: a, services: ssh}",
    "{from: a, to: b, services: ssh, until: 2027-01-01T00:00:00Z}", "{from: a-b, to: c, services: ssh}",
])  # fmt: skip
def test_made_names_differ(tmp_path: Path, other: str) -> None:
    members = (f"{name}: {{members: 10.0.{index}.0/24}}" for index, name in enumerate(("a", "b", "c", "b-c", "a-b")))
    flows = f"flows: [{{from: a, to: b, services: ssh}}, {{from: a, to: b-c, services: ssh}}, {other}]"
    site = site_of(tmp_path, f"segments: {{{', '.join(members)}}}\n{flows}")
    assert len({flow.name for flow in site.flows}) == 3


def test_equal_unnamed_flows_are_one(tmp_path: Path) -> None:
    (tmp_path / "segctl.yaml").write_text(
        HEAD + "segments: {a: {members: 10.0.1.0/24}}\n"
        "flows: [{from: a, to: any, services: ssh}, {to: any, services: [ssh], from: a}]"
    )
    loaded = load_site(tmp_path)
    assert loaded.site is not None and len(loaded.site.flows) == 1
    assert [one.code for one in loaded.findings] == ["equal-statements"]


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(HEAD)
    assert read_site(tmp_path / "other.yaml").name == "s"


def test_the_built_in_profiles_are_the_laws_table() -> None:
    """Design, section 2, column by column."""
    from segctl.load import catalogue_profiles

    table = {
        "intra": "allow allow allow deny deny deny deny",
        "ingress": "allow deny deny deny deny allow deny",
        "egress": "allow allow deny deny deny deny allow",
        "answer": "drop reject drop drop drop drop drop",
        "log": "NONE DENIES DENIES DENIES_NEW ALL DENIES DENIES",
        "wide": "ALLOW WARN WARN ERROR ERROR ALLOW WARN",
        "why_required": "False False True True True False False",
        "tightening": "keep cut cut cut cut keep cut",
        "holds": "PUBLIC INTERNAL CONFIDENTIAL RESTRICTED ANY PUBLIC INTERNAL",
        "quarantine": "False False False False True False False",
    }
    profiles = catalogue_profiles()
    assert list(profiles) == ["open", "guarded", "strict", "sealed", "quarantine", "outside", "point"]
    for key, words in table.items():
        values = [getattr(profile, key) for profile in profiles.values()]
        assert [value.name if key in ("log", "wide", "holds") else str(value) for value in values] == words.split()
