"""The types of what rules compare: random values near those that packets have, and how nft(8) writes them."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from segctl.listing.rule import Span, name_span
from segctl.model.ranges import V6, show_address
from tests.packets.truth.world import NAMES, OWN, SIDES, index_of

_PORTS = (0, 1, 22, 53, 80, 443, 1023, 1024, 5000, 5005, 8000, 8080, 40_000, 65_534, 65_535)
_MARKS = (0, 1, 2, 3, 0xFF, 0x100, 0x101, 0x1234, 0x10002, 0xFFFF0000, 0x80000000, 0xFFFFFFFF)
_CLASSES = (0, 0x2, 0x6, 0x10002, 0x10005, 0x20001, 0x7FFF0001, 0xFFFF0001)
_PROTOCOLS = (1, 6, 6, 17, 17, 47, 50, 58, 58, 89, 103, 112, 132, 253)
_HOSTS = (1, 2, 3, 4, 5, 6, 7, 8, 256, 257)
_IFNAMES = (*NAMES, *NAMES, "lo", "nix0")


@dataclass(frozen=True, slots=True)
class Item:
    """What a rule or an element says of one field: its text and the values that it stands for."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Kind:
    """A data type. `name` is nft's; `hint` the kind of value that packets are to have; `bits` its width.

    `ranged`: ranges and comparisons make sense; `prefixed`: blocks by length; `masked`: bits of it may be compared.
    """

    name: str
    hint: str
    bits: int
    draw: Callable[[Random], int]
    show: Callable[[int], str] = str
    ranged: bool = True
    prefixed: bool = False
    masked: bool = False

    def value(self, rng: Random) -> Item:
        """One value."""
        drawn = self.draw(rng)
        return Item(self.show(drawn), (drawn, drawn))

    def item(self, rng: Random) -> Item:
        """A value, a range, a prefix or a wildcard."""
        if self.name == "ifname" and rng.random() < 0.4:
            head = rng.choice(("le", "ri", "l", "r", "le0", "nix"))
            return Item(f'"{head}*"', name_span(f"{head}*"))
        if self.prefixed and rng.random() < 0.5:
            free = rng.choice((0, 1, 2, 3, 4, 8, 8, 12, 16, 24) if self.bits == 32 else (0, 1, 3, 8, 64, 96, 100))
            first = self.draw(rng) >> free << free
            return Item(f"{self.show(first)}/{self.bits - free}", (first, first | (1 << free) - 1))
        if self.ranged and rng.random() < 0.5:
            first, last = sorted((self.draw(rng), self.draw(rng)))
            if last - first > 1:
                return Item(f"{self.show(first)}-{self.show(last)}", (first, last))
        return self.value(rng)

    def mask(self, rng: Random) -> int:
        """Bits worth looking at: low, high, one, or any."""
        full = (1 << self.bits) - 1
        some = (
            1,
            3,
            0xF,
            0xFF,
            full >> 1,
            full & 0xFFFF0000,
            full & ~1,
            1 << self.bits - 1,
            rng.getrandbits(self.bits),
        )
        return rng.choice(some) & full or 1


def _of(*values: int) -> Callable[[Random], int]:
    return lambda rng: rng.choice(values)


def _near(values: tuple[int, ...], most: int) -> Callable[[Random], int]:
    return lambda rng: rng.choice(values) if rng.random() < 0.8 else rng.randrange(most)


def _address(version: int) -> Callable[[Random], int]:
    bottom = V6 if version == 6 else 0

    def draw(rng: Random) -> int:
        if rng.random() < 0.15:
            return rng.choice(OWN[version]) - bottom
        return rng.choice(SIDES).host(version, rng.choice(_HOSTS)) - bottom

    return draw


def _class(value: int) -> str:
    return f"{value >> 16:x}:{value & 0xFFFF:x}" if value else "0:0"


def _quoted_index(value: int) -> str:
    return f'"{"lo" if value == 1 else NAMES[value - 2]}"'


ADDRESS4 = Kind("ipv4_addr", "address4", 32, _address(4), show_address, prefixed=True, masked=True)
ADDRESS6 = Kind(
    "ipv6_addr", "address6", 128, _address(6), lambda value: show_address(V6 + value), prefixed=True, masked=True
)
PORT = Kind("inet_service", "port", 16, _near(_PORTS, 1 << 16), masked=True)
PROTOCOL = Kind("inet_proto", "protocol", 8, _of(*_PROTOCOLS), masked=True)
MARK = Kind("mark", "mark", 32, _near(_MARKS, 1 << 32), hex, masked=True)
CLASS = Kind("classid", "priority", 32, _of(*_CLASSES), _class)
IFNAME = Kind(
    "ifname", "name", 128, lambda rng: name_span(rng.choice(_IFNAMES))[0],
    lambda value: f'"{value.to_bytes(16, "big").rstrip(bytes(1)).decode()}"', ranged=False,
)  # fmt: skip
IFINDEX = Kind("iface_index", "index", 32, _of(1, *map(index_of, NAMES)), _quoted_index, ranged=False)
GROUP = Kind("devgroup", "group", 32, _of(0, 5, 6, 7))
ICMP4 = Kind("icmp_type", "icmp4", 8, _of(0, 0, 3, 3, 8, 8, 8, 11, 12, 13, 17))
ICMP6 = Kind("icmpv6_type", "icmp6", 8, _of(1, 2, 3, 4, 128, 128, 129, 129, 133, 135, 136, 143, 139))
CODE = Kind("integer", "code", 8, _of(0, 0, 1, 3, 4, 13))
HOPS = Kind("integer", "ttl", 8, _of(2, 3, 32, 63, 64, 65, 128, 254, 255))
LENGTH = Kind("integer", "length", 32, lambda rng: rng.randrange(40, 440))
LENGTH16 = Kind("integer", "length", 16, lambda rng: rng.randrange(20, 440))
DSCP = Kind("dscp", "dscp", 6, _of(0, 8, 10, 46, 56, 63))
ECN = Kind("ecn", "ecn", 2, _of(0, 1, 2, 3))
IDENT = Kind("integer", "id", 16, _near((1, 2, 100, 65_535), 1 << 16))
FLOW = Kind("integer", "flow", 20, _of(0, 1, 0x12345, 0xFFFFF))
WINDOW = Kind("integer", "window", 16, _near((0, 8192, 65_535), 1 << 16))
SPI = Kind("integer", "spi", 32, _of(0, 0x800, 5))
NFPROTO = Kind("nf_proto", "family", 8, _of(2, 10), lambda value: {2: "ipv4", 10: "ipv6"}[value], ranged=False)
ETHERTYPE = Kind(
    "ether_type", "ethertype", 16, _of(0x0800, 0x86DD), lambda value: {0x0800: "ip", 0x86DD: "ip6"}[value], ranged=False
)
DIRECTION = Kind(
    "ct_dir", "direction", 8, _of(0, 1), lambda value: ("original", "reply")[value], ranged=False
)  # fmt: skip
STATE = Kind(
    "ct_state", "state", 32, _of(1, 2, 4, 8, 8, 64),
    lambda value: {1: "invalid", 2: "established", 4: "related", 8: "new", 64: "untracked"}[value], ranged=False,
)  # fmt: skip
HARDWARE = Kind(
    "ether_addr", "hardware", 48, lambda rng: int.from_bytes(rng.choice(SIDES).far_mac, "big"),
    lambda value: value.to_bytes(6, "big").hex(":"), ranged=False,
)  # fmt: skip
