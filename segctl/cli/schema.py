"""The command that prints the JSON Schema of a site, for editors."""

from pathlib import Path

import click

from segctl.cli.options import Command, Settings, settings


@click.command(cls=Command, examples=("schema", "schema --output site.schema.json"))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where it goes; default standard output.")  # fmt: skip
@settings
def schema(settings: Settings, output: Path | None) -> None:
    """Print the JSON Schema (2020-12) of a site's files, by which an editor completes and checks them.

    A file's first line says where it is: `# yaml-language-server: $schema=site.schema.json`; in an included file, which
    needs no `version` and no `site`, `…site.schema.json#/$defs/part`. Needs no site.
    """
    from segctl.load.schema import show_schema

    text = show_schema()
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "can't be written") from error
    settings.say(f"written: {output}")
