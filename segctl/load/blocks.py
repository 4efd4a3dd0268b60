"""CIDR, ADDR, RANGE and IFADDR: texts to places on the address line (model/ranges.py). Each raises `Wrong`."""

import re
from socket import AF_INET, AF_INET6, inet_pton

from segctl.load.findings import Wrong
from segctl.load.letters import strange
from segctl.load.values import shorten
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import (
    ALL_V4,
    ALL_V6,
    LAST_V4,
    V6,
    Ranges,
    family,
    parse_address,
    prefix,
    show_address,
)
from segctl.model.selector import Block
from segctl.model.span import Span

LINK_LOCAL_6 = Ranges.span(*prefix(parse_address("fe80::"), 10))
MAPPED = Ranges.span(*prefix(parse_address("::ffff:0:0"), 96))
_WORDS = (  # the fixed part of the law's special addresses (design, section 1), with what people call them
    ("0.0.0.0", 32, "the unspecified address"),
    ("127.0.0.0", 8, "loopback"),
    ("169.254.0.0", 16, "link-local"),
    ("224.0.0.0", 4, "multicast"),
    ("255.255.255.255", 32, "broadcast"),
    ("::", 128, "the unspecified address"),
    ("::1", 128, "loopback"),
    ("fe80::", 10, "link-local"),
    ("ff00::", 8, "multicast"),
)
SPECIAL = tuple((Ranges.span(*prefix(parse_address(address), length)), word) for address, length, word in _WORDS)
_ALL_SPECIAL = Ranges.of(span for ranges, _ in SPECIAL for span in ranges)
_LEADING_ZERO = re.compile(r"\b0[0-9]")
_LENGTH = re.compile(r"(0|[1-9][0-9]{0,2})\Z")
_HOST_BITS_4 = {str(length): (1 << 32 - length) - 1 for length in range(1, 33)}
_HOST_BITS_6 = {str(length): (1 << 128 - length) - 1 for length in range(1, 129)}
_RISKY_4, _RISKY_6 = (
    frozenset(b for b in range(256) if (_ALL_SPECIAL | MAPPED).meets(Ranges.span(*prefix(begin + (b << bits), 8))))
    for begin, bits in ((0, 24), (V6, 120))
)
"""The first bytes that a special or mapped address may have."""
_new, _int = tuple.__new__, int.from_bytes


def looks_like_block(text: str) -> bool:
    """Whether a text can only be meant as an address, CIDR or range (no NAME has a colon, a slash, a digit first)."""
    return bool(text) and (text[0].isdigit() or ":" in text or "/" in text)


def read_block(text: str) -> tuple[int, int]:
    """A CIDR without host bits, an address or a range: its first and last address."""
    if "/" in text:
        return _cidr(text)
    if "-" in text:
        return _range(text)
    place = read_address(text)
    return place, place


def read_usable_block(text: str) -> tuple[int, int]:
    """The same, but not a block of nothing but special addresses."""
    span = read_block(text)
    demand_usable(text, Ranges((span,)))
    return span


def plain_block(text: str, file: str, line: int, column: int) -> Block | None:
    """A member as almost all are: a CIDR or an address, far from what is special. None for whatever else it may be.

    `read_usable_block` answers the same for it, and has words for the rest; this takes a third of its time.
    """
    address, slash, length = text.partition("/")
    try:
        if ":" in address:
            packed = inet_pton(AF_INET6, address)
            first, host, risky = V6 + _int(packed, "big"), _HOST_BITS_6[length if slash else "128"], _RISKY_6
        else:
            packed = inet_pton(AF_INET, address)
            first, host, risky = _int(packed, "big"), _HOST_BITS_4[length if slash else "32"], _RISKY_4
    except (OSError, ValueError, KeyError):  # no address, a NUL in it, no length
        return None
    if first & host or packed[0] in risky:
        return None
    return _new(Block, (text, first, first | host, _new(Span, (file, line, column))))


def read_address(text: str) -> int:
    """One address of either family."""
    try:
        place = parse_address(text)
    except ValueError:
        raise _no_address(text) from None
    if place >= V6 and place in MAPPED:
        raise _mapped(text, place)
    return place


def read_interface_address(text: str) -> InterfaceAddress:
    """IFADDR: an address with the length of its network, as 10.0.1.1/24; not the network's first or last (IPv4)."""
    address, slash, length_text = text.partition("/")
    place = read_address(address)
    if not slash:
        raise Wrong(
            "address", f"'{text}' has no network length", f"say it as on the interface, as '{text}/{_usual(place)}'"
        )
    length = _length(text, length_text, place)
    if length == 0:
        help = "write the length of the interface's own network"
        raise Wrong("prefix-zero", f"'{text}' is a network of everything", help)
    first, last = prefix(place, length)
    if family(place) == 4 and length <= 30 and place in (first, last):
        word = "network" if place == first else "broadcast"
        raise Wrong(
            "address", f"'{text}' is its network's {word} address", "no interface can have it: give the interface's own"
        )
    if place in LINK_LOCAL_6:
        raise Wrong("special", f"'{text}' is link-local", "leave it out: every interface has one, none needs a word")
    demand_usable(text, Ranges.single(place))
    return InterfaceAddress(place, length)


def demand_usable(text: str, block: Ranges) -> None:
    """A block of nothing but special addresses is a member of nothing (design, section 1)."""
    if block.first() not in _ALL_SPECIAL or block - _ALL_SPECIAL:
        return
    word = next((word for ranges, word in SPECIAL if ranges.meets(block)), "special")
    raise Wrong("special", f"'{text}' is {word}: a special address is a member of nothing")


def _cidr(text: str) -> tuple[int, int]:
    address, _, length_text = text.partition("/")
    place = read_address(address)
    length = _length(text, length_text, place)
    if length == 0:
        raise Wrong("prefix-zero", f"'{text}' is every address")
    first, last = prefix(place, length)
    if first != place:
        raise Wrong("host-bits", f"'{text}' has host bits set", f"the network is {show_address(first)}/{length}, "
                    f"the address alone {show_address(place)}")  # fmt: skip
    return first, last


def _length(text: str, length: str, place: int) -> int:
    most = 128 if place >= V6 else 32
    if place < V6 and "." in length and (bits := _mask_length(length)):
        raise Wrong("address", f"'{shorten(text)}': '{shorten(length)}' is a mask", f"write its length: '/{bits}'")
    if not _LENGTH.match(length) or int(length) > most:
        raise Wrong(
            "address",
            f"'{shorten(text)}': '{shorten(length)}' is no prefix length",
            f"it is 1 to {most}, as '/{_usual(place)}'",
        )
    return int(length)


def _mask_length(mask: str) -> int | None:
    """The length that a netmask like 255.255.255.0 says; None if it is none."""
    try:
        holes = LAST_V4 - parse_address(mask)
    except ValueError:
        return None
    return 32 - holes.bit_length() if holes & (holes + 1) == 0 else None


def _range(text: str) -> tuple[int, int]:
    first_text, _, last_text = text.partition("-")
    if not last_text:
        raise Wrong("range", f"'{shorten(text)}' has no end", "write FIRST-LAST")
    first, last = read_address(first_text), read_address(last_text)
    if family(first) != family(last):
        raise Wrong("range", f"'{text}' joins two families", "write one range for IPv4 and one for IPv6")
    if first > last:
        raise Wrong("range", f"'{text}' ends before it begins", f"write {last_text}-{first_text}")
    if (first, last) in (ALL_V4.spans[0], ALL_V6.spans[0]):
        raise Wrong("prefix-zero", f"'{text}' is every address")
    return first, last


def _usual(place: int) -> int:
    return 64 if place >= V6 else 24


def _mapped(text: str, place: int) -> Wrong:
    plain = show_address(place & 0xFFFFFFFF)
    what = f"'{shorten(text)}' is an IPv4-mapped IPv6 address"
    return Wrong("mapped", what, f"write it as IPv4: the address is {plain}")


def _no_address(text: str) -> Wrong:
    if not text:
        return Wrong("address", "an empty text where an address belongs")
    if "%" in text:
        return Wrong(
            "address", f"'{shorten(text)}' has a zone", "an address in a site has no zone: leave out what follows the %"
        )
    if text != text.strip() or " " in text:
        return Wrong("address", f"'{shorten(text)}' has blanks in it", "write it without blanks")
    if odd := strange(text):
        return Wrong("address", f"'{shorten(text)}' is no address: {odd}")
    if _LEADING_ZERO.search(text) and ":" not in text:
        return Wrong("address", f"'{shorten(text)}' has a leading zero", "leave it out: some read it as octal")
    return Wrong("address", f"'{shorten(text)}' is no address")
