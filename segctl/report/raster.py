"""An svg as png: librsvg's `rsvg-convert` (Debian: librsvg2-bin) does it."""

import re
import subprocess
from math import sqrt

SECONDS = 120
SIDE = 16_000  # pixels at most: cairo, which draws it, takes no more than 32,767
AREA = 40_000_000  # pixels at most: 160 MB while it is drawn
SHARP = 2.0  # pixels for one of the svg's, where there is room


class RasterMissing(Exception):
    """The machine has no `rsvg-convert`; the message says how it gets one."""

    exit_code = 3
    help = "sudo apt install librsvg2-bin; or draw svg"


class RasterError(Exception):
    """`rsvg-convert` gave no picture: what it said."""

    exit_code = 5
    help = "draw svg, and let a browser print it"


def png(svg: str) -> bytes:
    """The picture, twice as fine as a screen if there is room; the same for the same svg.

    Raises RasterMissing where the binary isn't there, RasterError where it fails.
    """
    command = ["rsvg-convert", "--format", "png", "--zoom", f"{_zoom(svg):.4f}"]
    try:
        done = subprocess.run(command, input=svg.encode(), capture_output=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise RasterMissing("png needs rsvg-convert, which isn't here") from None
    except subprocess.TimeoutExpired:
        raise RasterError(f"rsvg-convert had no picture after {SECONDS} seconds") from None
    if done.returncode or not done.stdout.startswith(b"\x89PNG"):
        raise RasterError(f"rsvg-convert failed: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout


def _zoom(svg: str) -> float:
    head = svg[svg.index("<svg") :]
    head = head[: head.index(">")]
    sides = [
        float(x) * (4 / 3 if unit == "pt" else 1) for x, unit in re.findall(r'(?:width|height)="([\d.]+)(pt|)', head)
    ]
    return min(SHARP, SIDE / max(sides), sqrt(AREA / (sides[0] * sides[1])))
