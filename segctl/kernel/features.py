"""What this machine has: which tools are installed, and whether we may change a place's rules."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from segctl.kernel.errors import NoPrivilege
from segctl.kernel.forbidding import Forbidden, why
from segctl.kernel.tables import generation
from segctl.kernel.tools import PACKAGES
from segctl.runner import Here, NoSuchTool, NotAllowed, Runner

_SYSTEM = ("/usr/sbin", "/sbin")
_AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
_MAKE_ONE = ("unshare", "--user", "--map-root-user", "--net", "--mount", "true")
_EPERM = 1


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


def without_user_namespaces() -> Forbidden | None:
    """Why an ordinary user gets no user namespace on this machine; None if one can be had.

    Tried by unshare(1), which the machine's root runs as nobody. Without that program it counts as forbidden.
    """
    try:
        done = Here().run((*(_AS_NOBODY if _machines_root() else ()), *_MAKE_ONE))
    except NoSuchTool as error:
        return Forbidden(f"whether a user namespace can be had isn't known: {error}", "apt install util-linux")
    return why(_EPERM) if done.code else None


def _machines_root() -> bool:
    """Root, and not only within a user namespace, which may have no nobody (user_namespaces(7): uid_map)."""
    return os.geteuid() == 0 and Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
