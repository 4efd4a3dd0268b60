"""One packet in words, as `prove --trace` takes it: `in eth1 out eth2 10.0.1.11 -> 10.0.2.20 tcp 40000 -> 5432`."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from segctl.model.packet import Packet, Way
from segctl.model.ranges import family, parse_address
from segctl.model.service import ICMP, ICMP6, TCP, WITH_PORTS

STATES = ("new", "established", "related", "invalid", "untracked")
_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
_PORTED = {name: number for number, name in WITH_PORTS.items()}
_TTL, _LENGTH = 64, 84
GRAMMAR = (
    "in NAME, out NAME (or one of them), SOURCE -> DESTINATION, then tcp|udp|sctp SPORT -> DPORT, icmp TYPE "
    "[code CODE] or proto NUMBER; if it isn't the first of its connection: established [reply], related, invalid, "
    "untracked; flags syn,ack; ct-mark N; mark N; ttl N"
)


class NoPacket(ValueError):
    """The words aren't a packet's."""


def parse_packet(text: str) -> Packet:
    """A packet of these words; TCP has SYN if nothing else is said and it is new, ACK if not. NoPacket."""
    words = iter(text.replace("->", " -> ").split())
    made = Packet(Way.FORWARD, "", "", -1, -1, -1)
    said: set[str] = set()
    for word in words:
        made = _taken(made, word, words)
        said.add(word)
    if made.source < 0 or made.destination < 0 or made.protocol < 0 or not (made.iif or made.oif):
        raise NoPacket(f"a packet is: {GRAMMAR}")
    if family(made.source) != family(made.destination):
        raise NoPacket("source and destination are not of one family")
    if made.protocol == TCP and "flags" not in said:
        made = replace(made, flags=_FLAGS["syn"] if made.state == "new" else _FLAGS["ack"])
    hops = "ip ttl" if family(made.source) == 4 else "ip6 hoplimit"
    fields = {hops: _TTL, "meta length": _LENGTH, "ip dscp": 0, "ip6 dscp": 0, "ip frag-off": 0, **made.fields}
    if "ttl" in fields:
        fields[hops] = fields.pop("ttl")
    way = Way.FORWARD if made.iif and made.oif else Way.INPUT if made.iif else Way.OUTPUT
    return replace(made, way=way, fields=fields)


def _taken(packet: Packet, word: str, words: Iterator[str]) -> Packet:
    """The packet with one more of its words, and what belongs to it."""
    if word == "in":
        return replace(packet, iif=_next(words, word))
    if word == "out":
        return replace(packet, oif=_next(words, word))
    if word in STATES:
        return replace(packet, state=word)
    if word == "reply":
        return replace(packet, direction="reply")
    if word in _PORTED:
        return replace(packet, protocol=_PORTED[word], head=_number(words, word), tail=_after_arrow(words, word))
    if word == "icmp":
        kind = ICMP if family(packet.source) == 4 else ICMP6
        return replace(packet, protocol=kind, head=_number(words, word) << 8)
    if word == "code":
        return replace(packet, head=packet.head | _number(words, word))
    if word == "proto":
        return replace(packet, protocol=_number(words, word))
    if word == "flags":
        return replace(packet, flags=sum(_flag(name) for name in _next(words, word).split(",")))
    if word == "mark":
        return replace(packet, mark=_number(words, word))
    if word == "ct-mark":
        return replace(packet, connection_mark=_number(words, word))
    if word == "ttl":
        return replace(packet, fields={**packet.fields, "ttl": _number(words, word)})
    return replace(packet, source=_address(word), destination=_after_arrow(words, word, _address))


def _next(words: Iterator[str], before: str) -> str:
    word = next(words, None)
    if word is None:
        raise NoPacket(f"something is missing after '{before}'; a packet is: {GRAMMAR}")
    return word


def _after_arrow(words: Iterator[str], before: str, read: Callable[[str], int] | None = None) -> int:
    if _next(words, before) != "->":
        raise NoPacket(f"an arrow is missing after '{before}': A -> B")
    word = _next(words, "->")
    return read(word) if read else _number(iter([word]), before)


def _number(words: Iterator[str], before: str) -> int:
    word = _next(words, before)
    try:
        return int(word, 0)
    except ValueError as error:
        raise NoPacket(f"'{word}' is no number, after '{before}'") from error


def _flag(name: str) -> int:
    if name not in _FLAGS:
        raise NoPacket(f"'{name}' is no TCP flag: {', '.join(_FLAGS)}")
    return _FLAGS[name]


def _address(word: str) -> int:
    try:
        return parse_address(word)
    except ValueError as error:
        raise NoPacket(f"'{word}' is no address and no word of a packet: {GRAMMAR}") from error
