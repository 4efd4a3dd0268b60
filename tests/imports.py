"""What a module's source imports, and whether the house lets it: by `ast`, nothing is run."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house import HOUSE, NO_MODULE, RESULTS_ONLY

Import = tuple[int, str]  # line, full name of what is imported
LATE = re.compile(r"(segctl(?!\.yaml)(?:\.\w+)+)(?::\w+)?")  # a module by name, for import_module and late commands


def faults(path: Path, package: Path) -> list[str]:
    """Each import in the module at `path`, a file of `package`, that the house forbids, as `file:line: …`."""
    place = ("segctl", *path.relative_to(package).with_suffix("").parts)
    room = place[1] if len(place) > 2 else ""
    found = []
    for line, name in imported(parsed(path), place):
        target = origin(name, package)
        if why := objection(room, place[-1], target):
            found.append(f"{path.relative_to(package.parent)}:{line}: imports {target}: {why}")
    return found


def objection(room: str, module: str, target: str) -> str:
    """Why `module` of `room` ("" at the top of the package) may not import `target`; empty if it may."""
    other, inner = (*target.split(".")[1:3], "", "")[:2]
    if other in ("", "__version__", "segments", "templates") or (other == room and module != "result"):
        return ""
    if not room:
        return "" if module == "__main__" and other == "cli" else "the package itself imports no room"
    if other not in HOUSE:
        return "no room of the house"
    if module == "result" and other != "model":
        return "a result imports model alone"
    if other != room and other not in HOUSE[room].split():
        return f"{room} may import {HOUSE[room] or 'nothing'}"
    if any(target == never or target.startswith(f"{never}.") for never in NO_MODULE.get(room, ())):
        return f"{room} never sees it"
    if other in RESULTS_ONLY.get(room, ()) and inner != "result":
        return f"of {other}, {room} imports result alone"
    return ""


def imported(tree: ast.AST, place: tuple[str, ...]) -> Iterator[Import]:
    """Every name of segctl that a module at `place` imports: anywhere in it, for types only, or late by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = ".".join((*place[: -node.level], *filter(None, [node.module]))) if node.level else node.module or ""
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names if is_ours(base))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and (late := LATE.fullmatch(node.value)):
            yield node.lineno, late[1]


def is_ours(name: str) -> bool:
    """Is it the package or something in it?"""
    return name == "segctl" or name.startswith("segctl.")


def origin(name: str, package: Path) -> str:
    """Where `segctl.ROOM.NAME` comes from, if the room's `__init__.py` hands it on; otherwise `name` itself."""
    parts = name.split(".")
    hall = package.joinpath(*parts[1:2], "__init__.py")
    if len(parts) == 3 and hall.exists():
        for _, source in imported(parsed(hall), ("segctl", parts[1], "__init__")):
            if source.split(".")[-1] == parts[2] and source.count(".") > 2:
                return source
    return name


def long_functions(path: Path, most: int) -> list[str]:
    """The functions of more than `most` lines, docstring and all."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            found += [f"{path.name}:{node.lineno}: {node.name} has {lines} lines"] * (lines > most)
    return found


def docstring(path: Path) -> list[str]:
    """The lines of a module's docstring that say something."""
    return [line for line in (ast.get_docstring(parsed(path)) or "").splitlines() if line.strip()]


def parsed(path: Path) -> ast.Module:
    """Parse with the file's name, for what is said of a file that isn't Python 3.11."""
    return ast.parse(path.read_text(), filename=str(path))
