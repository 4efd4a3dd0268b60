"""Runs a command where the real kernel forbids user namespaces, without a setting of the machine being touched.

python forbidden.py limits UID SETTING=VALUE,… COMMAND…     as root: a user namespace around the command, which holds
root and that user, has limits of its own to be lowered
python forbidden.py seccomp COMMAND…                        as that user: a seccomp filter, as containers have it
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

_NEWUSER = 0x10000000
_UNSHARE = {"x86_64": 272, "aarch64": 97}  # the system call's number
_libc = ctypes.CDLL(None, use_errno=True)


def limits(user: int, settings: list[str], argv: list[str]) -> int:
    """The command's exit code."""
    (ready, say_ready), (go, say_go) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(say_go)
        assert _libc.unshare(_NEWUSER) == 0
        os.write(say_ready, b"x")
        os.read(go, 1)
        for name, _, value in (setting.partition("=") for setting in settings):
            Path("/proc/sys", name.replace(".", "/")).write_text(value)
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        os.execvp(argv[0], argv)
    os.read(ready, 1)
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text(f"0 0 1\n{user} {user} 1\n")
    os.write(say_go, b"x")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def seccomp(argv: list[str]) -> None:
    """Classic BPF: load the number of the call; unshare fails with EPERM, all else is allowed (seccomp(2))."""
    call = _UNSHARE[os.uname().machine]
    program = b"".join(
        struct.pack("HBBI", *one)
        for one in ((0x20, 0, 0, 0), (0x15, 0, 1, call), (6, 0, 0, 0x50001), (6, 0, 0, 0x7FFF0000))
    )
    kept = ctypes.create_string_buffer(program)
    head = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(kept)))
    assert _libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert _libc.prctl(22, 2, head) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    if sys.argv[1] == "seccomp":
        seccomp(sys.argv[2:])
    sys.exit(limits(int(sys.argv[2]), sys.argv[3].split(","), sys.argv[4:]))
