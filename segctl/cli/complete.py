"""What the shell offers at TAB: names of the site that is meant. Nothing at all where the site can't be read.

click makes the scripts for bash, zsh and fish; `_SEGCTL_COMPLETE=bash_source segctl` prints one.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from click import Context, Parameter
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from segctl.model.site import Site

Completer = Callable[[Context, Parameter, str], list[CompletionItem]]


def _completer(names: "Callable[[Site], Iterator[tuple[str, str]]]") -> Completer:
    def complete(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
        site = _site(context)
        offered = names(site) if site else ()
        return [CompletionItem(name, help=help) for name, help in offered if name.startswith(incomplete)]

    return complete


def _ends(site: "Site") -> Iterator[tuple[str, str]]:
    """Whom a question can name."""
    yield from ((name, "segment") for name in site.segments)
    yield from ((name, "endpoint") for name in site.endpoints)
    yield from _points(site)
    yield "any", "every address"


def _services(site: "Site") -> Iterator[tuple[str, str]]:
    from segctl.load.catalogue import catalogue

    yield from ((name, "service of the site") for name in site.services if "/" not in name)
    yield from ((name, "service") for name in catalogue().services if name not in site.services)
    yield "all", "every protocol"


def _points(site: "Site") -> Iterator[tuple[str, str]]:
    yield from ((name, f"{point.kind} point") for name, point in site.points.items())


complete_end = _completer(_ends)
complete_service = _completer(_services)
complete_point = _completer(_points)


def _site(context: Context) -> "Site | None":
    """The site as the command would find it; a half-typed line must never end in a message."""
    from segctl.load.find import choose_site
    from segctl.load.read import load_site

    with suppress(Exception):
        found = choose_site(context.find_root().params.get("site"), os.environ)
        return load_site(found.path, trusted=found.trusted).site
    return None
