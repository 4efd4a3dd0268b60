"""The elements of one named set or map, packed as the kernel holds them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Elements:
    """`n` elements of the set or map `name`.

    keys: (n, k) bytes, each field of a concatenation padded to 4 bytes, in the byte order that the kernel
        compares in: addresses and ports big-endian; marks and class ids (`meta priority`) in host order;
        protocol and ICMP type in the first byte of their 4; interface names 16 bytes, zero-padded.
    ends: (n, k) bytes, the last key of each range, included; None for a set without intervals.
    data: (n, 4) bytes, what a map answers (mark, class id: host order); None for a set or a verdict map.
    verdicts: for a verdict map, what each element does: `goto NAME`, `jump NAME` as (verb, chain); else None.
    timeouts: milliseconds that each element still lives, 0 for ever; None where none has one.
    until: when each ends, in milliseconds since 1970, 0 never; None where that isn't known, or none does. What is kept
        says this and not `timeouts`, which are true for a moment only.
    """

    name: str
    keys: Bytes
    ends: Bytes | None = None
    data: Bytes | None = None
    verdicts: tuple[tuple[str, str], ...] | None = None
    timeouts: NDArray[np.uint64] | None = None
    until: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, now: int) -> "Elements":
        """As they are to be loaded `now` (milliseconds since 1970): what remains of each; without those that ended."""
        if self.until is None:
            return self
        alive = (self.until == 0) | (self.until > now)
        left = np.where(self.until == 0, 0, self.until - np.uint64(now))[alive]
        every = bool(alive.all())
        some = self if every else self.only(alive)
        return replace(some, timeouts=left.astype(np.uint64))

    def only(self, chosen: NDArray[np.bool_]) -> "Elements":
        """Those that are chosen."""
        verdicts = self.verdicts
        if verdicts is not None:
            verdicts = tuple(one for one, here in zip(verdicts, chosen.tolist(), strict=True) if here)
        ends, data = (None if part is None else part[chosen] for part in (self.ends, self.data))
        until = None if self.until is None else self.until[chosen]
        return replace(self, keys=self.keys[chosen], ends=ends, data=data, verdicts=verdicts, until=until)
