"""One line of iptables-save and its meaning: beside what the kernel is asked, dialects, edges, what isn't modelled."""

from collections.abc import Callable

import pytest

from segctl.listing.rule import (
    Anybit,
    Aside,
    Assign,
    Bits,
    Constant,
    Decide,
    Ending,
    Load,
    Lookup,
    Match,
    Maybe,
    Opaque,
    Statement,
    Strange,
    Translate,
    Untrack,
    Update,
    Verdict,
    name_span,
)
from tests.unit.listing_iptables.meaning import Facts, line_fits
from tests.unit.listing_iptables.said import IP, IP6, rules, statements

SPOKEN = [
    ("! -s 10.0.0.0/8 -j DROP", "-s ! 10.0.0.0/255.0.0.0 -j DROP"),
    ("-s 10.0.0.0/8 -j DROP", "--src 10.1.2.3/8 -j DROP"),
    ("-p tcp -m tcp ! --dport 22 -j DROP", "-p 6 --destination-port ! 22 -j DROP"),
    ("-p icmp -m icmp --icmp-type 8 -j DROP", "-p icmp --icmp-type echo-request -j DROP"),
    ("-p icmp -m icmp --icmp-type 8 -j DROP", "-p icmp --icmp-type ping -j DROP"),
    ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", "-p tcp --syn -j DROP"),
    ("-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", "-p tcp ! --syn -j DROP"),
    ("-m conntrack --ctstate NEW,RELATED -j DROP", "-m state --state RELATED,NEW -j DROP"),
    ("-m conntrack ! --ctstate NEW -j DROP", "-m state --state ! NEW -j DROP"),
    ("-p tcp -m multiport --dports 22,80 -j DROP", "-p tcp -m multiport --destination-ports 22,80 -j DROP"),
    ("-m ttl --ttl-eq 5 -j DROP", "-m ttl --ttl 5 -j DROP"),
    ("-p udp -m udp --dport 53 -j DROP", "-p udp -m udp --dport domain -j DROP"),
    ("-m mark --mark 0x10/0xff -j DROP", "-m mark --mark 16/255 -j DROP"),
    ("-m mark --mark 8 -j DROP", "-m mark --mark 010 -j DROP"),
    ("-i eth0 -j DROP", "--in-interface eth0 --jump DROP"),
    ("-j MARK --set-xmark 0x5/0xffffffff", "-j MARK --set-mark 5"),
    ("-j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff", "-j CONNMARK --save-mark"),
    ("-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", "-j CONNMARK --restore-mark --mask 0xff"),
    ("-j REJECT --reject-with icmp-port-unreachable", "-j REJECT"),
    ("-p all -j DROP", "-j DROP"),
    ("-s 0.0.0.0/0 -d 0/0 -i + -j DROP".replace("0/0 -i", "0.0.0.0/0 -i"), "-j DROP"),
    ("-c 5 100 -s 10.0.0.1 -j DROP", "-s 10.0.0.1/32 -j DROP"),
]


@pytest.mark.parametrize(("one", "other"), SPOKEN)
def test_dialects_mean_the_same(one: str, other: str) -> None:
    if "restore-mark" in one:  # not followed: only the words differ
        assert [type(statement) for statement in statements(one)] == [type(made) for made in statements(other)]
        return
    assert statements(one) == statements(other)


def decide(ending: Ending, text: str = "") -> Decide:
    return Decide(Verdict(ending), text)


TARGETS: list[tuple[str, tuple[Statement, ...]]] = [
    ("-j ACCEPT", (decide(Ending.ACCEPT),)),
    ("-j RETURN", (decide(Ending.RETURN),)),
    ("-j QUEUE", (decide(Ending.QUEUE, "-j QUEUE"),)),
    ("-j NFQUEUE --queue-num 1", (decide(Ending.QUEUE, "-j NFQUEUE --queue-num 1"),)),
    ("-j other", (Decide(Verdict(Ending.JUMP, "other")),)),
    ("-g other", (Decide(Verdict(Ending.GOTO, "other")),)),
    ("", (Aside("no target"),)),
    ("-j LOG --log-prefix \"a 'b'\"", (Aside("-j LOG --log-prefix a 'b'"),)),
    ("-j NOTRACK", (Untrack(),)),
    ("-j CT --notrack", (Untrack(),)),
    ("-j CT --helper ftp", (Opaque("-j CT --helper ftp"),)),
    ("-j CT --notrack --zone 1", (Opaque("-j CT --notrack --zone 1"),)),
    ("-j DNAT --to-destination 10.0.0.1", (Translate("-j DNAT --to-destination 10.0.0.1"),)),
    ("-j CLASSIFY --set-class 1:2", (Assign("meta priority", Constant(0x10002)),)),
    ("-j CLASSIFY --set-class 00ff:ffff", (Assign("meta priority", Constant(0xFFFFFF)),)),
    ("-j SET --add-set a src", (Update("a", "-j SET --add-set a src"),)),
    ("-j HL --hl-dec 1", (Assign("ip6 hoplimit", Strange("-j HL --hl-dec 1")),)),
    ("-j TARPIT", (decide(Ending.STOLEN, "-j TARPIT"),)),
    ("-j NOSUCH --it 5", (Opaque("-j NOSUCH --it 5"),)),
    ("-j nochain", (Opaque("-j nochain"),)),
    ("-g nochain", (Opaque("-g nochain"),)),
    ("-g ACCEPT", (Opaque("-g ACCEPT"),)),
    ("-j MARK", (Opaque("-j MARK"),)),
    ("-j MARK --set-mark x", (Opaque("-j MARK --set-mark x"),)),
    ("-j TEE --gateway 10.0.0.1", (Opaque("-j TEE --gateway 10.0.0.1"),)),
]


@pytest.mark.parametrize(("words", "expected"), TARGETS)
def test_targets(words: str, expected: tuple[Statement, ...]) -> None:
    assert statements(words) == expected


def test_a_mark_of_two_marks_is_not_followed() -> None:
    (found,) = statements("-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff")
    assert isinstance(found, Assign) and found.field == "meta mark" and isinstance(found.value, Strange)
    (found,) = statements("-j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff00")
    assert isinstance(found, Assign) and found.field == "ct mark" and isinstance(found.value, Strange)


def test_nothing_stands_behind_a_target_that_a_missing_field_could_skip() -> None:
    """CONNMARK without a connection does nothing: as a load of `ct mark`, which ends the rule."""
    assert statements("-j CONNMARK --restore-mark") == (Assign("meta mark", Load("ct mark", 32)),)


CONDITIONS: list[tuple[str, tuple[Statement, ...]]] = [
    ("-i eth+", (Match(Load("meta iifname", 128), (name_span("eth*"),)),)),
    ("-i eth*", (Match(Load("meta iifname", 128), (name_span("eth\\*"),)),)),
    ("! -o +", (Match(Load("meta oifname", 128), ((0, (1 << 128) - 1),), True),)),
    ("-d 10.0.0.1/255.0.0.255", (Match(Bits(Load("ip daddr", 32), 0xFF0000FF), ((0x0A000001,) * 2,)),)),
    ("-p tcp -m tcp --dport 5:2", (Match(Constant(0), ((1, 1),)),)),
    ("-m conntrack --ctstatus NONE", (Anybit(Load("ct status", 32), 0),)),
    ("-m recent --set --name a", (Aside("-m recent --set --name a"),)),
    ("-m recent ! --set --name a", (Match(Constant(0), ((1, 1),)),)),
    ("-m recent --update --seconds 5 --name a", (Maybe("-m recent --update --seconds 5 --name a"),)),
    ("-m ttl --ttl-lt 0", (Match(Constant(0), ((1, 1),)),)),
    ("-m layer7 --l7proto ftp", (Maybe("-m layer7 --l7proto ftp"),)),
    ("-m mac --mac-source XX:XX:XX:XX:XX:XX", (Maybe("-m mac --mac-source XX:XX:XX:XX:XX:XX"),)),
    ("-s host.example", (Maybe("--source host.example"),)),
    ("! -s fd00::1", (Maybe("! --source fd00::1"),)),
    ("--dport 5", (Opaque("-A FORWARD --dport 5 -j DROP"),)),
    ("-p tcp --odd 5", (Match(Load("meta l4proto", 8), ((6, 6),)), Opaque("-A FORWARD -p tcp --odd 5 -j DROP"))),
    ("-m set --match-set gone src", (Maybe("-m set --match-set gone src (its elements aren't known)"),)),
]


@pytest.mark.parametrize(("words", "expected"), CONDITIONS)
def test_conditions(words: str, expected: tuple[Statement, ...]) -> None:
    last = () if isinstance(expected[-1], Opaque) else (decide(Ending.DROP),)
    assert statements(f"{words} -j DROP") == (*expected, *last)


def test_a_rule_for_the_other_family_is_none() -> None:
    assert rules("-6 -j DROP", IP) == () and rules("-4 -j DROP", IP6) == ()
    assert len(rules("-4 -j DROP", IP)) == 1


def test_several_addresses_are_one_match() -> None:
    found = statements("-s 10.0.0.1,10.0.0.8/30 -j DROP")
    assert found[0] == Match(Load("ip saddr", 32), ((0x0A000001, 0x0A000001), (0x0A000008, 0x0A00000B)))


STATES = {"invalid": 1, "established": 2, "new": 8, "untracked": 64}
Fits = Callable[[str, int | None, int | None], bool]
STATE_RULES: dict[str, Fits] = {
    # words: what matches, by (state, status of the connection, direction); None: no connection
    "--ctstate NEW,DNAT": lambda state, status, way: state == "new" or bool((status or 0) & 32),
    "! --ctstate NEW,DNAT": lambda state, status, way: not (state == "new" or (status or 0) & 32),
    "--ctstate DNAT": lambda state, status, way: bool((status or 0) & 32),
    "--ctstate INVALID,NEW --ctdir REPLY": lambda state, status, way: (
        state == "invalid" or (state == "new" and way == 1)
    ),
    "! --ctstate NEW --ctdir REPLY": lambda state, status, way: way is None or (state != "new" and way == 1),
    "--ctdir REPLY": lambda state, status, way: way == 1,
    "! --ctdir REPLY": lambda state, status, way: way == 0,
    "--ctstate SNAT,INVALID --ctdir ORIGINAL": lambda state, status, way: (
        state == "invalid" or (bool((status or 0) & 16) and way == 0)
    ),
}


@pytest.mark.parametrize("words", STATE_RULES)
def test_a_connection_or_none(words: str) -> None:
    """conntrack_mt: who has no connection passes the rest of the match once its state fits."""
    found = rules(f"-m conntrack {words} -j DROP")
    for state, bit in STATES.items():
        for status, way in [(None, None)] if bit in (1, 64) else [(s, w) for s in (0, 16, 32, 48) for w in (0, 1)]:
            known: Facts = {"ct state": bit} | (
                {} if status is None or way is None else {"ct status": status, "ct direction": way}
            )
            assert line_fits(found, known, {}) == STATE_RULES[words](state, status, way), (state, status, way)


def test_every_case_of_a_line_has_its_text() -> None:
    found = rules("-m conntrack --ctstate NEW,DNAT -j DROP")
    assert len(found) == 2
    assert {(rule.text, rule.line) for rule in found} == {("-A FORWARD -m conntrack --ctstate NEW,DNAT -j DROP", 4)}


def test_multiport_of_either_end() -> None:
    found = statements("-p udp -m multiport --ports 53,100:200 -j DROP")
    lookup = found[1]
    assert isinstance(lookup, Lookup) and not isinstance(lookup.set, str)
    for source in (0, 52, 53, 54, 99, 150, 201, 65535):
        for destination in (0, 53, 100, 200, 300):
            known = {"meta l4proto": 17, "udp sport": source, "udp dport": destination}
            wanted = any(port == 53 or 100 <= port <= 200 for port in (source, destination))
            assert line_fits(rules("-p udp -m multiport --ports 53,100:200 -j DROP"), known, {}) == wanted
