"""`make demo` as an ordinary user, from a clone that this user owns."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.kernel import forbidden
from tests.ordinary import Ordinary, ordinary

pytestmark = pytest.mark.packets

STAMP = """
{ printf '%s\\n%s\\n' "$PWD" "$(.venv/bin/python -V 2>&1)"; cksum setup.cfg pyproject.toml; } >.venv/.segctl-setup
"""


@pytest.fixture(scope="module")
def user() -> Iterator[Ordinary]:
    with ordinary() as made:
        # As tools/setup.sh leaves it: the environment is there.
        subprocess.run(["sh", "-c", STAMP], cwd=made.clone, check=True)
        yield made


@pytest.mark.timeout(240)
def test_make_demo_shows_the_whole_idea(user: Ordinary) -> None:
    make = ("make", "-C", user.clone, "demo")
    done = user.run(*make, env={"SEGCTL_SETUP": "0", "NO_COLOR": "1"}, timeout=200)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for step in range(1, 8):
        assert f"== {step}. " in said
    assert "0 differ, 0 without answer" in said
    assert "guests → db: tcp/5432" in said, "the hole is named"
    assert "and every cell is right again." in said
    picture = user.clone / "out" / "shop.svg"
    assert picture.read_text().startswith("<?xml")
    assert picture.stat().st_uid == user.uid
    assert user.traces() == []


def test_where_the_machine_forbids_it_the_demo_says_so_and_ends_with_3(user: Ordinary) -> None:
    command = [sys.executable, forbidden.__file__, "limits", str(user.uid), "user.max_user_namespaces=0"]
    path = f"{user.python.parent}:{user.environment['PATH']}:/usr/sbin"
    done = subprocess.run(
        [*command, user.clone / "examples" / "demo.sh"], env={**user.environment, "PATH": path}, cwd="/",
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "user.max_user_namespaces is 0 here" in done.stderr
    assert "help: sudo sysctl -w user.max_user_namespaces=15000" in done.stderr
    assert "== 4." not in done.stdout
    assert user.traces() == []
