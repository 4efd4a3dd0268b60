"""Statements, chains and doubts: small rules, one packet each, and what may become of it."""

import pytest

from segctl.listing import nft_text
from segctl.listing.rule import Ending
from segctl.model.packet import Packet, Way
from segctl.prove import follow
from tests.diagrams import asked, walks

ACCEPT, DROP, REJECT = {Ending.ACCEPT}, {Ending.DROP}, {Ending.REJECT}
EITHER = ACCEPT | DROP
SSH = Packet(Way.FORWARD, "eth1", "eth2", 0x0A000105, 0x0A000205, 6, 40000, 22, 2)


def forward(rules: str, more: str = "", policy: str = "accept") -> str:
    return (
        f"table inet t {{ {more}\n chain f {{ type filter hook forward priority 0; policy {policy};\n{rules}\n }}\n}}\n"
    )


def became(text: str, packet: Packet = SSH) -> set[Ending | None]:
    """What the diagrams say, which is what the trace of the packet alone says, if that is certain."""
    listing = nft_text.parse(text)
    found = asked(walks(listing), packet)
    alone = follow(listing, packet).ending
    assert found == {alone} if alone is not None else len(found) > 1 or None in found
    return found


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("", ACCEPT),
        ("drop", DROP),
        ("tcp dport 22 drop", DROP),
        ("tcp dport 23 drop", ACCEPT),
        ("udp dport 22 drop", ACCEPT),
        ("tcp dport != 22 drop", ACCEPT),
        ("udp dport != 23 drop", ACCEPT),  # what lacks the field matches neither way
        ("ip6 saddr != fe80::1 drop", ACCEPT),
        ("ip saddr 10.0.1.0/24 ip daddr 10.0.2.0-10.0.2.9 reject", REJECT),
        ("iifname eth1 oifname != { eth0, eth3 } drop", DROP),
        ('iifname "eth*" drop', DROP),
        ('iifname "wan*" drop', ACCEPT),
        ("ct state new drop", DROP),
        ("ct state established,related drop", ACCEPT),
        ("tcp flags & (fin|syn|rst|ack) == syn drop", DROP),
        ("tcp flags & (fin|syn|rst|ack) != syn drop", ACCEPT),
        ("tcp dport { 20-25, 80 } drop", DROP),
        ("ip saddr . tcp dport { 10.0.1.0/24 . 22 } drop", DROP),
        ("tcp dport vmap { 22 : drop, 80 : accept }", DROP),
        ("tcp dport vmap { 23 : drop } ; reject", REJECT),
        ("meta mark set 5; meta mark 5 drop", DROP),
        ("meta mark set 5; meta mark set meta mark | 2; meta mark 7 drop", DROP),
        ("tcp dport 22 meta mark set 5; udp dport 22 meta mark set 6; meta mark & 4 == 4 drop", DROP),
        ("meta mark set ip saddr map { 10.0.1.0/24 : 7 }; meta mark 7 drop", DROP),
        ("meta mark set ip saddr map { 10.0.9.0/24 : 7 } drop; reject", REJECT),  # who misses a map leaves the rule
        ("ct mark set 9; ct mark 9 drop", DROP),
        ("ct mark 0 drop", DROP),
        ("limit rate 5/second drop", EITHER),
        ("limit rate 5/second accept", ACCEPT),  # for all others there is the policy
        ("limit rate 5/second meta mark set 4; meta mark 4 drop", EITHER),
        ("limit rate 5/second drop; drop", DROP),
        ("queue num 1", {None}),
        ("ct state new queue num 1; drop", {None}),
        ("ct state established queue num 1; drop", DROP),
        ("meta mark set jhash ip saddr mod 4; meta mark 3 drop", EITHER),
        ("counter; log; drop", DROP),
    ],
)
def test_rules(rules: str, want: set[Ending | None]) -> None:
    assert became(forward(rules.replace(";", "\n"))) == want


CHAINS = """
 set changing { type ipv4_addr; flags dynamic; timeout 1m; }
 chain fills { update @changing { ip saddr } }
 chain back { tcp dport 22 return
  drop }
 chain marks { tcp dport 22 meta mark set 3
  meta mark set 4 }
 chain to_back { goto back }
 chain deep { jump deeper
  drop }
 chain deeper { tcp dport 22 accept }
"""


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ("jump back; reject", REJECT),
        ("goto back; reject", ACCEPT),  # in a base chain it ends in the policy
        ("jump to_back; reject", REJECT),
        ("jump marks; meta mark 4 drop", DROP),
        ("jump deep; drop", ACCEPT),
        ("tcp dport vmap { 22 : jump back, 80 : drop }; reject", REJECT),
        ("tcp dport vmap { 22 : goto back, 80 : drop }; reject", ACCEPT),
        ("tcp dport vmap { 22 : return, 80 : drop }; reject", ACCEPT),
        ("tcp dport vmap { 22 : continue, 80 : drop }; reject", REJECT),
        ("ip saddr @changing drop", EITHER),
        ("ip saddr != @changing drop; reject", DROP | REJECT),
        ("update @changing { ip saddr } drop; reject", DROP | REJECT),
    ],
)
def test_chains_and_sets(rules: str, want: set[Ending | None]) -> None:
    assert became(forward(rules.replace(";", "\n"), CHAINS)) == want


def test_an_accept_ends_one_base_chain_and_a_drop_all() -> None:
    two = forward("accept") + forward("drop").replace("inet t", "inet u").replace("priority 0", "priority 10")
    assert became(two) == DROP
    assert became(two.replace("priority 10", "priority -10")) == DROP
    assert became(forward("accept") + forward("").replace("inet t", "inet u")) == ACCEPT


def test_registers_go_from_one_chain_to_the_next() -> None:
    marks = (
        "table ip m { chain p { type filter hook prerouting priority mangle; tcp dport 22 meta mark set 8 accept\n } }"
    )
    assert became(marks + forward("meta mark 8 drop")) == DROP
    assert became(marks.replace("22", "23") + forward("meta mark 8 drop")) == ACCEPT


def test_what_is_untracked_has_no_connection() -> None:
    raw = "table ip raw { chain p { type filter hook prerouting priority raw; tcp dport 22 notrack\n } }\n"
    text = raw + forward("ct state untracked drop\nct mark 0 reject")
    listing = nft_text.parse(text)
    packet = Packet(Way.FORWARD, "eth1", "eth2", SSH.source, SSH.destination, 6, 40000, 22, 2, "untracked")
    assert asked(walks(listing), packet) == DROP
    assert asked(walks(listing), SSH) == DROP  # whatever conntrack would have said of it


@pytest.mark.parametrize(("hops", "want"), [(5, DROP), (6, ACCEPT)])
def test_a_router_takes_one_off_a_packets_life(hops: int, want: set[Ending | None]) -> None:
    packet = Packet(Way.FORWARD, "eth1", "eth2", SSH.source, SSH.destination, 17, 1, 2, fields={"ip ttl": hops})
    assert became(forward("ip ttl < 5 drop"), packet) == want


def test_a_full_table_of_diagrams_is_an_answer() -> None:
    from segctl.prove.bdd.diagrams import Diagrams, bounded
    from segctl.prove.bdd.domain import fields_of, routes, walk
    from segctl.prove.unanswered import TooLarge

    listing = nft_text.parse(forward("ip saddr . tcp dport { 10.0.1.0/24 . 22, 10.7.0.0/24 . 1-500 } drop"))
    ways = routes(listing)
    with pytest.raises(TooLarge) as told, bounded():
        fields = fields_of(Diagrams(600), listing, ways)
        for route in ways:
            walk(route, fields)
    assert "nodes" in told.value.help
