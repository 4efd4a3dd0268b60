"""The square of all pairs says what the segment graph and the law say."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from segctl.ask.adjacent import adjacent
from segctl.ask.graph import segment_graph
from segctl.model.decision import Effect, Step
from segctl.model.pictured import Rest
from segctl.model.site import Site
from segctl.policy import judge
from tests.sites import EXAMPLES, meant, read
from tests.unit.report.estates import estate
from tests.unit.report.sites import AT, SERVICES, gateway, guardrail, policy, segment, shop, site

KINDS = {"default": Rest.ALLOWED, "uncovered": Rest.UNCOVERED, "observed": Rest.OBSERVED}


@pytest.mark.parametrize("made", [shop(), estate(5, 8), estate(20, 40), estate(60, 60, seed=3)], ids=lambda m: m.name)
def test_it_is_what_the_graph_draws(made: Site) -> None:
    meant_ = policy(made)
    graph, found = segment_graph(meant_, AT), adjacent(meant_)
    seen = set()
    for source, row in found.items():
        for target, word in row.items():
            if source == target or word is Rest.LOST:
                continue
            kinds = {KINDS[data["kind"]] for data in _edges(graph, source, target) if data["kind"] in KINDS}
            assert (kinds or {Rest.DENIED}) == {word}, (source, target)
            seen.add(word)
    assert Rest.DENIED in seen and len(seen) == 4


def _edges(graph: object, source: str, target: str) -> list[Mapping[str, object]]:
    return list((graph.get_edge_data(source, target) or {}).values())  # type: ignore[attr-defined]


def test_a_segment_on_no_interface_is_lost() -> None:
    made = site(
        [segment("a", "open", "10.0.1.0/24"), segment("b", "open", "10.0.2.0/24"), segment("c", "open", "10.0.3.0/24")],
        points=[gateway("gw", {"e0": ("a", "10.0.1.1/24"), "e1": ("b", "10.0.2.1/24")})],
    )
    found = adjacent(policy(made))
    assert found["a"]["b"] is Rest.ALLOWED and found["a"]["c"] is found["c"]["b"] is Rest.LOST
    assert found["c"]["c"] is Rest.ALLOWED


@pytest.mark.parametrize("name", ["shop", "hospital", "pci", "plant", "boutique"])
def test_on_the_examples_it_is_the_law(name: str) -> None:
    """Of a pair that no statement speaks of, one of each segment's addresses, over a service that nothing names."""
    meant_ = meant(read(EXAMPLES / name / "site"), AT)
    graph, found = segment_graph(meant_, AT, undeclared=False), adjacent(meant_)
    asked = 0
    quiet = next(iter(SERVICES["redis"].traffic))[0] + 20_000
    for source, row in found.items():
        for target, word in row.items():
            if graph.has_edge(source, target) or "points" in (source, target):  # each gateway has its own
                continue
            own = meant_.partition.own[source].v4(), meant_.partition.own[target].v4()
            if not all(own) or source == target:
                continue
            outcome = judge(meant_, own[0].spans[0][1], own[1].first(), quiet, AT)
            if outcome.decision.step in (Step.ESSENTIAL, Step.SPECIAL):
                continue
            passes = word in (Rest.ALLOWED, Rest.OBSERVED, Rest.UNCOVERED)
            assert (outcome.effect is Effect.PASS) == passes, (source, target, outcome)
            asked += 1
    assert asked > 5


def test_a_guardrail_over_everything_shuts_what_defaults_allow() -> None:
    made = shop()
    open_ = replace(made, guardrails=())
    assert adjacent(policy(open_))["guests"]["world"] is Rest.ALLOWED
    shut = replace(made, guardrails=(guardrail("g", "guests", "world"),))
    assert adjacent(policy(shut))["guests"]["world"] is Rest.DENIED
