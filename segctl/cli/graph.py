"""The command that draws the site, and writes its flow register."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from segctl.cli.options import Command, Settings, at_option, format_option, policy_of

if TYPE_CHECKING:
    from segctl.policy import Policy

DRAWINGS = ("mermaid", "dot", "svg")
_ENDINGS = {".svg": "svg", ".dot": "dot", ".mmd": "mermaid", ".csv": "csv", ".md": "markdown", ".json": "json"}
REGISTERS = ("csv", "markdown")


@click.command(cls=Command, examples=("graph", "graph --format svg --output site.svg", "graph --format csv"))
@format_option(*DRAWINGS, *REGISTERS, "json")
@click.option("--group", default="within", show_default=True, metavar="within|label:NAME",
              help="What one frame holds: a segment and those within it, or those with one label's value.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where the answer goes, in the format that its name says; default standard output.")  # fmt: skip
@at_option
@click.pass_context
def graph(context: click.Context, format_: str, group: str, output: Path | None, at: datetime) -> None:
    """Draw the segments, and what may pass between them.

    csv and markdown are the flow register. svg needs Graphviz; without it: exit 3.
    """
    settings = context.ensure_object(Settings)
    format_ = _format(context, format_, output)
    policy = policy_of(settings, at)
    _check(group, policy)
    text = _register(policy, format_, at) if format_ in REGISTERS else _drawing(policy, format_, group, at)
    if output is None:
        click.echo(text.encode(), nl=False)
        return
    try:
        output.write_bytes(text.encode())
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "can't be written") from error
    settings.say(f"drawn: {output}" if format_ in DRAWINGS else f"written: {output}")


def _format(context: click.Context, format_: str, output: Path | None) -> str:
    """What FILE's name says, where nobody said another; a drawing in a file that is called as another helps nobody."""
    named = _ENDINGS.get(output.suffix) if output else None
    if context.get_parameter_source("format_") is ParameterSource.DEFAULT:
        return named or format_
    if named and named != format_:
        raise click.UsageError(f"'{output}' is called as {named}, --format says {format_}")
    return format_


def _register(policy: "Policy", format_: str, at: datetime) -> str:
    from segctl.ask.register import register
    from segctl.report.register import register_csv, register_markdown

    return {"csv": register_csv, "markdown": register_markdown}[format_](register(policy.site, at))


def _drawing(policy: "Policy", format_: str, group: str, at: datetime) -> str:
    from segctl.ask.graph import segment_graph
    from segctl.report import draw_dot, draw_mermaid, draw_svg
    from segctl.report.diagram import diagram
    from segctl.report.plain_graph import plain_graph

    made = segment_graph(policy, at)
    if format_ == "json":
        return json.dumps(plain_graph(made), indent=2, ensure_ascii=False) + "\n"
    draw = {"mermaid": draw_mermaid, "dot": draw_dot, "svg": draw_svg}[format_]
    return draw(diagram(made, policy.site.name, group))


def _check(group: str, policy: "Policy") -> None:
    """A label that no segment carries would draw nothing, and say nothing."""
    labels = sorted({label for segment in policy.site.segments.values() for label in segment.labels})
    if group == "within" or (group.startswith("label:") and group.removeprefix("label:") in labels):
        return
    known = ", ".join(f"label:{label}" for label in labels)
    raise click.BadParameter(f"'{group}' is none; there are within{', ' if known else ''}{known}", param_hint="--group")
