"""A user namespace of our own, for who isn't root: in it we are root, over network namespaces that it owns.

    ours: uid 0 is the user outside, every other owner of a file looks like nobody (65534)
      mounts: the machine's, and a /run of our own, into which all that stood there is bound but /run/netns
      network: an empty one with loopback, so that whoever enters a namespace from here may come back
        sg-shop-gw1, sg-shop-web1 …

user_namespaces(7), mount_namespaces(7). It lives as long as a process in it: the lab's listeners. Both `make` and
`enter` change the whole process, which must have one thread still (numpy, where it is loaded, has begun others).
"""

import ctypes
import fcntl
import os
import socket
import stat
import struct
from pathlib import Path

from segctl.kernel.errors import refused
from segctl.kernel.forbidding import Forbidden, why
from segctl.runner.netns import NAMED

OUTSIDE = Path("/run/segctl.outside")
"""In a `/run` of ours: a link to the folder outside that its maker gave to `make`."""

_NEWNS, _NEWUSER, _NEWNET = 0x20000, 0x10000000, 0x40000000  # linux/sched.h
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC = 2, 4, 0x1000, 0x4000  # linux/mount.h
_IFF_UP, _SIOCSIFFLAGS = 1, 0x8914  # linux/if.h, linux/sockios.h
_RUN = NAMED.parent
_libc = ctypes.CDLL(None, use_errno=True)


def make(outside: Path) -> None:
    """Put this process into new user, mount and network namespaces; `outside` can be read from OUTSIDE there.

    Raises Forbidden where this machine doesn't let this user, with the setting that says so.
    """
    user, group = os.geteuid(), os.getegid()
    here = _working_folder()
    try:
        _check(_libc.unshare(_NEWUSER | _NEWNS | _NEWNET))
        _map("uid_map", f"0 {user} 1")
        _map("setgroups", "deny")
        _map("gid_map", f"0 {group} 1")
        _own_run()
        OUTSIDE.symlink_to(outside)
    except OSError as error:
        raise why(error.errno or 0) from error
    _loopback_up()
    _go_to(here)


def enter(pid: int) -> None:
    """Put this process where the process `pid` of the same user is; raises KernelRefused in its kinds."""
    here = _working_folder()
    try:
        there = os.pidfd_open(pid)
        try:
            _check(_libc.setns(there, _NEWUSER | _NEWNS | _NEWNET))
        finally:
            os.close(there)
    except OSError as error:
        raise refused(f"entering the user namespace of process {pid}", error.errno or 0) from error
    _go_to(here)


def _map(name: str, text: str) -> None:
    """One write, as the kernel demands."""
    descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _own_run() -> None:
    """A `/run` that we may write, with what is in the machine's, but for the names of its network namespaces."""
    before = os.open(_RUN, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _mount("tmpfs", _RUN, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=755")
        for name in os.listdir(before):  # noqa: PTH208 (no path leads there any more)
            if _RUN / name not in (NAMED, OUTSIDE):
                _take_over(before, name)
    finally:
        os.close(before)


def _take_over(before: int, name: str) -> None:
    """Bind one thing of the machine's `/run`; what can't be bound (an unbindable mount) isn't in ours."""
    here = _RUN / name
    mode = os.stat(name, dir_fd=before, follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        here.symlink_to(os.readlink(name, dir_fd=before))
        return
    if stat.S_ISDIR(mode):
        here.mkdir()
    else:
        here.touch()
    try:
        _mount(f"/proc/self/fd/{before}/{name}", here, "none", _MS_BIND | _MS_REC)
    except OSError:
        if stat.S_ISDIR(mode):
            here.rmdir()
        else:
            here.unlink()


def _mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), flags, data.encode()))


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        fcntl.ioctl(channel, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed
        return None


def _go_to(folder: Path | None) -> None:
    """Another mount namespace is entered at its root (setns(2)); a folder that isn't there leaves us in it."""
    if folder is not None:
        try:
            os.chdir(folder)
        except OSError:
            return


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


__all__ = ["OUTSIDE", "Forbidden", "enter", "make"]
