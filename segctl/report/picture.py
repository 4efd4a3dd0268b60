"""A drawing before it is drawn: boxes, lines, legend. One value for every format, so that none forgets a thing."""

from dataclasses import dataclass
from enum import StrEnum


class Shade(StrEnum):
    """How a box looks: the built-in strictness profiles, a site's own ones, and two that are no segments."""

    OPEN = "open"
    GUARDED = "guarded"
    STRICT = "strict"
    SEALED = "sealed"
    QUARANTINE = "quarantine"
    OUTSIDE = "outside"
    POINT = "point"
    OWN = "own"
    ANY = "any"  # the selector: every address
    HUB = "hub"  # a knot of many lines of one kind: whoever leads in may reach wherever it leads out


class Stroke(StrEnum):
    """How a line looks."""

    FLOW = "flow"
    MANAGEMENT = "management"
    GUARDRAIL = "guardrail"
    DEFAULT = "default"
    OBSERVED = "observed"
    UNCOVERED = "uncovered"


class Heads(StrEnum):
    """Which ends of a line carry a head."""

    TARGET = "forward"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Box:
    """A segment: its name (unique in the picture), lines of text below it, and `within`, the box that surrounds it.

    Texts are raw, as the site has them: each format escapes for itself. `tip` is for formats that can show more.
    """

    name: str
    shade: Shade
    title: str
    details: tuple[str, ...] = ()
    dashed: bool = False
    within: str | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What may or must not pass from one box to another, all statements of that kind together."""

    source: str
    target: str
    stroke: Stroke
    labels: tuple[str, ...] = ()
    dashed: bool = False
    heads: Heads = Heads.TARGET
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the legend: a sample and what it means."""

    sample: Shade | Stroke
    text: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole drawing; boxes and lines in the order in which they are drawn."""

    title: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    legend: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()

    def nested(self) -> bool:
        """Whether a box lies within another."""
        return any(box.within for box in self.boxes)
