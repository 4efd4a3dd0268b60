"""Sets of integers as sorted ranges, and the two number lines that segctl draws: addresses and traffic.

One line for all addresses keeps one algebra for both families: IPv4 addresses stand at their own value,
IPv6 addresses 2**128 higher, so every IPv4 address sorts before every IPv6 one and no range joins the two:

    0 ........ 2**32-1            2**128 ...................... 2**129-1
    |  IPv4   |     (nothing)     |            IPv6             |
"""

import socket
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

V6 = 1 << 128
LAST_V4 = (1 << 32) - 1
LAST_V6 = V6 + (1 << 128) - 1


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of integers: `spans` are (first, last), both included, sorted, disjoint and never adjacent.

    Build one with `Ranges.of`, which sorts and merges; the constructor takes spans that are in that form already.
    """

    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> "Ranges":
        """The set that the given (first, last) pairs cover, in any order and overlapping as they like."""
        return cls(tuple(_merged(sorted(spans))))

    @classmethod
    def union(cls, some: Iterable["Ranges"]) -> "Ranges":
        """All of several sets."""
        return cls.of(span for one in some for span in one)

    @classmethod
    def single(cls, value: int) -> "Ranges":
        return cls(((value, value),))

    @classmethod
    def span(cls, first: int, last: int) -> "Ranges":
        return cls(((first, last),))

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        at = bisect_right(self.spans, value, key=_first) - 1
        return at >= 0 and value <= self.spans[at][1]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.spans)

    def __or__(self, other: "Ranges") -> "Ranges":
        if not self.spans or not other.spans:
            return self if self.spans else other
        return Ranges(tuple(_merged(merge(self.spans, other.spans))))

    def __and__(self, other: "Ranges") -> "Ranges":
        out: list[tuple[int, int]] = []
        mine, theirs = self.spans, other.spans
        i = j = 0
        while i < len(mine) and j < len(theirs):
            first, last = max(mine[i][0], theirs[j][0]), min(mine[i][1], theirs[j][1])
            if first <= last:
                out.append((first, last))
            if mine[i][1] < theirs[j][1]:
                i += 1
            else:
                j += 1
        return Ranges(tuple(out))

    def __sub__(self, other: "Ranges") -> "Ranges":
        if not other.spans:
            return self
        out: list[tuple[int, int]] = []
        theirs = other.spans
        j = 0
        for first, last in self.spans:
            while j < len(theirs) and theirs[j][1] < first:
                j += 1
            at = j
            while at < len(theirs) and theirs[at][0] <= last:
                if first < theirs[at][0]:
                    out.append((first, theirs[at][0] - 1))
                first = theirs[at][1] + 1
                at += 1
            if first <= last:
                out.append((first, last))
        return Ranges(tuple(out))

    def meets(self, other: "Ranges") -> bool:
        """Whether the two sets share a member (stops at the first)."""
        mine, theirs = self.spans, other.spans
        i = j = 0
        while i < len(mine) and j < len(theirs):
            if mine[i][0] <= theirs[j][1] and theirs[j][0] <= mine[i][1]:
                return True
            if mine[i][1] < theirs[j][1]:
                i += 1
            else:
                j += 1
        return False

    def covers(self, other: "Ranges") -> bool:
        """Whether every member of `other` is one of ours."""
        return not other - self

    def size(self) -> int:
        """How many members."""
        return sum(last - first + 1 for first, last in self.spans)

    def first(self) -> int:
        """The smallest member; ValueError if there is none."""
        if not self.spans:
            raise ValueError("an empty set has no first member")
        return self.spans[0][0]

    def v4(self) -> "Ranges":
        """The IPv4 half of a set of addresses."""
        return Ranges(self.spans[: bisect_left(self.spans, V6, key=_first)])

    def v6(self) -> "Ranges":
        """The IPv6 half of a set of addresses."""
        return Ranges(self.spans[bisect_left(self.spans, V6, key=_first) :])


def _first(span: tuple[int, int]) -> int:
    return span[0]


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sorted pairs made disjoint; neighbours are joined."""
    held: tuple[int, int] | None = None
    for first, last in spans:
        if held is None:
            held = (first, last)
        elif first <= held[1] + 1:
            held = (held[0], max(held[1], last))
        else:
            yield held
            held = (first, last)
    if held is not None:
        yield held


ALL_V4 = Ranges.span(0, LAST_V4)
ALL_V6 = Ranges.span(V6, LAST_V6)
ALL_ADDRESSES = Ranges(((0, LAST_V4), (V6, LAST_V6)))
NOTHING = Ranges()


def family(address: int) -> int:
    """4 or 6."""
    return 6 if address >= V6 else 4


def parse_address(text: str) -> int:
    """An IPv4 or IPv6 address without zone, as its place on the line; ValueError if it is none."""
    if ":" in text:
        try:
            return V6 + int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
        except OSError as error:
            raise ValueError(f"'{text}' is no IPv6 address") from error
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except OSError as error:
        raise ValueError(f"'{text}' is no IPv4 address") from error


def show_address(address: int) -> str:
    """The address as RFC 5952 (v6) and everybody (v4) write it."""
    if address >= V6:
        return socket.inet_ntop(socket.AF_INET6, (address - V6).to_bytes(16, "big"))
    return socket.inet_ntop(socket.AF_INET, address.to_bytes(4, "big"))


def prefix(address: int, length: int) -> tuple[int, int]:
    """First and last address of the network of that length which holds `address`."""
    host = (1 << ((128 if address >= V6 else 32) - length)) - 1
    return address & ~host, address | host


def show_addresses(addresses: Ranges, most: int = 4) -> str:
    """A short text for people: prefixes where a range is one, the first few of many."""
    shown = [show_span(first, last) for first, last in addresses.spans[:most]]
    more = len(addresses.spans) - most
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") if shown else "nothing"


def show_span(first: int, last: int) -> str:
    """One range as an address, a prefix where it is one, or `first-last`."""
    size = last - first + 1
    if size == 1:
        return show_address(first)
    if size & (size - 1) == 0 and first % size == 0:
        return f"{show_address(first)}/{(128 if first >= V6 else 32) - size.bit_length() + 1}"
    return f"{show_address(first)}-{show_address(last)}"
