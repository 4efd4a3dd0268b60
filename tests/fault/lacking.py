"""What a machine may lack: programs, memory, privilege, a part of the kernel. For the command's own process alone."""

import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path

from segctl.runner import here
from tests.kernel.wrapped import only, wrapped

_CAPBSET_DROP, _SECCOMP, _NO_NEW_PRIVS = 24, 22, 38  # linux/prctl.h: PR_*
_CAPGET, _CAPSET = 125, 126  # system calls of x86_64
_VERSION_3 = 0x20080522  # linux/capability.h
NET_ADMIN, SYS_ADMIN = 12, 21
SOCKET, UNSHARE = 41, 272  # system calls of x86_64
_ERRNO, _ALLOW = 0x00050000, 0x7FFF0000  # linux/seccomp.h: SECCOMP_RET_*
_NETLINK, _NETFILTER = 16, 12  # AF_NETLINK, NETLINK_NETFILTER
_EPERM, _EPROTONOSUPPORT = 1, 93
_libc = ctypes.CDLL(None, use_errno=True)

Fault = Callable[[], None]


def path(folder: Path, *programs: str) -> Fault:
    """No other programs than these."""
    there = only(folder, *programs)

    def put() -> None:
        os.environ["PATH"] = there
        vars(here)["_SYSTEM"] = ()

    return put


def script(folder: Path, program: str, text: str) -> Fault:
    """A program that isn't quite itself (`tests.kernel.wrapped`)."""
    there = wrapped(folder, program, text)

    def put() -> None:
        os.environ["PATH"] = there

    return put


def capability(number: int) -> Fault:
    """Without one (capabilities(7)), and for all that it starts."""

    def put() -> None:
        assert _libc.prctl(_CAPBSET_DROP, number, 0, 0, 0) == 0
        head = struct.pack("=Ii", _VERSION_3, 0)
        sets = bytearray(24)
        buffer = (ctypes.c_char * 24).from_buffer(sets)
        assert _libc.syscall(_CAPGET, head, buffer) == 0
        words = list(struct.unpack("=6I", sets))
        words[:3] = [word & ~(1 << number) for word in words[:3]]
        assert _libc.syscall(_CAPSET, head, struct.pack("=6I", *words)) == 0

    return put


def netfilter() -> None:
    """A kernel without nfnetlink: no such socket can be had (seccomp(2))."""
    _filter(
        [
            (0x20, 0, 0, 0),  # BPF_LD | BPF_W | BPF_ABS: nr
            (0x15, 0, 5, SOCKET),  # BPF_JMP | BPF_JEQ | BPF_K
            (0x20, 0, 0, 16),  # args[0]
            (0x15, 0, 3, _NETLINK),
            (0x20, 0, 0, 32),  # args[2]
            (0x15, 0, 1, _NETFILTER),
            (0x06, 0, 0, _ERRNO | _EPROTONOSUPPORT),  # BPF_RET
            (0x06, 0, 0, _ALLOW),
        ]
    )


def namespaces() -> None:
    """No new namespaces: unshare(2) is forbidden, as in many containers."""
    _filter([(0x20, 0, 0, 0), (0x15, 0, 1, UNSHARE), (0x06, 0, 0, _ERRNO | _EPERM), (0x06, 0, 0, _ALLOW)])


def _filter(program: list[tuple[int, int, int, int]]) -> None:
    code = b"".join(struct.pack("=HBBI", *one) for one in program)
    held = ctypes.create_string_buffer(code)
    said = struct.pack("=HxxxxxxQ", len(program), ctypes.addressof(held))
    assert _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert _libc.prctl(_SECCOMP, 2, ctypes.c_char_p(said), 0, 0) == 0
