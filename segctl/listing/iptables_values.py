"""Numbers as iptables writes them: addresses, ports, protocols, ICMP types, flags, marks, interfaces.

What can't be read raises NotModelled with its words; the caller turns the rule into what it can be sure of.
"""

import re
import socket

from segctl.listing.rule import Family, Span
from segctl.listing.words import WORDS

FULL = 0xFFFFFFFF


class NotModelled(Exception):
    """Words that we know no meaning of; its text says which."""


_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")


def number(text: str, most: int = FULL) -> int:
    """As strtoul(3) reads with base 0: `0x1f`, `017`, `15`."""
    if not _NUMBER.fullmatch(text):
        raise NotModelled(text)
    octal = len(text) > 1 and text[0] == "0" and text[1] not in "xX"
    try:
        value = int(text, 8 if octal else 0)
    except ValueError:  # 08
        raise NotModelled(text) from None
    if value > most:
        raise NotModelled(text)
    return value


def value_mask(text: str, full: int = FULL) -> tuple[int, int]:
    """`0x1/0xff`; without a mask, all bits."""
    value, slash, mask = text.partition("/")
    return number(value, full), number(mask, full) if slash else full


def span(text: str, last: int, sign: str = ":") -> Span:
    """`80`, `1024:`, `:1023`, `10:20`; a range that ends before it begins (old iptables took them) holds nothing."""
    first, colon, end = text.partition(sign)
    if not colon:
        one = number(first, last)
        return one, one
    return number(first, last) if first else 0, number(end, last) if end else last


def ports(text: str) -> Span:
    """A port or a range of them; names as this machine has them: iptables-save prints none."""
    return span(":".join(_port(one) for one in text.split(":")), 0xFFFF)


def _port(text: str) -> str:
    if not text or text[0].isdigit():
        return text
    try:
        return str(socket.getservbyname(text))
    except (OSError, ValueError):
        raise NotModelled(text) from None


def port_spans(text: str) -> tuple[Span, ...]:
    """`22,80,1024:2048`."""
    return tuple(ports(one) for one in text.split(","))


_PROTOCOLS = {**WORDS["inet_proto"], "icmp6": 58, "ipv6-mh": 135, "mh": 135, "all": 0}


def protocol(text: str) -> int:
    """A protocol's number; 0 stands for all."""
    known = _PROTOCOLS.get(text.lower())
    return known if known is not None else number(text, 255)


def address(text: str, family: Family) -> int:
    """One address of the family; a name is none."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET6 if family is Family.IP6 else socket.AF_INET, text))
    except (OSError, ValueError):
        raise NotModelled(text) from None


def network(text: str, family: Family) -> tuple[int, int]:
    """`10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `2001:db8::/32` as value and mask; bits behind the mask are dropped."""
    base, slash, length = text.partition("/")
    width = 128 if family is Family.IP6 else 32
    value, full = address(base, family), (1 << width) - 1
    if not slash:
        return value, full
    if length.isdigit():
        mask = full ^ (full >> number(length, width)) if length != "0" else 0
    else:
        mask = address(length, family)
    return value & mask, mask


def interface(name: str, wild: bool = False) -> Span:
    """`eth0`; `wild`: all names that begin so."""
    head = name.encode(errors="surrogateescape")[:16]
    return int.from_bytes(head.ljust(16, b"\0")), int.from_bytes(head.ljust(16, b"\xff" if wild else b"\0"))


def hardware(text: str) -> int:
    """`00:11:22:33:44:55`."""
    parts = text.split(":")
    if len(parts) != 6:
        raise NotModelled(text)
    try:
        return int.from_bytes(bytes(int(part, 16) for part in parts))
    except ValueError:
        raise NotModelled(text) from None


TCP_FLAGS = {
    "FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ALL": 63, "NONE": 0,
}  # fmt: skip


def bits_of(text: str, words: dict[str, int]) -> int:
    """`SYN,ACK` as bits."""
    out = 0
    for word in text.split(","):
        if word.upper() not in words:
            raise NotModelled(text)
        out |= words[word.upper()]
    return out


# Type, and code where one is meant (libipt_icmp.c, libip6t_icmp6.c of iptables 1.8).
_ICMP = {
    "echo-reply": "0", "pong": "0", "destination-unreachable": "3", "network-unreachable": "3/0",
    "host-unreachable": "3/1", "protocol-unreachable": "3/2", "port-unreachable": "3/3",
    "fragmentation-needed": "3/4", "source-route-failed": "3/5", "network-unknown": "3/6", "host-unknown": "3/7",
    "network-prohibited": "3/9", "host-prohibited": "3/10", "tos-network-unreachable": "3/11",
    "tos-host-unreachable": "3/12", "communication-prohibited": "3/13", "host-precedence-violation": "3/14",
    "precedence-cutoff": "3/15", "source-quench": "4", "redirect": "5", "network-redirect": "5/0",
    "host-redirect": "5/1", "tos-network-redirect": "5/2", "tos-host-redirect": "5/3", "echo-request": "8", "ping": "8",
    "router-advertisement": "9", "router-solicitation": "10", "time-exceeded": "11", "ttl-exceeded": "11",
    "ttl-zero-during-transit": "11/0", "ttl-zero-during-reassembly": "11/1", "parameter-problem": "12",
    "ip-header-bad": "12/0", "required-option-missing": "12/1", "timestamp-request": "13", "timestamp-reply": "14",
    "address-mask-request": "17", "address-mask-reply": "18",
}  # fmt: skip
_ICMP6 = {
    "destination-unreachable": "1", "no-route": "1/0", "communication-prohibited": "1/1", "beyond-scope": "1/2",
    "address-unreachable": "1/3", "port-unreachable": "1/4", "failed-policy": "1/5", "reject-route": "1/6",
    "packet-too-big": "2", "time-exceeded": "3", "ttl-exceeded": "3", "ttl-zero-during-transit": "3/0",
    "ttl-zero-during-reassembly": "3/1", "parameter-problem": "4", "bad-header": "4/0", "unknown-header-type": "4/1",
    "unknown-option": "4/2", "echo-request": "128", "ping": "128", "echo-reply": "129", "pong": "129",
    "mld-listener-query": "130", "mld-listener-report": "131", "mld-listener-done": "132",
    "mld-listener-reduction": "132", "router-solicitation": "133", "router-advertisement": "134",
    "neighbour-solicitation": "135", "neighbor-solicitation": "135", "neighbour-advertisement": "136",
    "neighbor-advertisement": "136", "redirect": "137",
}  # fmt: skip


def icmp(text: str, six: bool) -> tuple[int, Span]:
    """An ICMP type and its codes, by name or as `3`, `3/4`, `3/0-5`."""
    said = (_ICMP6 if six else _ICMP).get(text.lower(), text)
    kind, slash, code = said.partition("/")
    return number(kind, 255), span(code, 255, "-") if slash else (0, 255)
