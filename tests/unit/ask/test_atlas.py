"""The atlas says of every pair of segments what the segment graph says, which writes each pair out."""

from random import Random
from typing import Any

import pytest

from segctl.ask import rest
from segctl.ask.atlas import atlas
from segctl.ask.graph import Kind, segment_graph
from segctl.ask.result import State
from segctl.ask.result.page import Atlas
from segctl.model.flow import Flow, Guardrail
from segctl.policy import Policy
from tests.sites import EXAMPLES, meant, read
from tests.strategies import AT, valid_site
from tests.unit.report.estates import estate
from tests.unit.report.sites import policy, shop

Edges = dict[tuple[str, str, str, str], Any]


@pytest.mark.parametrize("narrow", [rest.NARROW, 0])  # also as if each guardrail touched too many pairs to look at
@pytest.mark.parametrize("name", ["shop", "boutique", "pci", "plant", "hospital"])
def test_of_the_examples(name: str, narrow: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "NARROW", narrow)
    same(meant(read(EXAMPLES / name / "site"), AT))


@pytest.mark.parametrize("narrow", [rest.NARROW, 2, 0])
def test_of_sites_made_up(narrow: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "NARROW", narrow)
    same(policy(shop()))
    for seed in range(3):
        same(policy(estate(20, 40, seed=seed)))
    for seed in range(60):
        same(meant(valid_site(Random(seed)), AT))


def test_a_wrong_pair_is_seen() -> None:
    of = policy(shop())
    said = {key[:2] for key in written(of)}
    assert ("world", "web") in said and len(said) > 20


def same(of: Policy) -> None:
    made, wanted = atlas(of, AT), written(of)
    assert {**statements(made), **unsaid(made)} == wanted
    graph = segment_graph(of, AT)
    assert made.segments == {name: graph.nodes[name] for name in graph}
    for source, target, data in graph.edges(data=True):
        if source != target:
            assert made.rest.uncovered(source, target) == data["uncovered"], (source, target)


def written(of: Policy) -> Edges:
    """Source, target, kind, name of each edge: what it carries."""
    out: Edges = {}
    for source, target, data in segment_graph(of, AT).edges(data=True):
        said: tuple[object, ...] = data["services"], data["partly"], data["source_words"], data["destination_words"]
        if data["kind"] in (Kind.DEFAULT, Kind.OBSERVED, Kind.UNCOVERED):
            said = (data["partly"], data["enforced"] if data["kind"] is Kind.OBSERVED else ())
        out[source, target, data["kind"], data["name"]] = said
    return out


def statements(made: Atlas) -> Edges:
    out: Edges = {}
    for one in made.statements:
        kind = Kind.GUARDRAIL if isinstance(one.said, Guardrail) else Kind.MANAGEMENT
        if isinstance(one.said, Flow):
            kind = Kind.FLOW if one.state is State.ACTIVE else Kind.INACTIVE
        for block in one.blocks:
            for source in block.sources:
                for target in block.destinations:
                    words = one.source_parts.get(source), one.destination_parts.get(target)
                    partly = block.partly and kind is Kind.FLOW
                    out[source, target, kind, one.said.name] = (block.services, partly, *words)
    return out


def unsaid(made: Atlas) -> Edges:
    out: Edges = {}
    for source in made.segments:
        for target in made.segments:
            if source == target:
                continue
            passing = made.rest.passing(source, target)
            if passing.default:
                out[source, target, Kind.DEFAULT, ""] = (passing.partly, ())
            if passing.loose:
                observed = passing.loose == "observed"
                said = (passing.partly and observed, passing.enforced if observed else ())
                out[source, target, Kind(passing.loose), ""] = said
    return out
