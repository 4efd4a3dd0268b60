"""A site's YAML as types: every value with its file, line and column, every problem at once.

In: a folder (or its `segctl.yaml`), or a text from the command line. Out: `Site` and findings; the built-in
catalogue of services and profiles. One table (`fields.py`) says what the language holds; readers follow it.
Never in it: what a site *means* (addresses' segments, decisions: `policy`), the clock, the kernel.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segctl.load.catalogue import catalogue_profiles, catalogue_services
    from segctl.load.copy import copy_of, load_copy
    from segctl.load.find import find_site
    from segctl.load.questions import parse_selector, parse_service, parse_time
    from segctl.load.read import Loaded, load_site, read_site

__all__ = [
    "Loaded",
    "catalogue_profiles",
    "catalogue_services",
    "copy_of",
    "find_site",
    "load_copy",
    "load_site",
    "parse_selector",
    "parse_service",
    "parse_time",
    "read_site",
]

_MODULES = {  # who only looks for a site, or whether it has changed, must not wait for its readers
    "catalogue": ("catalogue_profiles", "catalogue_services"),
    "copy": ("copy_of", "load_copy"),
    "find": ("find_site",),
    "questions": ("parse_selector", "parse_service", "parse_time"),
    "read": ("Loaded", "load_site", "read_site"),
}
_WHERE = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, from its module once it is asked for (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
