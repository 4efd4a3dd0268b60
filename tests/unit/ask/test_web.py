"""The web holds what `Reach` answers, kind of machine by kind of machine and class by class."""

from random import Random

import pytest

from segctl.ask.joint import bits
from segctl.ask.reach import reach
from segctl.ask.web import web
from segctl.policy import Policy
from tests.sites import EXAMPLES, meant, read
from tests.strategies import AT, valid_site
from tests.unit.report.estates import estate
from tests.unit.report.sites import policy, shop


@pytest.mark.parametrize("name", ["shop", "boutique", "pci", "plant", "hospital"])
def test_of_the_examples(name: str) -> None:
    same(meant(read(EXAMPLES / name / "site"), AT))


def test_of_sites_made_up() -> None:
    same(policy(shop()))
    same(policy(estate(20, 40)))
    for seed in range(40):
        same(meant(valid_site(Random(seed)), AT))


def same(of: Policy) -> None:
    ways = reach(of, AT)
    made = web(ways)
    for name, own in of.partition.own.items():
        starts = {made.kinds[place].classes for place in made.starts.get(name, ())}
        assert starts == {tuple(bits(classes)) for classes in ways.kinds(own)}, name
    for at, one in enumerate(ways.joint.classes):
        assert made.reached[made.hops[at]] == tuple(ways.hops(at))
        assert made.segments[at] == (of.segment_of(one.first()) or "")
        counted = made.segments[at] not in ("", "world")
        assert sum(made.weights[at][:2]) == one.size() * counted
