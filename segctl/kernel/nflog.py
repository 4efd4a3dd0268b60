"""What rules log to a group, read from the kernel (linux/netfilter/nfnetlink_log.h)."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from segctl.kernel.errors import refused
from segctl.kernel.wire import NLM_F_ACK, NLM_F_REQUEST, answer, attribute, string
from segctl.runner import Runner

_PACKET, _CONFIG = 4 << 8, 4 << 8 | 1  # NFNL_SUBSYS_ULOG and NFULNL_MSG_PACKET, NFULNL_MSG_CONFIG
_CFG_CMD, _BIND, _PREFIX = 1, 1, 10  # NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND, NFULA_PREFIX
_ERROR = 2
_HEADER = struct.Struct("=IHHII")


class Log:
    """A socket that hears one group."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def prefixes(self, timeout: float) -> Iterator[str]:
        """The prefix of each packet that is logged from now on; ends once none came for `timeout` seconds."""
        self._channel.settimeout(timeout)
        while True:
            try:
                received = self._channel.recv(1 << 16)
            except TimeoutError:
                return
            for kind, body in _messages(received):
                if kind == _PACKET:
                    yield string(answer(body).get(_PREFIX, b""))


@contextmanager
def listening(runner: Runner, group: int) -> Iterator[Log]:
    """Hear a group of the place; KernelRefused in its kinds where the kernel has none, or somebody else listens."""
    with runner.inside():
        channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 12)
    with channel:
        channel.bind((0, 0))
        payload = struct.pack(">BBH", 0, 0, group) + attribute(_CFG_CMD, bytes((_BIND,)))
        flags = NLM_F_REQUEST | NLM_F_ACK
        channel.send(_HEADER.pack(_HEADER.size + len(payload), _CONFIG, flags, 1, 0) + payload)
        for kind, body in _messages(channel.recv(1 << 16)):
            if kind == _ERROR and (number := -struct.unpack_from("=i", body)[0]):
                raise refused(f"listening to what is logged to group {group} on {runner.where}", number)
        yield Log(channel)


def _messages(received: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, what follows the header) of each."""
    at = 0
    while at + _HEADER.size <= len(received):
        length, kind, *_ = _HEADER.unpack_from(received, at)
        yield kind, received[at + _HEADER.size : at + length]
        at += max(length + 3 & ~3, _HEADER.size)
