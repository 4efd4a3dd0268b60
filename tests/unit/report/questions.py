"""Pictures of a change, of a blast and of a way, from sites built by hand."""

import random
from dataclasses import replace

from segctl.ask import difference
from segctl.ask.adjacent import adjacent
from segctl.ask.drawn import spreading, through, turned
from segctl.ask.graph import segment_graph
from segctl.ask.path import Ways
from segctl.ask.reach import reach
from segctl.model.site import Site
from segctl.report.adjacency import Square, change_square, site_square
from segctl.report.change import Sides, Turned, by_segments, change_picture
from segctl.report.groups import Fold
from segctl.report.picture import Picture
from segctl.report.spread import spread_picture
from segctl.report.way import way_picture
from tests.unit.report.sites import AT, flow, policy

NAMES = ("before", "after")


def sides(before: Site, after: Site) -> tuple[Sides, tuple[Turned, ...]]:
    """Both graphs, and what is turned."""
    policies = policy(before), policy(after)
    graphs = [segment_graph(one, AT, undeclared=False) for one in policies]
    found = difference(*policies, AT)
    return Sides(graphs[0], graphs[1], NAMES), by_segments(found, turned(*policies, found))


def changed(before: Site, after: Site, fold: Fold = Fold.AUTO) -> Picture:
    return change_picture(*sides(before, after), "change", fold=fold)


def blast(made: Site, name: str, fold: Fold = Fold.AUTO, *, through_world: bool = False) -> Picture:
    """From a segment."""
    meant = policy(made)
    found = spreading(reach(meant, AT), meant.partition.own[name], through_world=through_world)
    graph = segment_graph(meant, AT, undeclared=False)
    return spread_picture(graph, found, name, fold=fold, through_world=through_world)


def way(made: Site, source: str, target: str) -> Picture:
    """From a segment to another."""
    meant = policy(made)
    ways = Ways(reach(meant, AT), meant.partition.own[source], meant.partition.own[target])
    return way_picture(segment_graph(meant, AT, undeclared=False), ways.shortest(), through(ways), (source, target))


def square(made: Site, group: str = "within", *, fold: bool = False) -> Square:
    """Of a site."""
    meant = policy(made)
    return site_square(segment_graph(meant, AT, undeclared=False), adjacent(meant), made.name, group, fold=fold)


def turned_square(before: Site, after: Site, *, fold: bool = False) -> Square:
    """Of a change."""
    return change_square(*sides(before, after), "change", fold=fold)


def edited(made: Site, many: int) -> Site:
    """The same with so many flows gone and so many new ones; always the same ones."""
    r = random.Random(7)
    names = sorted(name for name, one in made.segments.items() if not one.built_in)
    flows = list(made.flows)
    for number in range(many):
        flows.pop(r.randrange(len(flows)))
        source, target = r.sample(names, 2)
        flows.append(flow(f"new-{number}", source, target, "ssh https"))
    return replace(made, flows=tuple(flows))
