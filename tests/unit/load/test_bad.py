"""Every mistake gets its code at its place. Each text begins on line 3 of a site that is right without it."""

from pathlib import Path

import pytest

from segctl.load import load_site
from segctl.model.codes import CODES

HEAD = "version: 1\nsite: s\n"
WEB = "segments: {web: {members: 10.0.0.0/24}, db: {members: 10.0.1.0/24}}\n"  # line 3; what follows is line 4
FLOW = WEB + "flows:\n  - {from: web, to: db, services: [ssh], "  # line 5, and 42 columns of it


def member(text: str) -> str:
    return f"segments: {{web: {{members: {text}}}}}"  # the member stands in column 28


def service(text: str) -> str:
    return f"services:\n  x: [{text}]"  # the literal stands in line 4, column 7


def gateway(interface: str, point: str = "") -> str:
    return WEB + f"points:\n  gw:\n    kind: gateway\n    interfaces:\n      eth0: {interface}\n{point}"  # in line 8, column 13


CASES = [
    # id, text, code, line, column
    ("flow-sequence-open", "flows: [{from: web", "yaml", 3, 19),
    ("bad-indent", "segments:\n  web: {}\n db: {}", "yaml", 5, 2),
    ("unclosed-quote", 'flows: "abc', "yaml", 3, 12),
    ("tab", "segments:\n\tweb: {}", "tab", 4, 1),
    ("tab-after-blank", "segments:\n  web: {}\n \tdb: {}", "tab", 5, 2),
    ("nul", "flows: a\0b", "character", 3, 9),
    ("escape-in-file", "flows: a\x1bb", "character", 3, 9),
    ("lone-cr", "# a\rflows: []", "character", 3, 4),
    ("line-separator", "# a\u2028flows: []", "character", 3, 4),
    ("bidi-comment", "# \u202e", "character", 3, 3),
    ("bom-inside", "flows: \ufeff[]", "character", 3, 8),
    ("duplicate-key", "flows: []\nflows: []", "duplicate-key", 4, 1),
    ("duplicate-inner-key", "segments:\n  web: {members: [], members: []}", "duplicate-key", 4, 22),
    ("duplicate-segment", "segments:\n  web: {members: 10.0.0.0/24}\n  web: {members: 10.0.1.0/24}", "duplicate-key", 5, 3),
    ("anchor", "segments: &x {}", "anchor", 3, 11),
    ("alias", "segments: {}\nflows: *x", "anchor", 4, 8),
    ("tag", "segments: !!map {}", "tag", 3, 11),
    ("local-tag", "flows: !python/object:os.system []", "tag", 3, 8),
    ("second-document", "---\nsite: s", "documents", 3, 1),
    ("list-as-key", "? [a]\n: b", "key-type", 3, 3),
    ("mapping-as-key", "segments: {{a: b}: c}", "key-type", 3, 12),
    ("too-deep", "flows: " + "[" * 60 + "]" * 60, "too-deep", 3, 57),
    ("unknown-key", "segmets: {}", "unknown-key", 3, 1),
    ("merge-key", "segments: {<<: {}}", "name", 3, 12),
    ("unknown-flow-key", FLOW + "whi: x}", "unknown-key", 5, 43),
    ("guardrail-since", WEB + "guardrails:\n  - {from: web, to: db, since: 2026-01-01T00:00:00Z}", "unknown-key", 5, 25),
    ("flow-without-to", WEB + "flows:\n  - {from: web, services: [ssh]}", "missing-key", 5, 5),
    ("segment-without-members", "segments: {web: {}}", "missing-key", 3, 17),
    ("list-for-mapping", "segments: [web]", "wrong-type", 3, 11),
    ("text-for-mapping", "segments: web", "wrong-type", 3, 11),
    ("mapping-for-text", "segments: {web: {members: [], may_be_empty: true, owner: {a: b}}}", "wrong-type", 3, 58),
    ("text-for-flow", "flows: [web]", "wrong-type", 3, 9),
    ("list-in-list", "segments: {web: {members: [[10.0.0.0/24]]}}", "wrong-type", 3, 28),
    ("yes", "segments: {web: {members: [], may_be_empty: yes}}", "wrong-type", 3, 45),
    ("quoted-true", 'segments: {web: {members: [], may_be_empty: "true"}}', "wrong-type", 3, 45),
    ("nothing", "flows:", "no-value", 3, 7),
    ("nothing-for-text", "segments: {web: {members: [], owner: }}", "no-value", 3, 38),
    ("mode", "defaults: {mode: watch}", "choice", 3, 18),
    ("mode-of-no-service", "segments: {web: {members: [], may_be_empty: true, mode: {enforce: []}}}", "no-value", 3, 67),
    ("mode-key", "segments: {web: {members: [], may_be_empty: true, mode: {observe: [ssh]}}}", "unknown-key", 3, 58),
    ("classification", "segments: {web: {members: [], classification: secret}}", "choice", 3, 47),
    ("name-digit", "segments: {1web: {members: []}}", "name", 3, 12),
    ("name-blank", "segments: {a b: {members: []}}", "name", 3, 12),
    ("name-quote", "segments: {'a\"b': {members: []}}", "name", 3, 12),
    ("name-brace", "segments: {'a}b': {members: []}}", "name", 3, 12),
    ("name-semicolon", "segments: {a;b: {members: []}}", "name", 3, 12),
    ("name-hash", "segments: {a#b: {members: []}}", "name", 3, 12),
    ("name-newline", 'segments: {"a\\nb": {members: []}}', "name", 3, 12),
    ("name-bidi", 'segments: {"a\\u202eb": {members: []}}', "name", 3, 12),
    ("name-lookalike", "segments: {w\u0435b: {members: []}}", "name", 3, 12),  # a Cyrillic е
    ("name-long", f"segments: {{{'a' * 64}: {{members: []}}}}", "name", 3, 12),
    ("name-empty", 'segments: {"": {members: []}}', "name", 3, 12),
    ("name-in-a-flow", WEB + "flows: [{from: 'a;b', to: db, services: [ssh]}]", "name", 4, 16),
    ("flow-name", FLOW + 'name: "a b"}', "name", 5, 49),
    ("reserved-any", "segments: {any: {members: []}}", "reserved", 3, 12),
    ("reserved-endpoint", "endpoints: {world: {addresses: 10.0.0.1}}", "reserved", 3, 13),
    ("reserved-profile", "strictness: {strict: {like: open}}", "reserved", 3, 14),
    ("reserved-service", "services: {all: [tcp/1]}", "reserved", 3, 12),
    ("within-world", "segments: {a: {members: 10.0.0.0/24, within: world}}", "reserved", 3, 46),
    ("one-name-two-kinds", "endpoints: {web: {addresses: 10.0.0.1}}\n" + WEB, "duplicate-name", 4, 12),
    ("flow-twice", FLOW + "name: a}\n  - {from: db, to: web, services: [ssh], name: a}", "duplicate-name", 6, 5),
    ("flow-unnamed-differs", FLOW + "why: a}\n  - {from: web, to: db, services: [ssh], why: b}", "duplicate-name", 6, 5),
    ("flow-unnamed-equal", FLOW + "why: a}\n  - {to: db, from: [web], services: ssh, why: a}", "equal-statements", 6, 5),
    ("segment-unknown", WEB + "flows: [{from: wbe, to: db, services: [ssh]}]", "unknown-name", 4, 16),
    ("member-unknown", member("web1"), "unknown-name", 3, 27),
    ("member-is-segment", "segments: {a: {members: 10.0.0.0/24}, b: {members: a}}", "unknown-name", 3, 52),
    ("within-unknown", "segments: {a: {members: 10.0.0.0/24, within: corp}}", "unknown-name", 3, 46),
    ("within-selector", WEB + "flows: [{from: {within: wbe}, to: db, services: [ssh]}]", "unknown-name", 4, 25),
    ("profile-unknown", "defaults: {strictness: srict}", "unknown-profile", 3, 24),
    ("like-unknown", "strictness: {lab: {like: opn}}", "unknown-profile", 3, 26),
    ("service-unknown", FLOW.replace("[ssh]", "[shh]") + "why: a}", "unknown-service", 5, 36),
    ("why-empty", FLOW + 'why: ""}', "text", 5, 48),
    ("why-two-lines", FLOW + 'why: "a\\nb"}', "text", 5, 48),
    ("why-bidi", FLOW + 'why: "a\\u202eb"}', "text", 5, 48),
    ("why-long", FLOW + f"why: {'a' * 501}}}", "text", 5, 48),
    ("time-without-zone", FLOW + "until: 2027-01-31T18:00:00}", "time", 5, 50),
    ("time-impossible", FLOW + "until: 2027-02-30T18:00:00Z}", "time", 5, 50),
    ("time-is-date", FLOW + "until: 2027-01-31}", "time", 5, 50),
    ("time-before-time", FLOW + "until: 0001-01-01T00:00:00+14:00}", "time", 5, 50),
    ("date-impossible", FLOW + "review_by: 2027-02-29}", "date", 5, 54),
    ("date-american", FLOW + "review_by: 02/28/2027}", "date", 5, 54),
    ("ends-before-it-begins", FLOW + "since: 2027-01-02T00:00:00Z, until: 2027-01-01T00:00:00Z}", "impossible", 5, 79),
    ("flow-of-no-service", WEB + "flows: [{from: web, to: db, services: []}]", "impossible", 4, 39),
    ("service-of-nothing", "services: {x: []}", "impossible", 3, 12),
    ("address-short", member("10.0.0"), "address", 3, 27),
    ("address-octal", member("010.0.0.1"), "address", 3, 27),
    ("address-scoped", member("fe80::1%eth0"), "address", 3, 27),
    ("cidr-too-long", member("10.0.0.0/33"), "address", 3, 27),
    ("cidr-no-length", member("10.0.0.0/"), "address", 3, 27),
    ("host-bits", member("10.0.0.7/24"), "host-bits", 3, 27),
    ("host-bits-v6", member('"fd00::1/64"'), "host-bits", 3, 27),
    ("every-v4", member("0.0.0.0/0"), "prefix-zero", 3, 27),
    ("every-v6", member('"::/0"'), "prefix-zero", 3, 27),
    ("every-v4-as-range", member("0.0.0.0-255.255.255.255"), "prefix-zero", 3, 27),
    ("every-in-flow", WEB + "flows: [{from: 0.0.0.0/0, to: db, services: [ssh]}]", "prefix-zero", 4, 16),
    ("mapped", member('"::ffff:10.0.0.1"'), "mapped", 3, 27),
    ("mapped-block", member('"::ffff:0:0/96"'), "mapped", 3, 27),
    ("multicast", member("224.0.0.5"), "special", 3, 27),
    ("multicast-v6", member('"ff02::/16"'), "special", 3, 27),
    ("broadcast", member("255.255.255.255"), "special", 3, 27),
    ("link-local", member("169.254.0.0/16"), "special", 3, 27),
    ("link-local-v6", member('"fe80::1"'), "special", 3, 27),
    ("loopback", member("127.0.0.1"), "special", 3, 27),
    ("unspecified", member('"::"'), "special", 3, 27),
    ("special-in-flow", WEB + "flows: [{from: web, to: 224.0.0.251, services: [ssh]}]", "special", 4, 25),
    ("special-endpoint", "endpoints: {a: {addresses: 127.0.0.1}}", "special", 3, 28),
    ("range-reversed", member("10.0.0.9-10.0.0.1"), "range", 3, 27),
    ("range-mixed", member('"10.0.0.9-fd00::1"'), "range", 3, 27),
    ("endpoint-block", "endpoints: {a: {addresses: 10.0.0.0/24}}", "address", 3, 28),
    ("endpoint-address-twice", "endpoints:\n  a: {addresses: 10.0.0.1}\n  b: {addresses: 10.0.0.1}", "duplicate-address", 5, 18),
    ("endpoint-without-address", "endpoints: {a: {addresses: []}}", "no-value", 3, 28),
    ("labels-of-nothing", member("{labels: {}}"), "no-value", 3, 36),
    ("label-of-no-value", member("{labels: {a: []}}"), "no-value", 3, 40),
    ("label-name", "endpoints: {a: {addresses: 10.0.0.1, labels: {'a b': c}}}", "name", 3, 47),
    ("selector-of-two", WEB + "flows: [{from: {within: web, labels: {a: b}}, to: db, services: [ssh]}]", "wrong-type", 4, 16),
    ("selector-key", WEB + "flows: [{from: {label: {a: b}}, to: db, services: [ssh]}]", "unknown-key", 4, 17),
    ("member-column-alone", member("{column: a}"), "wrong-type", 3, 27),
    ("port-0", service("tcp/0"), "port", 4, 7),
    ("port-65536", service("tcp/65536"), "port", 4, 7),
    ("port-reversed", service("tcp/80-79"), "port", 4, 7),
    ("port-word", service("tcp/http"), "port", 4, 7),
    ("port-none", service("tcp/"), "port", 4, 7),
    ("service-turned", service("443/tcp"), "service", 4, 7),
    ("service-capital", service("TCP/443"), "service", 4, 7),
    ("service-protocol", service("dccp/443"), "service", 4, 7),
    ("proto-6", service("proto/6"), "protocol", 4, 7),
    ("proto-header", service("proto/44"), "protocol", 4, 7),
    ("proto-256", service("proto/256"), "protocol", 4, 7),
    ("icmp-number", service("icmp/8"), "icmp", 4, 7),
    ("icmp-name", service("icmp/echo"), "icmp", 4, 7),
    ("icmp-other-family", service("icmp4/packet-too-big"), "icmp", 4, 7),
    ("icmp-256", service("icmp6/256"), "icmp", 4, 7),
    ("service-ring", "services:\n  a: [b]\n  b: [c]\n  c: [tcp/1, a]", "cycle", 6, 14),
    ("service-itself", "services: {a: [a]}", "cycle", 3, 16),
    ("within-ring", "segments:\n  a: {members: 10.0.0.0/24, within: b}\n  b: {members: 10.0.1.0/24, within: a}", "cycle", 4, 37),
    ("within-itself", "segments: {a: {members: 10.0.0.0/24, within: a}}", "cycle", 3, 46),
    ("like-ring", "strictness:\n  a: {like: b}\n  b: {like: a}", "cycle", 5, 13),
    ("profile-open", "strictness:\n  a: {like: open, intra: deny}", "profile-open", 4, 26),
    ("profile-without-like", "strictness: {a: {intra: deny}}", "missing-key", 3, 17),
    ("profile-word", "strictness: {a: {like: open, log: loud}}", "choice", 3, 35),
    ("waive-error", member('10.0.0.0/24, waive: {overlap: "x"}'), "waive-code", 3, 48),
    ("waive-nothing", member('10.0.0.0/24, waive: {unbuond: "x"}'), "waive-code", 3, 48),
    ("waive-without-why", member("10.0.0.0/24, waive: {wide: {until: 2027-01-01}}"), "missing-key", 3, 54),
    ("expect-without-services", WEB + "expect:\n  - {from: web, to: db, is: denied}", "missing-key", 5, 5),
    ("expect-word", WEB + "expect:\n  - {from: web, to: db, services: [ssh], is: maybe}", "choice", 5, 46),
    ("unreachable-over", WEB + "expect:\n  - {from: web, to: db, services: [ssh], is: unreachable}", "wrong-kind", 5, 25),
    ("management-without-services", WEB + "management:\n  - {from: web}", "missing-key", 5, 5),
    ("kind", "points: {gw: {kind: router, interfaces: {}}}", "choice", 3, 21),
    ("host-with-interfaces", "points: {h: {kind: host, endpoint: e, interfaces: {}}}\nendpoints: {e: {addresses: 10.0.0.1}}", "unknown-key", 3, 39),
    ("host-of-segment", WEB + "points: {h: {kind: host, endpoint: web}}", "unknown-name", 4, 36),
    ("gateway-without-interfaces", "points: {gw: {kind: gateway, interfaces: {}}}", "no-value", 3, 42),
    ("interface-without-segment", gateway("{segments: []}"), "no-value", 8, 24),
    ("interface-segment-unknown", gateway("{segments: [wbe]}"), "unknown-name", 8, 25),
    ("interface-segment-twice", gateway("{segments: [web, web]}"), "duplicate-name", 8, 30),
    ("interface-twice", gateway("{segments: web}\n      eth0: {segments: db}"), "duplicate-key", 9, 7),
    ("interface-link", gateway("{segments: web, links: [vrp]}"), "choice", 8, 37),
    ("interface-address-bare", gateway("{segments: web, addresses: 10.0.0.1}"), "address", 8, 40),
    ("interface-address-network", gateway("{segments: web, addresses: 10.0.0.0/24}"), "address", 8, 40),
    ("interface-address-broadcast", gateway("{segments: web, addresses: 10.0.0.255/24}"), "address", 8, 40),
    ("interface-address-link-local", gateway('{segments: web, addresses: "fe80::1/64"}'), "special", 8, 40),
    ("interface-address-twice", gateway("{segments: web, addresses: [10.0.0.1/24, 10.0.0.1/24]}"), "duplicate-address", 8, 54),
    ("interface-name", WEB + "points:\n  gw: {kind: gateway, interfaces: {interface0123456: {segments: web}}}", "name", 5, 36),
    ("where", WEB + gateway("{segments: web}", "    where: ssh:-oProxyCommand=x").removeprefix(WEB), "choice", 9, 12),
    ("two-gateways", WEB + "points:\n  a: {kind: gateway, interfaces: {e0: {segments: web}, e1: {segments: db}}}\n"
     "  b: {kind: gateway, interfaces: {e0: {segments: web}, e1: {segments: db}}}", "two-gateways", 6, 3),
    ("two-host-points", "endpoints: {e: {addresses: 10.0.0.1}}\npoints:\n  a: {kind: host, endpoint: e}\n  b: {kind: host, endpoint: e}",
     "duplicate-name", 6, 3),
    ("include-nothing", "include: [none/*.yaml]", "include", 3, 11),
    ("include-missing", "include: [none.yaml]", "unreadable", 3, 11),
    ("include-up", "include: ../other.yaml", "outside", 3, 10),
    ("include-absolute", "include: /etc/passwd", "outside", 3, 10),
    ("include-folder", "include: [.]", "unreadable", 3, 11),
    ("include-stars", "include: ['a**b.yaml']", "include", 3, 11),
    ("members-file-missing", member("{file: web.txt}"), "unreadable", 3, 34),
    ("members-file-up", member("{file: ../web.txt}"), "outside", 3, 34),
    ("hosts-missing", "endpoints: {from: hosts.csv}", "unreadable", 3, 19),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "column"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_bad(tmp_path: Path, text: str, code: str, line: int, column: int) -> None:
    (tmp_path / "segctl.yaml").write_bytes((HEAD + text).encode())
    found = load_site(tmp_path).findings
    places = [(one.code, one.span.file, one.span.line, one.span.column) for one in found]
    assert places == [(code, "segctl.yaml", line, column)]
    assert found[0].what and found[0].help


@pytest.mark.parametrize(("text", "code", "line", "column"), [
    ("", "missing-key", 1, 1),
    ("# nothing\n", "missing-key", 1, 1),
    ("[]", "wrong-type", 1, 1),
    ("site", "wrong-type", 1, 1),
    ("version: 2\nsite: s", "version", 1, 10),
    ('version: "1"\nsite: s', "version", 1, 10),
    ("version: 1.0\nsite: s", "version", 1, 10),
    ("version: 1", "missing-key", 1, 1),
    ("version: 1\nsite: 1s", "name", 2, 7),
    ("version: 1\nsite: [s]", "wrong-type", 2, 7),
    ("version: 1\nsite: ", "no-value", 2, 6),
])  # fmt: skip
def test_bad_head(tmp_path: Path, text: str, code: str, line: int, column: int) -> None:
    (tmp_path / "segctl.yaml").write_text(text)
    loaded = load_site(tmp_path)
    assert loaded.site is None
    first = loaded.findings[0]
    assert (first.code, first.span.line, first.span.column) == (code, line, column)


@pytest.mark.parametrize(("data", "code", "line", "column"), [
    (b"version: 1\nsite: \xff", "encoding", 2, 7),
    (b"version: 1\n\xc3\xa4\xc0", "encoding", 2, 2),
    ("version: 1\nsite: s".encode("utf-16"), "encoding", 1, 1),
    (b"\xef\xbb\xbfversion: 1\nsite: s\x00", "character", 2, 8),
])  # fmt: skip
def test_bad_bytes(tmp_path: Path, data: bytes, code: str, line: int, column: int) -> None:
    (tmp_path / "segctl.yaml").write_bytes(data)
    found = load_site(tmp_path).findings
    assert [(one.code, one.span.line, one.span.column) for one in found] == [(code, line, column)]


def test_there_are_many_kinds() -> None:
    assert len({case[0] for case in CASES}) == len(CASES) >= 120
    assert {case[2] for case in CASES} <= CODES.keys()


def test_all_at_once(tmp_path: Path) -> None:
    """Problems of every part, in the order of the file."""
    (tmp_path / "segctl.yaml").write_text(
        HEAD + "segments:\n  web: {members: 10.0.0.1/24, strictness: opn, ownr: x}\n"
        "flows:\n  - {from: wbe, to: web, services: [htps], until: tomorrow}\n"
    )
    assert [(one.code, one.span.line) for one in load_site(tmp_path).findings] == [
        ("host-bits", 4), ("unknown-profile", 4), ("unknown-key", 4), ("unknown-name", 6), ("unknown-service", 6), ("time", 6),
    ]  # fmt: skip


def test_unknown_names_wait_for_broken_files(tmp_path: Path) -> None:
    """What a file that can't be read may declare is not told as unknown."""
    (tmp_path / "segctl.yaml").write_text(HEAD + "include: parts.yaml\n" + WEB + "flows: [{from: elsewhere, to: db, services: [mine]}]")
    (tmp_path / "parts.yaml").write_text("segments: {")
    assert [one.code for one in load_site(tmp_path).findings] == ["yaml"]
