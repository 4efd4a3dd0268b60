"""Established TCP connections of a place's own sockets, and which program has each (proc(5), /proc/net/tcp).

Not conntrack's word: before the first rule that asks for a connection's state nothing is tracked.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from segctl.model.ranges import V6, show_address
from segctl.runner import Runner

_ESTABLISHED = "01"  # include/net/tcp_states.h
_MAPPED = 0xFFFF << 32  # ::ffff:0:0/96, IPv4 on a socket of IPv6 (RFC 4291, 2.5.5.2)


@dataclass(frozen=True, slots=True)
class Socket:
    """One connection as its local end sees it; addresses on our line (segctl.model.ranges)."""

    local: int
    local_port: int
    remote: int
    remote_port: int
    inode: int

    def __str__(self) -> str:
        ends = show_address(self.remote), self.remote_port, show_address(self.local), self.local_port
        return "{} port {} to {} port {}".format(*ends)


def established(runner: Runner) -> list[Socket]:
    """Every established TCP connection that ends at the place itself, of both families."""
    texts = []
    with runner.inside():  # the calling thread's namespace is what /proc/thread-self/net shows
        for name in ("tcp", "tcp6"):
            with suppress(FileNotFoundError):  # no IPv6 in this kernel
                texts.append(Path(f"/proc/thread-self/net/{name}").read_text())
    return [one for text in texts for one in _parsed(text)]


def programs(sockets: Iterable[Socket]) -> dict[int, str]:
    """Inode to the name of a process that has the socket open; those that we may not look into are left out."""
    wanted = {f"socket:[{one.inode}]": one.inode for one in sockets if one.inode}
    found: dict[int, str] = {}
    for process in Path("/proc").iterdir() if wanted else ():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            names = {str(one.readlink()) for one in (process / "fd").iterdir()}
            for name in names & wanted.keys():
                found[wanted[name]] = (process / "comm").read_text().strip()
    return found


def _parsed(text: str) -> Iterator[Socket]:
    """The lines below the head: `0: 0100007F:1F90 0200007F:C350 01 … uid timeout inode …`."""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == _ESTABLISHED:
            (local, local_port), (remote, remote_port) = (_end(word) for word in words[1:3])
            yield Socket(local, local_port, remote, remote_port, int(words[9]))


def _end(word: str) -> tuple[int, int]:
    """Addresses are printed as words of four bytes in the host's order, ports as numbers."""
    digits, port = word.split(":")
    data = bytes.fromhex(digits)
    if sys.byteorder == "little":
        data = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    address = int.from_bytes(data, "big")
    if len(data) == 16:
        address = address - _MAPPED if address >> 32 == _MAPPED >> 32 else address + V6
    return address, int(port, 16)
