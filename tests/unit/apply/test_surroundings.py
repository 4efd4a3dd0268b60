"""What is made of what was read: makers, places on hooks, settings, order, refusal."""

import re

import pytest

from segctl.apply.result import CannotApply, Checkup, Concern, Fitness, Level, Tried
from segctl.apply.surroundings import refuse
from segctl.apply.surroundings.foreign import foreign, table_concerns
from segctl.apply.surroundings.look import in_order
from segctl.apply.surroundings.makers import MAKERS, made_by
from segctl.apply.surroundings.marks import Marking, before_ours, mark_concerns
from segctl.apply.surroundings.settings import setting_concerns
from segctl.kernel.interfaces import Link
from segctl.kernel.marking import Queue
from segctl.listing.rule import Chain, Ending, Family, Hook, Listing, Opaque, Rule, Table

FORWARD = Hook("filter", "forward", 0, Ending.ACCEPT)


def table(family: str, name: str, *chains: str, hook: Hook | None = FORWARD, engine: str = "nf_tables") -> Table:
    base = {"base": Chain("base", (), hook)} if hook else {}
    return Table(Family(family), name, base | {chain: Chain(chain, ()) for chain in chains}, engine=engine)


@pytest.mark.parametrize(
    ("given", "whose"),
    [
        (table("ip", "filter", "DOCKER-USER"), ("Docker",)),
        (table("ip6", "docker-bridges"), ("Docker",)),
        (table("ip", "filter", "DOCKERS"), ()),
        (table("ip", "libvirt_network"), ("libvirt",)),
        (table("inet", "firewalld"), ("firewalld",)),
        (table("ip", "filter", "INPUT_ZONES"), ("firewalld",)),
        (table("ip6", "filter", "ufw6-user-input"), ("ufw",)),
        (table("ip", "kube-proxy"), ("kube-proxy",)),
        (table("ip", "nat", "KUBE-SVC-ABC", "KUBE-MARK-MASQ"), ("kube-proxy",)),
        (table("ip", "filter", "cali-FORWARD", "f2b-sshd"), ("fail2ban", "Calico")),
        (table("inet", "netavark"), ("Podman",)),
        (table("inet", "lxd", "fwd.lxdbr0"), ("Incus or LXD",)),
        (table("ip", "filter", "ts-forward"), ("Tailscale",)),
        (table("ip6", "wg-quick-wg0"), ("wg-quick",)),
        (table("ip", "nm-shared-eth0"), ("NetworkManager",)),
        (table("ip", "io.systemd.nat"), ("systemd",)),
        (table("inet", "filter"), ("nftables.service",)),
        (table("ip", "filter", engine="iptables-legacy"), ("iptables-legacy",)),
        (table("inet", "mine"), ()),
    ],
)
def test_makers_by_their_names(given: Table, whose: tuple[str, ...]) -> None:
    assert made_by(given) == whose


def test_makers_patterns_are_sound() -> None:
    assert len({one.name for one in MAKERS}) == len(MAKERS)
    for one in MAKERS:
        assert one.table or one.chain
        assert not re.fullmatch(one.chain or "x", "FORWARD") and not re.fullmatch(one.table or "x", "ip filter")


def test_tables_that_packets_of_ours_never_meet() -> None:
    ours = (table("inet", name) for name in ("segctl_a", "segctl_hold", "segctl_trace_1"))
    theirs = (table("inet", "theirs"), table("ip", "segctl_a"))
    tables = (*ours, table("arp", "filter"), table("inet", "idle", hook=None), *theirs)
    assert [one.name for one in foreign(Listing(tables))] == ["theirs", "segctl_a"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("flow op add flowtable @ft", "what it offloads passes by our rules"),
        ("dup to 10.0.0.1", "it holds rules that nobody here can judge (dup to 10.0.0.1)"),
    ],
)
def test_what_is_not_understood_is_said(text: str, told: str) -> None:
    chain = Chain("base", (Rule((Opaque(text),), text),), FORWARD)
    (about,) = table_concerns(Listing((Table(Family.INET, "x", {"base": chain}),)))
    assert (about.level, told in about.what) == (Level.WARNS, True)


def test_gaps_and_what_decides_beside_tables() -> None:
    found = list(table_concerns(Listing((), gaps=("a set",), beside=("an XDP program on eth1",))))
    assert [one.level for one in found] == [Level.WARNS, Level.WARNS]
    assert found[1].what == "an XDP program on eth1: it decides on packets where no rule sees them"
    (about,) = table_concerns(Listing((), gaps=("ip6tables-legacy-save: ip6tables-legacy-save isn't installed",)))
    assert about.level is Level.REFUSES


@pytest.mark.parametrize(
    ("family", "hook", "priority", "before"),
    [
        (Family.INET, "prerouting", 300, True),
        (Family.NETDEV, "ingress", 0, True),
        (Family.NETDEV, "egress", -500, False),
        (Family.IP, "forward", -1, True),
        (Family.IP, "forward", 0, False),
        (Family.IP6, "input", -200, True),
        (Family.IP6, "output", 1, False),
        (Family.INET, "postrouting", -300, False),
        (Family.BRIDGE, "prerouting", 0, True),
        (Family.BRIDGE, "input", 200, True),
        (Family.BRIDGE, "forward", -300, False),
        (Family.BRIDGE, "output", -300, False),
    ],
)
def test_who_is_met_before_us(family: Family, hook: str, priority: int, before: bool) -> None:
    assert before_ours(Hook("filter", hook, priority, Ending.ACCEPT), family) == before


@pytest.mark.parametrize(
    ("field", "level"),
    [("meta mark", Level.REFUSES), ("ct mark", Level.REFUSES), ("meta priority", Level.WARNS)],
)
def test_queues(field: str, level: Level) -> None:
    (about,) = mark_concerns((), Marking((), (Queue("eth1", field, "a tc filter on eth1"),), ()), {})
    assert (about.level, about.what.startswith("a tc filter on eth1")) == (level, True)


@pytest.mark.parametrize(
    ("count", "most", "told"), [(0, 0, False), (74, 100, False), (75, 100, True), (100, 100, True), (5, 262144, False)]
)
def test_a_table_of_connections_that_fills(count: int, most: int, told: bool) -> None:
    settings = {"netfilter/nf_conntrack_count": str(count), "netfilter/nf_conntrack_max": str(most)}
    found = list(setting_concerns(settings, ()))
    assert bool(found) == told
    assert all(one.help == f"sysctl -w net.netfilter.nf_conntrack_max={2 * most}" for one in found)


def test_settings_that_a_kernel_has_not_are_none_of_ours() -> None:
    bridged = setting_concerns({}, (Link("br0", True, False, "bridge", False, ()),))
    assert {one.level for one in bridged} == {Level.TELLS}
    assert list(setting_concerns({}, ())) == []


def test_the_gravest_first_and_each_once() -> None:
    told, warned, refused = (Concern(level, "x") for level in reversed(Level))
    assert in_order([told, warned, refused, warned]) == (refused, warned, told)


def test_only_what_refuses_refuses() -> None:
    refuse([Concern(Level.WARNS, "w"), Concern(Level.TELLS, "t")], "this host")
    found = [Concern(Level.REFUSES, "a", "h"), Concern(Level.WARNS, "w", "w"), Concern(Level.REFUSES, "b", "h")]
    with pytest.raises(CannotApply) as no:
        refuse(found, "this host")
    assert str(no.value) == "this host has what our rules would break, or that breaks them: a; b"
    assert (no.value.exit_code, no.value.help) == (3, "h")


HOLDS, FAILS, UNTRIED = (Tried("x", "f", one, "", "", "") for one in Fitness)


@pytest.mark.parametrize(
    ("tried", "concerns", "unseen", "fit"),
    [
        ((HOLDS,), (Concern(Level.WARNS, "w"),), "", True),
        ((HOLDS, FAILS), (), "", False),
        ((HOLDS, UNTRIED), (), "", False),
        ((HOLDS,), (Concern(Level.REFUSES, "r"),), "", False),
        ((HOLDS,), (), "nobody may", False),
    ],
)
def test_what_is_fit(tried: tuple[Tried, ...], concerns: tuple[Concern, ...], unseen: str, fit: bool) -> None:
    assert Checkup("here", tried, (), concerns, unseen).fit == fit
