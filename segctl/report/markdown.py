"""Text of a site in GitHub's Markdown, and rows of tables."""

import re
from collections.abc import Iterable

_MEANT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->", "#": "#<!-- -->"})


def escaped(text: str) -> str:
    """So that Markdown shows it as it is: no emphasis, code, link, HTML, entity or cell of it means anything.

    Nor a mention or a number of an issue, which GitHub looks for in the text that it made: a comment parts these.
    """
    text = text.translate(_MEANT).replace("://", "&#58;//")
    text = re.sub(r"([\\`*_\[\]|~$])", r"\\\1", text)
    return re.sub(r"\s+", " ", text)


def table_row(cells: Iterable[str]) -> str:
    """Of cells that are escaped."""
    return "| " + " | ".join(cells) + " |"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """All of it; cells are escaped."""
    names = list(head)
    return "\n".join([table_row(names), table_row("---" for _ in names), *map(table_row, rows)])
