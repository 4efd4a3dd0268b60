"""Settings of a place's network, as sysctl(8) names them: read, never written."""

from collections.abc import Iterable
from pathlib import Path

from segctl.runner import Runner

_ROOT = Path("/proc/sys/net")


def read_settings(runner: Runner, names: Iterable[str]) -> dict[str, str]:
    """Each setting below `net.` (`ipv4/ip_forward`) with its value; those that this kernel hasn't are left out."""
    found = {}
    with runner.inside():
        for name in names:
            try:
                found[name] = (_ROOT / name).read_text().strip()
            except OSError:  # no such part of the kernel, or (in a container) not shown
                continue
    return found
