"""Tables, chains and sets of nft's text and JSON; what is no listing; what is a gap or a fault; the digest."""

import json
from dataclasses import replace
from typing import Any

import pytest

from segctl.listing import nft_json, nft_text
from segctl.listing.rule import Element, Ending, Family, Hook, Listing, Match, Set, Unreadable, Verdict
from tests.unit.listing.plain import plain, same, unmodelled

WHOLE = """#!/usr/sbin/nft -f
flush ruleset   # all of it
define WAN = "eth0"
define PORTS = { 22, 80-90 }
table inet t { # handle 7
\tcounter c { packets 5 bytes 9 }
\tset s { # handle 2
\t\ttype ipv4_addr
\t\tflags interval,timeout
\t\telements = { 10.0.0.0/8,
\t\t\t     11.0.0.1 timeout 1h expires 30m,
\t\t\t     12.0.0.1-12.0.0.9 counter packets 1 bytes 2 comment "a, b } c" }
\t}
\tchain in { # handle 3
\t\ttype filter hook input priority filter - 5; policy drop;
\t\tiifname $WAN tcp dport $PORTS accept # handle 4
\t\tip saddr {
\t\t\t1.1.1.1,
\t\t\t2.2.2.2
\t\t} drop
\t\tgizmo tcp dport 22; accept
\t}
}
table t { chain c { tcp dport 1 accept
 } }
add rule inet t in counter
add element inet t s { 13.0.0.1 }
create chain ip t d { type nat hook prerouting priority dstnat; }
table inet t { map m { type mark : verdict; elements = { 1 : jump in, 2 : drop }; } }
include "others.nft"
"""


def test_a_whole_file() -> None:
    listing = nft_text.parse(WHOLE)
    assert [(one.family, one.name, one.dormant) for one in listing.tables] == [
        (Family.INET, "t", False),
        (Family.IP, "t", False),
    ]
    ours = listing.tables[0]
    assert ours.sets["s"] == Set(
        "s",
        ("ipv4_addr",),
        None,
        (
            Element(((10 << 24, (11 << 24) - 1),)),
            Element(((11 << 24 | 1, 11 << 24 | 1),), expires=1800.0),
            Element(((12 << 24 | 1, 12 << 24 | 9),)),
            Element(((13 << 24 | 1, 13 << 24 | 1),)),
        ),
        handle=2,
    )
    assert [one.value for one in ours.sets["m"].elements] == [Verdict(Ending.JUMP, "in"), Verdict(Ending.DROP)]
    chain = ours.chains["in"]
    assert chain.hook == Hook("filter", "input", -5, Ending.DROP)
    assert (chain.handle, [rule.handle for rule in chain.rules]) == (3, [4, None, None, None, None])
    assert [rule.line for rule in chain.rules] == [16, 17, 21, 21, 26]
    assert chain.rules[0].text == 'iifname "eth0" tcp dport { 22, 80-90 } accept'
    assert unmodelled(chain.rules[2].statements) == ["gizmo tcp dport 22"]
    assert not unmodelled(chain.rules[3].statements)
    assert listing.tables[1].chains["d"].hook == Hook("nat", "prerouting", -100, Ending.ACCEPT)
    assert len(listing.gaps) == 1 and "include" in listing.gaps[0]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("tabel inet t { }\n", 1, "tabel"),
        ("\n\ntable inet t {\n chain c {\n", 3, "{"),
        ("table inet t {\n chain c {\n  accept\n }\n", 1, "{"),
        ("table inet t {\n chian c { }\n}\n", 2, "chian"),
        ("table inet t {\n chain { }\n}\n", 2, "name"),
        ("table inet t {\n chain c {\n  type filter hook input priority sideways; \n }\n}\n", 3, "sideways"),
        ('table inet t {\n chain c {\n  log prefix "never ends\n }\n}\n', 3, "never"),
        ("table inet t {\n set s {\n  type mark;\n  elements 5\n }\n}\n", 4, "="),
        ("table inet t { }\n}\n", 2, "}"),
        ("add element inet t s { 1.1.1.1 }\n", 1, "no set"),
        ("add flowtable inet t f { }\n", 1, "flowtable"),
        ("table inet t {\n chain c {\n  ip saddr $NOBODY drop\n }\n}\n", 3, "$NOBODY"),
        ("define X\n", 1, "X"),
        ("table\n", 1, "ends here"),
        ("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", 1, "*filter"),
        ('{"nftables": []}\n', 1, "{"),
    ],
)
def test_what_is_no_listing(text: str, line: int, word: str) -> None:
    with pytest.raises(Unreadable) as caught:
        nft_text.parse(text)
    assert caught.value.line == line
    assert word in repr(str(caught.value))


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "flush ruleset\n"])
def test_nothing_is_a_listing(text: str) -> None:
    assert same(nft_text.parse(text).tables) == []


@pytest.mark.parametrize("document", [None, [], {}, {"nftables": {}}, {"nftables": [5]}, "x", 5])
def test_what_is_no_answer_of_nft(document: Any) -> None:
    with pytest.raises(Unreadable):
        nft_json.parse(document)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"gizmo": {"family": "inet", "table": "t", "name": "g"}}, "gizmo"),
        ({"chain": {"name": "c"}}, "chain"),
        ({"rule": 5}, "rule"),
        ({"table": {"family": "vines", "name": "t"}}, "vines"),
        ({"rule": {"family": "inet", "table": "t", "chain": "c", "expr": []}}, "isn't listed"),
        ({"chain": {"family": "netdev", "table": "t", "name": "c", "hook": "ingress"}}, "devices"),
    ],
)
def test_gaps(said: Any, words: str) -> None:
    (gap,) = nft_json.parse({"nftables": [said]}).gaps
    assert words in gap


def sets(*said: dict[str, Any], **more: Any) -> Set:
    """The set or map that some objects declare."""
    objects = [{kind: {"family": "inet", "table": "t", "name": "s", **one[kind]}} for one in said for kind in one]
    return nft_json.parse({"nftables": objects}, **more).tables[0].sets["s"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"set": {"type": "mark", "elem": ["frob"]}}, "frob"),
        ({"set": {"type": ["mark", "mark"], "elem": [{"concat": [1]}]}}, "concat"),
        ({"set": {"type": "integer", "elem": [{"prefix": {"addr": 0, "len": 1}}]}}, "prefix"),
        ({"set": {"type": "mark", "elem": [{"elem": {"val": 1, "limit": {"rate": 5}}}]}}, "limit"),
        ({"set": {"type": "mark", "stmt": [{"quota": {"val": 5}}]}}, "quota"),
        ({"map": {"type": "mark", "map": "verdict", "elem": [[1, {"leap": None}]]}}, "leap"),
        ({"map": {"type": "mark", "map": ["ipv4_addr", "mark"], "elem": [[1, {"concat": ["1.1.1.1", 1]}]]}}, "answers"),
        ({"map": {"type": "mark", "map": "ipv4_addr", "elem": [[1, {"range": ["1.1.1.1", "1.1.1.9"]}]]}}, "ranges"),
        ({"map": {"type": "mark", "map": "mark", "elem": [5]}}, "5"),
    ],
)
def test_faults(said: Any, words: str) -> None:
    fault = sets(said).fault
    assert fault is not None and words in fault


def test_one_bad_element_leaves_the_others() -> None:
    found = sets({"set": {"type": "ipv4_addr", "elem": ["1.1.1.1", "frob", "1.1.1.2"]}})
    assert [one.key[0][0] & 0xFF for one in found.elements] == [1, 2]


def test_elements_that_come_another_way() -> None:
    said = {"set": {"type": ["ipv4_addr", "mark"]}}
    asked = []

    def elements(family: str, table: str, declared: Set) -> tuple[Element, ...] | None:
        asked.append((family, table, declared.name, declared.parts, declared.answers))
        return (Element(((1, 1), (2, 2))),)

    assert sets(said, elements=elements).elements == (Element(((1, 1), (2, 2))),)
    assert asked == [("inet", "t", "s", ("ipv4_addr", "mark"), None)]
    assert sets(said, elements=lambda *_: None).fault == "nobody read its elements"
    assert sets(said, elements=lambda *_: ()).fault is None
    assert sets(said).fault is None


def test_the_dialect_of_newer_nft() -> None:
    """Types by the expressions that they are the types of, flags as nested operations, devices in a list."""
    said = {"typeof": {"concat": [{"payload": {"protocol": "ip", "field": "dscp"}}, {"meta": {"key": "mark"}}]}}
    assert sets({"set": {"type": said, "elem": [{"concat": ["cs1", 5]}]}}).elements == (Element(((8, 8), (5, 5))),)
    chain = {"family": "netdev", "table": "t", "name": "c", "type": "filter", "hook": "ingress", "prio": 0}
    found = nft_json.parse({"nftables": [{"chain": {**chain, "dev": ["a", "b"], "policy": "drop"}}]})
    assert found.tables[0].chains["c"].hook == Hook("filter", "ingress", 0, Ending.DROP, ("a", "b"))
    flags = {"|": [{"|": ["syn", "ack"]}, "rst"]}
    left = {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, flags]}
    rule = {
        "family": "inet",
        "table": "t",
        "chain": "c",
        "expr": [{"match": {"op": "==", "left": left, "right": "syn"}}],
    }
    objects = [{"chain": {"family": "inet", "table": "t", "name": "c"}}, {"rule": rule}]
    (match,) = nft_json.parse({"nftables": objects}).tables[0].chains["c"].rules[0].statements
    assert isinstance(match, Match) and match.spans == ((2, 2),) and "mask=22" in repr(match)


def test_interfaces_by_name() -> None:
    """A name that nobody told us an index of gets one that no interface has; `lo` is 1 in each namespace."""
    text = 'table inet t {\n chain c {\n  iif "eth7" oif "lo" iif { "eth8", 9 } accept\n }\n}\n'
    listing = nft_text.parse(text)
    first, second, third, _ = listing.tables[0].chains["c"].rules[0].statements
    assert isinstance(first, Match) and isinstance(second, Match) and isinstance(third, Match)
    assert second.spans == ((1, 1),) and third.spans[0] == (9, 9)
    assert listing.interfaces == {1: "lo", first.spans[0][0]: "eth7", third.spans[1][0]: "eth8"}
    assert min(first.spans[0][0], third.spans[1][0]) > 1 << 31
    told = nft_json.parse(
        {
            "nftables": [
                {"set": {"family": "ip", "table": "t", "name": "s", "type": "iface_index", "elem": ["eth7", "4"]}}
            ]
        },
        interfaces={7: "eth7"},
    )
    assert [one.key for one in told.tables[0].sets["s"].elements] == [((4, 4),), ((7, 7),)]
    assert told.interfaces == {7: "eth7"}


BASE = """table inet t {
 flags dormant
 map m { type ipv4_addr : mark; flags timeout; elements = { 1.1.1.1 : 5, 1.1.1.2 timeout 1h expires 5m : 6 } }
 set s { type mark; elements = { 1, 2 } }
 chain c { type filter hook input priority 0; policy drop;
  ip saddr 1.1.1.1 counter packets 5 bytes 5 accept comment "x"
  meta mark @s drop
 }
}
"""


@pytest.mark.parametrize(
    ("old", "new", "same_digest"),
    [
        ("{ 1, 2 }", "{ 2, 1 }", True),
        ("packets 5 bytes 5", "packets 500 bytes 7", True),
        ("expires 5m", "expires 4m59s", True),
        (' comment "x"', "", True),
        ("table inet t {", "table inet t { # handle 5", True),
        ("  ip saddr", "  ip  saddr", True),
        ("timeout 1h expires 5m ", "", False),
        ("flags dormant", "", False),
        (": 5", ": 7", False),
        ("1.1.1.2", "1.1.1.3", False),
        ("{ 1, 2 }", "{ 1 }", False),
        ("priority 0", "priority 1", False),
        ("policy drop", "policy accept", False),
        ("hook input", "hook forward", False),
        ("meta mark @s drop", "meta mark @s accept", False),
        ("meta mark @s", "meta mark != @s", False),
        ("meta mark @s drop", "", False),
        ("  ip saddr 1.1.1.1", "  ip daddr 1.1.1.1", False),
        ("type mark;", "type classid;", False),
        ("table inet t", "table ip t", False),
        ("accept comment", "gizmo accept comment", False),
    ],
)
def test_digest(old: str, new: str, same_digest: bool) -> None:
    assert old in BASE
    before, after = nft_text.parse(BASE), nft_text.parse(BASE.replace(old, new))
    assert len(before.digest) == 64
    assert (before.digest == after.digest) == same_digest


def test_rules_in_another_order_are_another_listing() -> None:
    lines = BASE.splitlines(keepends=True)
    swapped = "".join([*lines[:5], lines[6], lines[5], *lines[7:]])
    assert nft_text.parse(BASE).digest != nft_text.parse(swapped).digest


def test_packets_change_a_set_that_a_rule_updates() -> None:
    text = BASE.replace("meta mark @s drop", "add @s { meta mark } drop")
    assert [one.dynamic for one in nft_text.parse(text).tables[0].sets.values()] == [False, True]
    said: Listing = nft_json.parse(
        json.loads('{"nftables":[{"set":{"family":"ip","table":"t","name":"s","type":"mark","flags":["dynamic"]}}]}')
    )
    assert not said.tables[0].sets["s"].dynamic


def test_a_rule_that_nft_lists_without_its_statements() -> None:
    rule = {"family": "inet", "table": "t", "chain": "c", "handle": 3}
    objects = [{"chain": {"family": "inet", "table": "t", "name": "c"}}, {"rule": rule}]
    (found,) = nft_json.parse({"nftables": objects}).tables[0].chains["c"].rules
    assert unmodelled(found.statements)
    assert plain(replace(found, handle=None).statements) == plain(found.statements)
