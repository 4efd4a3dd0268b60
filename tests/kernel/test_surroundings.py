"""What others have at a place: tables known by name, marks, settings, interfaces; and nothing is changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from segctl.apply import CannotApply
from segctl.apply.result import Concern, Level
from segctl.apply.surroundings import concerns, look_around, refuse
from segctl.kernel import netlink
from segctl.kernel.namespaces import write
from segctl.kernel.scratch import in_scratch
from segctl.runner import Here, Runner
from tests.conftest import MakeNamespace
from tests.kernel.applied import NEW, OLD, Place, compiled
from tests.sites import policy

pytestmark = pytest.mark.kernel

FOREIGN = Path(__file__).parent / "foreign"
TOOLS = {".iptables": "iptables", ".ip6tables": "ip6tables"}
SetUp = Callable[[Runner], object]


@pytest.fixture
def place(namespace: MakeNamespace) -> Place:
    return Place(namespace())


def do(*lines: str) -> SetUp:
    """These commands, each of which must do what it says."""

    def act(runner: Runner) -> None:
        for line in lines:
            ran(runner, line.split())

    return act


def ran(runner: Runner, argv: list[str], stdin: str | None = None) -> None:
    done = runner.run(argv, stdin=stdin)
    assert not done.code, (argv, done.stderr)


def nft(text: str) -> SetUp:
    return lambda runner: ran(runner, ["nft", "-f", "-"], text)


def loaded(name: str, legacy: bool = False) -> SetUp:
    """Somebody's rules, by the tool that they are written for."""
    path = FOREIGN / name
    if path.suffix == ".nft":
        return nft(path.read_text())
    tool = f"{TOOLS[path.suffix]}-{'legacy' if legacy else 'nft'}-restore"
    return lambda runner: ran(runner, [tool], path.read_text())


def around(*acts: SetUp) -> tuple[Concern, ...]:
    """What is found in a scratch namespace in which these were done."""

    def work(runner: Runner) -> tuple[Concern, ...]:
        for act in acts:
            act(runner)
        return look_around(runner).concerns()

    return in_scratch(work)


def said(found: tuple[Concern, ...], level: Level) -> list[str]:
    return [one.what for one in found if one.level is level]


def test_where_there_is_nothing_nothing_is_said() -> None:
    assert around() == ()


# -- whose tables -----------------------------------------------------------------------------------------------------

FINAL = "a drop of theirs is final"


@pytest.mark.parametrize(
    ("name", "whose", "drops"),
    [
        ("docker.iptables", "table ip filter (Docker)", True),
        ("docker.ip6tables", "table ip6 filter (Docker)", True),
        ("libvirt.iptables", "table ip filter (libvirt)", True),
        ("ufw.iptables", "table ip filter (ufw)", True),
        ("ufw.ip6tables", "table ip6 filter (ufw)", True),
        ("fail2ban.iptables", "table ip filter (fail2ban)", True),
        ("fail2ban.nft", "table inet f2b-table (fail2ban)", True),
        ("firewalld.nft", "table inet firewalld (firewalld)", True),
        ("kube-proxy.iptables", "table ip filter (kube-proxy)", True),
        ("wg-quick.nft", "table ip wg-quick-wg0 (wg-quick)", True),
        ("nftables-service.nft", "table inet filter (nftables.service)", False),
    ],
)
def test_a_foreign_table_is_known_and_explained(name: str, whose: str, drops: bool) -> None:
    found = around(loaded(name))
    (about,) = [one for one in found if one.what.startswith(f"{whose} stands on ")]
    assert about.level is (Level.WARNS if drops else Level.TELLS)
    assert (FINAL in about.what) == drops
    assert "what they accept is still ours to judge" in about.what
    assert not [one for one in found if "not all rules can be read" in one.what]


def test_hooks_priorities_and_policies_are_told() -> None:
    (about,) = said(around(loaded("docker.ip6tables")), Level.WARNS)
    assert "forward (filter, priority 0, policy drop)" in about
    (about,) = said(around(loaded("nftables-service.nft")), Level.TELLS)
    assert "stands on input (filter, priority 0), forward (filter, priority 0), output (filter, priority 0)" in about


def test_rules_of_iptables_legacy_are_seen_too() -> None:
    (about,) = said(around(loaded("docker.ip6tables", legacy=True)), Level.WARNS)
    assert about.startswith("table ip6 filter (Docker)")
    (about,) = said(around(do("iptables-legacy -A INPUT -j ACCEPT")), Level.TELLS)
    assert about.startswith("table ip filter (iptables-legacy)")
    (about,) = said(around(do("iptables-nft -A INPUT -j ACCEPT")), Level.TELLS)
    assert about.startswith("table ip filter (iptables-nft)")


def test_several_in_one_table_are_all_named() -> None:
    text = (FOREIGN / "docker.iptables").read_text().replace("COMMIT", "-N f2b-sshd\n-A INPUT -j f2b-sshd\nCOMMIT", 1)
    found = around(lambda runner: ran(runner, ["iptables-nft-restore"], text))
    assert any(one.what.startswith("table ip filter (Docker, fail2ban) stands on") for one in found)


def test_translation_untracking_and_what_sleeps() -> None:
    table = "table inet x {{ {flags} chain c {{ type {kind} hook {hook} priority -150; {rule}\n }}\n}}\n"
    said_of = {}
    for name, words in {
        "translates": ("", "nat", "prerouting", "tcp dport 80 dnat ip to 10.0.0.1"),
        "un-tracks": ("", "filter", "prerouting", "notrack"),
        "sleeps": ("flags dormant;", "filter", "forward", "drop"),
    }.items():
        text = table.format(**dict(zip(("flags", "kind", "hook", "rule"), words, strict=True)))
        (about,) = around(nft(text))
        said_of[name] = about.level, name in about.what, FINAL in about.what
    assert said_of == {
        "translates": (Level.WARNS, True, False),
        "un-tracks": (Level.WARNS, True, False),
        "sleeps": (Level.TELLS, True, False),
    }


def test_our_own_tables_are_none_of_others() -> None:
    ours = (
        "table inet {name} {{ chain c {{ type filter hook forward priority 0; ct mark 5 meta mark set 7 drop\n }}\n}}\n"
    )
    assert around(*(nft(ours.format(name=name)) for name in ("segctl_a", "segctl_b", "segctl_hold"))) == ()
    assert said(around(nft(ours.format(name="segctl_c"))), Level.REFUSES) != []
    assert said(around(nft(ours.format(name="segctl_a").replace("inet", "ip"))), Level.REFUSES) != []


def test_rules_that_nobody_can_read_refuse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nft").symlink_to("/usr/sbin/nft")
    (tmp_path / "cat").symlink_to("/usr/bin/cat")

    def bare(runner: Runner) -> None:
        do("iptables-legacy -A FORWARD -j CONNMARK --restore-mark")(runner)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("segctl.runner.here._SYSTEM", ())

    (about,) = around(bare)
    assert about.level is Level.REFUSES
    assert "iptables-legacy-save" in about.what
    assert "whether those rules use marks can't be seen" in about.what
    assert about.help == "apt install iptables"


# -- marks ------------------------------------------------------------------------------------------------------------

HARMLESS = "uses packet marks where ours do no harm to it"


@pytest.mark.parametrize("name", ["docker.iptables", "libvirt.iptables", "ufw.iptables", "firewalld.nft"])
def test_who_uses_no_marks_of_ours_is_let_be(name: str) -> None:
    assert said(around(loaded(name)), Level.REFUSES) == []


def test_firewalld_asks_for_marks_before_us() -> None:
    """Its reverse path filter on prerouting."""
    assert any(HARMLESS in what for what in said(around(loaded("firewalld.nft")), Level.TELLS))


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        (
            "kube-proxy.iptables",
            ["chain KUBE-FORWARD, reads packet marks: ", "chain KUBE-POSTROUTING, reads packet marks: "],
        ),
        (
            "wg-quick.nft",
            [
                "chain premangle, reads connection marks: ",
                "chain postmangle, sets connection marks: ",
                "chain postmangle, reads packet marks: ",
            ],
        ),
    ],
)
def test_who_uses_marks_of_ours_is_refused_with_the_rule(name: str, rules: list[str]) -> None:
    found = said(around(loaded(name)), Level.REFUSES)
    assert len(found) == len(rules)
    for wanted, what in zip(rules, found, strict=True):
        assert wanted in what
    assert all(": -A KUBE" in what or ": meta " in what for what in found), "the rule's own words"


RULES = [  # table, hook and priority, rule; what refuses
    ("inet", "prerouting -150", "meta mark set 5", ""),
    ("inet", "prerouting -150", "meta mark 5 accept", ""),
    ("inet", "prerouting -150", "meta mark set ip saddr map { 10.0.0.1 : 5 }", ""),
    ("inet", "forward -1", "meta mark 5 drop", ""),
    ("inet", "forward 0", "meta mark 5 drop", "reads packet marks"),
    ("inet", "forward 1", "meta mark 5 drop", "reads packet marks"),
    ("inet", "forward 1", "meta mark set 5", ""),
    ("inet", "forward 1", "meta mark set meta mark or 5", ""),
    ("inet", "input 10", "meta mark vmap { 5 : drop }", "reads packet marks"),
    ("inet", "postrouting -300", "meta mark and 0xff == 5 accept", "reads packet marks"),
    ("inet", "postrouting 100", "ip saddr . meta mark { 10.0.0.1 . 5 } accept", "reads packet marks"),
    ("inet", "output -150", "meta mark 5 accept", ""),
    ("ip", "prerouting -300", "fib saddr . mark oif missing drop", ""),
    ("inet", "prerouting -150", "meta mark set ct mark", "reads connection marks"),
    ("inet", "prerouting -150", "ct mark 5 accept", "reads connection marks"),
    ("inet", "postrouting 300", "ct mark set 5", "sets connection marks"),
    ("ip6", "forward 300", "ct mark set ct mark or 5", "sets connection marks"),
    ("inet", "forward -150", "meta priority set 1:10", "sets packets' priority"),
    ("inet", "postrouting 0", "meta priority set 1:10", ""),
    ("inet", "postrouting 0", "meta priority 1:10 accept", "reads packets' priority"),
    ("bridge", "prerouting 0", "meta mark 5 accept", ""),
    ("bridge", "forward -300", "meta mark 5 accept", "reads packet marks"),
    ("bridge", "postrouting -300", "meta mark 5 accept", "reads packet marks"),
]  # fmt: skip


@pytest.mark.parametrize(("family", "place", "rule", "refused"), RULES)
def test_each_use_of_a_mark(family: str, place: str, rule: str, refused: str) -> None:
    hook, priority = place.split()
    text = f"table {family} x {{ chain c {{ type filter hook {hook} priority {priority};\n{rule}\n}}\n}}\n"
    found = around(nft(text))
    refusing = said(found, Level.REFUSES)
    assert bool(refusing) == bool(refused)
    assert all(refused in what and what.startswith(f"table {family} x, chain c, ") for what in refusing)
    assert refused or any("where ours do no harm to it" in what for what in said(found, Level.TELLS))


CHAINS = """table inet x {
 map m { type inet_service : verdict; elements = { 7 : jump late }
 }
 chain early { meta mark 5 accept
 }
 chain late { meta mark 6 accept
 }
 chain nowhere { meta mark 7 accept
 }
 chain p { type filter hook prerouting priority 0; jump early
 }
 chain q { type filter hook postrouting priority 0; tcp dport vmap MAP
 }
}
"""


def test_a_chain_is_where_it_is_led_to_from() -> None:
    """From prerouting it asks before us; from postrouting, and from nowhere yet, it doesn't."""
    late, nowhere = said(around(nft(CHAINS.replace("MAP", "{ 7 : jump late }"))), Level.REFUSES)
    assert ("chain late" in late, "chain nowhere" in nowhere) == (True, True)


def test_a_map_whose_elements_nobody_read_leads_everywhere() -> None:
    early, *others = said(around(nft(CHAINS.replace("MAP", "@m"))), Level.REFUSES)
    assert ("chain early" in early, len(others)) == (True, 2)


def test_marks_of_iptables() -> None:
    found = around(do(
        "iptables-nft -t mangle -A PREROUTING -i eth0 -j MARK --set-mark 5",
        "iptables-legacy -t mangle -A POSTROUTING -j CONNMARK --save-mark",
        "ip6tables-nft -t mangle -A FORWARD -j CLASSIFY --set-class 1:10",
    ))  # fmt: skip
    refusing = said(found, Level.REFUSES)
    assert [what.split(":")[0] for what in refusing] == [
        "table ip6 mangle (iptables-nft), chain FORWARD, sets packets' priority",
        "table ip mangle (iptables-legacy), chain POSTROUTING, sets connection marks",
        "table ip mangle (iptables-legacy), chain POSTROUTING, reads packet marks",
    ]


def test_marks_in_a_table_that_sleeps_are_nobodys() -> None:
    text = "table inet x { flags dormant; chain c { type filter hook forward priority 9; ct mark 5 drop\n }\n}\n"
    assert said(around(nft(text)), Level.REFUSES) == []


def test_routes_by_marks_are_told_and_refused_where_marks_are_asked_again() -> None:
    rules = do("ip rule add fwmark 0x5/0xff lookup 100", "ip -6 rule add not fwmark 7 lookup 9")
    (four, six) = around(rules)
    assert (four.level, six.level) == (Level.TELLS, Level.TELLS)
    assert "`ip rule` looks routes up by packet marks (32765: fwmark 0x5/0xff lookup 100)" in four.what
    assert "`ip -6 rule` looks routes up by packet marks (32765: not fwmark 0x7 lookup 9)" in six.what
    for setting in ("ipv4/fwmark_reflect", "ipv6/fwmark_reflect", "ipv4/tcp_fwmark_accept"):
        found = around(rules, lambda runner, name=setting: write(name, 1))  # type: ignore[misc]
        assert {one.level for one in found} == {Level.REFUSES}
        assert f"net.{setting.replace('/', '.')} is 1" in found[0].what
    route = "table inet x { chain c { type route hook output priority PRIORITY; meta mark set 5\n }\n}\n"
    assert said(around(rules, nft(route.replace("PRIORITY", "-150"))), Level.REFUSES) == []
    refusing = said(around(rules, nft(route.replace("PRIORITY", "5"))), Level.REFUSES)
    assert len(refusing) == 2 and "table inet x routes packets of this machine anew" in refusing[0]


def test_ipsec_asks_for_marks_of_what_comes_in() -> None:
    add = "ip xfrm policy add src 10.0.0.0/8 dst {} dir {} mark 1 mask 0xff action block"
    assert around(do(add.format("10.1.0.0/16", "out"), add.format("10.1.0.0/16", "fwd"))) == ()
    found = around(
        do(add.format("10.1.0.0/16", "in"), "ip xfrm policy add src fd01::/16 dst fd00::/8 dir in mark 2 mask 3")
    )
    assert sorted(what.split(": ")[1] for what in said(found, Level.REFUSES)) == [
        "src 10.0.0.0/8 dst 10.1.0.0/16 dir in mark 0x1/0xff",
        "src fd01::/16 dst fd00::/8 dir in mark 0x2/0x3",
    ]


def test_queues_by_priority_are_named() -> None:
    made = do("ip link add v type veth peer name w", "tc qdisc add dev v root handle 1: htb default 10",
              "tc class add dev v parent 1: classid 1:10 htb rate 1mbit",
              "tc filter add dev v parent 1: protocol ip u32 match ip dport 5 0xffff flowid 1:10")  # fmt: skip
    (about,) = around(made)
    assert about.level is Level.WARNS
    assert about.what.startswith("the queueing discipline htb on v sorts packets by their priority")


# -- settings, interfaces, addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "level", "what"),
    [
        ("netfilter/nf_conntrack_tcp_loose", 0, Level.WARNS, "are not picked up while the first generation sleeps"),
        ("netfilter/nf_conntrack_tcp_be_liberal", 1, Level.TELLS, "outside their window aren't invalid"),
        ("netfilter/nf_conntrack_checksum", 0, Level.TELLS, "wrong checksums aren't invalid"),
    ],
)
def test_a_setting_is_told(setting: str, value: int, level: Level, what: str) -> None:
    (about,) = around(lambda runner: write(setting, value))
    assert (about.level, what in about.what) == (level, True)
    assert about.what.startswith(f"net.{setting.replace('/', '.')} is {value}: ")


def test_return_paths_are_told_where_they_are_strict() -> None:
    links = do("ip link add v type veth peer name w")
    assert around(links) == ()
    (about,) = around(links, lambda runner: write("ipv4/conf/w/rp_filter", 1))
    assert about.what.startswith("net.ipv4.conf.*.rp_filter is 1 on w:")
    (about,) = around(links, lambda runner: write("ipv4/conf/all/rp_filter", 1))
    assert "is 1 on w, v:" in about.what or "is 1 on v, w:" in about.what
    strict = (lambda runner: write("ipv4/conf/all/rp_filter", 1), lambda runner: write("ipv4/conf/v/rp_filter", 2))
    (about,) = around(links, *strict)
    assert "is 1 on w:" in about.what, "the larger of both counts"


def test_frames_within_a_bridge() -> None:
    bridge = do("ip link add br0 type bridge")

    def off(runner: Runner) -> None:
        for name in ("iptables", "ip6tables"):
            write(f"bridge/bridge-nf-call-{name}", 0)

    four, six = around(bridge)
    assert (four.level, six.level) == (Level.WARNS, Level.WARNS)
    assert "IPv4 frames that stay within a bridge (br0) meet our rules" in four.what
    assert four.help.startswith("sysctl -w net.bridge.bridge-nf-call-iptables=0")
    four, six = around(bridge, off)
    assert (four.level, four.what) == (Level.TELLS, "IPv4 frames that stay within a bridge (br0) meet no rule of ours")
    assert around(off) == ()


LAW = policy(OLD)


def at_point(*acts: SetUp) -> tuple[Concern, ...]:
    """What is found at the gateway of a site, whose interfaces are eth1 and eth2, of which eth1 is there."""

    def work(runner: Runner) -> tuple[Concern, ...]:
        for setting in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            write(setting, 1)
        do("ip link add eth1 type veth peer name eth2", "ip addr add 10.96.1.1/24 dev eth1",
           "ip addr add 10.96.2.1/24 dev eth2", "ip link set eth1 up", "ip link set eth2 up")(runner)  # fmt: skip
        for act in acts:
            act(runner)
        return concerns(runner, LAW, "gw")

    return in_scratch(work)


def test_a_gateway_as_the_site_says_gives_no_concern() -> None:
    assert at_point() == ()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("ip link set eth2 name eth7", "there is no interface eth2: nothing passes by it until it comes"),
        ("ip link set eth2 down", "the interface eth2 is down: nothing passes by it"),
        ("ip addr add 10.96.2.77/24 dev eth2", "10.96.2.77 on eth2: local, but not in the site"),
        ("ip addr add 2001:db8::7/64 dev eth1 nodad", "2001:db8::7 on eth1: local, but not in the site"),
    ],
)
def test_what_is_otherwise_than_the_site_says(line: str, what: str) -> None:
    warned = [one for one in at_point(do(line)) if one.level is Level.WARNS]
    assert any(one.what.startswith(what) for one in warned)


def test_another_machine() -> None:
    """Rules of a point that isn't this one, as whoever types in the wrong window applies them."""
    first = in_scratch(lambda runner: concerns(runner, LAW, "gw"))
    assert "nothing of 'gw' is here (none of its interfaces, none of its addresses): is this the right machine?" in [
        one.what for one in first
    ]
    renamed = at_point(do("ip link set eth1 down", "ip link set eth1 name eth8", "ip link set eth2 down",
                          "ip link set eth2 name eth9"))  # fmt: skip
    assert not any("right machine" in one.what for one in renamed), "its addresses are here"


def test_interfaces_that_the_site_does_not_list() -> None:
    acts = ("ip link add dd type veth peer name ee", "ip link set dd up", "ip link set ee up")
    (about,) = at_point(do(*acts))
    assert about.what.startswith("up, but no interface of the site: ")
    assert {"dd", "ee"} == set(about.what.split(": ")[1].split(", "))
    bridge = ("ip link add br7 type bridge", "ip link set dd master br7", "ip link set ee master br7")
    bridged = at_point(do(*acts, *bridge))
    assert not any("no interface of the site" in one.what for one in bridged), "a part of another one isn't met"


def test_a_gateway_that_does_not_forward() -> None:
    for version, setting in ((4, "ipv4/ip_forward"), (6, "ipv6/conf/all/forwarding")):
        (about,) = at_point(lambda runner, name=setting: write(name, 0))  # type: ignore[misc]
        assert (about.level, f"forwards no IPv{version}" in about.what) == (Level.WARNS, True)


# -- refused, and nothing changed -------------------------------------------------------------------------------------


def test_what_refuses_is_no_apply() -> None:
    found = at_point(loaded("wg-quick.nft"))
    with pytest.raises(CannotApply, match="table ip wg-quick-wg0") as failed:
        refuse(found, "this host")
    assert failed.value.exit_code == 3
    assert "postmangle" in str(failed.value) and "premangle" in str(failed.value), "each rule is named"
    assert failed.value.help
    refuse(at_point(loaded("ufw.iptables")), "this host")


def test_what_warns_is_said_before_anything_is_changed(place: Place) -> None:
    heard: list[str] = []
    place.apply(OLD, told=heard.append)
    assert "nothing of 'gw' is here" in (said := "\n".join(heard[: heard.index("keep")])), said
    assert said.count("warns: ") == "\n".join(heard).count("warns: ") > 1


def test_to_look_changes_nothing(place: Place) -> None:
    place.apply(OLD)
    for name in ("docker.iptables", "firewalld.nft", "wg-quick.nft"):
        loaded(name)(place.runner)
    before = netlink.generation(place.runner), netlink.tables(place.runner), place.held(), settings()
    assert concerns(place.runner, compiled(NEW)[0], "gw")
    assert (netlink.generation(place.runner), netlink.tables(place.runner), place.held(), settings()) == before


def settings() -> dict[str, str]:
    """The machine's own, which no test may touch either."""
    from segctl.apply.surroundings.settings import NAMES
    from segctl.kernel.settings import read_settings

    return {name: value for name, value in read_settings(Here(), NAMES).items() if "count" not in name}
