"""The text of a table that comes from disk: our own passes, and whatever leads out of the table is refused.

`tests/kernel/test_structure_loads.py` loads what passes here: it makes our table and nothing else.
"""

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.compile import loadable
from segctl.kernel import NotUnderstood
from segctl.kernel.structure import exceptions, for_slot
from tests import sites
from tests.kernel.applied import OLD, compiled
from tests.packets.net import SITE as KINDS
from tests.sites import AT, EXAMPLES
from tests.unit.kernel.mutants import mutants


@cache
def good() -> str:
    """A gateway's rules, as they are kept."""
    return compiled(OLD)[1].structure


@cache
def good_exceptions() -> str:
    return compiled(KINDS.replace("gw1", "gw"))[1].side.exceptions


def test_our_own_pass_for_either_slot() -> None:
    for text in (good(), compiled(KINDS.replace("gw1", "gw"))[1].structure):
        for slot in ("segctl_a", "segctl_b", "segctl_check"):
            made = for_slot(text, slot, 0x8000ABCD).splitlines()
            assert made[:3] == [f"table inet {slot} {{", " flags dormant", " chain gen_8000abcd { }"]
            assert made[3:] == [
                line for line in text.splitlines()[3:] if line.strip() and not line.strip().startswith("#")
            ]
    assert "chain remedy {" in good_exceptions() and exceptions(good_exceptions()).count("chain") == 6


@pytest.mark.parametrize("example", sorted(one.name for one in EXAMPLES.iterdir() if (one / "site").is_dir()))
def test_the_examples_pass(example: str) -> None:
    law = sites.meant(sites.read(EXAMPLES / example / "site"))
    for point in law.site.points:
        rules = loadable(law, point, AT)
        for_slot(rules.structure, "segctl_a", 1)
        exceptions(rules.side.exceptions)


@pytest.mark.parametrize("name", ["eth0", "br-lan", "eth1.100", "wg0@x", "a:1", "Ab_9", "x" * 15])
def test_each_name_that_an_interface_may_have(name: str) -> None:
    for_slot(good().replace('"eth1"', f'"{name}"'), "segctl_a", 1)


@pytest.mark.parametrize("slot", ["segctl_hold", "segctl_a {", "x", "segctl_a\n", ""])
def test_no_slot(slot: str) -> None:
    with pytest.raises(ValueError, match="no slot"):
        for_slot(good(), slot, 1)


@pytest.mark.parametrize("generation", [-1, 1 << 32])
def test_no_generation(generation: int) -> None:
    with pytest.raises(ValueError, match="no slot and generation"):
        for_slot(good(), "segctl_a", generation)


# -- ways out ---------------------------------------------------------------------------------------------------------

LINES = {  # a line more within a chain
    "another file": '  include "/etc/passwd"',
    "another file, without a space": '  include"/etc/passwd"',
    "a variable": "  define x = 1.2.3.4",
    "a variable anew": "  redefine x = 1.2.3.4",
    "no variable": "  undefine x",
    "what a variable says": "  ip saddr $x accept",
    "the end of a line by another sign": "  accept; } }",
    "a line that goes on": "  accept \\",
    "a comment": "  accept # }",
    "the end of the chain": " }",
    "the end of the table": "}",
    "both": " }\n}",
    "both in a line": " } }",
    "another chain's beginning in a line": "  } chain x {",
    "another table's beginning": " }\n}\ntable inet other {\n chain x {",
    "another table's beginning in a line": "  } } table inet other { chain x {",
    "another table's beginning over two lines": "  } }\n  table inet other { chain x {",
    "a table of its own": "table ip other { }",
    "a command": "add table ip other",
    "a command behind a brace": "  } add table ip other {",
    "a flush": "flush ruleset",
    "a brace that isn't closed": "  ip saddr { 1.2.3.4",
    "a text": '  accept comment "x"',
    "a text with a brace": '  accept comment "}"',
    "a log's text with a brace": '  log prefix "segctl } "',
    "half a text": '  iifname "eth1 accept',
    "a text over two lines": '  iifname "eth1\n" accept',
    "another hook": "  type filter hook prerouting priority -300",
    "another hook, as ours": "  type filter hook prerouting priority filter; policy drop;",
    "another priority": "  type filter hook forward priority -300",
    "translation": "  type nat hook output priority filter; policy accept;",
    "a policy alone": "  policy accept",
    "a device": "  devices = { eth0 }",
    "a letter that only looks so": "  \u0430ccept",
    "a sign of another writing": "  accept \u2028 }",
    "a byte order": "\ufeff  accept",
    "a zero": "  accept \0",
    "a tabulator": "\taccept",
    "a bell": "  accept \a",
    "quotes of another kind": "  iifname “eth1” accept",
    "an apostrophe": "  iifname 'eth1' accept",
    "a shell's word": "  accept `id`",
    "a star of its own": "  iifname ~eth accept",
}
ITEMS = {  # what more stands in the table
    "an object": " counter c {\n }",
    "a helper": ' ct helper h {\n  type "ftp" protocol tcp\n }',
    "a flow table": " flowtable f {\n  hook ingress priority 0\n }",
    "a limit": " limit l {\n  rate 1/second\n }",
    "a comment of the table": ' comment "x"',
    "other flags": " flags owner",
    "a chain with a capital": " chain X {\n }",
    "a chain in a line": " chain x { accept }",
    "a chain with a brace more": " chain x { { }",
    "elements": " elements = { 1.2.3.4 }",
    "a rule": "  accept",
    "another number": " chain gen_00000007 { }\n}",
}


@pytest.mark.parametrize("what", LINES)
def test_no_line_of_ours(what: str) -> None:
    chain = " chain decide {\n"
    assert chain in good() and " chain needs_in {\n" in good_exceptions()
    with pytest.raises(NotUnderstood):
        for_slot(good().replace(chain, f"{chain}{LINES[what]}\n", 1), "segctl_a", 1)
    with pytest.raises(NotUnderstood):
        exceptions(good_exceptions().replace(" chain needs_in {\n", f" chain needs_in {{\n{LINES[what]}\n", 1))


@pytest.mark.parametrize("what", ITEMS)
def test_nothing_else_stands_in_the_table(what: str) -> None:
    lines = good().splitlines()
    for place in (3, len(lines) - 1):
        with pytest.raises(NotUnderstood):
            for_slot("\n".join([*lines[:place], ITEMS[what], *lines[place:]]), "segctl_a", 1)


@pytest.mark.parametrize(
    "change",
    [
        ("table inet segctl_a {", "table inet segctl_hold {"),
        ("table inet segctl_a {", "table ip segctl_a {"),
        ("table inet segctl_a {", "table inet other {"),
        ("table inet segctl_a {", "add table ip x\ntable inet segctl_a {"),
        ("table inet segctl_a {", "table inet segctl_a { chain x {"),
        (" flags dormant\n", ""),
        (" flags dormant", " flags dormant, owner"),
        (" flags dormant", "  flags dormant"),
        (" flags dormant", " # flags dormant"),
        (" chain gen_", " chain x_"),
        (" chain gen_", " set gen_"),
    ],
)
def test_it_begins_as_ours_do(change: tuple[str, str]) -> None:
    assert change[0] in good()
    with pytest.raises(NotUnderstood):
        for_slot(good().replace(*change, 1), "segctl_a", 1)


@pytest.mark.parametrize(
    "text", ["", "\n", "}", "table inet segctl_a {\n}\n", "table inet segctl_a {\n flags dormant\n}\n"]
)
def test_no_table_at_all(text: str) -> None:
    with pytest.raises(NotUnderstood):
        for_slot(text, "segctl_a", 1)
    with pytest.raises(NotUnderstood):
        exceptions(text)


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_cut_off(cut: int) -> None:
    rules, more = (text[: len(text) * cut // 100].rstrip("\n") for text in (good(), good_exceptions()))
    with pytest.raises(NotUnderstood):
        for_slot(rules, "segctl_a", 1)
    with pytest.raises(NotUnderstood):
        exceptions(more)


# -- the hold table's exceptions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [" chain forward {\n  accept\n }", " chain held {\n  accept\n }", " set held4 {\n }", " map m {\n }",
     " chain x {\n  type filter hook input priority filter; policy drop;\n }"],
)  # fmt: skip
def test_exceptions_are_of_six_chains_alone(more: str) -> None:
    with pytest.raises(NotUnderstood):
        exceptions(good_exceptions().replace("{\n", f"{{\n{more}\n", 1))


# -- changed in any way -----------------------------------------------------------------------------------------------


@given(st.data())
def test_whatever_passes_is_one_table(data: st.DataObject) -> None:
    """By another way of looking: braces one by one, and only a line of its own ends a chain or set."""
    text = data.draw(mutants(good()))
    try:
        made = for_slot(text, "segctl_a", 1)
    except NotUnderstood:
        return
    assert made.isascii() and not set(made) & set("$\\#'`\t\r\0")
    assert made.startswith("table inet segctl_a {\n flags dormant\n") and not re.search(r"\btable\b", made[5:])
    depth, levels = 0, list[int]()
    for sign in made.strip():
        depth += (sign == "{") - (sign == "}")
        levels.append(depth)
    assert min(levels[levels.index(1) : -1]) == 1 and depth == 0 and max(levels) <= 3
