"""The graph says what the law says: edge by edge on one site, and against `judge` on many."""

import itertools
import random
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import networkx
import pytest

from segctl.ask.fallback import Coverage, allowed_by_default, observed_traffic
from segctl.ask.graph import segment_graph
from segctl.ask.stance import Stance
from segctl.model.decision import Effect, Step
from segctl.model.flow import Management
from segctl.model.point import Point, PointKind
from segctl.model.ranges import family, parse_address
from segctl.model.segment import Waiver
from segctl.model.service import TCP, UDP, traffic
from segctl.model.site import Site
from segctl.model.strictness import ModeKind, Verdict
from segctl.policy import Policy, judge, segments_covered
from segctl.policy.coverage import bound
from segctl.policy.effect import mode_of
from tests.unit.report.sites import (
    AT,
    SERVICES,
    SPAN,
    flow,
    gateway,
    guardrail,
    mode,
    policy,
    segment,
    select,
    shop,
    site,
)

Graph = networkx.MultiDiGraph


def between(graph: "Graph[str]", source: str, target: str) -> dict[str, dict[str, Any]]:
    """`kind name` to attributes."""
    edges = graph.out_edges(source, keys=True, data=True)
    return {" ".join(map(str, key)).strip(): data for _, end, key, data in edges if end == target}


@pytest.fixture(scope="module")
def graph() -> "Graph[str]":
    return segment_graph(policy(shop()), AT)


@pytest.mark.parametrize(
    ("source", "target", "want"),
    [
        ("web", "db", {"flow orders": ("postgres",), "flow cache": ("redis",), "inactive trial": ("rdp",)}),
        ("world", "web", {"flow public": ("https",)}),
        ("db", "web", {}),
        ("guests", "db", {"guardrail pci-1-4": ("all",), "guardrail sideways": ("smb", "rdp")}),  # `old` has ended
        ("guests", "vault", {"guardrail pci-1-4": ("all",), "guardrail sideways": ("smb", "rdp")}),  # within db
        ("guests", "world", {"default": ("all",), "guardrail sideways": ("smb", "rdp")}),
        ("web", "guests", {"observed": ("all",)}),
        ("guests", "cameras", {"uncovered": ("all",), "guardrail sideways": ("smb", "rdp")}),  # behind one interface
        ("db", "vault", {"uncovered": ("all",)}),
        ("end", "points", {"management management end": ("ssh", "ping"), "flow repair": ("ssh",)}),
        ("end", "quarantine", {}),  # nothing is in it
        ("spare", "world", {}),
    ],
)
def test_edges(graph: "Graph[str]", source: str, target: str, want: dict[str, tuple[str, ...]]) -> None:
    assert {name: data["services"] for name, data in between(graph, source, target).items()} == want


@pytest.mark.parametrize(
    ("name", "want"),
    [
        (
            "web",
            {"strictness": "guarded", "mode": "enforce", "v4": 254, "v6": 1 << 64, "within": None, "intra": "allow"},
        ),
        ("vault", {"v4": 1, "v6": 0, "within": "db", "intra": "deny", "inside_uncovered": False, "bound": True}),
        ("cameras", {"mode": "observe", "intra": "deny", "intra_observed": True, "inside_uncovered": True}),
        ("db", {"classification": "confidential", "owner": "dba", "v4": 253, "built_in": False}),
        ("guests", {"mode": "enforce smb, rdp"}),
        ("world", {"mode": "", "built_in": True, "strictness": "outside"}),
        ("spare", {"v4": 0, "v6": 0, "bound": False}),
        ("quarantine", {"v4": 0}),
    ],
)
def test_nodes(graph: "Graph[str]", name: str, want: dict[str, object]) -> None:
    assert {key: graph.nodes[name][key] for key in want} == want


def test_a_part_is_told_in_the_sites_words(graph: "Graph[str]") -> None:
    edges = between(graph, "web", "db")
    assert (edges["flow cache"]["source_words"], edges["flow cache"]["destination_words"]) == ("web1", None)
    assert edges["flow cache"]["partial"] and not edges["flow orders"]["partial"]


def test_what_is_taken_out_is_told_too() -> None:
    made = replace(flow("f", "web", "db", "ssh"), source_except=select("10.0.1.7"))
    graph = segment_graph(policy(replace(shop(), flows=(made,))), AT)
    assert between(graph, "web", "db")["flow f"]["source_words"] == "web except 10.0.1.7"


def test_management_reaches_host_points_where_they_live() -> None:
    made = shop()
    host = Point("host", SPAN, PointKind.HOST, endpoint="vault1")
    made = replace(made, points={**made.points, "host": host})
    graph = segment_graph(policy(made), AT)
    assert between(graph, "end", "vault")["management management end"]["destination_words"] is None  # all of it
    web = Point("host", SPAN, PointKind.HOST, endpoint="web1")
    graph = segment_graph(policy(replace(made, points={**made.points, "host": web})), AT)
    assert between(graph, "end", "web")["management management end"]["destination_words"] == "web1"
    assert not graph.nodes["vault"]["inside_uncovered"]


def test_pair_flags_stand_on_each_edge() -> None:
    made = replace(shop(), flows=(flow("f", "web", "cameras", "ssh"), flow("g", "db", "vault", "ssh")))
    graph = segment_graph(policy(made), AT)
    assert between(graph, "web", "cameras")["flow f"]["observed"]
    assert not between(graph, "web", "cameras")["flow f"]["uncovered"]
    assert between(graph, "db", "vault")["flow g"]["uncovered"]


def test_a_flow_that_does_not_hold_is_an_edge_of_its_own_kind() -> None:
    past, future = AT - timedelta(days=1), AT + timedelta(days=1)
    made = replace(
        shop(),
        flows=(
            flow("gone", "web", "db", "ssh", until=AT),
            flow("comes", "web", "db", "https", since=future),
            flow("holds", "web", "db", "redis", since=past, until=future),
        ),
    )
    edges = between(segment_graph(policy(made), AT), "web", "db")
    assert {name: data["state"] for name, data in edges.items()} == {
        "inactive gone": "ended", "inactive comes": "not yet", "flow holds": "active",
    }  # fmt: skip
    assert (edges["flow holds"]["since"], edges["flow holds"]["until"]) == (past, future)


def test_waivers_stand_on_what_they_are_said_of() -> None:
    lapsed = Waiver("uncovered", "until spring", SPAN, AT.date() - timedelta(days=1))
    waiver = replace(lapsed, until=AT.date())
    wide = Waiver("wide", "for everybody", SPAN)
    made = shop()
    for said, waived in ((waiver, True), (lapsed, False)):
        segments = {n: replace(s, waive=(said,)) if n == "vault" else s for n, s in made.segments.items()}
        flows = (replace(made.flows[0], waive=(wide,)), *made.flows[1:])
        graph = segment_graph(policy(replace(made, segments=segments, flows=flows)), AT)
        assert graph.nodes["vault"]["waivers"] == ((said, not waived),)
        assert between(graph, "db", "vault")["uncovered"]["waived"] is waived
        assert between(graph, "web", "db")["flow orders"]["waivers"] == ((wide, False),)
        assert {on for on, _, _ in graph.graph["register"].waivers} == {"segment 'vault'", "flow 'orders'"}


@pytest.mark.parametrize("seed", range(20))
def test_two_stances_say_what_the_pair_does(seed: int) -> None:
    made = policy(random_site(seed))
    nodes = segment_graph(made, AT).nodes
    for source, target in itertools.permutations(made.site.segments.values(), 2):
        if source.profile.quarantine or target.profile.quarantine:
            continue
        ends: tuple[Stance, ...] = nodes[source.name]["out"], nodes[target.name]["into"]
        if Stance.OTHER in ends:  # world refuses, in the other end's mode
            mode = mode_of(made, target.name if ends[0] is Stance.OTHER else source.name)
            assert mode is not None
            ends = (Stance.DENY,) if mode.kind is ModeKind.ENFORCE else (Stance.OBSERVED,)
        assert allowed_by_default(source, target) == (set(ends) == {Stance.ALLOW})
        passes = bool(observed_traffic(made, source, target)[0])
        assert passes == (Stance.DENY not in ends and Stance.OBSERVED in ends), (source.name, target.name)


def test_a_guardrail_takes_services_from_a_flow() -> None:
    made = replace(
        shop(),
        flows=(flow("f", "web", "db", "ssh smb"), flow("g", "web", "db", "smb"), flow("h", "web", "db", "https")),
        guardrails=(guardrail("no", "web", "db", "smb"), guardrail("some", "web1", "db", "https")),
    )
    edges = between(segment_graph(policy(made), AT), "web", "db")
    assert edges["flow f"]["services"] == ("ssh",)
    assert "flow g" not in edges
    assert edges["flow h"]["partly"]


def test_quarantine_keeps_only_remediation() -> None:
    made = site(
        [segment("a", "open", "10.0.1.0/24"), segment("cut", "quarantine", "10.0.2.0/24")],
        flows=[flow("f", "a", "cut", "https"), flow("r", "a", "cut", "ssh", remediation=True)],
    )
    assert set(between(segment_graph(policy(made), AT), "a", "cut")) == {"flow r"}


def test_a_guardrail_holds_for_what_was_taken_out_of_its_segment() -> None:
    made = site(
        [
            segment("a", "open", "10.0.1.0/24"),
            segment("b", "open", "10.0.2.0/24"),
            segment("quarantine", "quarantine", "10.0.1.7 10.0.9.9", built_in=True),
        ],
        guardrails=[guardrail("g", "a", "b", "smb")],
    )
    edge = between(segment_graph(policy(made), AT), "quarantine", "b")["guardrail g"]
    assert (edge["source"].size(), edge["source_words"], edge["destination_words"]) == (1, "a", None)


def test_the_order_in_the_site_does_not_matter() -> None:
    made = shop()
    turned = replace(
        made,
        segments={name: made.segments[name] for name in reversed(list(made.segments))},
        flows=made.flows[::-1],
        guardrails=made.guardrails[::-1],
    )
    assert networkx.utils.graphs_equal(segment_graph(policy(made), AT), segment_graph(policy(turned), AT))


# Against the law itself


@pytest.mark.parametrize("seed", range(40))
def test_coverage_is_the_laws(seed: int) -> None:
    made = policy(random_site(seed))
    coverage = Coverage(made)
    plain = [name for name, own in made.partition.own.items() if own.v4() and name != "quarantine"]
    for first, second in itertools.permutations(plain, 2):
        want = bool(made.site.points) and not segments_covered(made, first, second)
        assert coverage.uncovered(first, second) == want, (first, second)
        assert coverage.bound(first) == (first == "points" or not made.site.points or bound(made.site, first))


def random_site(seed: int) -> Site:
    r = random.Random(seed)
    names = [f"s{number}" for number in range(6)]
    strictness = ["open", "guarded", "guarded", "strict", "sealed", "quarantine", "lab"]
    modes = ["enforce", "enforce", "observe", "ssh smb"]
    segments = [
        segment(name, r.choice(strictness), f"10.{number}.0.0/29 fd00:{number}::/125", r.choice(modes))
        for number, name in enumerate(names)
    ]
    segments.append(segment("inner", r.choice(strictness), "10.0.0.0/31", r.choice(modes), within="s0"))
    if r.random() < 0.3:
        segments.append(segment("quarantine", "quarantine", "10.3.0.0/30 fd00:3::/126", built_in=True))
    ends = [*names, "inner", "world", "points", "any", "10.1.0.2", "10.2.0.0/30", "8.8.8.8"]

    def some() -> str:
        return " ".join(r.sample(ends, r.choice([1, 1, 2])))

    def used() -> str:
        return " ".join(r.sample(["ssh", "https", "smb", "ping"], 2))

    behind = ["world", *names, "inner"][: r.choice([6, 8])]  # some are on no interface
    links = {f"e{n}": (" ".join(behind[n::4]), f"192.168.{n}.1/24") for n in range(4)}
    made = site(
        segments,
        flows=[flow(f"f{n}", some(), some(), used(), remediation=r.random() < 0.3) for n in range(5)],
        guardrails=[guardrail(f"g{n}", some(), some(), r.choice(["", used()])) for n in range(2)],
        management=[Management("m", SPAN, select(r.choice(names)), (SERVICES["ssh"],))],
        points=[gateway("gw", links)] if r.random() < 0.8 else [],
    )
    return replace(made, default_mode=mode(r.choice(modes)))


@dataclass(frozen=True)
class Read:
    """What the graph alone says of one connection."""

    graph: "Graph[str]"
    policy: Policy
    source: int
    target: int
    asked: int

    def ends(self) -> tuple[str, str]:
        return str(self.policy.segment_of(self.source)), str(self.policy.segment_of(self.target))

    def kinds(self) -> set[str]:
        """Of the edges that speak of it."""
        return {
            str(data["kind"])
            for data in between(self.graph, *self.ends()).values()
            if self.source in data["source"] and self.target in data["destination"] and self.asked in data["traffic"]
        }

    def allowed(self) -> bool:
        """The verdict, by the law's order of steps."""
        (first, second), kinds = self.ends(), self.kinds()
        if "management" in kinds or "guardrail" in kinds:
            return "management" in kinds
        if first == second and "flow" not in kinds:
            return bool(self.graph.nodes[first]["intra"] == "allow")
        return bool(kinds & {"flow", "default"})

    def passes(self) -> bool:
        """The effect, where both ends are on some interface."""
        (first, second), kinds = self.ends(), self.kinds()
        if first != second:
            return self.allowed() or "uncovered" in kinds or ("observed" in kinds and "guardrail" not in kinds)
        node = self.graph.nodes[first]  # inside a segment only the node says what passes
        says = self.policy.site.segments[first].mode or self.policy.site.default_mode
        seen = node["intra_observed"] and "guardrail" not in kinds and self.asked not in says.services
        return bool(self.allowed() or node["inside_uncovered"] or seen)


@pytest.mark.parametrize("seed", range(40))
def test_the_graph_and_the_law_agree(seed: int) -> None:
    made = policy(random_site(seed))
    graph = segment_graph(made, AT)
    r = random.Random(seed)
    texts = [f"10.{n}.0.{r.randrange(8)}" for n in range(6)] + [f"fd00:{n}::{r.randrange(8)}" for n in range(6)]
    texts += ["10.0.0.1", "10.1.0.2", "10.2.0.3", "8.8.8.8", "9.9.9.9", "2001:db8::1"]
    addresses = [address for text in texts if (address := parse_address(text)) not in made.special]
    for _ in range(400):
        source, target = r.sample(addresses, 2)
        if family(source) != family(target):
            continue
        asked = r.choice([traffic(family(source), *row) for row in ((TCP, 22), (TCP, 443), (TCP, 445), (UDP, 53))])
        outcome = judge(made, source, target, asked, AT)
        assert outcome.decision.step not in (Step.ESSENTIAL, Step.SPECIAL)
        read = Read(graph, made, source, target, asked)
        assert read.allowed() == (outcome.decision.verdict is Verdict.ALLOW), (read, outcome)
        if outcome.unbound:
            assert not all(graph.nodes[end]["bound"] for end in read.ends())
        else:
            assert read.passes() == (outcome.effect is Effect.PASS), (read, outcome)
