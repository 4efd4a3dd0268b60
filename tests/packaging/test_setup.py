"""tools/setup.sh on machines that lack something: what it says, what it would run, its exit code.

The machines are folders of links to this one's programs; `apt-get` and `id` are scripts there, so nothing is installed.
The set-up that really installs is the one that ran before these tests.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import tree

INSTALL = "apt-get install -y --no-install-recommends graphviz fonts-liberation"
COREUTILS = ("sh", "dirname", "cat", "cksum", "rm", "ln")
# apt-get that knows packages once it was updated, and whose installing brings `dot`; every real call leaves a line
APT_GET = """#!/bin/sh
[ "$1 $2" != "install --simulate" ] || {{ test -e {here}/updated; exit; }}
echo "$*" >>{here}/calls
case "$*" in
*update*) : >{here}/updated ;;
*install*) test -e {here}/updated && ln -sf /bin/sh {here}/dot ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    """A folder that is the whole PATH. All programs are there but Graphviz's `dot`; the environment is in place."""

    here: Path
    clone: Path

    def program(self, name: str, script: str) -> None:
        (self.here / name).unlink(missing_ok=True)
        (self.here / name).write_text(script)
        (self.here / name).chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.here), "SBIN": "", "VENV": str(self.here / "venv"), "PYTHON": sys.executable}

    def setup(self, purpose: str = "demo", **environment: str) -> tuple[int, str]:
        """Exit code and what was said."""
        command = ("/bin/sh", str(self.clone / "tools" / "setup.sh"), purpose)
        done = subprocess.run(command, env=self.environment | environment, capture_output=True, text=True)
        assert not done.stdout
        return done.returncode, done.stderr

    def calls(self) -> list[str]:
        calls = self.here / "calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An up-to-date Debian of root's, without Graphviz."""
    machine = Machine(tmp_path / "bin", tree.copy(tmp_path / "clone"))
    machine.here.mkdir()
    for name in COREUTILS:
        (machine.here / name).symlink_to(shutil.which(name) or "")
    for name in ("nft", "conntrack", "ip", "rsvg-convert", "sshd", "zsh", "fish", "chromium"):
        machine.program(name, "#!/bin/sh\n")
    machine.program("apt-get", APT_GET.format(here=machine.here))
    machine.program("id", "#!/bin/sh\necho 0\n")
    (machine.here / "updated").touch()
    # an environment whose pip has nothing to do; what it is called with stands in `pip`
    python = machine.here / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    machine.program(
        "venv/bin/python",
        f'#!/bin/sh\n[ "$1" != -m ] || echo "$*" >>{machine.here}/pip\n[ "$1" != -V ] || echo Python 3.11\n',
    )
    return machine


def test_root_is_told_what_and_why_and_gets_it(machine: Machine) -> None:
    code, said = machine.setup()
    assert code == 0, said
    assert "missing: graphviz fonts-liberation, to draw the diagrams" in said
    (call,) = machine.calls()
    assert "--no-install-recommends graphviz fonts-liberation" in call


def test_apt_is_updated_only_where_it_knows_no_package(machine: Machine) -> None:
    (machine.here / "updated").unlink()
    assert machine.setup()[0] == 0
    assert [call.split()[0] for call in machine.calls()] == ["update", "install"]


def test_a_user_gets_the_line_to_run(machine: Machine) -> None:
    machine.program("id", "#!/bin/sh\necho 1000\n")
    code, said = machine.setup()
    assert code == 3
    assert f"sudo {INSTALL}" in said
    assert "update" not in said
    assert not machine.calls()


def test_the_line_brings_apt_up_to_date_first_where_it_must(machine: Machine) -> None:
    machine.program("id", "#!/bin/sh\necho 1000\n")
    (machine.here / "updated").unlink()
    assert f"sudo apt-get update && sudo {INSTALL}" in machine.setup()[1]


def test_setup_can_be_forbidden(machine: Machine) -> None:
    code, said = machine.setup(SEGCTL_SETUP="0")
    assert code == 3
    assert INSTALL in said
    assert not machine.calls()


def test_forbidden_setup_makes_no_environment(machine: Machine) -> None:
    (machine.here / "dot").symlink_to("/bin/sh")
    code, said = machine.setup(SEGCTL_SETUP="0")
    assert code == 3
    assert "-m pip install -e '.[test,dev]'" in said
    assert not (machine.here / "pip").exists()


def test_only_the_tests_ask_for_an_ssh_server(machine: Machine) -> None:
    (machine.here / "dot").symlink_to("/bin/sh")
    (machine.here / "sshd").unlink()
    assert machine.setup("demo")[0] == 0
    assert "openssh-server" in machine.setup("test", SEGCTL_SETUP="0")[1]


def test_a_second_run_installs_nothing_until_the_recipe_changes(machine: Machine) -> None:
    (machine.here / "dot").symlink_to("/bin/sh")
    runs = machine.here / "pip"
    assert machine.setup()[0] == 0
    assert runs.read_text().count("install") == 1
    assert machine.setup() == (0, "")
    assert machine.setup(SEGCTL_SETUP="0") == (0, "")
    assert runs.read_text().count("install") == 1
    with (machine.clone / "setup.cfg").open("a") as recipe:
        recipe.write("\n# changed\n")
    assert machine.setup()[0] == 0
    assert runs.read_text().count("install") == 2


def test_a_folder_that_is_no_environment_is_left_alone(machine: Machine, tmp_path: Path) -> None:
    (machine.here / "dot").symlink_to("/bin/sh")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").touch()
    code, said = machine.setup(VENV=str(tmp_path / "home"))
    assert code == 3
    assert "no Python environment" in said
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter"]


def test_an_old_python_is_told_of(machine: Machine) -> None:
    machine.program("old", '#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit\nexit 1\n')
    code, said = machine.setup(PYTHON="old")
    assert code == 3
    assert "Python 3.9.2, 3.11 or newer is needed" in said


def test_a_python_without_ensurepip_gets_its_package(machine: Machine) -> None:
    """Debian's python3 where python3-venv is missing."""
    (machine.here / "dot").symlink_to("/bin/sh")
    (machine.here / "venv" / "bin" / "python").unlink()
    machine.program("debians", f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
    code, said = machine.setup(PYTHON="debians", SEGCTL_SETUP="0")
    assert code == 3
    assert "missing: python3-venv" in said


def test_make_shows_the_line_though_its_code_is_its_own(machine: Machine) -> None:
    machine.program("id", "#!/bin/sh\necho 1000\n")
    make = shutil.which("make")
    assert make
    command = [make, "demo"]
    done = subprocess.run(command, cwd=machine.clone, env=machine.environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"sudo {INSTALL}" in done.stderr
