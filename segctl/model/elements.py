"""The elements of one named set or map, packed as the kernel holds them."""

from dataclasses import dataclass

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
    """

    name: str
    keys: Bytes
    ends: Bytes | None = None
    data: Bytes | None = None
    verdicts: tuple[tuple[str, str], ...] | None = None
    timeouts: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.keys)
