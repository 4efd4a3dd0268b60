"""`segctl codes`: every error, warning and lint finding, explained offline, from the page that ships."""

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from segctl.cli.exits import Exit
from segctl.cli.options import Command, format_option
from segctl.cli.output import write, write_columns
from segctl.model.codes import CODES, Code
from segctl.model.diagnostic import Level

_PAGE = Path(__file__).parent.parent / "docs" / "errors.md"  # a link in the clone, a folder once installed
_WIDTH = 79


def _complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    return [name for name in CODES if name.startswith(begun)]


@click.command(cls=Command, examples=("codes", "codes overlap"))
@click.argument("code", metavar="[CODE]", required=False, shell_complete=_complete)
@format_option("text", "json")
def codes(code: str | None, format_: str) -> Exit:
    """List every error, warning and lint finding, or explain one with a wrong and a right example.

    The finding's code stands in brackets, as in error[overlap].
    """
    rows = _sorted() if code is None else [_row(code)]
    if format_ == "json":
        click.echo(_json(rows, explained=code is not None))
    elif code is None:
        write_columns([(row.level.value, row.name, row.title) for row in rows])
    else:
        write(explain(rows[0]).split("\n"))
    return Exit.YES


def sections(page: str) -> dict[str, str]:
    """Each code's section of the page, as markdown without its heading."""
    parts = re.split(r"^## (\S+)\n", page, flags=re.MULTILINE)
    return {name: text.partition("\n# ")[0].strip("\n") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def explain(row: Code) -> str:
    """The section of one code as plain text: a title, its paragraph, examples indented."""
    text = _section(row.name).partition("\n")[2].strip("\n")
    return "\n".join((f"{row.level}[{row.name}]: {row.title}", "", *_plain(text))).rstrip("\n")


def _section(code: str) -> str:
    return sections(_PAGE.read_text(encoding="utf-8"))[code]


def _plain(markdown: str) -> Iterator[str]:
    """Blocks between fences are indented, paragraphs are filled to the width of a terminal."""
    inside, paragraph = False, ""
    for line in (*markdown.split("\n"), ""):
        fence = line.startswith("```")
        if inside and not fence:
            yield f"    {line}".rstrip()
        elif line and not fence:
            paragraph += f"{line} "
        else:
            yield from textwrap.wrap(paragraph, _WIDTH, break_on_hyphens=False, break_long_words=False)
            paragraph = ""
            inside = inside is not fence
            if not fence:
                yield ""


def _sorted() -> list[Code]:
    levels = list(Level)
    return sorted(CODES.values(), key=lambda row: (levels.index(row.level), row.name))


def _json(rows: list[Code], *, explained: bool = False) -> str:
    plain = [
        {"code": row.name, "level": row.level, "title": row.title, "help": row.help, "waivable": row.waivable}
        | ({"explanation": _section(row.name)} if explained else {})
        for row in rows
    ]
    return json.dumps({"schema": "segctl/codes/1", "codes": plain}, indent=2, ensure_ascii=False)


def _row(code: str) -> Code:
    """The code as it was typed or pasted: error[overlap] is overlap."""
    pasted = re.fullmatch(r"(?:\w*\[)?([^\[\]]*)\]?:?", code.strip())
    name = pasted[1] if pasted else code
    if name in CODES:
        return CODES[name]
    import difflib

    near = difflib.get_close_matches(name.casefold(), CODES, n=1)
    help = f"did you mean '{near[0]}'?" if near else "`segctl codes` lists them all"
    raise click.UsageError(f"no code '{name}': {help}")
