"""The only values that may reach a rule template: each checks that it holds no syntax of its own."""

import re
from dataclasses import dataclass

from segctl.model.ranges import show_span

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}\Z")
_WORD = re.compile(r"[a-z]{1,12}(-[a-z]{1,12})?\Z")
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}\Z")


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a set, map or chain of ours; never a word of nft's (all have a prefix or an underscore)."""

    text: str

    def __post_init__(self) -> None:
        if not _NAME.match(self.text):
            raise ValueError(f"no name for a chain or set: {self.text!r}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a log prefix; the templates alone choose it."""

    text: str

    def __post_init__(self) -> None:
        if not _WORD.match(self.text):
            raise ValueError(f"no word for a log prefix: {self.text!r}")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class InterfaceName:
    """An interface, by name, at most 15 characters (IFNAMSIZ)."""

    text: str

    def __post_init__(self) -> None:
        if not _INTERFACE.match(self.text):
            raise ValueError(f"no interface name: {self.text!r}")

    def __str__(self) -> str:
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Mark:
    """32 bits, as a packet or connection mark."""

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 0xFFFFFFFF:
            raise ValueError(f"no 32-bit mark: {self.value}")

    def __str__(self) -> str:
        return f"0x{self.value:08x}"


@dataclass(frozen=True, slots=True)
class ClassId:
    """The same 32 bits as nft writes a packet's priority: high and low half in hexadecimal."""

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 0xFFFFFFFF:
            raise ValueError(f"no 32-bit class id: {self.value}")

    def __str__(self) -> str:
        return f"{self.value >> 16:x}:{self.value & 0xFFFF:x}"


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses of one family from `first` to `last`, both included, as places on the address line."""

    first: int
    last: int

    def __str__(self) -> str:
        return show_span(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Jump:
    """A verdict: `jump` or `goto` a chain of ours."""

    verb: str
    chain: Name

    def __post_init__(self) -> None:
        if self.verb not in ("jump", "goto"):
            raise ValueError(f"no way into a chain: {self.verb!r}")

    def __str__(self) -> str:
        return f"{self.verb} {self.chain}"


@dataclass(frozen=True, slots=True)
class Span:
    """Ports or types from `first` to `last`."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last <= 0xFFFF:
            raise ValueError(f"no range of ports: {self.first}-{self.last}")

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Duration:
    """How long an element still lives, in seconds; nft 1.0.6 takes at most 8 digits of one unit."""

    seconds: int

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError(f"no time left: {self.seconds} s")

    def __str__(self) -> str:
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours // 24}d{hours % 24}h{minutes}m{seconds}s"


Token = Duration | Name | Word | InterfaceName | Mark | ClassId | AddressRange | Jump | Span
TOKENS = (Duration, Name, Word, InterfaceName, Mark, ClassId, AddressRange, Jump, Span)
