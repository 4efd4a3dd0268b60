"""Who reads and who sets a mark, by all that a rule can hold."""

import pytest

from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Bits,
    Chain,
    Choose,
    Constant,
    Decide,
    Element,
    Ending,
    Expression,
    Family,
    Hook,
    Join,
    Load,
    Lookup,
    Mapped,
    Match,
    Maybe,
    Opaque,
    Rule,
    Set,
    Shift,
    Statement,
    Strange,
    Table,
    Translate,
    Update,
    Verdict,
)
from segctl.listing.uses import hooks_of, uses

PRE, POST = (Hook("filter", name, 0, Ending.ACCEPT) for name in ("prerouting", "postrouting"))
MARK, CT, SADDR = Load("meta mark", 32), Load("ct mark", 32), Load("ip saddr", 32)


def table(*statements: Statement) -> Table:
    return Table(Family.INET, "x", {"c": Chain("c", (Rule(statements, "said"),), POST)})


def match(left: Expression) -> Match:
    return Match(left, ((5, 5),))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (match(MARK), {"meta mark": "reads"}),
        (match(CT), {"ct mark": "reads"}),
        (match(SADDR), {}),
        (match(Bits(MARK, 0xFF)), {"meta mark": "reads"}),
        (match(Shift(CT, 8)), {"ct mark": "reads"}),
        (Anybit(MARK, 1), {"meta mark": "reads"}),
        (Lookup(Join((SADDR, MARK)), "s"), {"meta mark": "reads"}),
        (Choose(CT, "m"), {"ct mark": "reads"}),
        (match(Mapped(MARK, "m")), {"meta mark": "reads"}),
        (match(Load("fib saddr . mark . iif oif", 32)), {"meta mark": "reads"}),
        (match(Load("fib saddr . iif oif", 32)), {}),
        (match(Load("meta priority", 32)), {"meta priority": "reads"}),
        (Assign("meta mark", Constant(5)), {"meta mark": "sets"}),
        (Assign("meta mark", Bits(MARK, 0xF, 5)), {"meta mark": "sets"}),
        (Assign("meta mark", CT), {"meta mark": "sets", "ct mark": "reads"}),
        (Assign("ct mark", MARK), {"meta mark": "reads", "ct mark": "sets"}),
        (Assign("ct mark", Mapped(SADDR, "m")), {"ct mark": "sets"}),
        (Assign("meta priority", MARK), {"meta mark": "reads", "meta priority": "sets"}),
        (Assign("meta mark", Strange("-j CONNMARK --restore-mark")), {"meta mark": "sets", "ct mark": "reads"}),
        (Assign("meta mark", Strange("-j HMARK --hmark-mod 4")), {"meta mark": "sets"}),
        (Opaque("xt target MARK"), {"meta mark": "reads sets"}),
        (Opaque("xt match connmark"), {"ct mark": "reads sets"}),
        (Opaque("xt target CLASSIFY"), {"meta priority": "reads sets"}),
        (Opaque("xt match policy"), {}),
        (Update("s", "update @s { ip saddr . ct mark }"), {"ct mark": "reads"}),
        (Update("s", "update @s { ip saddr . meta mark timeout 1m }"), {"meta mark": "reads"}),
        (Maybe("-m connlimit --connlimit-above 3"), {}),
        (Translate("-j TPROXY --on-port 80"), {}),
        (Translate("dnat to meta mark map @m"), {"meta mark": "reads"}),
        (Aside('log prefix "meta mark ct mark "'), {}),
        (Aside('comment "the ct mark of others"'), {}),
        (Decide(Verdict(Ending.DROP)), {}),
    ],
)  # fmt: skip
def test_each_statement(statement: Statement, found: dict[str, str]) -> None:
    said = {one.field: " ".join(["reads"] * one.reads + ["sets"] * one.sets) for one in uses(table(statement))}
    assert said == found


def test_a_use_says_where_it_is_met() -> None:
    (found,) = uses(table(match(MARK)))
    assert (found.chain, found.rule.text, found.hooks) == ("c", "said", (POST,))


def jump(chain: str) -> Rule:
    return Rule((Decide(Verdict(Ending.JUMP, chain)),), "")


def test_chains_are_where_they_are_led_to_from() -> None:
    led = Set("", ("inet_service",), "verdict", (Element(((7, 7),), Verdict(Ending.GOTO, "mapped")),))
    chains = {
        "pre": Chain("pre", (jump("one"), jump("ring")), PRE),
        "post": Chain("post", (jump("two"), Rule((Choose(SADDR, led),), "")), POST),
        "one": Chain("one", (jump("two"),)),
        "two": Chain("two", ()),
        "mapped": Chain("mapped", ()),
        "ring": Chain("ring", (jump("ring"), jump("gone"))),
        "nowhere": Chain("nowhere", (jump("one"),)),
    }
    assert hooks_of(Table(Family.INET, "x", chains)) == {
        "pre": (PRE,), "post": (POST,), "one": (PRE,), "two": (PRE, POST), "mapped": (POST,), "ring": (PRE,),
        "nowhere": (),
    }  # fmt: skip


@pytest.mark.parametrize("fault", [None, "nobody read its elements"])
def test_a_map_that_was_not_read_leads_to_every_chain(fault: str | None) -> None:
    led = Set("m", ("inet_service",), "verdict", (Element(((7, 7),), Verdict(Ending.JUMP, "one")),), fault=fault)
    chains = {
        "pre": Chain("pre", (Rule((Choose(SADDR, "m"),), ""),), PRE),
        "one": Chain("one", ()),
        "two": Chain("two", ()),
    }
    found = hooks_of(Table(Family.INET, "x", chains, {"m": led}))
    assert (found["one"], found["two"]) == ((PRE,), (PRE,) if fault else ())
