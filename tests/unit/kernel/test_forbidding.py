"""Which setting forbids user namespaces: each distribution's, as its files stand under /proc."""

import errno
from pathlib import Path

import pytest

from segctl.kernel.forbidding import why

SAID = "an ordinary user's lab needs a user namespace"


def proc(folder: Path, files: dict[str, str]) -> Path:
    """A /proc with these files; without others of the kernel's settings."""
    for name, text in {
        "self/status": "Name:\tsegctl\nSeccomp:\t0\n",
        "self/mountinfo": "1 1 8:1 / / rw\n",
        **files,
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "what", "help"),
    [
        (
            {"sys/user/max_user_namespaces": "0\n"},
            f"{SAID}, and user.max_user_namespaces is 0 here",
            "sudo sysctl -w user.max_user_namespaces=15000; or run it as root",
        ),
        (  # Debian before 11, Arch's hardened kernel
            {"sys/user/max_user_namespaces": "63337\n", "sys/kernel/unprivileged_userns_clone": "0\n"},
            f"{SAID}, and kernel.unprivileged_userns_clone is 0 here",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1; or run it as root",
        ),
        (  # Ubuntu 24.04
            {
                "sys/kernel/unprivileged_userns_clone": "1\n",
                "sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
            },
            f"{SAID}, and kernel.apparmor_restrict_unprivileged_userns is 1 here",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile for segctl's Python with "
            "`userns,` in it (docs/rootless.md); or run it as root",
        ),
        (
            {"self/status": "Name:\tsegctl\nSeccomp:\t2\nSeccomp_filters:\t1\n"},
            f"{SAID}, and a seccomp filter is on us, as in containers: Operation not permitted",
            "docker run --security-opt seccomp=unconfined …; or run it as root",
        ),
        (
            {"self/mountinfo": "1 1 8:1 / /srv rw\n"},
            f"{SAID}, and the kernel gives none below a changed root (chroot)",
            "run it as root",
        ),
        (
            {"sys/user/max_user_namespaces": "63337\n"},
            f"{SAID}, and the kernel gives none: Operation not permitted",
            "run it as root (docs/rootless.md)",
        ),
    ],
    ids=["limit", "debian", "ubuntu", "container", "chroot", "unknown"],
)  # fmt: skip
def test_why(files: dict[str, str], what: str, help: str, tmp_path: Path) -> None:
    error = why(errno.EPERM, proc(tmp_path, files))
    assert (error.what, error.help, error.errno) == (what, help, errno.EPERM)
