"""A whole save: tables, hooks, policies, chains; what is missing in it, and what is none."""

import pytest

from segctl.listing import iptables
from segctl.listing.rule import Decide, Ending, Family, Hook, Maybe, Opaque, Unreadable
from tests.unit.listing_iptables.said import IP6, statements, table

HOOKS = [
    ("raw", "PREROUTING", Hook("filter", "prerouting", -300, Ending.ACCEPT)),
    ("raw", "OUTPUT", Hook("filter", "output", -300, Ending.ACCEPT)),
    ("mangle", "FORWARD", Hook("filter", "forward", -150, Ending.ACCEPT)),
    ("mangle", "OUTPUT", Hook("route", "output", -150, Ending.ACCEPT)),
    ("nat", "PREROUTING", Hook("nat", "prerouting", -100, Ending.ACCEPT)),
    ("nat", "OUTPUT", Hook("nat", "output", -100, Ending.ACCEPT)),
    ("nat", "INPUT", Hook("nat", "input", 100, Ending.ACCEPT)),
    ("nat", "POSTROUTING", Hook("nat", "postrouting", 100, Ending.ACCEPT)),
    ("filter", "INPUT", Hook("filter", "input", 0, Ending.ACCEPT)),
    ("security", "OUTPUT", Hook("filter", "output", 50, Ending.ACCEPT)),
    ("filter", "PREROUTING", None),
    ("filter", "input", None),
]


@pytest.mark.parametrize(("name", "chain", "hook"), HOOKS)
def test_hooks(name: str, chain: str, hook: Hook | None) -> None:
    assert table(f":{chain} - [0:0]", name=name).chains[chain].hook == hook


def test_policies_and_counters() -> None:
    found = table(":INPUT DROP [1:60]\n:FORWARD ACCEPT\n-P OUTPUT DROP\n-N mine\n[5:300] -A INPUT -j mine")
    policies = {name: chain.hook.policy for name, chain in found.chains.items() if chain.hook}
    assert policies == {"INPUT": Ending.DROP, "FORWARD": Ending.ACCEPT, "OUTPUT": Ending.DROP}
    (rule,) = found.chains["INPUT"].rules
    assert rule.text == "-A INPUT -j mine" and rule.line == 6 and rule.handle is None


def test_insertion_keeps_its_place() -> None:
    lines = ["-A INPUT -s 10.0.0.2", "-A INPUT -s 10.0.0.4", "-I INPUT -s 10.0.0.1", "-I INPUT 3 -s 10.0.0.3"]
    found = table("\n".join([":INPUT ACCEPT", *lines]))
    assert [rule.text[-1] for rule in found.chains["INPUT"].rules] == ["1", "2", "3", "4"]


def test_the_listing_says_who_runs_it() -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    one = iptables.parse(text, IP6, engine="nf_tables")
    (found,) = one.tables
    assert (found.family, found.name, found.engine) == (Family.IP6, "filter", "nf_tables")
    assert one.digest != iptables.parse(text + "\n", IP6).digest and len(one.digest) == 64


GAPS = [
    ("*filter\nCOMMIT\n*filter\nCOMMIT\n", "once more"),
    ("*rawpost\nCOMMIT\n", "on which hooks"),
    ("*filter\n-A gone -j DROP\nCOMMIT\n", "no chain gone"),
    ("*filter\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n", "no hook for the chain PREROUTING"),
    ("# Table `filter' contains incompatible base-chains, use 'nft' tool to list them.\n*filter\nCOMMIT\n", "incompat"),
    ("# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n*filter\nCOMMIT\n", "legacy"),
]


@pytest.mark.parametrize(("text", "said"), GAPS)
def test_what_is_missing_is_said(text: str, said: str) -> None:
    (gap,) = iptables.parse(text, Family.IP).gaps
    assert said in gap


def test_a_chain_that_only_rules_name_is_there() -> None:
    found = iptables.parse("*nat\n-A OUTPUT -j ACCEPT\nCOMMIT\n", Family.IP)
    assert not found.gaps
    assert found.tables[0].chains["OUTPUT"].hook is not None


UNREADABLE = [
    ("root@host:~# iptables-save\n*filter\nCOMMIT\n", 1),
    ("# a comment\n\nChain INPUT (policy ACCEPT)\n", 3),
    ("*filter\nDROP all -- 0.0.0.0/0\nCOMMIT\n", 2),
    ("*filter\n-D INPUT -j DROP\nCOMMIT\n", 2),
    ("*filter\n-A\nCOMMIT\n", 2),
    ("*filter\n:INPUT\nCOMMIT\n", 2),
    ("*filter\n:INPUT WHAT [0:0]\nCOMMIT\n", 2),
    ("*two words\n", 1),
    ("*filter\nCOMMIT\n-A INPUT -j DROP\n", 3),
    ("table ip filter {\n}\n", 1),
    ("*filter\n:INPUT ACCEPT\n", 2),
    ("*filter\n:INPUT ACCEPT\n-A INPUT -j DROP", 3),
    ("*filter\n*nat\nCOMMIT\n", 2),
]


@pytest.mark.parametrize(("text", "line"), UNREADABLE)
def test_what_is_no_save_is_refused_by_line(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as error:
        iptables.parse(text, Family.IP)
    assert error.value.line == line and error.value.help


def test_nothing_is_an_empty_listing() -> None:
    assert iptables.parse("", Family.IP).tables == ()
    assert iptables.parse("# nothing\n\n", Family.IP).tables == ()


def test_a_comment_over_two_lines_is_one_rule() -> None:
    found = table(':INPUT ACCEPT\n-A INPUT -m comment --comment "one\ntwo" -j DROP\n-A INPUT -j ACCEPT')
    assert [rule.line for rule in found.chains["INPUT"].rules] == [3, 5]
    assert found.chains["INPUT"].rules[0].statements[-1].verdict.ending is Ending.DROP  # type: ignore[union-attr]


def test_an_escaped_quote_opens_nothing() -> None:
    found = table(':INPUT ACCEPT\n-A INPUT -m comment --comment "a \\"" -j DROP\n-A INPUT -m comment --comment "b"')
    assert [len(rule.statements) for rule in found.chains["INPUT"].rules] == [2, 2]


def test_a_quote_that_never_ends_takes_no_other_rule_along() -> None:
    """Its own line stays strange; the lines behind it are still read."""
    found = iptables.parse('*filter\n:INPUT ACCEPT\n-A INPUT --odd "x -j DROP\n-A INPUT -j ACCEPT\nCOMMIT\n', Family.IP)
    first, second = found.tables[0].chains["INPUT"].rules
    assert isinstance(first.statements[-1], Opaque)
    assert second.line == 4 and not found.gaps


def test_six() -> None:
    assert statements("-p ipv6-icmp -m icmp6 --icmpv6-type 128/0 -j ACCEPT", IP6)
    assert statements("-j REJECT", IP6)[-1].text == "icmp6-port-unreachable"  # type: ignore[union-attr]
    assert isinstance(statements("-m addrtype --dst-type UNICAST,LOCAL -j ACCEPT", IP6)[0], Maybe)
    assert isinstance(statements("-s fd00::/8 -j ACCEPT", IP6)[-1], Decide)
