"""What the far side saw: each datagram and each connection that reached a listener, one JSON line each."""

import json
from dataclasses import dataclass
from pathlib import Path

from segctl.model.ranges import family, parse_address, show_address

TOKEN = b"segctl:"
"""A payload that begins so carries a token: what follows, up to the first byte that is no letter, digit, - or _."""

_LONGEST = 64
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@dataclass(frozen=True, slots=True)
class Seen:
    """One arrival at `node`: `local` and `peer` as the packet had them, `at` in seconds of the machine's clock.

    TCP is seen twice: when the connection is accepted (no token, no payload), and with its first bytes.
    `payload` are the first 64 bytes, `token` what they carry.
    """

    at: float
    node: str
    proto: str
    local: int
    port: int
    peer: int
    peer_port: int
    token: str | None = None
    payload: bytes = b""

    @property
    def family(self) -> int:
        """4 or 6."""
        return family(self.local)

    def line(self) -> bytes:
        """As it stands in the log."""
        fields = {
            "at": round(self.at, 6),
            "node": self.node,
            "proto": self.proto,
            "family": self.family,
            "local": show_address(self.local),
            "port": self.port,
            "peer": show_address(self.peer),
            "peer_port": self.peer_port,
            "token": self.token,
            "payload": self.payload.hex(),
        }
        return json.dumps(fields).encode() + b"\n"


def token(payload: bytes) -> str | None:
    """The token that a payload carries, None if it carries none."""
    if not payload.startswith(TOKEN):
        return None
    out = bytearray()
    for letter in payload[len(TOKEN) : len(TOKEN) + _LONGEST]:
        if letter not in _LETTERS:
            break
        out.append(letter)
    return out.decode() or None


def read(log: Path, offset: int = 0) -> tuple[tuple[Seen, ...], int]:
    """What the log holds from `offset` bytes on, and where to go on next time; a line that isn't whole yet waits."""
    try:
        with log.open("rb") as file:
            file.seek(offset)
            text = file.read()
    except FileNotFoundError:
        return (), offset
    whole = text[: text.rfind(b"\n") + 1]
    return tuple(_parsed(line) for line in whole.splitlines()), offset + len(whole)


def _parsed(line: bytes) -> Seen:
    said = json.loads(line)
    return Seen(
        said["at"],
        said["node"],
        said["proto"],
        parse_address(said["local"]),
        said["port"],
        parse_address(said["peer"]),
        said["peer_port"],
        said["token"],
        bytes.fromhex(said["payload"]),
    )
