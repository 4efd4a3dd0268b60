"""A stable number for each allowance: a hash of its name and meaning, never of its position.

The number stands in the connection mark, so `conntrack -L` shows which line let a connection in. What keeps its
meaning keeps its number, whatever else changes; what changes gets another, and its connections are decided again.
"""

from collections.abc import Iterable
from hashlib import blake2b

from segctl.model.ranges import Ranges

LARGEST = 0x7EFFFFFF
"""The numbers above, of 31 bits, are those of what is granted at run time: they hang on no hash."""

GRANTED = 0x7F000000

SWAPPED = 1 << 31
"""In a connection mark, beside the number: conntrack took the connection's replies for its beginning."""


def digest(*parts: object) -> str:
    """A short digest of words and numbers; ranges count by their members alone."""
    state = blake2b(digest_size=16)
    for part in parts:
        text = repr(part.spans) if isinstance(part, Ranges) else str(part)
        state.update(f"{len(text)}:{text};".encode())
    return state.hexdigest()


def number_all(meanings: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """A number from 1 to LARGEST for each distinct meaning; a clash takes the next free one, in sorted order."""
    numbers: dict[tuple[str, ...], int] = {}
    used: set[int] = set()
    for meaning in sorted(set(meanings)):
        number = 1 + int.from_bytes(blake2b("\0".join(meaning).encode(), digest_size=8).digest(), "big") % LARGEST
        while number in used:
            number = number % LARGEST + 1
        used.add(number)
        numbers[meaning] = number
    return numbers
