"""The lab's servers: one process for all nodes, started with the lab and ended with it.

    python -m segctl.lab.listeners NAME  < {"log": path, "nodes": [[node, namespace]…], "ports": [[proto, number]…]}

It opens a socket for each node and port in the node's namespace, says `ready`, and lets go of its terminal. TCP:
a banner with node and port, then it reads once and closes. UDP: the payload comes back, from the very address that
was asked. What arrived stands in the log (segctl.lab.seen). No packet is judged here.

Until the list of nodes has come whole, the end of standard input ends it: so nothing is left of a lab whose maker
was killed before it knew of this process.
"""

import json
import os
import resource
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from segctl.lab.seen import Seen, token
from segctl.lab.topology import Port, Proto
from segctl.model.ranges import parse_address
from segctl.runner import Netns

_PATIENCE = 5.0  # seconds that a TCP client may be silent
_MOST_CLIENTS = 1000
_RECVPKTINFO, _PKTINFO = 49, 50  # IPV6_…: linux/in6.h; on a socket for both families they serve IPv4, too
_INFO = struct.Struct("=16sI")
_PAYLOAD = 64
_MAPPED = "::ffff:"
_FEWEST_CLIENTS = 100
_OTHER_FILES = 200
Peer = tuple[str, int, int, int]


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    node: str
    port: Port
    peer: Peer
    until: float


class Listeners:
    """All sockets of a lab, and the loop that serves them."""

    def __init__(self, log: int, most: int = _MOST_CLIENTS) -> None:
        self._log = log
        self._most = most
        self._selector = selectors.DefaultSelector()
        self._clients: dict[int, _Client] = {}

    def open(self, node: str, namespace: str, ports: Iterable[Port]) -> None:
        """Listen on every port of one node, for both families with one socket."""
        with Netns(namespace).inside():
            for port in ports:
                opened = _socket(port)
                arrived = self._datagram if port.proto is Proto.UDP else self._connected
                self._selector.register(opened, selectors.EVENT_READ, partial(arrived, opened, node, port))

    def serve(self) -> None:
        """Until a signal ends us."""
        while True:
            for key, _ in self._selector.select(1.0 if self._clients else None):
                arrived: Callable[[], None] = key.data
                arrived()
            self._forget(time.monotonic())

    def _datagram(self, opened: socket.socket, node: str, port: Port) -> None:
        try:
            payload, extra, _, peer = opened.recvmsg(65_535, socket.CMSG_SPACE(_INFO.size))
        except OSError:  # an ICMP error of an earlier answer, or a wrong checksum
            return
        info = next((data for level, kind, data in extra if (level, kind) == (socket.IPPROTO_IPV6, _PKTINFO)), None)
        if info is None:
            return
        asked = _INFO.unpack(info)[0]
        self._write(node, port, socket.inet_ntop(socket.AF_INET6, asked), peer, payload)
        back = [(socket.IPPROTO_IPV6, _PKTINFO, _INFO.pack(asked, 0))]
        try:
            opened.sendmsg([payload], back, socket.MSG_DONTWAIT, peer)
        except OSError:  # no way back, or a rule of ours refuses it: the log has what came
            return

    def _connected(self, opened: socket.socket, node: str, port: Port) -> None:
        try:
            connection, peer = opened.accept()
        except OSError:
            return
        self._write(node, port, connection.getsockname()[0], peer, b"")
        if len(self._clients) >= self._most:
            connection.close()
            return
        connection.setblocking(False)
        client = _Client(connection, node, port, peer, time.monotonic() + _PATIENCE)
        self._clients[connection.fileno()] = client
        self._selector.register(connection, selectors.EVENT_READ, partial(self._spoke, client))
        try:
            connection.send(f"{node} {port}\n".encode())
        except OSError:
            self._close(client)

    def _spoke(self, client: _Client) -> None:
        try:
            payload = client.connection.recv(65_535)
            if payload:
                local = client.connection.getsockname()[0]
                self._write(client.node, client.port, local, client.peer, payload)
        except OSError:
            pass
        self._close(client)

    def _forget(self, now: float) -> None:
        for client in [client for client in self._clients.values() if client.until < now]:
            self._close(client)

    def _close(self, client: _Client) -> None:
        self._clients.pop(client.connection.fileno(), None)
        self._selector.unregister(client.connection)
        client.connection.close()

    def _write(self, node: str, port: Port, local: str, peer: Peer, payload: bytes) -> None:
        seen = Seen(
            time.time(), node, port.proto.value, _address(local), port.number, _address(peer[0]), peer[1],
            token(payload), payload[:_PAYLOAD],
        )  # fmt: skip
        os.write(self._log, seen.line())


def _socket(port: Port) -> socket.socket:
    kind = socket.SOCK_STREAM if port.proto is Proto.TCP else socket.SOCK_DGRAM
    opened = socket.socket(socket.AF_INET6, kind)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    opened.setblocking(False)
    if port.proto is Proto.TCP:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        opened.setsockopt(socket.IPPROTO_IPV6, _RECVPKTINFO, 1)
    opened.bind(("::", port.number))
    if port.proto is Proto.TCP:
        opened.listen(128)
    return opened


def _address(text: str) -> int:
    """A socket's word for an address: IPv4 as mapped, link-local ones with their interface."""
    return parse_address(text.removeprefix(_MAPPED).partition("%")[0])


def main() -> None:
    """Serve the lab that standard input describes."""
    text = sys.stdin.read()
    if not text.endswith("\n"):
        return
    wanted = json.loads(text)
    ports = [Port(Proto(proto), number) for proto, number in wanted["ports"]]
    most = _allow_files(len(wanted["nodes"]) * len(ports) + _OTHER_FILES)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    listeners = Listeners(log, most)
    for node, namespace in wanted["nodes"]:
        listeners.open(node, namespace, ports)
    os.chdir("/")
    os.write(1, b"ready\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    listeners.serve()


def _allow_files(sockets: int) -> int:
    """How many clients may be there at once, so that with the sockets no more files are open than we may have.

    Only root of the machine may go beyond the hard limit.
    """
    wanted = sockets + _MOST_CLIENTS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return _MOST_CLIENTS
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (PermissionError, ValueError):
        if hard < sockets + _FEWEST_CLIENTS:
            sys.exit(f"{sockets + _FEWEST_CLIENTS} files must be open at once, this user may have {hard} (ulimit -Hn)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return min(_MOST_CLIENTS, hard - sockets)
    return _MOST_CLIENTS


if __name__ == "__main__":
    main()
