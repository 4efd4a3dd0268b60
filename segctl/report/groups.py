"""Large sites: which segments share one box, and after what they are put together."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from segctl.report.frames import LABEL, WITHIN, Nodes

MOST = 80  # boxes of a picture that draws each segment
GROUPS = 40  # boxes of one that is put together
LINES = 120  # lines of it that can still be told apart
CHUNK = 12  # groups, where nothing tells the segments apart but their names
Pair = tuple[str, str]
Key = Callable[[str], str]


class Fold(StrEnum):
    """Whether segments share boxes: where there are many, always, never."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"

    def holds(self, number: int) -> bool:
        """For a picture of so many segments."""
        return self is Fold.ALWAYS or (self is Fold.AUTO and number > MOST)


@dataclass(frozen=True, slots=True)
class Grouping:
    """`said`: after what, in words; `names`: the group of each segment that is in one; `titles` of the groups."""

    said: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The box that stands for it: its group, or itself."""
        return self.names.get(name, name)

    def members(self) -> dict[str, list[str]]:
        """Of each group, both in order."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.names):
            found.setdefault(self.names[name], []).append(name)
        return dict(sorted(found.items()))


def grouping(
    nodes: Nodes,
    group: str = WITHIN,
    pairs: Iterable[Pair] = (),
    *,
    apart: Collection[str] = (),
    split: Key | None = None,
) -> Grouping:
    """The groups of a site; the same for the same site.

    `group` as in `frames`: a label is kept to; `within` only where it puts enough together. Else what makes the finest
    picture that can still be read is taken: a label, the names' first part; the alphabet, where these tell nothing.
    `pairs`: what lines are between. `apart`: who stays alone, as the built-in segments do.
    `split`: what tells the members of one group apart once more, and stands behind its title.
    """
    names = sorted(name for name, data in nodes.items() if not data["built_in"] and name not in apart)
    pairs = set(pairs)
    if group.startswith(LABEL):
        return _made(names, *_labelled(nodes, group.removeprefix(LABEL)), split)
    made = [_made(names, *one, split) for one in _candidates(nodes, names)]
    if split is not None:
        made.append(_made(names, "themselves", _nothing, _nothing, split))
    telling = [one for one in made if 2 <= _boxes(one, names) <= GROUPS]
    if fitting := [one for one in telling if _lines(one, pairs) <= LINES]:
        return max(fitting, key=lambda one: _boxes(one, names))
    if telling:
        return min(telling, key=lambda one: _lines(one, pairs))
    return _made(names, *_alphabet(names), split)


def _candidates(nodes: Nodes, names: list[str]) -> Iterable[tuple[str, Key, Key]]:
    roots = {name: _root(nodes, name) for name in names}
    if len(set(roots.values())) * 2 <= len(names):
        yield "what lies within what", roots.__getitem__, lambda root: f"within {root}"
    counts = Counter(label for name in names for label in nodes[name]["labels"])
    for label in sorted(counts):
        if counts[label] * 2 >= len(names):
            yield _labelled(nodes, label)
    yield "the first part of the name", _stem, lambda stem: f"{stem}…"


def _alphabet(names: list[str]) -> tuple[str, Key, Key]:
    """Where nothing else tells them apart."""
    size = max(1, -(-len(names) // CHUNK))
    heads = {name: names[at // size * size] for at, name in enumerate(names)}
    last = {heads[name]: name for name in names}
    return "the alphabet", heads.__getitem__, lambda head: f"{head} … {last[head]}"


def _labelled(nodes: Nodes, label: str) -> tuple[str, Key, Key]:
    def value(name: str) -> str:
        return str(nodes[name]["labels"].get(label, ""))

    return f"label {label}", value, lambda said: f"{label}: {said}" if said else f"no {label}"


def _made(names: list[str], said: str, key: Key, title: Key, split: Key | None = None) -> Grouping:
    """Who would be alone in a group stays himself."""
    keys = {name: (key(name), split(name) if split else "") for name in names}
    counts = Counter(keys.values())
    boxes = {one: f"*group {one[0]}" + (f" *{one[1]}" if split else "") for one in counts if counts[one] > 1}
    kept = {name: boxes[one] for name, one in keys.items() if one in boxes}
    titles = {box: " · ".join(filter(None, (title(one[0]), one[1]))) for one, box in boxes.items()}
    return Grouping(said, kept, titles)


def _nothing(name: str) -> str:
    return ""


def _root(nodes: Nodes, name: str) -> str:
    while (outer := nodes[name]["within"]) in nodes:
        name = outer
    return name


def _stem(name: str) -> str:
    return re.split(r"[-_.]|(?<=[a-z])(?=[0-9])", name, maxsplit=1)[0]


def _boxes(one: Grouping, names: list[str]) -> int:
    return len({one.of(name) for name in names})


def _lines(one: Grouping, pairs: Collection[Pair]) -> int:
    found = {(one.of(source), one.of(target)) for source, target in pairs}
    return sum(source != target for source, target in found)
