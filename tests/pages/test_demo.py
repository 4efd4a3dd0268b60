"""`make demo`'s script: it says what it does, finds the hole, and removes what it made, also when it is interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.packets


def demo() -> "subprocess.Popen[str]":
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    script = str(ROOT / "examples" / "demo.sh")
    return subprocess.Popen(
        [script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def left(number: int) -> list[str]:
    """Namespaces of the demo with that process number."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line for line in names.splitlines() if f"demo{number}" in line]


def test_the_demo_shows_the_whole_idea() -> None:
    running = demo()
    said, _ = running.communicate(timeout=110)
    assert running.returncode == 0, said
    for step in range(1, 8):
        assert f"== {step}. " in said
    assert "guests → db: tcp/5432" in said, "the hole is named"
    assert "and every cell is right again." in said
    assert (ROOT / "out" / "shop.svg").read_text().startswith("<?xml")
    assert left(running.pid) == []


def test_an_interrupted_demo_leaves_nothing() -> None:
    running = demo()
    assert running.stdout
    for line in running.stdout:
        if line.startswith("== 4."):
            break
    assert left(running.pid)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert left(running.pid) == []
