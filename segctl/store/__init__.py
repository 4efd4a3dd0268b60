"""What lasts on disk between two runs: a point's generations, its journal and lock, and answers on a site.

In: plain values and a folder of ours. Out: what was kept, or nothing. Files are their user's alone, written whole
or not at all, and never followed through links. An answer that can't be read back is as if it had never been kept;
a point's state that can't be is an error that says so.
Never in it: what the values mean, the kernel, a place outside that folder.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segctl.store.errors import Busy, Damaged, Newer, NotWritten, StoreError, Unsafe
    from segctl.store.generation import About, Kept
    from segctl.store.lock import locked
    from segctl.store.origin import Source
    from segctl.store.state import Pending, Standing, State, state_of

__all__ = [
    "About",
    "Busy",
    "Damaged",
    "Kept",
    "Newer",
    "NotWritten",
    "Pending",
    "Source",
    "Standing",
    "State",
    "StoreError",
    "Unsafe",
    "locked",
    "state_of",
]

_MODULES = {  # who only remembers answers must not wait for the rest, and for numpy
    "errors": ("Damaged", "Busy", "Newer", "NotWritten", "StoreError", "Unsafe"),
    "generation": ("About", "Kept"),
    "lock": ("locked",),
    "origin": ("Source",),
    "state": ("Pending", "Standing", "State", "state_of"),
}
_WHERE = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, from its module once it is asked for (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
