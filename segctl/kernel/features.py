"""What this machine has: which tools are installed, and whether we may change a place's rules."""

import os
import shutil
from collections.abc import Iterable

from segctl.kernel.errors import NoPrivilege
from segctl.kernel.tables import generation
from segctl.kernel.tools import PACKAGES
from segctl.runner import NotAllowed, Runner

_SYSTEM = ("/usr/sbin", "/sbin")


def missing_tools(wanted: Iterable[str] = tuple(PACKAGES)) -> dict[str, str]:
    """Those of `wanted` that this host doesn't have, each with the Debian package that brings it ('' if unknown)."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM])
    return {tool: PACKAGES.get(tool, "") for tool in wanted if shutil.which(tool, path=path) is None}


def can_netadmin(runner: Runner) -> bool:
    """Whether we have CAP_NET_ADMIN over that place's network: the kernel is asked, not the user's number.

    Even reading nf_tables needs it. Raises what isn't about privilege (NoSuchPlace, KernelRefused).
    """
    try:
        generation(runner)
    except (NoPrivilege, NotAllowed):
        return False
    return True
