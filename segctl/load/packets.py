"""One packet in words, as `prove --trace` takes it: `in eth1 out eth2 10.0.1.11 -> 10.0.2.20 tcp 40000 -> 5432`."""

from collections.abc import Iterator
from typing import Any, Final

from segctl.model.packet import Packet
from segctl.model.ranges import family, parse_address
from segctl.model.service import ICMP, ICMP6, TCP, WITH_PORTS
from segctl.model.sought import Sought

STATES = ("new", "established", "related", "invalid", "untracked")
_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
_PORTED = {name: number for number, name in WITH_PORTS.items()}
_TTL, _LENGTH = 64, 84
_BYTE, _PORT, _MARK = 0xFF, 0xFFFF, 0xFFFFFFFF
_NUMBERS = {  # word: the field of `Sought`, and its greatest value
    "proto": ("protocol", _BYTE),
    "code": ("code", _BYTE),
    "ttl": ("ttl", _BYTE),
    "mark": ("mark", _MARK),
    "ct-mark": ("connection_mark", _MARK),
}
_ANY: Final = "any"
GRAMMAR = (
    "in NAME, out NAME (or one of them), SOURCE -> DESTINATION, then tcp|udp|sctp SPORT -> DPORT, icmp TYPE "
    "[code CODE] or proto NUMBER; if it isn't the first of its connection: established [reply], related, invalid, "
    "untracked; flags syn,ack; ct-mark N; mark N; ttl N; with --live 'any' in place of an address, a port, an ICMP type"
)


class NoPacket(ValueError):
    """The words aren't a packet's."""


def parse_packet(text: str) -> Packet:
    """A packet of these words; TCP has SYN if nothing else is said and it is new, ACK if not. NoPacket."""
    said = parse_sought(text)
    ends = (said.source, said.destination)
    ports = (said.sport, said.dport) if said.protocol in WITH_PORTS else (said.kind,) if _is_icmp(said) else ()
    if None in ends or None in ports:
        raise NoPacket("without --live all values are said: no 'any', and ports or an ICMP type where there are any")
    state = said.state or "new"
    begins = _FLAGS["syn"] if state == "new" else _FLAGS["ack"]
    flags = said.flags if said.flags is not None else begins if said.protocol == TCP else 0
    head = (said.kind or 0) << 8 | (said.code or 0) if _is_icmp(said) else said.sport or 0
    hops = {"ip ttl" if said.family == 4 else "ip6 hoplimit": _TTL if said.ttl is None else said.ttl}
    fields = {**hops, "meta length": _LENGTH, "ip dscp": 0, "ip6 dscp": 0, "ip frag-off": 0}
    return Packet(
        said.way, said.iif, said.oif, said.source or 0, said.destination or 0, said.protocol, head, said.dport or 0,
        flags, state, said.direction or "original", said.connection_mark or 0, said.mark or 0, 0, fields,
    )  # fmt: skip


def parse_sought(text: str) -> Sought:
    """Packets of these words: `any`, and what isn't said, leave their value open. NoPacket."""
    words = iter(text.replace("->", " -> ").split())
    said: dict[str, Any] = {"iif": "", "oif": ""}
    for word in words:
        said |= _taken(word, words)
    if not {"source", "destination", "protocol"} <= said.keys() or not (said["iif"] or said["oif"]):
        raise NoPacket(f"a packet is: {GRAMMAR}")
    versions = {family(end) for end in (said["source"], said["destination"]) if end is not None}
    if not versions:
        raise NoPacket("one of source and destination may be 'any', not both")
    if len(versions) > 1:
        raise NoPacket("source and destination are not of one family")
    if said.get("state") == "established":
        said.setdefault("direction", "original")
    if said["protocol"] == "icmp":
        said["protocol"] = ICMP if versions == {4} else ICMP6
    return Sought(**said)


def _taken(word: str, words: Iterator[str]) -> dict[str, Any]:
    """What one more word says, with what belongs to it, as fields of `Sought`."""
    if word in ("in", "out"):
        return {f"{word[0]}if": _next(words, word)}
    if word in STATES:
        return {"state": word}
    if word == "reply":
        return {"direction": "reply"}
    if word in _PORTED:
        sport = _open(words, word, _PORT)
        _arrow(words, word)
        return {"protocol": _PORTED[word], "sport": sport, "dport": _open(words, word, _PORT)}
    if word == "icmp":
        return {"protocol": "icmp", "kind": _open(words, word, _BYTE)}
    if word in _NUMBERS:
        name, most = _NUMBERS[word]
        return {name: _number(_next(words, word), word, most)}
    if word == "flags":
        return {"flags": sum(_flag(name) for name in _next(words, word).split(","))}
    source = _address(word)
    _arrow(words, word)
    return {"source": source, "destination": _address(_next(words, "->"))}


def _is_icmp(said: Sought) -> bool:
    return said.protocol == (ICMP if said.family == 4 else ICMP6)


def _next(words: Iterator[str], before: str) -> str:
    word = next(words, None)
    if word is None:
        raise NoPacket(f"something is missing after '{before}'; a packet is: {GRAMMAR}")
    return word


def _arrow(words: Iterator[str], before: str) -> None:
    if _next(words, before) != "->":
        raise NoPacket(f"an arrow is missing after '{before}': A -> B")


def _open(words: Iterator[str], before: str, most: int) -> int | None:
    word = _next(words, before)
    return None if word == _ANY else _number(word, before, most)


def _number(word: str, before: str, most: int) -> int:
    try:
        number = int(word, 0)
    except ValueError as error:
        raise NoPacket(f"'{word}' is no number, after '{before}'") from error
    if not 0 <= number <= most:
        raise NoPacket(f"'{word}' is out of range, after '{before}': 0 to {most}")
    return number


def _flag(name: str) -> int:
    if name not in _FLAGS:
        raise NoPacket(f"'{name}' is no TCP flag: {', '.join(_FLAGS)}")
    return _FLAGS[name]


def _address(word: str) -> int | None:
    if word == _ANY:
        return None
    try:
        return parse_address(word)
    except ValueError as error:
        raise NoPacket(f"'{word}' is no address and no word of a packet: {GRAMMAR}") from error
