"""A process that outlives whoever started it: its session, its terminal, and segctl itself."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from segctl.runner.runner import NoSuchTool

_SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)


_HANDED_ON = ("SEGCTL_STATE", "PATH", "PYTHONPATH")


def _importable() -> str:
    """Where our modules are, also for who runs them from a bare clone's folder, which it leaves."""
    ours = str(Path(__file__).resolve().parents[2])
    others = [str(Path(one).absolute()) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    return os.pathsep.join(dict.fromkeys((ours, *others)))


def detach(argv: Sequence[str], name: str) -> None:
    """Start it and go on: as a transient unit of systemd where that runs, else in a session of its own.

    A unit doesn't end with the user's login session (logind's KillUserProcesses); as another user than root, or in a
    user namespace, there is only the second way.
    """
    environment = {**os.environ, "PYTHONPATH": _importable()}
    if _SYSTEMD.is_dir() and os.geteuid() == 0:
        settings = [f"--setenv={key}={environment[key]}" for key in _HANDED_ON if key in environment]
        words = ["systemd-run", "--quiet", "--collect", f"--unit={name}", *settings, "--", *argv]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode == 0:
            return
    try:
        subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=environment,
        )
    except FileNotFoundError as error:
        raise NoSuchTool(argv[0], "this host") from error
