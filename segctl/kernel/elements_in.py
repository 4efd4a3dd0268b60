"""The bytes of an element dump to Elements, with numpy: a record's layout is read once for all that share it.

Everything in a record is either a place whose value we take, one that means nothing to a packet (a counter's state,
a comment), or must be the same in all records of the layout. What is none of these is NotUnderstood, never skipped:
an element with a `limit` on it means something else than the same element without.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import byteorder

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segctl.kernel import nfset as nf
from segctl.kernel.elements_out import as_strings, before
from segctl.kernel.errors import NotUnderstood
from segctl.kernel.nfset import SetInfo
from segctl.kernel.wire import string
from segctl.model.elements import Bytes, Elements

_VERB = {code: verb for verb, code in nf.VERBS.items()}
_HARMLESS = ("counter", "last")
"""Expressions on an element that decide nothing: they only note what came by."""


@dataclass(slots=True)
class Layout:
    """Where the parts of a record stand: (offset, width) of each; `free` are the bytes that may differ."""

    parts: dict[str, tuple[int, int]] = field(default_factory=dict)
    free: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rows:
    """Decoded records in the order in which they came, ranges not yet joined; what a record lacks is zero."""

    keys: Bytes
    key_ends: Bytes
    has_end: NDArray[np.bool_]
    data: Bytes
    has_key: NDArray[np.bool_]
    answers: NDArray[np.bool_]
    verdicts: NDArray[np.object_]
    flags: NDArray[np.uint32]
    left: NDArray[np.uint64]


def decode(info: SetInfo, lists: list[bytes]) -> tuple[Elements, Elements | None]:
    """The elements sorted by key, and the catch-all element `*` (with a key of zeros) if there is one."""
    if any(len(one) % 4 for one in lists):
        raise NotUnderstood(f"the elements of {info.name} were cut off in the middle of one")
    rows = _rows(info, b"".join(lists))
    catch_all = (rows.flags & nf.CATCHALL) != 0
    plain = np.flatnonzero(~catch_all)
    star = _elements(info, rows, np.flatnonzero(catch_all), None) if catch_all.any() else None
    if info.interval:
        return _joined(info, rows, plain), star
    plain = plain[np.argsort(as_strings(rows.keys[plain]), kind="stable")]
    ends = None
    if info.concatenated_ranges:
        ends = np.where(rows.has_end[plain, None], rows.key_ends[plain], rows.keys[plain])
    return _elements(info, rows, plain, ends), star


def _elements(info: SetInfo, rows: Rows, chosen: NDArray[np.intp], ends: Bytes | None) -> Elements:
    left = rows.left[chosen]
    return Elements(
        info.name,
        rows.keys[chosen],
        ends,
        None if info.data_length is None else rows.data[chosen],
        tuple(rows.verdicts[chosen]) if info.verdict else None,
        left if left.any() else None,
    )


def _joined(info: SetInfo, rows: Rows, plain: NDArray[np.intp]) -> Elements:
    """Starts and ends to ranges: a range goes on until the next start or end, or to the last key there is."""
    is_end = (rows.flags[plain] & nf.INTERVAL_END) != 0
    starts = plain[~is_end]
    starts = starts[np.argsort(as_strings(rows.keys[starts]), kind="stable")]
    bounds = np.unique(as_strings(rows.keys[plain]))
    following = np.searchsorted(bounds, as_strings(rows.keys[starts]), "right")
    closed = following < len(bounds)
    ends = np.full((len(starts), info.key_length), 0xFF, np.uint8)
    nexts = bounds[following[closed]].view(np.uint8).reshape(-1, info.key_length)
    ends[closed] = before(nexts)
    return _elements(info, rows, starts, ends)


def _rows(info: SetInfo, flat: bytes) -> Rows:
    """Every record of `flat`, by layout, put back in order."""
    offsets, lengths = _records(flat)
    count = len(offsets)
    rows = Rows(
        np.zeros((count, info.key_length), np.uint8),
        np.zeros((count, info.key_length), np.uint8),
        np.zeros(count, bool),
        np.zeros((count, info.data_length or 0), np.uint8),
        np.zeros(count, bool),
        np.zeros(count, bool),
        np.full(count, None, object),
        np.zeros(count, np.uint32),
        np.zeros(count, np.uint64),
    )
    buffer = np.frombuffer(flat, np.uint8)
    for length in np.unique(lengths):
        waiting = np.flatnonzero(lengths == length)
        matrix = sliding_window_view(buffer, int(length))[offsets[waiting]]
        while len(waiting):
            layout = _layout(info, matrix[0].tobytes())
            same = _same(layout, matrix)
            _take(info, rows, waiting[same], layout, matrix[same])
            waiting, matrix = waiting[~same], matrix[~same]
    _whole(info, rows)
    return rows


def _records(flat: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Offset and length of each record; one look if all are equally long, else a walk."""
    if not flat:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    stride = int.from_bytes(flat[:2], byteorder)
    if stride >= 4 and stride % 4 == 0 and len(flat) % stride == 0:
        heads = np.frombuffer(flat, np.uint8).reshape(-1, stride)[:, :2]
        if (heads == heads[0]).all():
            return np.arange(0, len(flat), stride, dtype=np.int64), np.full(len(heads), stride, np.int64)
    offsets, lengths = [], []
    at = 0
    lowest, highest = (0, 1) if byteorder == "little" else (1, 0)
    while at < len(flat):
        length = flat[at + lowest] | flat[at + highest] << 8 if at + 4 <= len(flat) else 0
        if length < 4 or at + length > len(flat):
            raise NotUnderstood("an element that is longer than its message")
        offsets.append(at)
        lengths.append(length)
        at += length + 3 & ~3
    return np.array(offsets, np.int64), np.array(lengths, np.int64)


def _same(layout: Layout, matrix: Bytes) -> NDArray[np.bool_]:
    fixed = np.ones(matrix.shape[1], bool)
    for at, width in layout.free:
        fixed[at : at + width] = False
    return np.asarray((matrix[:, fixed] == matrix[0, fixed]).all(axis=1))


def _take(info: SetInfo, rows: Rows, places: NDArray[np.intp], layout: Layout, matrix: Bytes) -> None:
    def part(name: str) -> Bytes:
        at, width = layout.parts[name]
        return matrix[:, at : at + width]

    if "key" in layout.parts:
        rows.keys[places] = part("key")
        rows.has_key[places] = True
    if "key_end" in layout.parts:
        rows.key_ends[places] = part("key_end")
        rows.has_end[places] = True
    if "data" in layout.parts:
        rows.data[places] = part("data")
        rows.answers[places] = True
    if "flags" in layout.parts:
        rows.flags[places] = part("flags").copy().view(">u4").reshape(-1)
    if "left" in layout.parts:
        # 0 is what Elements says of those that never end: one that ends within this millisecond has 1 left.
        rows.left[places] = np.maximum(part("left").copy().view(">u8").reshape(-1), 1)
    if "code" in layout.parts:
        chains = part("chain") if "chain" in layout.parts else matrix[:, :0]
        rows.answers[places] = True
        rows.verdicts[places] = _verdicts(part("code"), chains)


def _verdicts(codes: Bytes, chains: Bytes) -> NDArray[np.object_]:
    """(verb, chain) of each row, decoded once for each that is different."""
    both = np.ascontiguousarray(np.concatenate((codes, chains), axis=1))
    different, which = np.unique(both.view(f"V{both.shape[1]}").reshape(-1), return_inverse=True)
    decoded = np.empty(len(different), object)
    for at, value in enumerate(different.tolist()):
        code = int.from_bytes(value[:4], "big", signed=True)
        if code not in _VERB:
            raise NotUnderstood(f"an element with the verdict {code}")
        decoded[at] = (_VERB[code], string(value[4:]))
    return decoded[which]


def _whole(info: SetInfo, rows: Rows) -> None:
    """Each element but `*` has a key, and each that isn't the end of a range answers what its map answers."""
    starts = (rows.flags & nf.INTERVAL_END) == 0
    if (info.verdict or info.data_length is not None) and (starts & ~rows.answers).any():
        raise NotUnderstood(f"{info.name} has an element without an answer")
    if (~rows.has_key & ((rows.flags & nf.CATCHALL) == 0)).any():
        raise NotUnderstood(f"{info.name} has an element without a key")


def _walk(record: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(type, offset, end) of the payload of each attribute between two offsets."""
    at = begin
    while at + 4 <= end:
        length = int.from_bytes(record[at : at + 2], byteorder)
        if length < 4 or at + length > end:
            raise NotUnderstood("an element whose parts are longer than itself")
        yield int.from_bytes(record[at + 2 : at + 4], byteorder) & 0x3FFF, at + 4, at + length
        at += length + 3 & ~3


def _layout(info: SetInfo, record: bytes) -> Layout:
    """Read one record; NotUnderstood for what we don't know the meaning of."""
    layout = Layout()

    def value(name: str, at: int, end: int, width: int | None) -> None:
        if width is not None and end - at != width:
            raise NotUnderstood(f"{info.name} has an element whose {name} is {end - at} bytes, not {width}")
        layout.parts[name] = (at, end - at)
        layout.free.append((at, end - at))

    for kind, at, end in _walk(record, 4, len(record)):
        match kind:
            case nf.KEY | nf.KEY_END:
                for _, first, last in _walk(record, at, end):
                    value("key" if kind == nf.KEY else "key_end", first, last, info.key_length)
            case nf.DATA:
                for inner, first, last in _walk(record, at, end):
                    if inner == nf.VALUE:
                        value("data", first, last, info.data_length or 0)
                    else:
                        for word, begin, stop in _walk(record, first, last):
                            value("code" if word == nf.CODE else "chain", begin, stop, None)
            case nf.FLAGS:
                layout.parts["flags"] = (at, 4)  # not free: starts and ends are layouts of their own
            case nf.EXPIRATION:
                value("left", at, end, 8)
            case nf.TIMEOUT | nf.USERDATA | nf.PAD:
                layout.free.append((at, end - at))
            case nf.EXPR:
                layout.free.append(_harmless(info, record, at, end))
            case nf.EXPRESSIONS:
                layout.free += [_harmless(info, record, first, last) for _, first, last in _walk(record, at, end)]
            case _:
                raise NotUnderstood(f"{info.name} has an element with a part that we don't know (attribute {kind})")
    return layout


def _harmless(info: SetInfo, record: bytes, at: int, end: int) -> tuple[int, int]:
    """The place of an expression's state, if it is one that decides nothing."""
    parts = {kind: (first, last) for kind, first, last in _walk(record, at, end)}
    name = string(record[slice(*parts.get(1, (0, 0)))])
    if name not in _HARMLESS:
        raise NotUnderstood(f"{info.name} has an element with a `{name}` on it")
    first, last = parts.get(2, (end, end))
    return first, last - first
