"""segctl runs, with its data, in all four ways: `pip install .`, a built wheel, `pip install -e .`, the bare clone.

Each way is really gone, in an environment of its own that sees this one's packages: so nothing is downloaded.
"""

import json
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import tree

LOOK = """
import json
from importlib.resources import files
import segctl.segments, segctl.templates

def texts(folder, prefix=""):
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from texts(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text()

assert dict(texts(files("segctl.segments"))) == dict(texts(files("segctl") / "segments"))
found = {data: dict(texts(files("segctl") / data)) for data in ("segments", "templates")}
print(json.dumps({"at": str(files("segctl")), **found}))
"""


@dataclass(frozen=True)
class Way:
    """A segctl that is there: how it is called, from which folder, and where its package must lie."""

    python: Path
    cwd: Path
    lies_in: Path
    command: tuple[str, ...]

    def run(self, *command: str) -> str:
        done = subprocess.run(command, cwd=self.cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment(folder: Path) -> Path:
    """A new environment's Python. It sees the packages of ours, but not segctl where that is installed editable."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    (site_packages(python) / "ours.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    return python


def site_packages(python: Path) -> Path:
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())


def pip(python: Path, *arguments: str | Path) -> None:
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet")
    command = (sys.executable, "-m", "pip", "--python", python, *arguments, *offline)
    done = subprocess.run(tuple(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def wheel(source: Path, folder: Path) -> Path:
    pip(Path(sys.executable), "wheel", "--wheel-dir", folder, source)
    (built,) = folder.glob("*.whl")
    return built


def installed(what: Path, folder: Path) -> Way:
    python = environment(folder / "env")
    pip(python, "install", what)
    empty = folder / "empty"
    empty.mkdir()
    return Way(python, empty, site_packages(python), (str(python.with_name("segctl")),))


def by_pip(folder: Path) -> Way:
    return installed(tree.copy(folder / "clone"), folder)


def by_wheel(folder: Path) -> Way:
    return installed(wheel(tree.copy(folder / "clone"), folder / "dist"), folder)


def editable(folder: Path) -> Way:
    clone = tree.copy(folder / "clone")
    python = environment(folder / "env")
    pip(python, "install", "--editable", clone)
    empty = folder / "empty"
    empty.mkdir()
    return Way(python, empty, clone, (str(python.with_name("segctl")),))


def bare_clone(folder: Path) -> Way:
    clone = tree.copy(folder / "clone")
    python = environment(folder / "env")
    return Way(python, clone, clone, (str(python), "-m", "segctl"))


@pytest.fixture(scope="module", params=[by_pip, by_wheel, editable, bare_clone], ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Way:
    make: Callable[[Path], Way] = request.param
    return make(tmp_path_factory.mktemp(make.__name__))


def texts(folder: Path) -> dict[str, str]:
    """The text files of the tree under `folder`, by their path in it."""
    paths = [path.relative_to(folder) for path in tree.files() if path.is_relative_to(folder)]
    return {str(path): (tree.ROOT / folder / path).read_text() for path in paths}


def test_its_data_is_there(way: Way) -> None:
    found = json.loads(way.run(str(way.python), "-c", LOOK))
    assert Path(found["at"]).is_relative_to(way.lies_in)
    for data in ("segments", "templates"):
        assert found[data].items() >= texts(Path(data)).items()
    assert {"strictness.yaml", "services.yaml"} <= set(found["segments"])
    assert any(name.startswith("nftables/") and name.endswith(".j2") for name in found["templates"])


def test_its_command_runs(way: Way) -> None:
    assert "validate" in way.run(*way.command, "--help")


def test_a_wheel_from_the_source_archive_is_the_same(tmp_path: Path) -> None:
    """Who packages segctl builds from the archive: there the links have become folders."""
    clone = tree.copy(tmp_path / "clone")
    direct = wheel(clone, tmp_path / "direct")
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, tmp_path], cwd=clone, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    assert contents(wheel(archive, tmp_path / "again")) == contents(direct)


def contents(built: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(built) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}
