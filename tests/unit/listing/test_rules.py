"""What nft 1.0.6 listed of each rule, in both notations, comes to the same statements, and to those that are meant."""

from typing import Any

import pytest

from segctl.listing import nft_json, nft_text
from segctl.listing.rule import Decide, Rule, Statement, Unreadable
from tests.unit.listing.meanings import ACCEPT, FAMILIES, MEANINGS
from tests.unit.listing.plain import plain, unmodelled
from tests.unit.listing.record import Listed, recorded
from tests.unit.listing.rules import RULES

LISTED = recorded()


def named(listed: Listed) -> str:
    return f"{listed.written.family}: {listed.written.text}"


def by_json(family: str, *rules: dict[str, Any]) -> Rule:
    about = {"family": family, "table": "t", "name": "a"}
    document = {"nftables": [{"table": {"family": family, "name": "t"}}, {"chain": about}, {"rule": rules[0]}]}
    return nft_json.parse(document).tables[0].chains["a"].rules[0]


def by_text(family: str, line: str) -> Rule:
    return nft_text.parse(f"table {family} t {{\n\tchain a {{\n\t\t{line}\n\t}}\n}}\n").tables[0].chains["a"].rules[0]


def test_the_record_is_of_these_rules() -> None:
    assert tuple(one.written for one in LISTED) == RULES
    assert len(RULES) >= 150


@pytest.mark.parametrize("listed", LISTED, ids=named)
def test_both_notations_are_the_same(listed: Listed) -> None:
    family = listed.written.family
    of_json, of_text = by_json(family, listed.rule), by_text(family, listed.text)
    if "[invalid type]" in listed.text:  # nft's own words for what it can't list
        assert unmodelled(of_json.statements) and unmodelled(of_text.statements)
        return
    assert plain(of_text.statements) == plain(of_json.statements)
    assert of_text.line == 3 and of_json.line is None
    assert bool(unmodelled(of_json.statements)) != listed.written.modelled


@pytest.mark.parametrize(("text", "meant"), MEANINGS.items(), ids=MEANINGS)
def test_meanings(text: str, meant: tuple[Statement, ...]) -> None:
    (listed,) = (one for one in LISTED if one.written[:2] == ("inet", text))
    assert plain(by_json("inet", listed.rule).statements) == meant


@pytest.mark.parametrize(("at", "meant"), FAMILIES.items(), ids=map(str, FAMILIES))
def test_meanings_in_other_families(at: tuple[str, str], meant: tuple[Statement, ...]) -> None:
    (listed,) = (one for one in LISTED if one.written[:2] == at)
    assert plain(by_json(at[0], listed.rule).statements) == meant


@pytest.mark.parametrize("listed", LISTED, ids=named)
def test_words_are_near_to_nfts(listed: Listed) -> None:
    """Rule.text of JSON is made by us: the words that nft has must be there, whatever the form of constants."""
    wanted = {word for word in listed.text.split() if word.isalpha()} - {"comment", "packets", "bytes", "burst"}
    rule = by_json(listed.written.family, listed.rule)
    missing = {word for word in wanted if word not in rule.text}
    assert not missing or listed.written.family == "ip", rule.text  # where nft's text names a family, and its JSON not


@pytest.mark.parametrize(
    "broken",
    [
        "tcp dport",
        "ip saddr {",
        "ip saddr 1.2.3.4.5",
        "gizmo 5",
        "tcp dport 22 frobnicate all things",
        "meta mark set",
        "tcp option",
        "@th,x,16 5",
        "ip saddr . tcp dport { 1.1.1.1 }",
        "ct state new,frob",
        "tcp dport vmap { 22 : leap b }",
        "limit rate",
        "reject with pigeon",
        "jump",
        "numgen inc",
        "fib saddr",
        "srh sid[",
    ],
)
def test_what_is_not_understood_stays_in_its_place(broken: str) -> None:
    if broken.count("{") != broken.count("}"):
        with pytest.raises(Unreadable):
            by_text("inet", broken)
        return
    rule = by_text("inet", f"counter {broken}")
    assert unmodelled(rule.statements[1:]) or rule.statements[1:] == (), rule
    assert not any(isinstance(one, Decide) for one in rule.statements)
    assert rule.text.startswith("counter ")


@pytest.mark.parametrize(
    "broken",
    [
        5,
        None,
        "frob",
        [],
        {},
        {"match": None},
        {"match": {"left": 5, "right": 5, "op": "=="}},
        {"match": {"left": {"meta": {"key": "mark"}}, "right": None, "op": "=="}},
        {"match": {"left": {"meta": {"key": "mark"}}, "right": {"set": None}, "op": "=="}},
        {"match": {"left": {"meta": {"key": "mark"}}, "right": 5, "op": "~"}},
        {"match": {"left": {"payload": {"base": "th", "offset": "x", "len": 8}}, "right": 5, "op": "=="}},
        {"match": {"left": {"payload": {"tunnel": "vxlan", "protocol": "ip", "field": "saddr"}}, "right": "1.1.1.1"}},
        {"match": {"left": {"concat": None}, "right": 5, "op": "=="}},
        {"vmap": {"key": {"meta": {"key": "mark"}}, "data": {"set": [[1, {"leap": None}]]}}},
        {"vmap": {"key": {"meta": {"key": "new"}}, "data": "@x"}},
        {"mangle": {"key": 5, "value": 5}},
        {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"&": [5, 6]}}},
        {"jump": None},
        {"jump": {"target": 5}},
        {"set": {}},
        {"meter": None},
        {"xt": None},
        {"xt": {"type": "match", "name": "recent"}},
        {"flow": {"op": "add", "flowtable": "@f"}},
        {"counter": {"map": 5}},
        {"snat": {"addr": {"map": {}}}},
    ],
    ids=str,
)
def test_any_json_is_a_rule(broken: Any) -> None:
    """Never an exception: what isn't understood is named."""
    rule = by_json("inet", {"family": "inet", "table": "t", "chain": "a", "expr": [broken, {"accept": None}]})
    *first, last = rule.statements
    assert last == Decide(ACCEPT)
    assert unmodelled(tuple(first)) or broken == {"counter": {"map": 5}}, rule
