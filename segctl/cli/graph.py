"""The command that draws the site, a change of it, or an answer; and writes its flow register."""

import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from segctl.cli.complete import complete_end
from segctl.cli.options import Command, Settings, at_option, format_option
from segctl.cli.pictures import Asked, picture_of, policies_of, square_of

if TYPE_CHECKING:
    from segctl.policy import Policy

DRAWINGS = ("mermaid", "dot", "svg", "png", "html")
_ENDINGS = {".svg": "svg", ".png": "png", ".dot": "dot", ".mmd": "mermaid", ".csv": "csv", ".md": "markdown",
            ".json": "json", ".html": "html"}  # fmt: skip
_MATRIX = ("svg", "png")  # how a matrix can be written
REGISTERS = ("csv", "markdown")
EXAMPLES = (
    "graph",
    "graph --format svg --output site.svg",
    "graph --output site.html",
    "graph --format matrix --output matrix.svg",
    "graph --diff before . --output change.png",
    "graph --blast web1 --format svg",
    "graph --path world db --format svg",
    "graph --format csv",
)


@click.command(cls=Command, examples=EXAMPLES)
@format_option(*DRAWINGS, "matrix", *REGISTERS, "json")
@click.option("--diff", type=(click.Path(path_type=Path), click.Path(path_type=Path)), metavar="BEFORE AFTER",
              help="What a change opens, closes and leaves: two folders.")  # fmt: skip
@click.option("--blast", metavar="WHO", shell_complete=complete_end,
              help="What an intruder there reaches, by hops: a name, an address, a selector.")  # fmt: skip
@click.option("--path", "ends", type=(str, str), metavar="FROM TO", help="A shortest way, and what lets it pass.")
@click.option("--through-world", is_flag=True, help="Of --blast and --path: ways may lead through world.")
@click.option("--group", default="within", show_default=True, metavar="within|label:NAME",
              help="What one frame holds: a segment and those within it, or those with one label's value.")  # fmt: skip
@click.option("--fold", type=click.Choice(("auto", "always", "never")), default="auto", show_default=True,
              help="Draw groups as one box each; auto: above 80 segments.")  # fmt: skip
@click.option("--theme", type=click.Choice(("auto", "light", "dark")), default="auto", show_default=True,
              help="Colours; auto: an svg has both, a png is light.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where the answer goes, in the format that its name says; default standard output.")  # fmt: skip
@at_option
@click.pass_context
def graph(
    context: click.Context,
    format_: str,
    diff: tuple[Path, Path] | None,
    blast: str | None,
    ends: tuple[str, str] | None,
    through_world: bool,
    group: str,
    fold: str,
    theme: str,
    output: Path | None,
    at: datetime,
) -> None:
    """Draw the segments, and what may pass between them; or a change, a blast, a path.

    csv and markdown are the flow register. svg, png and matrix are pictures: but for matrix they need Graphviz, and png
    needs rsvg-convert; without: exit 3. html is a page that answers questions by itself, in one file, with no network.
    """
    settings = context.ensure_object(Settings)
    asked = Asked(diff, blast, ends, group, fold, through_world)
    format_ = _format(context, format_, output)
    _fit(asked, format_)
    if output is None and format_ == "png" and sys.stdout.isatty():
        raise click.UsageError("a png is no text: --output FILE.png")
    policies = policies_of(settings, asked, at)
    _check(group, policies)
    if format_ == "html" and context.get_parameter_source("group") is ParameterSource.DEFAULT:
        asked = replace(asked, group="")  # the page groups by what fits it best
    answer = (
        _page(settings, policies, asked, theme, at)
        if format_ == "html"
        else _answer(policies, asked, format_, theme, at, png=output is not None and output.suffix == ".png")
    )
    if output is None:
        click.echo(answer, nl=False)
        return
    try:
        output.write_bytes(answer)
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "can't be written") from error
    settings.say(f"drawn: {output}" if format_ in (*DRAWINGS, "matrix") else f"written: {output}")


def _format(context: click.Context, format_: str, output: Path | None) -> str:
    """What FILE's name says, where nobody said another; a drawing in a file that is called as another helps nobody."""
    named = _ENDINGS.get(output.suffix) if output else None
    if context.get_parameter_source("format_") is ParameterSource.DEFAULT:
        if output and not named and output.suffix:
            raise click.UsageError(f"'{output}': no format is called so; --format says which, or {' '.join(_ENDINGS)}")
        return named or format_
    if named and named != format_ and not (format_ == "matrix" and named in _MATRIX):
        raise click.UsageError(f"'{output}' is called as {named}, --format says {format_}")
    return format_


def _fit(asked: Asked, format_: str) -> None:
    """One question at a time, in a format that has an answer to it."""
    said = {"--diff": asked.diff, "--blast": asked.blast, "--path": asked.path}
    questions = [option for option, value in said.items() if value is not None]
    if len(questions) > 1:
        raise click.UsageError(f"{' and '.join(questions)}: one at a time")
    fits = (*DRAWINGS, "matrix") if questions in ([], ["--diff"]) else DRAWINGS
    if questions and format_ not in fits:
        raise click.UsageError(f"{questions[0]} is drawn as {', '.join(fits)}; not as {format_}")
    if asked.through_world and questions not in (["--blast"], ["--path"]):
        raise click.UsageError("--through-world is of --blast and --path")


def _answer(
    policies: "tuple[Policy, ...]", asked: Asked, format_: str, theme: str, at: datetime, *, png: bool
) -> bytes:  # fmt: skip
    if format_ in REGISTERS:
        return _register(policies[0], format_, at).encode()
    if format_ == "json":
        from segctl.ask.graph import segment_graph
        from segctl.report.plain_graph import plain_graph

        made = plain_graph(segment_graph(policies[0], at))
        return (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode()
    return _drawn(policies, asked, format_, theme, at, png=png)


def _page(settings: Settings, policies: "tuple[Policy, ...]", asked: Asked, theme: str, at: datetime) -> bytes:
    from segctl.cli.page import page_of

    return page_of(settings, policies, asked, theme, at).encode()


def _register(policy: "Policy", format_: str, at: datetime) -> str:
    from segctl.ask.register import register
    from segctl.report.register import register_csv, register_markdown

    return {"csv": register_csv, "markdown": register_markdown}[format_](register(policy.site, at))


def _drawn(
    policies: "tuple[Policy, ...]", asked: Asked, format_: str, theme: str, at: datetime, *, png: bool
) -> bytes:  # fmt: skip
    from segctl.report import draw_dot, draw_mermaid, draw_svg
    from segctl.report.palette import Theme
    from segctl.report.raster import png as raster

    if theme == "auto" and (format_ == "png" or png):
        theme = "light"  # a png can't ask the reader's screen
    if format_ == "matrix":
        from segctl.report.grid import draw_matrix

        matrix = draw_matrix(square_of(policies, asked, at), Theme(theme))
        return raster(matrix) if png else matrix.encode()
    picture = picture_of(policies, asked, at)
    if format_ in ("mermaid", "dot"):
        return {"mermaid": draw_mermaid, "dot": draw_dot}[format_](picture).encode()
    svg = draw_svg(picture, Theme(theme))
    return raster(svg) if format_ == "png" else svg.encode()


def _check(group: str, policies: "tuple[Policy, ...]") -> None:
    """A label that no segment carries would draw nothing, and say nothing."""
    segments = (segment for policy in policies for segment in policy.site.segments.values())
    labels = sorted({label for segment in segments for label in segment.labels})
    if group == "within" or (group.startswith("label:") and group.removeprefix("label:") in labels):
        return
    known = ", ".join(f"label:{label}" for label in labels)
    raise click.BadParameter(f"'{group}' is none; there are within{', ' if known else ''}{known}", param_hint="--group")
