"""audit: what small rule sets let through, in each form that they are saved in, and what is odd about them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from segctl.draft.audit import audit
from segctl.draft.result import OTHERS, Audit, of_way
from segctl.listing.saved import NoRules
from segctl.model.diagnostic import Diagnostic
from segctl.model.packet import Way
from segctl.model.ranges import parse_address, prefix, show_addresses
from segctl.report.audit import audit_lines, state_of
from segctl.report.openings import say_openings

IPTABLES = """\
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.0.1.0/24 -i eth1 -d 10.0.2.0/24 -o eth2 -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT
"""
NFT = """\
table inet filter {
    chain input { type filter hook input priority filter; policy drop;
        iif lo accept
    }
    chain forward { type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr 10.0.1.0/24 ip daddr 10.0.2.0/24 iifname eth1 oifname eth2 tcp dport 443 accept
    }
}
"""


def chain_json(name: str, *matches: tuple[str, str, object]) -> Iterator[dict[str, object]]:
    """A base chain that drops, with one rule that accepts: (`meta` or a protocol, field, value)."""
    where = {"family": "inet", "table": "filter"}
    yield {"chain": {**where, "name": name, "type": "filter", "hook": name, "prio": 0, "policy": "drop"}}
    said = [{"match": {"op": "==", "left": _left(layer, field), "right": right}} for layer, field, right in matches]
    yield {"rule": {**where, "chain": name, "handle": 5, "expr": [*said, {"accept": None}]}}


def _left(layer: str, field: str) -> dict[str, object]:
    return {"meta": {"key": field}} if layer == "meta" else {"payload": {"protocol": layer, "field": field}}


JSON = json.dumps(
    {
        "nftables": [
            {"table": {"family": "inet", "name": "filter"}},
            *chain_json("input", ("meta", "iifname", "lo")),
            *chain_json(
                "forward",
                ("ip", "saddr", {"prefix": {"addr": "10.0.1.0", "len": 24}}),
                ("ip", "daddr", {"prefix": {"addr": "10.0.2.0", "len": 24}}),
                ("meta", "iifname", "eth1"),
                ("meta", "oifname", "eth2"),
                ("tcp", "dport", 443),
            ),
        ]
    }
)


def of(folder: Path, *texts: str, without: frozenset[str] = frozenset({"source-loopback"}), **more: object) -> Audit:
    """The audit of files with these texts: rules.0, rules.1 …"""
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"rules.{number}"
        path.write_text(text)
        paths.append(path)
    return audit(paths, without=without, **more)  # type: ignore[arg-type]


def rows(audit: Audit, way: Way, family: int = 4) -> set[tuple[str, str, str]]:
    """Who, whom, what; each end as `ADDRESSES@INTERFACES`."""
    found = set()
    for row in of_way(audit.reaches, way, family):
        ends = [
            " or ".join(f"{show_addresses(one.addresses)}@{','.join(one.interfaces)}" for one in side)
            for side in (row.sources, row.destinations)
        ]
        found.add((ends[0], ends[1], "; ".join(say_openings(row.opens))))
    return found


def found(audit: Audit) -> set[tuple[int, str]]:
    return {(one.span.line, one.code) for one in audit.findings}


def one(audit: Audit, code: str) -> Diagnostic:
    (only,) = [finding for finding in audit.findings if finding.code == code]
    return only


def filtered(*forward: str, head: str = "") -> str:
    """An iptables-save whose forward chain has these rules, from line 5 on."""
    rules = "\n".join(
        f"-A {rule}" if rule.startswith(("web ", "FORWARD ", "INPUT ")) else f"-A FORWARD {rule}" for rule in forward
    )
    return f"*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]{head}\n{rules}\nCOMMIT\n"


@pytest.mark.parametrize("text", [IPTABLES, NFT, JSON], ids=["iptables-save", "nft", "nft -j"])
def test_who_reaches_whom_is_the_same_in_each_form(tmp_path: Path, text: str) -> None:
    answer = of(tmp_path, text)
    assert rows(answer, Way.FORWARD) == {("10.0.1.0/24@eth1", "10.0.2.0/24@eth2", "tcp 443")}
    assert rows(answer, Way.INPUT) == {("0.0.0.0/0@lo", "0.0.0.0/0@", "anything")}
    assert state_of(answer, Way.OUTPUT, 4) == "open"
    assert answer.not_modelled == () and not answer.unanswered


def test_ip6tables_is_told_by_its_addresses(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-s 2001:db8:1::/64 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT"))
    assert answer.families == (6,)
    assert rows(answer, Way.FORWARD, 6) == {("2001:db8:1::/64@", "::/0@", "icmpv6 128")}


def test_blocks_are_cut_where_the_rules_tell_addresses_apart(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-s 10.0.0.7/32 -j DROP", "-s 10.0.0.0/24 -p udp -m udp --dport 53 -j ACCEPT"))
    assert rows(answer, Way.FORWARD) == {("10.0.0.0-10.0.0.6, 10.0.0.8-10.0.0.255@", "0.0.0.0/0@", "udp 53")}


def test_interfaces_that_no_rule_names_have_a_name(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-i eth1 -j DROP", "-p tcp -m tcp --dport 25 -j ACCEPT"))
    assert rows(answer, Way.FORWARD) == {(f"0.0.0.0/0@{OTHERS}", "0.0.0.0/0@", "tcp 25")}


@pytest.mark.parametrize(
    ("rules", "source"),
    [
        (["-i eth1 -j DROP", "-p udp -j ACCEPT"], "anyone behind all interfaces but eth1"),
        (["-o lan0 -j DROP", "-i eth1 -j DROP", "-i eth2 -j DROP", "-p udp -j ACCEPT"],
         "anyone behind all interfaces but eth1, eth2"),
        (["-i eth1 -p udp -j ACCEPT", "-i eth+ -j DROP", "-p udp -j ACCEPT"],
         "anyone behind eth1, all interfaces but eth*"),
        (["-i eth1 -j DROP", "-i eth+ -p udp -j ACCEPT", "-p udp -j ACCEPT"], "anyone behind all interfaces but eth1"),
        ([*(f"-i x{n} -j DROP" for n in range(10, 30)), "-p udp -j ACCEPT"],
         f"anyone behind all interfaces but {', '.join(f'x{n}' for n in range(10, 22))} and 8 more"),
    ],
)  # fmt: skip
def test_interfaces_are_told_by_those_that_are_not_among_them(tmp_path: Path, rules: list[str], source: str) -> None:
    """An interface that is named at the other end alone is like any other here."""
    lines = [line.split(" -> ")[0].strip() for line in audit_lines(of(tmp_path, filtered(*rules))) if " -> " in line]
    assert lines == [source]


def test_only_what_may_begin_is_told(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-m conntrack --ctstate ESTABLISHED -j ACCEPT", "-p tcp -m tcp ! --syn -j ACCEPT"))
    assert rows(answer, Way.FORWARD) == set()
    assert state_of(answer, Way.FORWARD, 4) == "closed"


def test_a_set_of_ipset_is_read_beside(tmp_path: Path) -> None:
    sets = "create offices hash:net family inet hashsize 1024 maxelem 65536\nadd offices 10.0.9.0/24\n"
    answer = of(tmp_path, sets, filtered("-m set --match-set offices src -p tcp -m tcp --dport 22 -j ACCEPT"))
    assert rows(answer, Way.FORWARD) == {("10.0.9.0/24@", "0.0.0.0/0@", "tcp 22")}


def test_a_translated_destination_is_a_condition(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-m conntrack --ctstate DNAT -j ACCEPT"))
    assert {what for _, _, what in rows(answer, Way.FORWARD)} == {"anything if its destination was translated"}


def test_a_chain_that_only_translates_decides_nothing(tmp_path: Path) -> None:
    rule = "-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.2.5"
    nat = f"*nat\n:PREROUTING ACCEPT [0:0]\n{rule}\nCOMMIT\n"
    answer = of(tmp_path, nat + filtered("-d 10.0.2.5/32 -p tcp -m tcp --dport 80 -j ACCEPT"))
    assert rows(answer, Way.FORWARD) == {("0.0.0.0/0@", "10.0.2.5@", "tcp 80")}
    assert [note for note in answer.notes if "translate" in note]


# --- shadowed, redundant, out of reach ---


def test_a_shadowed_rule_is_named_with_those_that_cover_it(tmp_path: Path) -> None:
    answer = of(
        tmp_path,
        filtered(
            "-s 10.0.0.0/25 -j DROP",
            "-s 10.0.0.128/25 -j ACCEPT",
            "-s 10.9.0.0/16 -j ACCEPT",
            "-s 10.0.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT",
        ),
        families=(4,),
    )
    finding = one(answer, "rule-shadowed")
    assert (finding.span.line, finding.span.column) == (8, 1)
    assert [(note.span.line if note.span else None, note.text.partition(":")[0]) for note in finding.notes] == [
        (5, "does otherwise (drop)"),
        (6, "does the same"),
    ]


def test_a_rule_is_shadowed_across_chains(tmp_path: Path) -> None:
    head = "\n:web - [0:0]"
    answer = of(
        tmp_path,
        filtered("-d 10.0.2.0/24 -j web", "-d 10.0.2.5/32 -j DROP", "web -j ACCEPT", head=head),
        families=(4,),
    )
    finding = one(answer, "rule-shadowed")
    assert finding.span.line == 7
    assert [note.span.line for note in finding.notes if note.span] == [6]


def test_one_packet_left_is_enough_to_live(tmp_path: Path) -> None:
    shadowing = filtered("-s 10.0.0.0/25 -j DROP", "-s 10.0.0.128-10.0.0.254 -j DROP").replace(
        "-s 10.0.0.128-10.0.0.254", "-m iprange --src-range 10.0.0.128-10.0.0.254"
    )
    answer = of(tmp_path, shadowing.replace("COMMIT", "-A FORWARD -s 10.0.0.0/24 -j ACCEPT\nCOMMIT"), families=(4,))
    assert found(answer) == set()
    assert rows(answer, Way.FORWARD) == {("10.0.0.255@", "0.0.0.0/0@", "anything")}


def test_a_rule_that_comes_now_and_then_shadows_nothing(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-m limit --limit 5/sec -j ACCEPT", "-s 10.0.0.1/32 -j ACCEPT"), families=(4,))
    assert found(answer) == set()


def test_a_redundant_rule_is_named_with_what_does_the_same(tmp_path: Path) -> None:
    answer = of(
        tmp_path,
        filtered(
            "-s 10.0.0.5/32 -p tcp -m tcp --dport 22 -j ACCEPT",
            "-s 10.0.0.0/24 -p tcp -m tcp --dport 1:1023 -j ACCEPT",
            "-s 10.7.0.0/16 -j DROP",
        ),
        families=(4,),
    )
    assert found(answer) == {(5, "rule-redundant"), (7, "rule-redundant")}
    by_line = {finding.span.line: finding for finding in answer.findings}
    assert [note.span for note in by_line[5].notes] == [(str(tmp_path / "rules.0"), 6, 1)]
    assert [note.span for note in by_line[7].notes] == [(str(tmp_path / "rules.0"), 3, 1)]  # the policy


@pytest.mark.parametrize(
    "behind",
    [
        ["-s 10.0.0.5/32 -p tcp -m tcp --dport 22 -j DROP", "-s 10.0.0.0/24 -j ACCEPT"],  # one between does otherwise
        ["-s 10.0.0.0/24 -j LOG", "-s 10.0.0.0/24 -j ACCEPT"],  # somebody would hear of it
        ["-s 10.0.0.0/24 -j MARK --set-xmark 0x1/0xffffffff", "-s 10.0.0.0/24 -j ACCEPT"],  # it would be marked
        ["-s 10.0.0.0/24 -m limit --limit 5/sec -j ACCEPT"],  # only now and then
        ["-s 10.0.0.0/24 -j REJECT"],
    ],
)
def test_what_would_end_otherwise_is_not_redundant(tmp_path: Path, behind: list[str]) -> None:
    first = "-s 10.0.0.5/32 -p tcp -m tcp --dport 22 -j ACCEPT"
    answer = of(tmp_path, filtered(first, *behind), families=(4,))
    assert 5 not in {line for line, _ in found(answer)}


def test_a_rule_does_not_stand_in_for_itself(tmp_path: Path) -> None:
    """A chain that is run twice."""
    twice = filtered("-j web", "-j web", "web -s 10.0.0.5/32 -j ACCEPT", head="\n:web - [0:0]")
    assert found(of(tmp_path, twice, families=(4,))) == set()


def test_two_rules_that_do_the_same_are_not_both_redundant(tmp_path: Path) -> None:
    rule = "-s 10.0.0.5/32 -j ACCEPT"
    assert found(of(tmp_path, filtered(rule, rule, rule), families=(4,))) == {
        (6, "rule-shadowed"),
        (7, "rule-shadowed"),
    }


def test_a_chain_that_nothing_leads_to(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("web -j ACCEPT", "web -s 10.0.0.1/32 -j DROP", head="\n:web - [0:0]"), families=(4,))
    assert found(answer) == {(6, "rule-out-of-reach")}
    assert "the chain web, with 2 rules" in one(answer, "rule-out-of-reach").what


def test_a_rule_that_asks_for_what_cannot_come(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("INPUT -i lo -o eth0 -j ACCEPT", "-s 10.0.0.1/32 -j ACCEPT"), families=(4,))
    assert found(answer) == {(5, "rule-out-of-reach")}


def test_rules_for_both_families_are_told_of_when_one_is_asked_about(tmp_path: Path) -> None:
    text = NFT.replace("iif lo accept", "iif lo accept\niif lo drop")
    assert found(of(tmp_path, text, families=(6,))) == {(4, "rule-shadowed")}


def test_chains_of_nat_are_left_alone(tmp_path: Path) -> None:
    text = NFT.replace(
        "chain input",
        "chain n { type nat hook postrouting priority 100;\njump more\n}\nchain more {\nmasquerade\n}\nchain input",
        1,
    )
    assert found(of(tmp_path, text)) == set()


# --- false sources ---


def test_what_two_interfaces_claim_may_come_from_both(tmp_path: Path) -> None:
    answer = of(
        tmp_path,
        filtered("-s 10.0.1.0/24 -i eth1 -p tcp -m tcp --dport 22 -j ACCEPT", "-s 10.0.0.0/16 -i eth2 -j ACCEPT"),
        families=(4,),
    )
    assert found(answer) == set()


@pytest.fixture
def two_offices() -> str:
    return filtered(
        "-s 10.0.1.0/24 -i eth1 -j ACCEPT", "-s 10.0.2.0/24 -i eth2 -j ACCEPT", "-p udp -m udp --dport 53 -j ACCEPT"
    )


def test_who_says_where_it_lives_and_what_accepts_it(tmp_path: Path, two_offices: str) -> None:
    answer = of(tmp_path, two_offices, families=(4,))
    said = {
        finding.what.rpartition(" from ")[2]: finding
        for finding in answer.findings
        if finding.code == "source-elsewhere"
    }
    assert set(said) == {
        "eth1: 10.0.2.0/24", "eth2: 10.0.1.0/24", "interfaces that no rule names: 10.0.1.0-10.0.2.255",
    }  # fmt: skip
    notes = [
        (note.span.line if note.span else None, note.text.partition(":")[0]) for note in said["eth1: 10.0.2.0/24"].notes
    ]
    assert notes == [
        (6, "10.0.2.0/24 is behind eth2"),
        (7, "accepted by -A FORWARD -p udp -m udp --dport 53 -j ACCEPT"),
    ]


def test_the_caller_knows_better(tmp_path: Path, two_offices: str) -> None:
    blocks = {name: audit_block("10.0.0.0/16") for name in ("eth1", "eth2")}
    answer = of(tmp_path, two_offices, families=(4,), where=blocks)
    (finding,) = [one for one in answer.findings if one.code == "source-elsewhere"]
    assert "from interfaces that no rule names: 10.0.0.0/16" in finding.what


def audit_block(text: str) -> object:
    from segctl.model.ranges import Ranges

    address, _, length = text.partition("/")
    return Ranges.of([prefix(parse_address(address), int(length))])


def test_dropping_what_cannot_live_there_is_enough(tmp_path: Path, two_offices: str) -> None:
    head = "*raw\n:PREROUTING ACCEPT [0:0]\n" + "".join(
        f"-A PREROUTING {rule} -j DROP\n"
        for rule in ("! -i eth1 -s 10.0.1.0/24", "! -i eth2 -s 10.0.2.0/24", "! -i lo -s 127.0.0.0/8")
    )
    answer = of(tmp_path, f"{head}COMMIT\n{two_offices}", families=(4,), without=frozenset())
    assert {code for _, code in found(answer) if code.startswith("source")} == set()


def test_sources_that_the_routes_check_are_no_hole(tmp_path: Path, two_offices: str) -> None:
    head = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter --invert -j DROP\nCOMMIT\n"
    answer = of(tmp_path, f"{head}{two_offices}", families=(4,), without=frozenset())
    assert {code for _, code in found(answer) if code.startswith("source")} == set()
    assert [note for note in answer.notes if "routes" in note]
    checked = """\
table inet filter {
    chain early { type filter hook prerouting priority raw; policy accept;
        fib saddr . iif oif missing drop
    }
    chain forward { type filter hook forward priority filter; policy drop;
        iifname eth1 ip saddr 10.0.1.0/24 accept
        tcp dport 22 accept
    }
}
"""
    assert not {code for _, code in found(of(tmp_path, checked, without=frozenset())) if code.startswith("source")}
    loose = checked.replace("fib saddr . iif oif", "fib saddr oif")  # whether any way back is there says nothing
    assert {code for _, code in found(of(tmp_path, loose)) if code.startswith("source")} == {"source-elsewhere"}


def test_loopback_and_own_addresses_from_outside(tmp_path: Path) -> None:
    text = filtered(
        "INPUT -d 192.0.2.1/32 -p tcp -m tcp --dport 22 -j ACCEPT", "INPUT -p tcp -m tcp --dport 80 -j ACCEPT"
    )
    answer = of(tmp_path, text, families=(4,), without=frozenset())
    assert {one.code: one.what.rpartition(": ")[2] for one in answer.findings} == {
        "source-own": "192.0.2.1",
        "source-loopback": "127.0.0.0/8",
    }


# --- IPv6 ---


def test_no_rules_for_ipv6(tmp_path: Path) -> None:
    assert {code for _, code in found(of(tmp_path, IPTABLES))} == {"ipv6-open"}
    assert found(of(tmp_path, IPTABLES, families=(4,))) == set()  # who asks for one family knows it


def test_rules_for_ipv6_that_stop_nothing(tmp_path: Path) -> None:
    six = filtered("INPUT -s 2001:db8::1/128 -j ACCEPT").replace(":INPUT DROP", ":INPUT ACCEPT")
    finding = one(of(tmp_path, IPTABLES, six), "ipv6-open")
    assert finding.what.startswith("input: ")
    assert finding.span == (str(tmp_path / "rules.1"), 2, 1)


def test_an_nft_table_of_ipv4_alone_leaves_ipv6_open(tmp_path: Path) -> None:
    answer = of(tmp_path, NFT.replace("table inet", "table ip"))
    assert [one.what.partition(":")[0] for one in answer.findings] == ["forward", "input"]
    assert state_of(answer, Way.FORWARD, 6) == "open"


def test_both_filtered_is_nothing_to_find(tmp_path: Path) -> None:
    assert found(of(tmp_path, NFT)) == set()


# --- what isn't modelled ---


def test_a_rule_that_is_not_modelled_is_named_with_what_it_leaves_open(tmp_path: Path) -> None:
    answer = of(
        tmp_path, filtered("-m string --string evil --algo bm -p tcp -m tcp --dport 80 -j ACCEPT"), families=(4,)
    )
    (only,) = answer.not_modelled
    assert only.place.line == 5 and "string" in only.why and only.leaves == "1 row of forward (IPv4)"
    assert answer.unanswered
    (row,) = answer.reaches
    assert list(say_openings(row.unknown)) == ["tcp 80"] and row.opens == ()


def test_what_bears_on_nothing_leaves_nothing_open(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-m limit --limit 1/sec -j LOG"), families=(4,))
    assert [one.leaves for one in answer.not_modelled] == [""]
    assert not answer.unanswered


def test_a_target_that_nobody_knows_may_do_anything(tmp_path: Path) -> None:
    answer = of(tmp_path, filtered("-p tcp -m tcp --dport 80 -j STEALTH --level 5"), families=(4,))
    assert answer.unanswered and answer.not_modelled[0].place.line == 5


def test_many_rules_each_with_ranges_of_its_own(tmp_path: Path) -> None:
    """More rows than the prover looks at before its other engine takes over: an audit has no other."""
    ends = [(f"10.{1 + n // 200}.{n % 200}.0/24", f"10.9.{n // 200}.{n % 200}") for n in range(400)]
    mine = [f"-s {a} -d {b}/32 -p tcp -m tcp --dport {1000 + n} -j ACCEPT" for n, (a, b) in enumerate(ends)]
    answer = of(tmp_path, filtered(*mine, mine[7]))
    assert not answer.unanswered and not answer.notes
    told = {(a.partition("@")[0], b.partition("@")[0], opens) for a, b, opens in rows(answer, Way.FORWARD)}
    assert told == {(*pair, f"tcp {1000 + n}") for n, pair in enumerate(ends)}
    assert [place for place in found(answer) if place[1].startswith("rule-")] == [(405, "rule-shadowed")]


def test_a_prefix_with_bits_beyond_it_is_as_nft_reads_it(tmp_path: Path) -> None:
    """In what people write; in what could be the kernel's own list nobody knows (there it is what nothing fits)."""
    by_hand = NFT.replace("10.0.1.0/24", "10.0.1.9/24").replace("10.0.2.0/24", "{ 10.0.2.9/24, 10.0.3.7/32 }")
    answer = of(tmp_path, f"# ours\n{by_hand}")
    assert rows(answer, Way.FORWARD) == {("10.0.1.0/24@eth1", "10.0.2.0/24, 10.0.3.7@eth2", "tcp 443")}
    (unclear,) = of(tmp_path, by_hand).not_modelled
    assert unclear.place.line == 7 and unclear.leaves


# --- files that are none ---


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("*filter\n:INPUT DROP [0:0]\n  this is none\nCOMMIT\n", "3:3"),
        ("table inet f {\n  chain c {\n", "1:1"),
        ("table inet f {\n  nonsense c {\n  }\n}\n", "2:3"),
        ('{"nftables": [\n,]}', "2:1"),
    ],
)
def test_what_is_no_rule_set_is_told_with_its_place(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(NoRules) as told:
        of(tmp_path, text)
    assert str(told.value).startswith(f"{tmp_path / 'rules.0'}:{line}: ")
    assert told.value.exit_code == 2 and told.value.help
