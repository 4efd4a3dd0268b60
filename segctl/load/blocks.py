"""CIDR, ADDR, RANGE and IFADDR: texts to places on the address line (model/ranges.py). Each raises `Wrong`."""

import re

from segctl.load.findings import Wrong
from segctl.load.values import shorten
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import (
    ALL_V4,
    ALL_V6,
    V6,
    Ranges,
    family,
    parse_address,
    prefix,
    show_address,
)

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
_LENGTH = re.compile(r"(0|[1-9][0-9]{0,2})\Z")


def looks_like_block(text: str) -> bool:
    """Whether a text can only be meant as an address, CIDR or range (no NAME has a colon, a slash, a digit first)."""
    return bool(text) and (text[0].isdigit() or ":" in text or "/" in text)


def read_block(text: str) -> Ranges:
    """A CIDR without host bits, an address or a range."""
    if "/" in text:
        span = _cidr(text)
    elif "-" in text:
        span = _range(text)
    else:
        place = read_address(text)
        return Ranges(((place, place),))
    if span[0] >= V6 and span[0] >= MAPPED.spans[0][0] and span[1] <= MAPPED.spans[0][1]:
        raise _mapped(text, span[0])
    return Ranges((span,))


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
        raise Wrong("prefix-zero", f"'{text}' is a network of everything")
    first, last = prefix(place, length)
    if family(place) == 4 and length <= 30 and place in (first, last):
        word = "network" if place == first else "broadcast"
        raise Wrong(
            "address", f"'{text}' is its network's {word} address", "no interface can have it: give the interface's own"
        )
    demand_usable(text, Ranges.single(place))
    return InterfaceAddress(place, length)


def demand_usable(text: str, block: Ranges) -> None:
    """A block of nothing but special addresses is a member of nothing (design, section 1)."""
    if block - _ALL_SPECIAL:
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
        raise Wrong("host-bits", f"'{text}' has host bits set", f"the network is {show_address(first)}/{length}")
    return first, last


def _length(text: str, length: str, place: int) -> int:
    most = 128 if place >= V6 else 32
    if not _LENGTH.match(length) or int(length) > most:
        raise Wrong(
            "address",
            f"'{shorten(text)}': '{shorten(length)}' is no prefix length",
            f"it is 1 to {most}, as '/{_usual(place)}'",
        )
    return int(length)


def _range(text: str) -> tuple[int, int]:
    first_text, _, last_text = text.partition("-")
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
    return Wrong("mapped", f"'{shorten(text)}' is an IPv4-mapped IPv6 address", f"write the IPv4 address, {plain}")


def _no_address(text: str) -> Wrong:
    if not text:
        return Wrong("address", "an empty text where an address belongs")
    if "%" in text:
        return Wrong(
            "address", f"'{shorten(text)}' has a zone", "an address in a site has no zone: leave out what follows the %"
        )
    if text != text.strip() or " " in text:
        return Wrong("address", f"'{shorten(text)}' has blanks in it", "write it without blanks")
    return Wrong("address", f"'{shorten(text)}' is no address")
