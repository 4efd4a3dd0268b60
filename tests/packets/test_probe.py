"""The probe against a kernel whose rules were written by hand: it agrees where they are right, and names what isn't."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from segctl.model.service import GRE, ICMP, ICMP6, SCTP, TCP, UDP, traffic
from segctl.probe import Cell, Pace, Seen, Standing, Tried, plan
from segctl.probe.result import Answer
from tests.conftest import MakeNamespace
from tests.packets.small import RULES, SITE, Small, build, only, row

pytestmark = pytest.mark.packets
QUICK = Pace(patience=0.5)


@pytest.fixture(scope="module")
def shared() -> Iterator[Small]:
    """One network for all tests that change rules alone: a new bridge's ports take a second to carry anything."""
    made: list[str] = []

    def make(what: str) -> str:
        made.append(f"segtp{os.getpid()}-{what}")
        subprocess.run(["ip", "netns", "add", made[-1]], check=True)
        subprocess.run(["ip", "-n", made[-1], "link", "set", "lo", "up"], check=True)
        return made[-1]

    try:
        with TemporaryDirectory() as folder:
            yield build(make, Path(folder))
    finally:
        for name in reversed(made):
            subprocess.run(["ip", "netns", "delete", name], check=False)


@pytest.fixture
def small(shared: Small) -> Small:
    """The shared network as new: its rules, no tracked connection."""
    shared.rules(RULES)
    shared.quiet_icmp()
    shared.gateway.run(["conntrack", "-F"])
    return shared


@pytest.fixture
def fresh(namespace: MakeNamespace, tmp_path: Path) -> Small:
    """A network of the test's own, for whoever breaks more than rules."""
    return build(namespace, tmp_path)


def differing(small: Small, cells: tuple[Cell, ...] | None = None) -> set[tuple[str, str, int]]:
    return {row(tried) for tried in small.probe(cells).tried if tried.standing is not Standing.AGREES}


def one(small: Small, cell: Cell, pace: Pace = QUICK) -> Tried:
    (tried,) = small.probe((cell,), pace).tried
    return tried


def test_right_rules_agree_in_every_cell(small: Small) -> None:
    ran = small.probe()
    odd = [tried for tried in ran.tried if tried.standing not in (Standing.AGREES, Standing.UNCOVERED)]
    assert not odd
    assert not [tried for tried in ran.tried if tried.note]  # no answer is missing either: ICMP is under no limit
    for family in (4, 6):
        seen = Counter(t.seen for t in ran.tried if t.cell.family == family and t.standing is Standing.AGREES)
        assert seen[Seen.DELIVERED] > 40 and seen[Seen.BLOCKED] > 200 and seen[Seen.REJECTED] > 80
    inside = [t for t in ran.tried if (t.cell.source.node, t.cell.destination.node) == ("web1", "web2")]
    assert {t.standing for t in inside} == {Standing.UNCOVERED} and {t.seen for t in inside} == {Seen.DELIVERED}


Named = set[tuple[str, str, int]]
DENY_DB = "  oifname eth2 drop\n  iifname {"
REFUSE = '  oifname { "eth1", "eth3" } goto refuse\n'


def both(protocol: int, port: int, *pairs: tuple[str, str]) -> Named:
    """These pairs of machines, in both families."""
    return {(source, to, traffic(family, protocol, port)) for source, to in pairs for family in (4, 6)}


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        pytest.param(
            DENY_DB, "  meta nfproto ipv6 iifname eth0 oifname eth2 tcp dport 81 accept\n" + DENY_DB,
            {("world1", "db1", traffic(6, TCP, 81))}, id="a hole in one family",
        ),
        pytest.param(
            "  iifname eth1 oifname eth2 udp dport 5353 accept\n", "",
            both(UDP, 5353, ("web1", "db1")), id="a flow is missing",
        ),
        pytest.param(
            "  iifname eth3 oifname eth2 icmpv6 type echo-request accept\n", "",
            {("admin1", "db1", traffic(6, ICMP6, 128))}, id="echo of one family is missing",
        ),
        pytest.param(
            "  iifname eth3 tcp dport 22 accept\n", "  iifname { eth1, eth3 } tcp dport 22 accept\n",
            both(TCP, 22, ("web1", "gw")), id="the gateway answers to a wrong side",
        ),
        pytest.param(
            "  oifname eth2 drop\n  goto", "  udp dport 6969 accept\n  oifname eth2 drop\n  goto",
            both(UDP, 6969, ("gw", "web1"), ("gw", "db1"), ("gw", "admin1")), id="the gateway speaks",
        ),
        pytest.param(
            REFUSE, "  tcp dport 81 drop\n" + REFUSE,
            both(TCP, 81, ("web1", "admin1"), ("db1", "web1"), ("db1", "admin1"), ("admin1", "web1"),
                 ("world1", "web1"), ("world1", "admin1")), id="silence for a promised answer",
        ),
        pytest.param(
            DENY_DB, "  iifname eth0 oifname eth2 tcp dport 81 reject with tcp reset\n" + DENY_DB,
            both(TCP, 81, ("world1", "db1")), id="an answer for silence",
        ),
    ],
)  # fmt: skip
def test_sabotage_is_named(small: Small, right: str, wrong: str, named: Named) -> None:
    assert right in RULES
    small.rules(RULES.replace(right, wrong, 1))
    differ = {row(t) for t in small.probe().tried if t.standing is Standing.DIFFERS}
    assert differ == named


def test_no_rules_at_all(small: Small) -> None:
    small.rules("")
    tried = small.probe().tried
    assert {t.seen for t in tried} == {Seen.DELIVERED}
    assert [t for t in tried if t.standing is Standing.DIFFERS]


def test_what_is_delivered_and_what_comes_back(small: Small) -> None:
    rows = [
        ("web1", "db1", traffic(4, TCP, 5432), Seen.DELIVERED, Answer.RESET),  # nobody listens there: no refusal
        ("web1", "db1", traffic(6, UDP, 5353), Seen.DELIVERED, Answer.CLOSED),
        ("admin1", "db1", traffic(4, ICMP, 8), Seen.DELIVERED, Answer.REPLY),
        ("web1", "db1", traffic(4, TCP, 81), Seen.BLOCKED, None),
        ("world1", "web1", traffic(4, TCP, 81), Seen.REJECTED, Answer.RESET),
        ("world1", "web1", traffic(6, UDP, 6969), Seen.REJECTED, Answer.PROHIBITED),
        ("gw", "db1", traffic(6, TCP, 81), Seen.BLOCKED, None),
        ("gw", "web1", traffic(4, TCP, 81), Seen.REJECTED, Answer.RESET),
    ]
    tried = small.probe(tuple(only(small, *wanted[:3]) for wanted in rows)).tried
    assert [(*row(t), t.seen, t.answer) for t in tried] == rows


def test_a_dead_link_is_never_blocked(fresh: Small) -> None:
    """Nothing arrives at db, but no filter is to be praised for that."""
    fresh.stage.by_name["db1"].runner.run(["ip", "link", "set", "eth0", "down"])
    tried = [t for t in fresh.probe(pace=QUICK).tried if "db1" in (t.cell.source.node, t.cell.destination.node)]
    assert len(tried) > 200
    assert {t.standing for t in tried} == {Standing.INCONCLUSIVE}


def test_a_link_that_dies_meanwhile_is_never_blocked(fresh: Small) -> None:
    """The controls before were good, those after aren't."""
    cell = only(fresh, "web1", "db1", traffic(4, TCP, 81))

    def cut(done: int, of: int) -> None:
        fresh.stage.by_name["db1"].runner.run(["ip", "address", "flush", "dev", "eth0"])
        fresh.stage.by_name["db1"].runner.run(["ip", "link", "set", "eth0", "down"])

    (tried,) = plan(fresh.stage, (cell,), pace=QUICK).carry_out(cut).tried
    assert (tried.seen, tried.standing) == (Seen.INCONCLUSIVE, Standing.INCONCLUSIVE)


def test_a_sender_that_is_cut_off_is_never_blocked(fresh: Small) -> None:
    wrong = ["lladdr", "02:00:00:00:00:99", "nud", "permanent", "dev", "eth0"]
    fresh.stage.by_name["world1"].runner.run(["ip", "neighbour", "replace", "198.51.100.1", *wrong])
    tried = one(fresh, only(fresh, "world1", "db1", traffic(4, TCP, 81)))
    assert tried.seen is Seen.INCONCLUSIVE and "never arrived at gw" in tried.reason


def test_no_route_is_never_blocked(fresh: Small) -> None:
    fresh.gateway.run(["ip", "route", "del", "10.91.2.0/24"])
    tried = one(fresh, only(fresh, "web1", "db1", traffic(4, TCP, 81)))
    assert tried.seen is Seen.INCONCLUSIVE and "no route to 10.91.2.10" in tried.reason


def test_a_deaf_gateway_is_never_blocked(small: Small) -> None:
    """Its own loopback control must work for its input's silence to mean anything."""
    small.rules(RULES.replace("  iif lo accept\n", ""))
    tried = one(small, only(small, "world1", "gw", traffic(4, UDP, 6969)))
    assert tried.seen is Seen.INCONCLUSIVE and "not heard on gw" in tried.reason


def test_a_filter_on_a_host_that_is_no_point_is_never_blocked(fresh: Small) -> None:
    """Somebody else's rules on the sender: the gateway hasn't been asked."""
    drop = "table inet x { chain o { type filter hook output priority 0; tcp dport 81 drop; }; }"
    fresh.stage.by_name["web1"].runner.run(["nft", "-f", "-"], stdin=drop)
    tried = one(fresh, only(fresh, "web1", "db1", traffic(4, TCP, 81)))
    assert tried.seen is Seen.INCONCLUSIVE and "web1 itself" in tried.reason


def test_an_earlier_connection_speaks_for_nobody(small: Small) -> None:
    """A run after rules were tightened isn't deceived by what the first run left in connection tracking."""
    cells = tuple(c for c in small.cells() if (c.source.node, c.destination.node) == ("web1", "db1"))
    assert not differing(small, cells)
    small.rules(RULES.replace("  iifname eth1 oifname eth2 tcp dport 5432 accept\n", ""))
    (tried,) = plan(small.stage, (only(small, "web1", "db1", traffic(4, TCP, 5432)),), pace=QUICK).carry_out().tried
    assert (tried.seen, tried.standing) == (Seen.BLOCKED, Standing.DIFFERS)


def test_an_icmp_answer_that_is_rate_limited_is_no_fault(small: Small) -> None:
    usual = ["net.ipv4.icmp_ratemask=6168", "net.ipv6.icmp.ratemask=0-1,3-127"]
    assert not small.gateway.run(["sysctl", "-qw", *usual]).code
    tried = small.probe().tried
    silent = [t for t in tried if t.note]
    assert silent and {t.standing for t in silent} == {Standing.AGREES} and {t.seen for t in silent} == {Seen.BLOCKED}
    assert not [t for t in tried if t.standing in (Standing.DIFFERS, Standing.INCONCLUSIVE)]


def test_protocols_without_ports(namespace: MakeNamespace, tmp_path: Path) -> None:
    """GRE and SCTP as raw packets: the kernel that runs this may speak neither."""
    small = build(namespace, tmp_path, SITE.replace("udp/5353]", "udp/5353, proto/47, sctp/7]"))
    places = [traffic(f, protocol, port) for f in (4, 6) for protocol, port in ((GRE, 0), (SCTP, 7), (SCTP, 8))]
    cells = tuple(only(small, "web1", "db1", place) for place in places)
    want = [Seen.BLOCKED] * 6
    assert [t.seen for t in small.probe(cells).tried] == want
    opened = "  iifname eth1 oifname eth2 meta l4proto gre accept\n  iifname eth1 oifname eth2 sctp dport 7 accept\n"
    small.rules(RULES.replace(DENY_DB, opened + DENY_DB))
    ran = plan(small.stage, cells).carry_out()
    assert [t.seen for t in ran.tried] == [Seen.DELIVERED, Seen.DELIVERED, Seen.BLOCKED] * 2
    assert {t.standing for t in ran.tried} == {Standing.AGREES}


def test_a_tunnel_that_is_let_through_speaks_for_no_other(namespace: MakeNamespace, tmp_path: Path) -> None:
    """Without ports the way back is the reply of the way there, and the second run the first's continuation."""
    small = build(namespace, tmp_path, SITE.replace("udp/5353]", "udp/5353, proto/47]"))
    opened = "  iifname eth1 oifname eth2 meta l4proto gre accept\n"
    small.rules(RULES.replace(DENY_DB, opened + DENY_DB))
    pairs = [("web1", "db1", Seen.DELIVERED), ("db1", "web1", Seen.REJECTED)]
    cells = tuple(only(small, *pair[:2], traffic(family, GRE)) for family in (4, 6) for pair in pairs)
    for _ in range(2):
        assert [(t.seen, t.standing) for t in small.probe(cells).tried] == [
            (seen, Standing.AGREES) for _ in (4, 6) for *_, seen in pairs
        ]
    small.rules(RULES)
    assert [t.seen for t in small.probe(cells[:1]).tried] == [Seen.BLOCKED]


def test_a_point_chooses_what_crosses_it(small: Small) -> None:
    cells = small.cells()
    assert len(plan(small.stage, cells, ["gw"]).trials) == sum(
        {c.source.node, c.destination.node} != {"web1", "web2"} for c in cells
    )
