"""The house stands as tests/house.py says: who imports whom, how long a file is, what is loaded when."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import imports, tree
from tests.house import FLOORS, HOUSE, arrows, picture, reachable

PACKAGE = tree.ROOT / "segctl"
DATA = {"docs", "segments", "templates"}  # links to folders of data: no rooms
HEAVY = ("networkx", "numpy", "pyroute2", "rich", "scapy")  # about 0.1 s each
MACHINE_PATHS = tuple(f"/{name}/" for name in ("work", "root", "farm"))  # so written, this file holds none


def rooms() -> list[Path]:
    """The rooms that are there; one with nothing but its `__init__.py` isn't yet."""
    return [room for room in sorted(PACKAGE.iterdir()) if room.is_dir() and len(list(room.glob("**/*.py"))) > 1]


def modules() -> Iterator[Path]:
    """Every module of the package: not through the links."""
    yield from sorted(PACKAGE.glob("*.py"))
    for room in rooms():
        yield from sorted(room.glob("**/*.py"))


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after `code`."""
    report = "\nimport sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code + report], cwd=tree.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_every_room_stands_in_the_house() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders - DATA <= set(HOUSE)
    assert set(" ".join(FLOORS.values()).split()) == set(HOUSE)


def test_no_ring_of_rooms() -> None:
    assert not [room for room in HOUSE if room in reachable(room)]


def test_imports_obey_the_house() -> None:
    assert not [fault for path in modules() for fault in imports.faults(path, PACKAGE)]


@pytest.mark.parametrize(
    ("module", "line", "reported"),
    [
        ("policy/decide.py", "from segctl.model import Site", None),
        ("policy/decide.py", "from segctl.load.read import Reader", "segctl.load.read"),
        ("policy/decide.py", "from segctl import load", "segctl.load"),
        ("policy/decide.py", "from ..load import Reader", "segctl.load.Reader"),
        ("policy/decide.py", "from .partition import parts", None),
        ("policy/decide.py", "def late():\n    import segctl.kernel.nft", "segctl.kernel.nft"),
        ("policy/decide.py", "if TYPE_CHECKING:\n    from segctl.ask import Graph", "segctl.ask.Graph"),
        ("policy/decide.py", "import_module('segctl.compile.pack')", "segctl.compile.pack"),
        ("policy/decide.py", "from segctl.cellar import wine", "segctl.cellar.wine"),
        ("prove/compare.py", "from segctl.policy import decide", None),
        ("prove/compare.py", "from segctl.policy.classes import Classes", "segctl.policy.classes"),
        ("prove/compare.py", "from segctl.policy import classes", "segctl.policy.classes"),
        ("prove/compare.py", "from segctl.compile import ruleset", "segctl.compile"),
        ("report/terminal.py", "from segctl.prove.result import Proof", None),
        ("report/terminal.py", "from segctl.prove import result", None),
        ("report/terminal.py", "from segctl.prove.compare import compare", "segctl.prove.compare"),
        ("report/terminal.py", "from segctl.prove import Proof", "segctl.prove.Proof"),
        ("report/terminal.py", "from segctl.load import read", "segctl.load.read"),
        ("probe/result.py", "from segctl.model import Effect", None),
        ("probe/result.py", "from segctl.policy import decide", "segctl.policy"),
        ("cli/questions.py", "from segctl.ask import can", None),
        ("cli/main.py", "from segctl import __version__", None),
        ("cli/main.py", "LATE = {'can': 'segctl.cli.questions:can'}", None),
        ("__main__.py", "from segctl.cli.main import main", None),
        ("__init__.py", "from segctl.model import Site", "segctl.model"),
    ],
)
def test_an_import_against_the_house_is_reported(tmp_path: Path, module: str, line: str, reported: str | None) -> None:
    path = tmp_path / "segctl" / module
    path.parent.mkdir(parents=True)
    path.write_text(line)
    faults = imports.faults(path, tmp_path / "segctl")
    assert bool(faults) == bool(reported)
    assert all(reported in fault for fault in faults if reported)


def test_a_name_handed_on_counts_as_its_module(tmp_path: Path) -> None:
    """`policy` may hand on `Classes` for `compile`; `prove` may not take it from there."""
    package = tmp_path / "segctl"
    for room, text in {"policy": "from segctl.policy.classes import Classes", "prove": ""}.items():
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text(text)
    (package / "prove" / "compare.py").write_text("from segctl.policy import Classes, decide")
    (fault,) = imports.faults(package / "prove" / "compare.py", package)
    assert "segctl.policy.classes" in fault


def test_files_are_short() -> None:
    assert not [(path, lines) for path in modules() if (lines := len(path.read_text().splitlines())) > 400]


def test_functions_are_short() -> None:
    assert not [fault for path in modules() for fault in imports.long_functions(path, 60)]


def test_a_long_function_is_reported(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def f():\n" + 59 * "    x = 1\n")
    assert not imports.long_functions(module, 60)
    module.write_text("class C:\n  async def f():\n" + 60 * "    x = 1\n")
    assert imports.long_functions(module, 60) == ["module.py:2: f has 61 lines"]


def test_every_room_says_what_it_is_for() -> None:
    """About five lines: what for, what goes in, what comes out, what must never be in it."""
    assert not [room.name for room in rooms() if not 3 <= len(imports.docstring(room / "__init__.py")) <= 12]


def test_apply_imports_neither_scapy_nor_networkx() -> None:
    """Nothing heavy on a gateway."""
    everything = """
import pkgutil, importlib, segctl.apply
for module in pkgutil.walk_packages(segctl.apply.__path__, "segctl.apply."):
    importlib.import_module(module.name)
"""
    assert not loaded_by(everything) & {"scapy", "networkx"}


def test_help_imports_nothing_heavy() -> None:
    loaded = loaded_by("""
from segctl.cli.main import run
assert not run(["--help"])
""")
    assert "segctl.cli.main" in loaded
    assert not loaded & set(HEAVY)


def test_a_heavy_import_is_seen() -> None:
    assert loaded_by("import yaml") & {"yaml", "networkx"} == {"yaml"}


def test_no_text_holds_a_path_of_the_machine_it_was_written_on() -> None:
    texts = {path: (tree.ROOT / path).read_bytes() for path in tree.files() if (tree.ROOT / path).is_file()}
    assert not [(path, bad) for path, text in texts.items() for bad in MACHINE_PATHS if bad.encode() in text]
    assert Path("setup.cfg") in texts


def test_the_picture_is_that_of_the_house() -> None:
    page = (tree.ROOT / "docs" / "architecture.md").read_text()
    assert f"```mermaid\n{picture()}\n```\n" in page, "python -m tests.house prints the picture as it is now"


def test_the_picture_leaves_out_no_import() -> None:
    """What an arrow is left out for can still be reached by arrows."""
    for room in HOUSE:
        shown = {room}
        while (more := {other for seen in shown for other in arrows(seen)} | shown) != shown:
            shown = more
        assert set(HOUSE[room].split()) <= shown
