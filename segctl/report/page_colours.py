"""The page's colours, as variables for its style sheet and its drawings: those of the other drawings, and a few more.

The light ones hold unless the reader's system, or the reader, asks for the dark ones.
"""

from collections.abc import Iterator, Mapping

from segctl.report.palette import DARK, LIGHT, Palette

_LIGHT: Mapping[str, str] = {
    "page": "#f6f8fa", "frame": "#edf1f5", "raised": "#ffffff", "edge": "#d4dbe2", "control": "#7a848e",
    "soft": "#505a64", "grid": "#c9d1d9", "accent": "#0059b3",
    "opens": "#c0290b", "closes": "#0067a3",
    "hop1": "#7a2d00", "hop1-text": "#ffffff", "hop2": "#e08a4a", "hop2-text": "#111111", "hop3": "#fbdcc0",
    "hop3-text": "#111111",
}  # fmt: skip
_DARK: Mapping[str, str] = {
    "page": "#0e1114", "frame": "#1c2228", "raised": "#222a32", "edge": "#333c45", "control": "#8b949e",
    "soft": "#b4bdc6", "grid": "#3a444e", "accent": "#79b8ff",
    "opens": "#ff8a5c", "closes": "#6cc3f7",
    "hop1": "#ffc08a", "hop1-text": "#111111", "hop2": "#b8652a", "hop2-text": "#ffffff", "hop3": "#4f2d14",
    "hop3-text": "#ffffff",
}  # fmt: skip


def colours() -> str:
    """The style sheet."""
    light, dark = _block(LIGHT, _LIGHT), _block(DARK, _DARK)
    return "\n".join(
        (
            f":root {{ {light} }}",
            f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}",
            f":root[data-theme=dark] {{ {dark} color-scheme: dark; }}",
            ":root[data-theme=light] { color-scheme: light; }",
            *_marks(),
        )
    )


def _block(palette: Palette, more: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in {**dict(_variables(palette)), **more}.items())


def _variables(palette: Palette) -> Iterator[tuple[str, str]]:
    yield from (("ground", palette.ground), ("text", palette.text), ("faint", palette.faint))
    for shade, paint in palette.boxes.items():
        yield f"{shade.value}-fill", paint.fill
        yield f"{shade.value}-border", paint.border
    for stroke, colour in palette.lines.items():
        yield stroke.value, colour


def _marks() -> Iterator[str]:
    """What carries a strictness or a number of hops in the panel and the lists."""
    for shade in LIGHT.boxes:
        name = shade.value
        yield f".chip.{name}, .dot.{name} {{ background: var(--{name}-fill); border-color: var(--{name}-border); }}"
    for hop in ("hop1", "hop2", "hop3"):
        yield f".ring.{hop} {{ background: var(--{hop}); color: var(--{hop}-text); }}"
