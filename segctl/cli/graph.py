"""The command that draws the site."""

from datetime import datetime
from pathlib import Path

import click

from segctl.cli.options import Command, Settings, at_option, format_option, settings
from segctl.model.diagnostic import SiteError


@click.command(cls=Command, examples=("graph", "graph --format svg --output site.svg"))
@format_option("mermaid", "dot", "svg")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where the drawing goes; default standard output.")  # fmt: skip
@at_option
@settings
def graph(settings: Settings, format_: str, output: Path | None, at: datetime) -> None:
    """Draw the segments, and what may pass between them.

    svg needs Graphviz; without it: exit 3.
    """
    from segctl.ask.graph import segment_graph
    from segctl.policy import examine
    from segctl.report import draw_dot, draw_mermaid, draw_svg
    from segctl.report.diagram import diagram

    site = settings.read()
    examined = examine(site, at)
    if examined.policy is None:
        raise SiteError(examined.findings)
    draw = {"mermaid": draw_mermaid, "dot": draw_dot, "svg": draw_svg}[format_]
    text = draw(diagram(segment_graph(examined.policy, at), site.name))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "can't be written") from error
    settings.say(f"drawn: {output}")
