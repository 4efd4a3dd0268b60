"""What rules become as a site, what of them is named, and that the proof can fail."""

from datetime import datetime
from pathlib import Path

import pytest

from segctl.draft.rules import Imported, import_rules
from segctl.listing.saved import NoRules
from segctl.policy import Policy
from segctl.prove import TooLarge
from tests.imported import compiled, draft_of, imported, wanted
from tests.sites import AT

OFFICE = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -i eth1 -s 10.0.1.0/24 -p tcp --dport 22 -j ACCEPT
-A INPUT -p icmp --icmp-type 8 -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth1 -o eth0 -s 10.0.1.0/24 -p tcp -m multiport --dports 80,443 -m comment --comment "office" -j ACCEPT
-A FORWARD -i eth1 -o eth2 -s 10.0.1.0/24 -d 10.0.2.0/24 -p tcp --dport 5432 -j ACCEPT
-A FORWARD -m limit --limit 5/min -j LOG --log-prefix "fw: "
-A FORWARD -i eth1 -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""
SETS = """\
table inet filter {
 set admins { type ipv4_addr; flags interval; elements = { 10.9.0.0/28 } }
 set servers { type ipv4_addr; flags interval; elements = { 10.2.0.0/16 } }
 set servers6 { type ipv6_addr; flags interval; elements = { fd00:2::/64 } }
 chain forward {
  type filter hook forward priority filter; policy drop;
  ct state established,related accept
  ip saddr @admins ip daddr @servers tcp dport { 22, 443 } accept
  ip6 saddr fd00:9::/64 ip6 daddr @servers6 tcp dport 22 accept comment "six"
  ip saddr @servers tcp dport 25 drop
  ip saddr @servers accept
 }
}
"""


def base(rules: str, policy: str = "drop", hook: str = "forward") -> str:
    chain = f"type filter hook {hook} priority filter; policy {policy};"
    return f"table inet f {{\n chain c {{ {chain}\n {rules}\n }}\n}}\n"


def flows(made: Imported, folder: Path, kind: str = "flows") -> list[tuple[str, str, str]]:
    site = draft_of(made, folder)[0].site
    lines = site.flows if kind == "flows" else site.guardrails
    return [tuple(" ".join(map(str, part)) for part in (one.source, one.destination, one.services)) for one in lines]  # type: ignore[misc]


def on_purpose(made: Imported) -> dict[str, tuple[int, int]]:
    return {one.name: (one.pairs, one.opened) for one in made.equality.exceptions}


def test_an_office(tmp_path: Path) -> None:
    made = imported(tmp_path, OFFICE, name="rules.v4")
    assert made.equality.equal
    assert made.segments == ("world", "office", "net-10.0.2.0-24", "ipv6")
    assert flows(made, tmp_path / "site") == [
        ("office", "world", "tcp/80 tcp/443"),
        ("office", "net-10.0.2.0-24", "tcp/5432"),
    ]
    site = draft_of(made, tmp_path / "site")[0].site
    assert {name: one.segments for name, one in site.points["this"].interfaces.items()} == {
        "eth1": ("office", "ipv6"), "eth2": ("net-10.0.2.0-24", "ipv6"), "eth0": ("world", "ipv6"),
    }  # fmt: skip
    assert {name: site.segments[name].profile.answer.value for name in ("world", "office")} == {
        "world": "drop",
        "office": "reject",
    }
    assert made.equality.opened > made.equality.kept > 0


def test_the_machine_itself_where_its_addresses_are_known(tmp_path: Path) -> None:
    said = wanted(own={"eth1": "10.0.1.1/24", "eth0": "203.0.113.2/24", "eth2": "10.0.2.1/24"})
    made = imported(tmp_path, OFFICE, said, name="rules.v4")
    assert made.equality.equal
    assert ("office", "points", "icmp4/8 tcp/22") in flows(made, tmp_path / "site")
    assert {"undeclared", "mirrored", "essential"} <= on_purpose(made).keys()
    assert "members: [10.0.1.0/24]" in made.files["segctl.yaml"].decode(), "its own address makes no hole"


def test_a_host(tmp_path: Path) -> None:
    rules = OFFICE.replace("-i eth1 -s", "-s")
    made = imported(tmp_path, rules, wanted(host="192.0.2.7"), name="rules.v4")
    assert made.equality.equal
    assert [str(way) for way in made.equality.ways] == ["input", "output"]
    assert flows(made, tmp_path / "site")[:2] == [
        ("world", "own", "icmp4/8"),
        ("own", "world office", "all"),
    ]
    assert draft_of(made, tmp_path / "site")[0].site.points["this-host"].endpoint == "this"


def test_a_host_with_rules_by_interface(tmp_path: Path) -> None:
    """A host point says no interface: it is equal only where the user says that there are no others."""
    differs = imported(tmp_path, OFFICE, wanted(host="192.0.2.7"), name="rules.v4").equality
    assert [(one.rules, one.site) for one in differs.differences] == [("accept", "drop")]
    made = imported(tmp_path, OFFICE, wanted({"eth1": ""}, host="192.0.2.7"), name="rules.v4")
    assert made.equality.equal
    assert "absent" in on_purpose(made)


def test_names_of_sets_and_comments(tmp_path: Path) -> None:
    made = imported(tmp_path, SETS)
    assert made.equality.equal
    assert set(made.segments) == {"world", "servers", "admins", "servers6", "six"}
    assert ("six", "servers6", "tcp/22") in flows(made, tmp_path / "site")


def test_all_but_some_is_a_flow_and_a_guardrail(tmp_path: Path) -> None:
    made = imported(tmp_path, SETS)
    assert ("servers", "world servers admins", "all") in flows(made, tmp_path / "site")
    assert flows(made, tmp_path / "site", "guardrails") == [("servers", "world servers admins", "tcp/25")]


def test_both_families_of_one_name_are_one_segment(tmp_path: Path) -> None:
    rules = SETS.replace("admins ip daddr @servers tcp dport { 22, 443 }", "admins ip daddr @servers tcp dport 22")
    rules = rules.replace('accept comment "six"', "accept").replace("ip saddr @servers accept", "")
    made = imported(tmp_path, rules.replace("ip saddr @servers tcp dport 25 drop", ""))
    assert made.equality.equal
    assert "servers" in made.segments
    assert "servers6" not in made.segments


@pytest.mark.parametrize(
    ("rules", "answers"),
    [
        ("reject", {"world": "reject", "in": "reject"}),
        ("ip saddr 10.1.0.0/16 reject", {"world": "drop", "in": "reject"}),
        ("ip daddr 10.1.0.0/16 reject", {"world": "drop", "in": "reject"}),
        ("tcp dport 113 reject", {"world": "reject", "in": "reject"}),
        ("ip saddr 10.1.0.0/16 ip daddr 10.1.0.0/16 tcp dport 1-9 reject with tcp reset", {"world": "drop"}),
    ],
)
def test_answers(rules: str, answers: dict[str, str], tmp_path: Path) -> None:
    """Who drops and who rejects is equal, whatever the rules hang it on."""
    named = "set in { type ipv4_addr; flags interval; elements = { 10.1.0.0/16 } }\n chain c"
    text = base(f"ip saddr @in tcp dport 80 accept\n {rules}").replace("chain c", named)
    made = imported(tmp_path, text)
    assert made.equality.equal, made.equality.differences
    segments = draft_of(made, tmp_path / "site")[0].site.segments
    assert {name: segments[name].profile.answer.value for name in answers} == answers


def test_an_answer_by_chance(tmp_path: Path) -> None:
    made = imported(tmp_path, base("limit rate 5/second reject"))
    assert made.equality.equal
    assert on_purpose(made)["by chance"][0] > 0
    assert [one.why for one in made.left_out] == ["limit rate 5/second"]


BY_INTERFACE = base('iifname "lan" oifname "wan" accept\n iifname "wan" oifname "lan" tcp dport 80 accept')


def test_rules_that_go_by_interface_alone_differ(tmp_path: Path) -> None:
    made = imported(tmp_path, BY_INTERFACE)
    assert not made.equality.equal
    assert any("--behind" in doubt for one in made.equality.differences for doubt in one.doubts)
    assert "DIFFERS" in made.files["segctl.yaml"].decode()


def test_unless_the_user_says_who_lives_there(tmp_path: Path) -> None:
    made = imported(tmp_path, BY_INTERFACE, wanted({"lan": "10.1.0.0/16 fd00:1::/64"}))
    assert made.equality.equal
    assert flows(made, tmp_path / "site") == [("world", "lan", "tcp/80"), ("lan", "world", "all")]
    assert on_purpose(made)["binding"][1] > 0


def test_an_interface_stands_for_those_that_no_rule_names(tmp_path: Path) -> None:
    made = imported(tmp_path, base("ip daddr 10.1.0.0/16 tcp dport 80 accept"))
    assert made.equality.equal
    assert any("eth0 stands for" in note for note in made.notes)
    assert on_purpose(made)["stranger"][1] > 0
    named = imported(tmp_path, base('iifname "ppp*" ip daddr 10.1.0.0/16 tcp dport 80 accept'))
    assert any("ppp0 stands for ppp*" in note for note in named.notes)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("tcp sport 20 accept", "asks for tcp sport"),
        ("ip ttl < 5 accept", "asks for ip ttl"),
        ("limit rate 5/second accept", "limit rate 5/second"),
        ("meta skuid 0 accept", "meta skuid"),
        ("queue num 1", "queue"),
        ("ip dscp 46 accept", "asks for ip dscp"),
        ("ct status dnat accept", "asks for ct status"),
    ],
)
def test_what_a_site_can_not_say_is_named_and_differs(rule: str, why: str, tmp_path: Path) -> None:
    hook = "output" if "skuid" in rule else "forward"
    said = wanted(host="192.0.2.7") if hook == "output" else wanted()
    made = imported(tmp_path, base(f"tcp dport 80 accept\n {rule}", hook=hook), said)
    (left,) = made.left_out
    assert why in left.why
    assert left.place.line == 4
    assert not made.equality.equal
    assert {(one.site) for one in made.equality.differences} == {"drop"}
    written = made.files["segctl.yaml"].decode()
    assert rule.split()[0] in written
    assert "Rules that a site can't say" in written


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("table ip n { chain p { type nat hook postrouting priority srcnat; oifname eth0 masquerade; }; }", "NAT"),
        ("table ip m { chain p { type filter hook prerouting priority mangle; meta mark set 7; }; }", "sets meta mark"),
        ('table ip h { chain p { type filter hook prerouting priority 0; log prefix "x"; counter; }; }', ""),
    ],
)
def test_what_decides_nothing_is_named_and_proved_nevertheless(table: str, why: str, tmp_path: Path) -> None:
    made = imported(tmp_path, base("tcp dport 80 accept") + table.replace("; }", "\n }").replace("; ", ";\n "))
    assert made.equality.equal, made.equality.differences
    assert [one.why.split(" (")[0].split(":")[0] for one in made.left_out] == ([why] if why else [])


@pytest.mark.parametrize(
    "construct",
    [
        "-m string --string x --algo bm",
        "-m recent --name r --rcheck",
        "-m hashlimit --hashlimit-upto 5/sec --hashlimit-name h",
        "-m connlimit --connlimit-upto 5",
        "-m mac --mac-source 00:11:22:33:44:55",
        "-m statistic --mode random --probability 0.5",
        "-m time --timestart 08:00",
        "-m length --length 0:100",
        "-m u32 --u32 0=1",
        "-m physdev --physdev-in eth9",
        "-m set --match-set gone src",
        "-p tcp --sport 20",
        "-p tcp --tcp-option 8",
        "-p icmp --icmp-type 8/1",
        "-m dscp --dscp 46",
        "-m ttl --ttl-lt 5",
    ],
)
def test_matches_of_iptables_that_no_site_says(construct: str, tmp_path: Path) -> None:
    rules = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp --dport 80 -j ACCEPT\n"
    made = imported(tmp_path, f"{rules}-A FORWARD {construct} -j ACCEPT\nCOMMIT\n", name="rules.v4")
    assert [one.place.line for one in made.left_out] == [4]
    assert not made.equality.equal
    assert all(one.site == "drop" for one in made.equality.differences)


@pytest.mark.parametrize(
    ("target", "differs"),
    [
        ("filter:FORWARD:NFQUEUE --queue-num 1", True),
        ("raw:PREROUTING:CT --helper ftp", False),
        ("mangle:PREROUTING:MARK --set-mark 7", False),
        ("nat:POSTROUTING:MASQUERADE", False),
        ("mangle:FORWARD:NFQUEUE --queue-num 1 --queue-bypass", True),
    ],
)
def test_targets_of_iptables_that_no_site_says(target: str, differs: bool, tmp_path: Path) -> None:
    table, chain, words = target.split(":")
    more = f"*{table}\n:{chain} ACCEPT [0:0]\n-A {chain} -p tcp --dport 21 -j {words}\nCOMMIT\n"
    filter_ = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n"
    if table == "filter":
        more, filter_ = "", filter_.replace("COMMIT", f"-A {chain} -p tcp --dport 21 -j {words}\nCOMMIT")
    made = imported(tmp_path, more + filter_, name="rules.v4")
    assert len(made.left_out) == 1
    assert made.equality.equal is not differs, made.equality.differences


def test_notrack_is_named(tmp_path: Path) -> None:
    raw = base("udp dport 53 notrack", "accept", "prerouting").replace("filter;", "raw;").replace(" f {", " raw {")
    made = imported(tmp_path, base("udp dport 53 accept") + raw)
    assert [one.why.split(":")[0] for one in made.left_out] == ["notrack"]
    assert made.equality.equal, "whoever tracks it, it passes"


def test_the_way_back_is_taken_for_granted(tmp_path: Path) -> None:
    check = "table inet r {\n chain p { type filter hook prerouting priority raw; policy accept;\n"
    check += " fib saddr . iif oif missing drop\n }\n}"
    made = imported(tmp_path, base("tcp dport 80 accept") + check)
    assert made.equality.equal
    assert any(note.startswith("reverse path") for note in made.notes)
    old = OFFICE.replace(
        "*filter", "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\nCOMMIT\n*filter"
    )
    assert imported(tmp_path, old, name="rules.v4").equality.equal


def test_a_family_that_no_file_speaks_of_is_refused(tmp_path: Path) -> None:
    rules = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 10.1.0.0/16 -p tcp --dport 25 -j DROP\nCOMMIT\n"
    made = imported(tmp_path, rules, name="rules.v4")
    assert made.equality.equal
    assert made.equality.families == (4,)
    policy, _ = draft_of(made, tmp_path / "site")
    assert policy.own["ipv6"].size() > 1 << 127
    assert not policy.own["world"] - policy.own["world"].v4()


@pytest.mark.parametrize(
    ("old", "new", "rules", "site"),
    [
        (" . 443 : ", " . 444 : ", {"accept", "drop", "reject"}, {"accept", "drop", "reject"}),
        ("policy drop;", "policy drop;\n  tcp dport 81 accept", {"drop", "reject"}, {"accept"}),
        ("policy drop;", "policy drop;\n  ip saddr 127.0.0.1 accept", {"drop", "reject"}, {"accept"}),
        ("policy drop;", 'policy drop;\n  iifname "eth9" accept', {"drop", "reject"}, {"accept"}),
        ("policy drop;", "policy drop;\n  ip saddr 10.0.2.9 iifname eth1 accept", {"drop", "reject"}, {"accept"}),
    ],
    ids=["a port", "more", "special", "stranger", "binding"],
)
def test_the_proof_finds_what_the_compiler_does_wrong(
    old: str, new: str, rules: set[str], site: set[str], tmp_path: Path
) -> None:
    """No exception hides a packet that passes, nor a service that doesn't."""
    (tmp_path / "rules.v4").write_text(OFFICE)

    def wrong(policy: Policy, point: str, at: datetime) -> str:
        text = compiled(policy, point, at)
        changed = text.replace("hook forward priority filter; " + old, "hook forward priority filter; " + new)
        changed = changed if changed != text else text.replace(old, new)
        assert changed != text
        return changed

    made = import_rules([tmp_path / "rules.v4"], "x", wanted(), (), wrong, AT)
    assert made.equality.differences
    assert {one.rules for one in made.equality.differences} <= rules
    assert {one.site for one in made.equality.differences} <= site


def test_no_rules(tmp_path: Path) -> None:
    with pytest.raises(NoRules):
        imported(tmp_path, "hello")


def test_too_many_kinds_of_packets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segctl.draft.audit.cells.MOST_PAIRS", 100)
    with pytest.raises(TooLarge, match="too many"):
        imported(tmp_path, OFFICE, name="rules.v4")


@pytest.mark.parametrize(
    "rule", ["tcp dport 0-24 drop", "meta l4proto 43 drop", "meta nfproto ipv4 meta l4proto 58 drop"]
)
def test_what_no_guardrail_can_say_is_not_opened(rule: str, tmp_path: Path) -> None:
    """A flow of `all` would let it through; a list of services doesn't, and loses what no packet is."""
    made = imported(tmp_path, base(rule, policy="accept"))
    assert made.equality.equal, made.equality.differences
    assert not any("all" in services for _, _, services in flows(made, tmp_path / "site") if services == "all")
    assert "unsayable" in on_purpose(made)
