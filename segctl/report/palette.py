"""Colours, for light and for dark ground.

After Okabe and Ito's palette, which the colour-blind tell apart (https://jfly.uni-koeln.de/color/), darkened or
lightened until text stands out 7:1 and borders and lines 3:1 from what is behind them (WCAG 2.2, 1.4.6 and 1.4.11;
tests hold that). No meaning hangs on colour alone: shape, dash, head and words say it too, also in grey print.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from segctl.report.picture import Shade, Stroke


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
    },
    lines={
        Stroke.FLOW: "#111111",
        Stroke.INACTIVE: "#6a6a6a",
        Stroke.MANAGEMENT: "#0072b2",
        Stroke.GUARDRAIL: "#c23b00",
        Stroke.DEFAULT: "#8a8a8a",
        Stroke.OBSERVED: "#8a6400",
        Stroke.UNCOVERED: "#a0306e",
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
    },
    lines={
        Stroke.FLOW: "#f4f4f4",
        Stroke.INACTIVE: "#a5adb5",
        Stroke.MANAGEMENT: "#56b4e9",
        Stroke.GUARDRAIL: "#ff7f45",
        Stroke.DEFAULT: "#8b949e",
        Stroke.OBSERVED: "#f0c442",
        Stroke.UNCOVERED: "#eb93c3",
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
}
