"""How a lab's namespaces are called, so that they can be found by name and never mistaken for another lab's."""

import re

PREFIX = "sg"
_LONGEST_LAB = 63
_LONGEST_NODE = 100  # together well below the 255 bytes that a file name may have


def lab_name(text: str) -> str:
    """A lab's name made of a site's: without `-`, which ends it in the names of namespaces.

    ValueError if nothing is left of it, or if it is too long to be told from others when cut.
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    if not name.strip("_") or len(name) > _LONGEST_LAB:
        raise ValueError(f"no name for a lab: '{text}' (letters, digits and _, at most {_LONGEST_LAB})")
    return name


def prefix(lab: str) -> str:
    """What the names of all namespaces of the lab begin with, and those of no other."""
    return f"{PREFIX}-{lab}-"


def switch(lab: str) -> str:
    """The namespace that holds the bridges; no node can have this name, for theirs begin with a letter or digit."""
    return f"{prefix(lab)}_switch"


def namespace(lab: str, node: str) -> str:
    """The namespace of a node."""
    return prefix(lab) + node


def lab_of(namespace: str) -> str | None:
    """The lab to which a namespace of that name would belong; None if its name is no lab's."""
    found = re.fullmatch(rf"{PREFIX}-([A-Za-z0-9_]+)-.+", namespace)
    return found[1] if found else None


class Names:
    """Hands out node names that are sanitised and unique."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def reserve(self, wanted: str) -> str:
        """`wanted` as a name that a file can have; numbered if it is taken."""
        plain = re.sub(r"[^A-Za-z0-9_.-]", "_", wanted)[:_LONGEST_NODE].lstrip("_.-") or "node"
        name, number = plain, 1
        while name in self._taken:
            number += 1
            name = f"{plain}.{number}"
        self._taken.add(name)
        return name
