"""`-m set`: ports of all protocols, lists, sets that don't fit, sets that change; beside ip_set_test in plain words."""

import itertools
from collections.abc import Callable

import pytest

from segctl.listing import ipset, iptables
from segctl.listing.rule import Lookup, Match, Maybe, Set, Update
from tests.unit.listing_iptables.facts import packed
from tests.unit.listing_iptables.meaning import Facts, line_fits
from tests.unit.listing_iptables.said import IP, IP6, rules, statements, table

SETS = ipset.parse("""
create hosts hash:ip
add hosts 10.0.0.1
create nets hash:net
add nets 10.0.0.0/24
create services hash:ip,port
add services 10.0.0.1,tcp:80
add services 10.0.0.1,icmp:8/0
create marked hash:ip,mark
add marked 10.0.0.1,0x5
create cards hash:mac
add cards 00:00:00:00:00:01
create pairs hash:net,net
add pairs 10.0.0.0/24,10.0.1.0/24
create six hash:ip family inet6
add six fd00::1
create six-ports hash:ip,port family inet6
add six-ports fd00::1,gre:0
create ports bitmap:port range 0-99
add ports 80
create same list:set
add same hosts
add same nets
create mixed list:set
add mixed hosts
add mixed services
add mixed six
create odd hash:odd
create holder list:set
add holder odd
create late list:set timeout 9
add late hosts timeout 7
create empty list:set
""")

ADDRESSES = [packed(text) for text in ("10.0.0.1", "10.0.0.9", "10.0.1.1", "192.0.2.1")]
PACKETS: list[Facts] = [
    {"ip saddr": source, "ip daddr": target, "meta mark": mark, "ip frag-off": 0, **kind}
    for source, target, mark in itertools.product(ADDRESSES, ADDRESSES, (0, 5))
    for kind in (
        {"meta l4proto": 6, "th sport": 80, "th dport": 81},
        {"meta l4proto": 6, "th sport": 81, "th dport": 80},
        {"meta l4proto": 17, "th sport": 80, "th dport": 80},
        {"meta l4proto": 1, "th sport": 0x800, "th dport": 80},
        {"meta l4proto": 47},
        {"meta l4proto": 6, "ip frag-off": 185},
    )
]


def in_services(packet: Facts, end: str) -> bool:
    if packet[f"ip {end[0]}addr"] != ADDRESSES[0] or packet["ip frag-off"]:
        return False
    if packet["meta l4proto"] == 1:
        return packet["th sport"] == 0x800
    return packet["meta l4proto"] == 6 and packet[f"th {end[0]}port"] == 80


def in_ports(packet: Facts, end: str) -> bool:
    ported = packet["meta l4proto"] in (6, 17) and not packet["ip frag-off"]
    return ported and packet[f"th {end[0]}port"] == 80


PLAIN: dict[str, Callable[[Facts], bool]] = {
    "hosts src": lambda packet: packet["ip saddr"] == ADDRESSES[0],
    "hosts dst,src": lambda packet: packet["ip daddr"] == ADDRESSES[0],
    "services src,src": lambda packet: in_services(packet, "src"),
    "services dst,dst": lambda packet: in_services(packet, "dst"),
    "services dst": lambda packet: False,  # too few ends (ip_set_test)
    "marked src,src": lambda packet: packet["ip saddr"] == ADDRESSES[0] and packet["meta mark"] == 5,
    "pairs src,dst": lambda packet: packet["ip saddr"] in ADDRESSES[:2] and packet["ip daddr"] == ADDRESSES[2],
    "pairs dst,src": lambda packet: packet["ip daddr"] in ADDRESSES[:2] and packet["ip saddr"] == ADDRESSES[2],
    "six src": lambda packet: False,  # of the other family
    "ports dst": lambda packet: in_ports(packet, "dst"),
    "same src": lambda packet: packet["ip saddr"] in ADDRESSES[:2],
    "mixed dst,dst": lambda packet: packet["ip daddr"] == ADDRESSES[0],
    "mixed src,dst": lambda packet: packet["ip saddr"] == ADDRESSES[0],
    "mixed src": lambda packet: packet["ip saddr"] == ADDRESSES[0],
    "empty src": lambda packet: False,
}


@pytest.mark.parametrize("bang", ["", "! "])
@pytest.mark.parametrize("words", PLAIN)
def test_who_is_in_a_set(words: str, bang: str) -> None:
    found = rules(f"-m set {bang}--match-set {words} -j DROP", IP, SETS)
    answers = [line_fits(found, packet, SETS) for packet in PACKETS]
    assert answers == [PLAIN[words](packet) != bool(bang) for packet in PACKETS]


def test_the_table_holds_the_sets_that_it_asks() -> None:
    found = table(":INPUT ACCEPT\n-A INPUT -m set --match-set hosts src -j DROP", IP, SETS)
    assert dict(found.sets) == {"hosts": SETS["hosts"]}


def test_old_words() -> None:
    old, new = (statements(f"-m set --{word} hosts src -j DROP", IP, SETS) for word in ("set", "match-set"))
    assert old == new


UNSURE = [
    "odd src",
    "holder src",
    "hosts src --return-nomatch",
    "hosts src --packets-gt 5",
    "gone src",
]


@pytest.mark.parametrize("words", UNSURE)
def test_what_is_not_known_may_match(words: str) -> None:
    assert isinstance(statements(f"-m set --match-set {words} -j DROP", IP, SETS)[0], Maybe)


def test_no_card_may_be_in_no_set_of_cards() -> None:
    assert isinstance(statements("-m set --match-set cards src -j DROP", IP, SETS)[0], Lookup)
    assert isinstance(statements("-m set ! --match-set cards src -j DROP", IP, SETS)[0], Maybe)


def test_counters_change_nothing() -> None:
    plain = statements("-m set --match-set hosts src -j DROP", IP, SETS)
    assert statements("-m set --match-set hosts src ! --update-counters -j DROP", IP, SETS) == plain


def test_a_list_ends_with_its_entry() -> None:
    found = statements("-m set --match-set late src -j DROP", IP, SETS)[0]
    assert isinstance(found, Lookup) and isinstance(found.set, Set)
    assert [element.expires for element in found.set.elements] == [7.0]


def test_a_set_that_packets_change_is_dynamic_wherever_it_is_asked() -> None:
    asked = "".join(f"-A PREROUTING -m set --match-set {name} src -j DROP\n" for name in ("hosts", "same"))
    text = f"*raw\n{asked}COMMIT\n*filter\n-A INPUT -j SET --add-set hosts src\nCOMMIT\n"
    raw, other = iptables.parse(text, IP, SETS).tables
    assert raw.sets["hosts"].dynamic
    lookup = raw.chains["PREROUTING"].rules[1].statements[0]
    assert isinstance(lookup, Lookup) and isinstance(lookup.set, Set) and lookup.set.dynamic
    assert isinstance(other.chains["INPUT"].rules[0].statements[0], Update)
    assert not SETS["hosts"].dynamic


def test_who_writes_to_a_list_writes_to_its_members() -> None:
    text = "*filter\n-A INPUT -j SET --del-set same src\n-A INPUT -m set --match-set nets src\nCOMMIT\n"
    assert iptables.parse(text, IP, SETS).tables[0].sets["nets"].dynamic


def test_a_changing_set_of_services_is_asked_for_every_protocol() -> None:
    text = "*filter\n-A INPUT -j SET --add-set services src,src\n-A INPUT -m set --match-set services src,src\nCOMMIT\n"
    found = [rule for rule in iptables.parse(text, IP, SETS).tables[0].chains["INPUT"].rules if rule.line == 3]
    assert len(found) == 3  # ports, ICMP, and what has none


def test_six_fragments_of_other_protocols_are_unsure() -> None:
    found = rules("-m set --match-set six-ports src,src -j DROP", IP6, SETS)
    assert [type(statement) for statement in found[0].statements[:3]] == [Match, Lookup, Maybe]
