"""Elements as the kernel packs them (segctl.model.elements) to Element, a column at a time.

The kernel holds `mark`, `classid` and the like in the machine's byte order, and nft turns them where ranges need an
order: in a set of intervals (`ends` isn't None) all is big-endian.
"""

from collections.abc import Sequence
from sys import byteorder

import numpy as np

from segctl.listing.elements import in_order
from segctl.listing.rule import Element, Ending, Span, Unreadable, Verdict
from segctl.listing.words import HOST_ORDER, WIDTHS
from segctl.model.elements import Bytes, Elements


def readable(parts: Sequence[str], answers: str | None) -> bool:
    """Whether the types say how they are packed; `integer` and `string` don't, nor does an answer of several parts."""
    return all(part in WIDTHS for part in parts) and (answers is None or answers in WIDTHS or answers == "verdict")


def elements(packed: Elements, parts: Sequence[str], answers: str | None) -> tuple[Element, ...]:
    """The elements of a set declared with these types, in order of their keys, as `nft -j` would have said them.

    Raises Unreadable where the types don't say how they are packed, or something else is packed than they say.
    """
    if not readable(parts, answers):
        raise Unreadable(f"the types of {packed.name} don't say how its elements are packed")
    widths = [_bytes(part) for part in parts]
    slots = [-(-width // 4) * 4 for width in widths] if len(parts) > 1 else widths
    if sum(slots) != packed.keys.shape[1]:
        raise Unreadable(f"keys of {packed.name} are {packed.keys.shape[1]} bytes, its type's {sum(slots)}")
    ranged = packed.ends is not None
    columns: list[Sequence[Span]] = []
    at = 0
    for part, width, slot in zip(parts, widths, slots, strict=True):
        little = part in HOST_ORDER and not ranged and byteorder == "little"
        firsts = numbers(packed.keys[:, at : at + width], little)
        lasts = firsts if packed.ends is None else numbers(packed.ends[:, at : at + width], little)
        columns.append(list(zip(firsts, lasts, strict=True)))
        at += slot
    return in_order(map(Element, zip(*columns, strict=True), _answers(packed, answers), _expires(packed)))


def _bytes(kind: str) -> int:
    return -(-WIDTHS[kind] // 8)


def numbers(column: Bytes, little: bool) -> list[int]:
    """(n, w) bytes to n numbers, w at most 16."""
    width = column.shape[1]
    if width > 8:
        high, low = column[:, : width - 8], column[:, width - 8 :]
        return [(one << 64) | other for one, other in zip(numbers(high, False), numbers(low, False), strict=True)]
    whole = np.zeros((len(column), 8), np.uint8)
    if little:
        whole[:, :width] = column
    else:
        whole[:, 8 - width :] = column
    found: list[int] = whole.view("<u8" if little else ">u8").reshape(-1).tolist()
    return found


def _answers(packed: Elements, kind: str | None) -> Sequence[int | Verdict | None]:
    if kind == "verdict" and packed.verdicts is not None:
        known = {said: Verdict(Ending(said[0]), said[1] or None) for said in set(packed.verdicts)}
        return [known[said] for said in packed.verdicts]
    if kind is None and packed.data is None and packed.verdicts is None:
        return [None] * len(packed)
    if kind is None or packed.data is None or packed.data.shape[1] not in (_bytes(kind), -(-_bytes(kind) // 4) * 4):
        raise Unreadable(f"{packed.name} answers something else than its type says")
    return numbers(packed.data[:, : _bytes(kind)], kind in HOST_ORDER and byteorder == "little")


def _expires(packed: Elements) -> Sequence[float | None]:
    if packed.timeouts is None:
        return [None] * len(packed)
    return [left / 1000 if left else None for left in packed.timeouts.tolist()]
