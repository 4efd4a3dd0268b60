"""What the kernel says of a packet that it traces: one message a rule that matched to its end, and one a policy.

net/netfilter/nf_tables_trace.c, read at 6.18: a rule whose statements all matched is told with its verdict, `continue`
where it has none; a rule that didn't match isn't told. The end of a chain comes as a verdict without a rule's handle
(its type differs between kernels), the end of a base chain as such a verdict and then its policy. The headers are told
once in each base chain: 40 bytes of the network's (without IPv6's extensions), 20 of the transport's. nft 1.0.6 doesn't
do for this: `nft monitor trace` prints no handle, and with `-j` it prints the same text.
"""

import errno
import select
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from segctl.kernel.errors import KernelError, NotUnderstood, Unsteady, refused
from segctl.kernel.nfset import NFT, VERBS
from segctl.kernel.wire import attributes, number, string
from segctl.runner import Runner

_TRACE = NFT | 17  # NFT_MSG_TRACE
_GROUP = 9  # NFNLGRP_NFTRACE
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_ROOM = 8 << 20
_READ = 1 << 18
_HEADER = struct.Struct("=IHHII")
_GENERAL = 4
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_WORDS = {code: word for word, code in VERBS.items()} | {2: "stolen", 3: "queue"}
_TABLE, _CHAIN, _HANDLE, _VERDICT, _ID, _LINK, _NETWORK, _TRANSPORT = 1, 2, 3, 5, 6, 7, 8, 9  # NFTA_TRACE_*
_IIF, _IIFTYPE, _OIF, _OIFTYPE, _MARK, _POLICY = 10, 11, 12, 13, 14, 16


class NoTracing(KernelError):
    """The kernel can't trace packets as it is asked to: nothing was done."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Headers:
    """A packet where a base chain sees it: its bytes as far as they are told, and its interfaces by index (0: none)."""

    network: bytes
    transport: bytes
    link: bytes
    iif: int
    oif: int
    iif_type: int
    oif_type: int


@dataclass(frozen=True, slots=True)
class Event:
    """One message. `packet`: a number that the kernel makes of the packet's place in memory and its flow.

    `family`, `table`, `chain` as nft names them. `handle`: the rule's; None at the end of a chain, or of a policy.
    `verdict`: accept, drop, continue, return, stolen, queue, `jump CHAIN`, `goto CHAIN`. `mark`: the packet's, behind
    the rule. `headers`: in the first message of a base chain.
    """

    packet: int
    family: str
    table: str
    chain: str
    handle: int | None
    verdict: str
    policy: bool
    mark: int
    headers: Headers | None

    @property
    def is_rule(self) -> bool:
        return self.handle is not None

    @property
    def ends(self) -> bool:
        """Whether no further chain sees the packet: it is dropped, or somebody else has it."""
        return self.verdict in ("drop", "stolen", "queue") and (self.policy or self.is_rule)


class Ear:
    """Hears every trace message of a place, as long as it is open."""

    def __init__(self, runner: Runner) -> None:
        with runner.inside():
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 12)
        self._where = runner.where
        self._socket.bind((0, 0))
        try:
            self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUP)
        except OSError as error:
            self._socket.close()
            raise cannot_trace(runner.where, error.errno or 0) from error
        for option in (33, socket.SO_RCVBUF):  # SO_RCVBUFFORCE: real root alone
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, option, _ROOM)
                break
            except PermissionError:
                continue

    def close(self) -> None:
        self._socket.close()

    def heard(self, until: float) -> Iterator[Event]:
        """All that waits; if nothing does, what comes first until that time (`time.monotonic`).

        Raises Unsteady if the kernel had to leave something out.
        """
        if not select.select([self._socket], [], [], max(0.0, until - time.monotonic()))[0]:
            return
        while True:
            try:
                received = self._socket.recv(_READ, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise Unsteady(f"tracing on {self._where}: more was traced than we could hear") from error
                raise
            yield from events(received)


def events(received: bytes) -> Iterator[Event]:
    """The trace messages in what a socket gave."""
    at = 0
    while at + _HEADER.size <= len(received):
        length, kind, *_ = _HEADER.unpack_from(received, at)
        if length < _HEADER.size + _GENERAL or at + length > len(received):
            raise NotUnderstood(f"a netlink message of {length} bytes, {len(received) - at} are there")
        if kind == _TRACE:
            body = received[at + _HEADER.size : at + length]
            yield _event(_FAMILIES.get(body[0], str(body[0])), attributes(body[_GENERAL:]))
        at += length + 3 & ~3


def _event(family: str, found: dict[int, bytes]) -> Event:
    policy = _POLICY in found
    verdict = _WORDS.get(number(found[_POLICY]), "") if policy else _verdict(attributes(found.get(_VERDICT, b"")))
    handle = number(found[_HANDLE]) if _HANDLE in found else None
    if not {_ID, _TABLE, _CHAIN} <= found.keys() or not verdict:
        raise NotUnderstood("a trace message that doesn't say where it is, or what becomes of the packet")
    return Event(
        number(found[_ID]), family, string(found[_TABLE]), string(found[_CHAIN]), handle, verdict, policy,
        number(found.get(_MARK, b"")), _headers(found) if _NETWORK in found else None,
    )  # fmt: skip


def _verdict(found: dict[int, bytes]) -> str:
    """NFTA_VERDICT_CODE, _CHAIN; a queue's number stands in the upper half of its code."""
    if 1 not in found:
        return ""
    code = int.from_bytes(found[1], "big", signed=True)
    word = _WORDS.get(code & 0xFF if code >= 0 else code, "")
    return f"{word} {string(found[2])}" if 2 in found else word


def _headers(found: dict[int, bytes]) -> Headers:
    return Headers(
        found[_NETWORK], found.get(_TRANSPORT, b""), found.get(_LINK, b""), number(found.get(_IIF, b"")),
        number(found.get(_OIF, b"")), number(found.get(_IIFTYPE, b"")), number(found.get(_OIFTYPE, b"")),
    )  # fmt: skip


def cannot_trace(where: str, code: int) -> KernelError:
    """What it means that the kernel doesn't take the tracing: privilege is told as ever, all else is its age."""
    if code in (errno.EPERM, errno.EACCES, errno.EEXIST):
        return refused(f"putting the kernel's tracing on, on {where}", code)
    reason = errno.errorcode.get(code, str(code))
    return NoTracing(
        f"the kernel of {where} can't trace packets as prove --live needs it ({reason})",
        "Linux 5.12 or later, with CONFIG_NF_TABLES and nft_limit; without --live the model follows the packet",
    )
