"""What `graph` draws: the site, or the answer to a question, as a picture before it is drawn."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segctl.cli.options import Settings, policy_of

if TYPE_CHECKING:
    from segctl.model.ranges import Ranges
    from segctl.policy import Policy
    from segctl.report.adjacency import Square
    from segctl.report.groups import Fold
    from segctl.report.picture import Picture


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be drawn: the site, if none of the three is said; else one of them. `fold`: the word of a Fold."""

    diff: tuple[Path, Path] | None = None
    blast: str | None = None
    path: tuple[str, str] | None = None
    group: str = "within"
    fold: str = "auto"
    through_world: bool = False

    @property
    def folding(self) -> "Fold":
        """Whether segments share boxes."""
        from segctl.report.groups import Fold

        return Fold(self.fold)


def policies_of(settings: Settings, asked: Asked, at: datetime) -> "tuple[Policy, ...]":
    """The site's, or of a difference both; `SiteError` with every finding if one has an error."""
    if asked.diff is None:
        return (policy_of(settings, at),)
    from segctl.cli.diff import side_policy

    return tuple(side_policy(path, at) for path in asked.diff)


def picture_of(policies: "tuple[Policy, ...]", asked: Asked, at: datetime) -> "Picture":
    """What was asked, as a picture."""
    if asked.diff is not None:
        before, after = policies
        names = (_name(before, asked.diff[0]), _name(after, asked.diff[1]))
        return _changed(before, after, names, asked, at)
    policy = policies[0]
    if asked.blast is not None:
        return _spread(policy, asked.blast, asked, at)
    if asked.path is not None:
        return _way(policy, asked.path, asked, at)
    return _site(policy, asked, at)


def square_of(policies: "tuple[Policy, ...]", asked: Asked, at: datetime) -> "Square":
    """The site, or what a change turns, as an adjacency matrix."""
    from segctl.ask import difference
    from segctl.ask.adjacent import adjacent
    from segctl.ask.drawn import turned
    from segctl.ask.graph import segment_graph
    from segctl.report.adjacency import change_square, folds, site_square
    from segctl.report.change import Sides, by_segments

    graphs = [segment_graph(policy, at, undeclared=False) for policy in policies]
    fold = folds(asked.folding, max(map(len, graphs)))
    if asked.diff is None:
        policy = policies[0]
        return site_square(graphs[0], adjacent(policy), policy.site.name, asked.group, fold=fold)
    before, after = policies
    names = (_name(before, asked.diff[0]), _name(after, asked.diff[1]))
    found = difference(before, after, at)
    rows = by_segments(found, turned(before, after, found))
    title = f"{names[0]} → {names[1]}"
    return change_square(Sides(graphs[0], graphs[1], names), rows, title, asked.group, fold=fold)


def _name(policy: "Policy", path: Path) -> str:
    """A folder's name, not where it lies: the same picture wherever it does."""
    return f"{policy.site.name} ({path.absolute().name})"


def _site(policy: "Policy", asked: Asked, at: datetime) -> "Picture":
    from segctl.ask.graph import segment_graph
    from segctl.report.diagram import diagram
    from segctl.report.overview import overview

    if asked.folding.holds(len(policy.site.segments)):
        return overview(segment_graph(policy, at, undeclared=False), policy.site.name, asked.group)
    return diagram(segment_graph(policy, at), policy.site.name, asked.group)


def _changed(
    before: "Policy", after: "Policy", names: tuple[str, str], asked: Asked, at: datetime
) -> "Picture":  # fmt: skip
    from segctl.ask import difference
    from segctl.ask.drawn import turned
    from segctl.ask.graph import segment_graph
    from segctl.report.change import Sides, by_segments, change_picture

    graphs = [segment_graph(policy, at, undeclared=False) for policy in (before, after)]
    sides = Sides(graphs[0], graphs[1], names)
    found = difference(before, after, at)
    rows = by_segments(found, turned(before, after, found))
    return change_picture(sides, rows, f"{names[0]} → {names[1]}", asked.group, asked.folding)


def _spread(policy: "Policy", who: str, asked: Asked, at: datetime) -> "Picture":
    from segctl.ask.drawn import spreading
    from segctl.ask.graph import segment_graph
    from segctl.ask.reach import reach
    from segctl.report.spread import spread_picture

    world = asked.through_world
    found = spreading(reach(policy, at), _named(policy, who), through_world=world)
    graph = segment_graph(policy, at, undeclared=False)
    return spread_picture(graph, found, who, asked.group, asked.folding, through_world=world)


def _way(policy: "Policy", ends: tuple[str, str], asked: Asked, at: datetime) -> "Picture":
    from segctl.ask.drawn import through
    from segctl.ask.graph import segment_graph
    from segctl.ask.path import Ways
    from segctl.ask.reach import reach
    from segctl.report.way import way_picture

    ways = Ways(reach(policy, at), _named(policy, ends[0]), _named(policy, ends[1]), asked.through_world)
    graph = segment_graph(policy, at, undeclared=False)
    return way_picture(graph, ways.shortest(), through(ways), ends, asked.group)


def _named(policy: "Policy", text: str) -> "Ranges":
    """The addresses that are named; `SiteError` where it is nobody."""
    from segctl.ask.can import asked_addresses
    from segctl.load import parse_selector
    from segctl.model.diagnostic import Diagnostic, SiteError

    selectors = parse_selector(text, policy.site)
    found = asked_addresses(policy, selectors, inner=False) - policy.special
    if not found:
        what = f"'{text}' names no address"
        raise SiteError((Diagnostic(selectors[0].span, "empty", what, "name somebody"),))
    return found
