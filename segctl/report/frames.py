"""Which frame a segment's box stands in: with those within it, or with those that carry the same label."""

from collections.abc import Mapping
from typing import Any

from segctl.report.picture import Frame

WITHIN = "within"
LABEL = "label:"
Nodes = Mapping[str, Mapping[str, Any]]


def framed(nodes: Nodes, group: str) -> tuple[tuple[Frame, ...], Mapping[str, str]]:
    """The frames, and the frame's name of each segment that stands in one.

    `group` is `within` or `label:NAME`. By a label no frame stands in another: what lies within what is then said in
    the boxes.
    """
    return _by_label(nodes, group.removeprefix(LABEL)) if group.startswith(LABEL) else _by_within(nodes)


def _by_label(nodes: Nodes, label: str) -> tuple[tuple[Frame, ...], Mapping[str, str]]:
    values = {name: data["labels"][label] for name, data in nodes.items() if label in data["labels"]}
    frames = (Frame(value, f"{label}: {value}") for value in sorted(set(values.values())))
    return tuple(frames), values


def _by_within(nodes: Nodes) -> tuple[tuple[Frame, ...], Mapping[str, str]]:
    """A segment that others lie within stands in one frame with them; that frame stands in the one of its own outer."""
    outer = {name: data["within"] for name, data in nodes.items() if data["within"] in nodes}
    holding = sorted(set(outer.values()))
    frames = (Frame(name, f"within {name}", outer.get(name)) for name in holding)
    return tuple(frames), {**outer, **{name: name for name in holding}}
