"""Policies of IPsec that ask for a packet's mark where it is given to a socket (ip-xfrm(8), linux/xfrm.h).

Those for packets that come in are asked behind the input hook (net/ipv4/tcp_ipv4.c, udp.c: xfrm4_policy_check); those
for packets that are forwarded or go out, where the route is looked up.
"""

import ipaddress
import socket
import struct

from segctl.kernel.errors import NotUnderstood, refused
from segctl.kernel.wire import NLM_F_DUMP, NLM_F_REQUEST, attributes
from segctl.runner import Runner

_NETLINK_XFRM = 6
_NEWPOLICY, _GETPOLICY = 0x13, 0x15
_ERROR, _DONE = 2, 3
_ID, _INFO = 64, 168  # bytes of struct xfrm_userpolicy_id, xfrm_userpolicy_info
_DIRECTION_AT, _IN = 160, 0
_MARK = 21  # XFRMA_MARK: value and mask, in host order
_HEADER = struct.Struct("=IHHII")


def marked_policies(runner: Runner) -> tuple[str, ...]:
    """Each policy for what comes in that has a mark, in words; none where the kernel has no IPsec."""
    try:
        with runner.inside():
            channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_XFRM)
    except OSError:  # EPROTONOSUPPORT
        return ()
    out: list[str] = []
    with channel:
        channel.bind((0, 0))
        channel.send(_HEADER.pack(_HEADER.size + _ID, _GETPOLICY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + bytes(_ID))
        while _take(channel.recv(1 << 18), out, runner.where):
            pass
    return tuple(out)


def _take(received: bytes, out: list[str], where: str) -> bool:
    """Whether more is to come."""
    at = 0
    while at + _HEADER.size <= len(received):
        length, kind, *_ = _HEADER.unpack_from(received, at)
        if length < _HEADER.size or at + length > len(received):
            raise NotUnderstood(f"a netlink message of {length} bytes, {len(received) - at} are there")
        body = received[at + _HEADER.size : at + length]
        if kind == _DONE:
            return False
        if kind == _ERROR:
            raise refused(f"reading IPsec's policies on {where}", -struct.unpack_from("=i", body)[0])
        if kind == _NEWPOLICY:
            out += _said(body)
        at += length + 3 & ~3
    return True


def _said(body: bytes) -> list[str]:
    mark = attributes(body[_INFO:]).get(_MARK)
    value, mask = struct.unpack("=II", mark) if mark else (0, 0)
    if not mask or body[_DIRECTION_AT] != _IN:
        return []
    (family,) = struct.unpack_from("=H", body, 40)
    ends = [_network(body[at : at + 16], family, length) for at, length in ((16, body[43]), (0, body[42]))]
    return [f"src {ends[0]} dst {ends[1]} dir in mark {value:#x}/{mask:#x}"]


def _network(address: bytes, family: int, length: int) -> str:
    """The selector's: 16 bytes, of which IPv4 uses four."""
    used = address[:4] if family == socket.AF_INET else address
    return f"{ipaddress.ip_address(used)}/{length}"
