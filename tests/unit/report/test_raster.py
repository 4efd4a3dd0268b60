"""Pictures as png, by the real rsvg-convert."""

import struct
from pathlib import Path

import pytest

from segctl.ask.graph import segment_graph
from segctl.report import draw_svg, raster
from segctl.report.diagram import diagram
from segctl.report.palette import Theme
from segctl.report.raster import SHARP, SIDE, RasterError, RasterMissing, png
from tests.unit.report.sites import AT, policy, shop


def blank(wide: float, high: float, colour: str = "#ffffff") -> str:
    size = f'width="{wide}" height="{high}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect {size} fill="{colour}"/></svg>'


def sides(picture: bytes) -> tuple[int, int]:
    """Of the header (PNG 3rd edition, 11.2.1)."""
    wide, high = struct.unpack(">II", picture[16:24])
    return wide, high


def test_twice_as_fine_as_a_screen_the_same_to_the_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sides(png(blank(100, 40))) == (100 * SHARP, 40 * SHARP)
    assert sides(png(blank(100, 40).replace('"100"', '"75pt"'))) == (100 * SHARP, 40 * SHARP)
    monkeypatch.setattr(raster, "SHARP", 0.2)
    svg = draw_svg(diagram(segment_graph(policy(shop()), AT), "shop"), Theme.LIGHT)
    assert png(svg) == png(svg)


def test_a_large_picture_is_less_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    wide, high = sides(png(blank(50_000, 100)))
    assert wide <= SIDE and high < 100
    monkeypatch.setattr(raster, "AREA", 90_000)
    assert sides(png(blank(9_000, 9_000))) == (300, 300)


def test_dark_is_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "SHARP", 0.2)
    made = diagram(segment_graph(policy(shop()), AT), "shop")
    assert png(draw_svg(made, Theme.LIGHT)) != png(draw_svg(made, Theme.DARK))
    assert png(draw_svg(made, Theme.LIGHT)) == png(draw_svg(made, Theme.AUTO))  # librsvg asks no screen


def test_missing_says_what_gets_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RasterMissing, match="rsvg-convert") as raised:
        png(blank(1, 1))
    assert "apt install librsvg2-bin" in raised.value.help and raised.value.exit_code == 3


@pytest.mark.parametrize(("script", "said"), [("echo no >&2; exit 1", "no"), ("exit 0", "0"), ("sleep 5", "seconds")])
def test_failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, said: str) -> None:
    (tmp_path / "rsvg-convert").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    (tmp_path / "rsvg-convert").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(raster, "SECONDS", 0.3)
    with pytest.raises(RasterError, match=said):
        png(blank(1, 1))
