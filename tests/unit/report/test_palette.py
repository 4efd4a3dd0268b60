"""Colours by WCAG 2.2's own formula (relative luminance, contrast ratio)."""

import itertools

import pytest

from segctl.report.palette import DARK, EITHER, LIGHT, Palette
from segctl.report.picture import Shade, Stroke


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(palette: Palette) -> None:
    assert set(palette.boxes) == set(Shade) and set(palette.lines) == set(Stroke)
    assert contrast(palette.text, palette.ground) >= 7
    assert contrast(palette.faint, palette.ground) >= 3
    for paint in palette.boxes.values():
        assert contrast(palette.text, paint.fill) >= 7
        assert contrast(paint.border, palette.ground) >= 3
        assert contrast(paint.border, paint.fill) >= 3
    for stroke, colour in palette.lines.items():
        assert contrast(colour, palette.ground) >= (
            3 if stroke in (Stroke.DEFAULT, Stroke.STAYS) else 4.5
        )  # all others carry words


def test_lines_of_one_colour_stand_out_from_both_grounds() -> None:
    for colour in EITHER.values():
        assert min(contrast(colour, LIGHT.ground), contrast(colour, "#0d1117")) >= 3


def test_fills_differ_in_grey_print_where_shapes_are_alike() -> None:
    """Guarded and strict are both boxes (strict with a double frame)."""
    alike = [Shade.GUARDED, Shade.STRICT]
    for one, other in itertools.combinations(alike, 2):
        assert contrast(LIGHT.boxes[one].fill, LIGHT.boxes[other].fill) >= 1.3
