"""What on this machine forbids an ordinary user a user namespace, and the line that helps.

Who forbids it differs: the kernel's own limits, Debian's switch, Ubuntu's AppArmor (which lets the namespace be made,
but without any privilege in it), a container's seccomp filter, a changed root.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from segctl.kernel.errors import NoPrivilege

_DOCUMENT = "docs/rootless.md"
_AS_ROOT = "or run it as root"


class Forbidden(NoPrivilege):
    """A user namespace is refused to this user; `help` begins with what root can do about it."""


@dataclass(frozen=True, slots=True)
class _Switch:
    """A setting under /proc/sys: with the value `off` nobody but root gets one, with `on` everybody does."""

    name: str
    off: str
    on: str
    also: str = ""


_SWITCHES = (
    _Switch("user.max_user_namespaces", "0", "15000"),  # user_namespaces(7); namespaces(7)
    _Switch("user.max_mnt_namespaces", "0", "15000"),
    _Switch("user.max_net_namespaces", "0", "15000"),
    _Switch("kernel.unprivileged_userns_clone", "0", "1"),  # Debian's and Arch's
    _Switch(  # Ubuntu 23.10 and later
        "kernel.apparmor_restrict_unprivileged_userns", "1", "0",
        also=f", or a profile for segctl's Python with `userns,` in it ({_DOCUMENT})",
    ),
)  # fmt: skip


def why(number: int, proc: Path = Path("/proc")) -> Forbidden:
    """The refusal with that errno, told by the setting that made it, if one is found."""
    said = "an ordinary user's lab needs a user namespace"
    for switch in _SWITCHES:
        if _read(proc / "sys" / switch.name.replace(".", "/")) == switch.off:
            what = f"{said}, and {switch.name} is {switch.off} here"
            return Forbidden(what, f"sudo sysctl -w {switch.name}={switch.on}{switch.also}; {_AS_ROOT}", number)
    reason = os.strerror(number)
    if "\nSeccomp:\t2\n" in _read(proc / "self/status"):
        what = f"{said}, and a seccomp filter is on us, as in containers: {reason}"
        return Forbidden(what, f"docker run --security-opt seccomp=unconfined …; {_AS_ROOT}", number)
    if not any(line.split()[4] == "/" for line in _read(proc / "self/mountinfo").splitlines()):
        return Forbidden(f"{said}, and the kernel gives none below a changed root (chroot)", _AS_ROOT[3:], number)
    return Forbidden(f"{said}, and the kernel gives none: {reason}", f"{_AS_ROOT[3:]} ({_DOCUMENT})", number)


def _read(path: Path) -> str:
    """The file's text, '' if there is none. A single line comes without its end."""
    try:
        text = path.read_text()
    except OSError:
        return ""
    return text if text.count("\n") > 1 else text.strip()
