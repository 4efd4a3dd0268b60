"""Behind which interface an address lives, as the kernel would route to it (rtnetlink(7), RTM_GETROUTE).

In our own words, many in one message: a busy gateway tracks connections with a hundred thousand addresses, for each of
which a netlink library takes a millisecond; here it is a hundredth of that.
"""

import socket
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from sys import byteorder

from segctl.kernel.errors import refused
from segctl.kernel.wire import attribute, attributes
from segctl.model.ranges import V6, family
from segctl.runner import Runner

_GETROUTE, _NEWROUTE, _ERROR, _REQUEST = 26, 24, 2, 1  # linux/rtnetlink.h, linux/netlink.h
_DST, _OIF = 1, 4  # RTA_*
_LOCAL = 2  # RTN_LOCAL
_AF = {4: 2, 6: 10}
_TOGETHER = 64
_READ = 1 << 16
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ROUTE = struct.Struct("=BBBBBBBBI")  # family, dst_len, src_len, tos, table, protocol, scope, type, flags


def interfaces_towards(runner: Runner, addresses: Iterable[int]) -> dict[int, str | None]:
    """Each address with its interface, "" if it is local, None if there is no route."""
    found: dict[int, str | None] = {}
    wanted = iter(dict.fromkeys(addresses))
    names = interface_names(runner)
    with runner.inside():
        channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    with channel:
        channel.bind((0, 0))
        while some := list(islice(wanted, _TOGETHER)):
            found.update(_asked(channel, some, names, runner.where))
    return found


def _asked(
    channel: socket.socket, some: list[int], names: dict[int, str], where: str
) -> Iterator[tuple[int, str | None]]:
    """The kernel answers each of them, in order, before our send returns."""
    try:
        channel.send(b"".join(_request(at, address) for at, address in enumerate(some)))
        left = len(some)
        while left:
            for kind, sequence, body in _split(channel.recv(_READ)):
                left -= 1
                yield some[sequence], _interface(body, names) if kind == _NEWROUTE else None
    except OSError as error:
        raise refused(f"asking for routes on {where}", error.errno or 0) from error


def _request(sequence: int, address: int) -> bytes:
    version = family(address)
    width = 16 if version == 6 else 4
    wanted = attribute(_DST, (address - V6 if version == 6 else address).to_bytes(width, "big"))
    body = _ROUTE.pack(_AF[version], 8 * width, 0, 0, 0, 0, 0, 0, 0) + wanted
    return _HEADER.pack(_HEADER.size + len(body), _GETROUTE, _REQUEST, sequence, 0) + body


def _split(received: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, sequence, what follows the header) of each answer: a route, or an error for no route."""
    at = 0
    while at + _HEADER.size <= len(received):
        length, kind, _, sequence, _ = _HEADER.unpack_from(received, at)
        if kind in (_NEWROUTE, _ERROR):
            yield kind, sequence, received[at + _HEADER.size : at + length]
        at += length + 3 & ~3


def _interface(body: bytes, names: dict[int, str]) -> str | None:
    if body[7] == _LOCAL:
        return ""
    index = attributes(body[_ROUTE.size :]).get(_OIF)
    return names.get(int.from_bytes(index, byteorder)) if index is not None else None


def interface_names(runner: Runner) -> dict[int, str]:
    """Every interface of the place by its index."""
    with runner.inside():
        return dict(socket.if_nameindex())
