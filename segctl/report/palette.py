"""Colours, for light and for dark ground.

After Okabe and Ito's palette, which the colour-blind tell apart (https://jfly.uni-koeln.de/color/), darkened or
lightened until text stands out 7:1 and borders and lines 3:1 from what is behind them (WCAG 2.2, 1.4.6 and 1.4.11;
tests hold that). No meaning hangs on colour alone: shape, dash, head and words say it too, also in grey print.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from segctl.report.picture import Shade, Stroke


class Theme(StrEnum):
    """The ground that a picture is drawn for; auto: light, and dark where the reader's screen asks for it."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Paint:
    """One box's colours."""

    fill: str
    border: str


@dataclass(frozen=True, slots=True)
class Palette:
    """All colours on one ground."""

    ground: str
    text: str
    faint: str  # frames
    boxes: Mapping[Shade, Paint]
    lines: Mapping[Stroke, str]


LIGHT = Palette(
    ground="#ffffff",
    text="#111111",
    faint="#767676",
    boxes={
        Shade.OPEN: Paint("#d5f0e4", "#007a59"),
        Shade.GUARDED: Paint("#e6f3fc", "#2a7fb3"),
        Shade.STRICT: Paint("#a9d2f2", "#004c78"),
        Shade.SEALED: Paint("#e2b4cf", "#7d2f60"),
        Shade.QUARANTINE: Paint("#f7c19d", "#a33f00"),
        Shade.OUTSIDE: Paint("#f1f1f1", "#5c5c5c"),
        Shade.POINT: Paint("#fbe8a6", "#7a5a00"),
        Shade.OWN: Paint("#ffffff", "#111111"),
        Shade.ANY: Paint("#ffffff", "#5c5c5c"),
        Shade.HUB: Paint("#ffffff", "#767676"),
        Shade.START: Paint("#ffb380", "#8a3000"),
        Shade.NEAR: Paint("#ffcf9f", "#8f4300"),
        Shade.SECOND: Paint("#ffe4b8", "#7f5600"),
        Shade.THIRD: Paint("#fff3d6", "#7d6400"),
        Shade.FAR: Paint("#fffbf0", "#6f6a4a"),
        Shade.PALE: Paint("#ffffff", "#8a8a8a"),
        Shade.GROUP: Paint("#eef2f5", "#4a5560"),
    },
    lines={
        Stroke.FLOW: "#111111",
        Stroke.INACTIVE: "#6a6a6a",
        Stroke.MANAGEMENT: "#0072b2",
        Stroke.GUARDRAIL: "#c23b00",
        Stroke.DEFAULT: "#8a8a8a",
        Stroke.OBSERVED: "#8a6400",
        Stroke.UNCOVERED: "#a0306e",
        Stroke.OPENS: "#b32d00",
        Stroke.CLOSES: "#0060a0",
        Stroke.ALTERS: "#6a6a6a",
        Stroke.STAYS: "#8f8f8f",
        Stroke.HOP: "#8a3000",
    },
)

DARK = Palette(
    ground="#14181c",
    text="#f4f4f4",
    faint="#8b949e",
    boxes={
        Shade.OPEN: Paint("#0a4433", "#33cfa0"),
        Shade.GUARDED: Paint("#17394f", "#56b4e9"),
        Shade.STRICT: Paint("#0b2a5c", "#9accff"),
        Shade.SEALED: Paint("#54224a", "#eba5cb"),
        Shade.QUARANTINE: Paint("#5c2708", "#ff9a5c"),
        Shade.OUTSIDE: Paint("#2d3237", "#b4bac0"),
        Shade.POINT: Paint("#473900", "#f0c442"),
        Shade.OWN: Paint("#14181c", "#f4f4f4"),
        Shade.ANY: Paint("#14181c", "#b4bac0"),
        Shade.HUB: Paint("#14181c", "#8b949e"),
        Shade.START: Paint("#6e2600", "#ff9a5c"),
        Shade.NEAR: Paint("#5c3305", "#f5a54a"),
        Shade.SECOND: Paint("#4a3b00", "#f0c442"),
        Shade.THIRD: Paint("#36341a", "#cfc27a"),
        Shade.FAR: Paint("#2a2b22", "#b3b08e"),
        Shade.PALE: Paint("#14181c", "#8b949e"),
        Shade.GROUP: Paint("#262d34", "#a9b6c2"),
    },
    lines={
        Stroke.FLOW: "#f4f4f4",
        Stroke.INACTIVE: "#a5adb5",
        Stroke.MANAGEMENT: "#56b4e9",
        Stroke.GUARDRAIL: "#ff7f45",
        Stroke.DEFAULT: "#8b949e",
        Stroke.OBSERVED: "#f0c442",
        Stroke.UNCOVERED: "#eb93c3",
        Stroke.OPENS: "#ff7f45",
        Stroke.CLOSES: "#56b4e9",
        Stroke.ALTERS: "#a5adb5",
        Stroke.STAYS: "#6b737b",
        Stroke.HOP: "#ffb27a",
    },
)

EITHER: Mapping[Stroke, str] = {
    # Lines that stand out 3:1 from both grounds, for formats that know only one colour. A flow's is the reader's own.
    Stroke.INACTIVE: "#7d7d7d",
    Stroke.MANAGEMENT: "#2a86cc",
    Stroke.GUARDRAIL: "#dd5518",
    Stroke.DEFAULT: "#858585",
    Stroke.OBSERVED: "#a67c00",
    Stroke.UNCOVERED: "#c2558f",
    Stroke.OPENS: "#dd5518",
    Stroke.CLOSES: "#2a86cc",
    Stroke.ALTERS: "#7d7d7d",
    Stroke.STAYS: "#858585",
    Stroke.HOP: "#c8661a",
}
