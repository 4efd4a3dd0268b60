"""Netlink messages: their headers, attributes and answers, and the socket that carries them (RFC 3549; netlink(7)).

All messages here go to the kernel's netfilter part: header (nlmsghdr, host order), nfgenmsg, attributes:

    | length 4 | type 2 | flags 2 | sequence 4 | port 4 || family 1 | version 1 | resource 2 (BE) || attributes …
"""

import errno
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from segctl.kernel.errors import NotUnderstood, Unsteady, refused
from segctl.runner import Runner

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR = 0x1, 0x4, 0x10
NLM_F_DUMP, NLM_F_EXCL, NLM_F_CREATE = 0x300, 0x200, 0x400
NESTED = 0x8000
_TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_NOOP, _ERROR, _DONE = 1, 2, 3
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11  # linux/netfilter/nfnetlink.h
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_NFT = 10  # NFNL_SUBSYS_NFTABLES
_TRIES = 8
_READ = 1 << 18

_HEADER = struct.Struct("=IHHII")
_GENERAL = struct.Struct(">BBH")
_ATTRIBUTE = struct.Struct("=HH")


@dataclass(frozen=True, slots=True)
class Message:
    """One request: `kind` is subsystem << 8 | message; `about` is what an error of it is told of."""

    kind: int
    body: bytes
    about: str
    flags: int = 0
    family: int = 0


def attribute(kind: int, *payload: bytes) -> bytes:
    """One attribute, padded to 4 bytes; its own length is 16 bits, so payloads must stay below 64 KiB."""
    joined = b"".join(payload)
    return _ATTRIBUTE.pack(len(joined) + 4, kind) + joined + bytes(-len(joined) % 4)


def text(kind: int, value: str) -> bytes:
    """A zero-terminated string."""
    return attribute(kind, value.encode() + b"\0")


def attributes(payload: bytes) -> dict[int, bytes]:
    """The attributes that `payload` holds, by type; NotUnderstood if their lengths don't fit."""
    found = {}
    at = 0
    while at + 4 <= len(payload):
        length, kind = _ATTRIBUTE.unpack_from(payload, at)
        if length < 4 or at + length > len(payload):
            raise NotUnderstood(f"a netlink attribute of {length} bytes, {len(payload) - at} are there")
        found[kind & _TYPE_MASK] = payload[at + 4 : at + length]
        at += length + 3 & ~3
    return found


def answer(body: bytes) -> dict[int, bytes]:
    """The attributes of one answer of `Channel.ask`."""
    return attributes(body[_GENERAL.size :])


def string(payload: bytes) -> str:
    """Text without the zeros behind it."""
    return payload.rstrip(b"\0").decode(errors="replace")


def number(payload: bytes) -> int:
    """An integer in network byte order, as netfilter writes nearly all of its own."""
    return int.from_bytes(payload, "big")


class Channel:
    """A NETLINK_NETFILTER socket in the runner's network namespace; close it, or use it in `with`."""

    def __init__(self, runner: Runner) -> None:
        with runner.inside():
            try:
                self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 12)
            except OSError as error:  # a kernel without CONFIG_NETFILTER_NETLINK: EPROTONOSUPPORT
                raise refused(f"speaking to netfilter on {runner.where}", error.errno or 0) from error
        self._where = runner.where
        self._sequence = 0
        self._socket.bind((0, 0))
        for option in (_CAP_ACK, _EXT_ACK):  # errors without the whole request, but with the kernel's reason
            self._socket.setsockopt(_SOL_NETLINK, option, 1)

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def make_room(self, wanted: int) -> int:
        """Raise the send buffer as far as we may; the bytes that one transaction can have then.

        Only root of the machine may go beyond net.core.wmem_max; others get what that allows, usually 208 KiB.
        """
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, 32, wanted)  # SO_SNDBUFFORCE; the kernel doubles it
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, wanted)
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) - 64  # netlink_sendmsg() keeps 32

    def transact(self, messages: Sequence[Message]) -> None:
        """All of `messages` to nf_tables in one transaction; the first refusal is raised, and nothing was done."""
        begin = self._pack(Message(_BATCH_BEGIN, b"", "the transaction"), resource=_NFT)
        first = self._sequence
        packed = [self._pack(message) for message in messages[:-1]]
        packed.append(self._pack(messages[-1], NLM_F_ACK))
        end = self._pack(Message(_BATCH_END, b"", "the transaction"), resource=_NFT)
        self._send(b"".join((begin, *packed, end)), messages[0].about)
        self._settle({first + at: message.about for at, message in enumerate(messages, 1)}, {first + len(messages)})

    def tell(self, messages: Sequence[Message]) -> list[int]:
        """Each of `messages` by itself; their errnos, 0 where it was done."""
        answers = []
        for message in messages:
            self._send(self._pack(message, NLM_F_ACK), message.about)
            answers += [error for _, error, _ in self._answers() or [(0, errno.ENODATA, "")]][:1]
        return answers

    def ask(self, message: Message) -> Iterator[bytes]:
        """A single answer, or those of a dump (`flags` NLM_F_DUMP), in order: their nfgenmsg (4 bytes) and attributes.

        Raises Unsteady if a dump was overtaken by a change, as it may be neither state. The kernel marks it with
        NLM_F_DUMP_INTR, but not where it dumps elements: there the generation in each answer's nfgenmsg tells.
        """
        self._send(self._pack(message, 0 if message.flags & NLM_F_DUMP else NLM_F_ACK), message.about)
        interrupted = False
        generations = set[bytes]()
        while True:
            for kind, flags, sequence, body in _split(self._receive(message.about)):
                if sequence != self._sequence:
                    continue  # the rest of a dump that its reader gave up
                interrupted |= bool(flags & NLM_F_DUMP_INTR)
                if kind in (_ERROR, _DONE):
                    error = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
                    if error:
                        raise refused(f"{message.about} on {self._where}", error, _reason(kind, flags, body))
                    if interrupted or len(generations) > 1:
                        raise Unsteady(f"{message.about} on {self._where}: it changed while it was read")
                    return
                if kind != _NOOP:
                    generations.add(body[2:4])
                    yield body

    def _settle(self, about: dict[int, str], awaited: set[int]) -> None:
        for sequence, error, reason in self._answers():
            if error:
                raise refused(f"{about.get(sequence, 'the transaction')} on {self._where}", error, reason)
            awaited.discard(sequence)
        if awaited:
            raise NotUnderstood(f"the kernel did not answer a transaction on {self._where}")

    def _answers(self) -> list[tuple[int, int, str]]:
        """(sequence, errno, reason) of what waits: the kernel has answered before our send returned."""
        found: list[tuple[int, int, str]] = []
        while True:
            try:
                received = self._socket.recv(_READ, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            for kind, flags, sequence, body in _split(received):
                if kind == _ERROR:
                    found.append((sequence, -struct.unpack_from("=i", body)[0], _reason(kind, flags, body)))

    def _pack(self, message: Message, flags: int = 0, resource: int = 0) -> bytes:
        self._sequence += 1
        length = _HEADER.size + _GENERAL.size + len(message.body)
        flags |= message.flags | NLM_F_REQUEST
        head = _HEADER.pack(length, message.kind, flags, self._sequence, 0)
        return head + _GENERAL.pack(message.family, 0, resource) + message.body + bytes(-length % 4)

    def _send(self, packed: bytes, about: str) -> None:
        try:
            self._socket.send(packed)
        except OSError as error:
            raise refused(f"{about} on {self._where}", error.errno or 0) from error

    def _receive(self, about: str) -> bytes:
        try:
            return self._socket.recv(_READ)
        except OSError as error:
            raise refused(f"{about} on {self._where}", error.errno or 0) from error


def steadily(channel: Channel, message: Message) -> list[bytes]:
    """The whole answer to a dump, asked again while changes overtake it; Unsteady if they never end."""
    for _ in range(_TRIES - 1):
        try:
            return list(channel.ask(message))
        except Unsteady:
            continue
    return list(channel.ask(message))


def _split(received: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(type, flags, sequence, what follows the header) of each message."""
    at = 0
    while at + _HEADER.size <= len(received):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(received, at)
        if length < _HEADER.size or at + length > len(received):
            raise NotUnderstood(f"a netlink message of {length} bytes, {len(received) - at} are there")
        yield kind, flags, sequence, received[at + _HEADER.size : at + length]
        at += length + 3 & ~3


def _reason(kind: int, flags: int, body: bytes) -> str:
    """The kernel's own sentence (NLMSGERR_ATTR_MSG), if it gave one (flag NLM_F_ACK_TLVS).

    It stands behind the error's number and, except at the end of a dump, the header of the request.
    """
    return string(attributes(body[20 if kind == _ERROR else 4 :]).get(1, b"")) if flags & 0x200 else ""
