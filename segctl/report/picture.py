"""A drawing before it is drawn: boxes, lines, frames, legend, tables. One value for every format."""

from dataclasses import dataclass
from enum import StrEnum


class Shade(StrEnum):
    """How a box looks: strictness (built-in, a site's own), what an answer says, and what is no segment."""

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
    START = "start"  # where an intruder, or a way, begins
    NEAR = "near"  # in one hop
    SECOND = "second"
    THIRD = "third"
    FAR = "far"  # in four hops and more
    PALE = "pale"  # what an answer leaves as it is, or doesn't reach
    GROUP = "group"  # many segments in one box


class Stroke(StrEnum):
    """How a line looks."""

    FLOW = "flow"
    INACTIVE = "inactive"
    MANAGEMENT = "management"
    GUARDRAIL = "guardrail"
    DEFAULT = "default"
    OBSERVED = "observed"
    UNCOVERED = "uncovered"
    OPENS = "opens"  # of a difference: these, and what stays
    CLOSES = "closes"
    ALTERS = "alters"
    STAYS = "stays"
    HOP = "hop"  # one step of an intruder, or of a way


class Heads(StrEnum):
    """Which ends of a line carry a head."""

    TARGET = "forward"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds boxes together; `within`: the name of the frame that holds this one."""

    name: str
    title: str
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A segment: its name (unique in the picture), rows of text below its title, and the name of its frame.

    A title has a newline where it is broken.
    Texts are raw, as the site has them: each format escapes for itself. `tip` is for formats that can show more.
    """

    name: str
    shade: Shade
    title: str
    details: tuple[str, ...] = ()
    dashed: bool = False
    frame: str | None = None
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
class Table:
    """What stands below a drawing: every row as long as the head; a newline breaks a cell."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole drawing; boxes, lines and frames in the order in which they are drawn, the tables below it."""

    title: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    legend: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    tables: tuple[Table, ...] = ()
