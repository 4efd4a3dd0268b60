"""Elements to the bytes of NFT_MSG_NEWSETELEM and NFT_MSG_DELSETELEM, with numpy, many in one message.

An element is one record; the records of a set differ in length only by verdict, by timeout and by being a start or
an end, so each kind is laid out once and filled for all its rows at a time:

    LIST_ELEM { FLAGS?, KEY { VALUE key }, KEY_END { VALUE last }?, DATA { VALUE data | VERDICT { … } }?, TIMEOUT? }

An interval set holds a start, and an end whose key is the first that is outside again; the range that reaches the
last key there is has no end, and nft marks its start as open (USERDATA), which only its listing reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segctl.kernel import nfset as nf
from segctl.kernel.errors import KernelError
from segctl.kernel.nfset import SetInfo
from segctl.kernel.wire import NESTED, attribute, text
from segctl.model.elements import Bytes, Elements

_CHUNK = 1 << 16  # rows laid out at once: bounds the memory, costs nothing
_END_FLAG = attribute(nf.FLAGS, nf.INTERVAL_END.to_bytes(4, "big"))
_OPEN = attribute(nf.USERDATA, b"\x01\x04\x01\x00\x00\x00")  # NFTNL_UDATA_SET_ELEM_FLAGS: INTERVAL_OPEN


@dataclass(frozen=True, slots=True)
class _Records:
    """Rows of one layout: `at` their places in the order of all records, `rows` the bytes of each."""

    at: NDArray[np.intp]
    rows: Bytes


def lists(info: SetInfo, elements: Elements, most: int, *, keys_only: bool = False) -> Iterator[bytes]:
    """The payloads of LIST_ELEMENTS attributes, each at most `most` bytes, in order of the keys where it matters.

    `keys_only` leaves out what a deletion needn't say. Raises KernelError where elements and set don't fit.
    """
    _fits(info, elements)
    if keys_only:
        elements = replace(elements, data=None, verdicts=None, timeouts=None)
    order = _by_key(elements.keys) if info.interval else np.arange(len(elements))
    for begin in range(0, len(elements), _CHUNK):
        flat, bounds = _lay_out(_kinds(info, _pick(elements, order[begin : begin + _CHUNK])))
        yield from _cut(flat, bounds, most)


def _fits(info: SetInfo, elements: Elements) -> None:
    def wrong(what: str) -> KernelError:
        return KernelError(f"the elements of {info.name} don't fit the set: {what}")

    if elements.keys.ndim != 2 or elements.keys.shape[1] != info.key_length:
        raise wrong(f"keys are {elements.keys.shape[-1]} bytes, the set's {info.key_length}")
    if (elements.ends is not None) != (info.interval or info.concatenated_ranges):
        raise wrong("one has ranges, the other none")
    if (elements.verdicts is not None) != info.verdict or (elements.data is None) != (info.data_length is None):
        raise wrong("one answers with data or a verdict, the other doesn't")
    if elements.data is not None and elements.data.shape[1] != info.data_length:
        raise wrong(f"data is {elements.data.shape[1]} bytes, the map's {info.data_length}")
    if elements.timeouts is not None and elements.timeouts.any() and not info.timeout:
        raise wrong("the set was declared without timeouts")
    for part in (elements.ends, elements.data, elements.verdicts, elements.timeouts):
        if part is not None and len(part) != len(elements):
            raise wrong(f"{len(elements)} keys, but {len(part)} of another part")


def _by_key(keys: Bytes) -> NDArray[np.intp]:
    """Sorted, an rbtree takes them twice as fast; equal-width byte strings compare as memcmp does."""
    return np.argsort(as_strings(keys), kind="stable")


def as_strings(keys: Bytes) -> NDArray[np.bytes_]:
    """The rows of (n, k) bytes as n comparable values."""
    return np.ascontiguousarray(keys).view(f"S{keys.shape[1]}").reshape(-1)


def _pick(elements: Elements, rows: NDArray[np.intp]) -> Elements:
    return Elements(
        elements.name,
        elements.keys[rows],
        None if elements.ends is None else elements.ends[rows],
        None if elements.data is None else elements.data[rows],
        None if elements.verdicts is None else tuple(elements.verdicts[row] for row in rows),
        None if elements.timeouts is None else elements.timeouts[rows],
    )


def _kinds(info: SetInfo, elements: Elements) -> list[_Records]:
    """All records, grouped by layout: what each element says, and where an interval's ends stand between."""
    open_ended = np.zeros(len(elements), bool)
    step = 1
    ends = []
    if info.interval and elements.ends is not None:
        step = 2
        open_ended = np.asarray((elements.ends == 0xFF).all(axis=1))
        closed = np.flatnonzero(~open_ended)
        said = [_END_FLAG, *_key(nf.KEY, after(elements.ends[closed]))]
        ends = [_Records(closed * 2 + 1, _record(len(closed), said))]
    timed = np.zeros(len(elements), bool) if elements.timeouts is None else elements.timeouts > 0
    starts = []
    for rows, said_by_row in _verdict_groups(elements):
        for is_timed, is_open in ((False, False), (False, True), (True, False), (True, True)):
            of_kind = (timed[rows] == is_timed) & (open_ended[rows] == is_open)
            if of_kind.any():
                chosen, said_of_them = rows[of_kind], said_by_row[of_kind]
                records = _start(info, elements, chosen, said_of_them, is_timed, is_open)
                starts.append(_Records(chosen * step, records))
    return starts + ends


def _start(
    info: SetInfo, elements: Elements, rows: NDArray[np.intp], verdict: Bytes, timed: bool, opened: bool
) -> Bytes:
    parts: list[bytes | Bytes] = [*_key(nf.KEY, elements.keys[rows])]
    if info.concatenated_ranges and elements.ends is not None:
        parts += _key(nf.KEY_END, elements.ends[rows])
    if elements.data is not None:
        parts += _key(nf.DATA, elements.data[rows])
    parts.append(verdict)
    if timed and elements.timeouts is not None:
        milliseconds = elements.timeouts[rows].astype(">u8").view(np.uint8).reshape(-1, 8)
        parts += [_head(nf.TIMEOUT, 8), milliseconds]
    if opened:
        parts.append(_OPEN)
    return _record(len(rows), parts)


def _verdict_groups(elements: Elements) -> Iterator[tuple[NDArray[np.intp], Bytes]]:
    """Rows by the length of their verdict, each with the attribute that says it: chains may be thousands."""
    if elements.verdicts is None:
        yield np.arange(len(elements)), np.zeros((len(elements), 0), np.uint8)
        return
    number = {verdict: at for at, verdict in enumerate(dict.fromkeys(elements.verdicts))}
    which = np.fromiter(map(number.__getitem__, elements.verdicts), np.intp, len(elements))
    encoded = [_verdict(*verdict) for verdict in number]
    lengths = np.array([len(one) for one in encoded], np.intp)
    for length in np.unique(lengths):
        alike = np.flatnonzero(lengths == length)
        table = np.frombuffer(b"".join(encoded[at] for at in alike), np.uint8).reshape(-1, length)
        rows = np.flatnonzero(lengths[which] == length)
        yield rows, table[np.searchsorted(alike, which[rows])]


def _verdict(verb: str, chain: str) -> bytes:
    if verb not in nf.VERBS or (chain != "") != (verb in ("jump", "goto")):
        raise KernelError(f"no verdict: {verb} {chain}".rstrip())
    code = attribute(nf.CODE, nf.VERBS[verb].to_bytes(4, "big", signed=True))
    named = text(nf.CHAIN, chain) if chain else b""
    return attribute(nf.DATA | NESTED, attribute(nf.VERDICT | NESTED, code, named))


def _key(kind: int, values: Bytes) -> list[bytes | Bytes]:
    """`kind` { VALUE value } with one value a row."""
    width = values.shape[1]
    padding = bytes(-width % 4)
    return [_head(kind | NESTED, 4 + width + len(padding)), _head(nf.VALUE, width), values, padding]


def _head(kind: int, length: int) -> bytes:
    return attribute(kind, bytes(length))[:4]


def _record(count: int, parts: list[bytes | Bytes]) -> Bytes:
    """`count` equal-length elements; what is bytes is the same in each, what is an array differs by row."""
    widths = [len(part) if isinstance(part, bytes) else part.shape[1] for part in parts]
    rows = np.empty((count, 4 + sum(widths)), np.uint8)
    rows[:, :4] = np.frombuffer(_head(nf.LIST_ELEM | NESTED, sum(widths)), np.uint8)
    at = 4
    for part, width in zip(parts, widths, strict=True):
        rows[:, at : at + width] = np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part
        at += width
    return rows


def _lay_out(kinds: list[_Records]) -> tuple[Bytes, NDArray[np.int64]]:
    """All records in one row of bytes, in their order, and the n + 1 bounds between them."""
    kinds = [kind for kind in kinds if len(kind.at)]
    places = 1 + max(int(kind.at.max()) for kind in kinds)
    lengths = np.zeros(places, np.int64)
    for kind in kinds:
        lengths[kind.at] = kind.rows.shape[1]
    bounds = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    if len(kinds) == 1:
        return kinds[0].rows.reshape(-1), np.unique(bounds)
    flat = np.empty(int(bounds[-1]), np.uint8)
    for kind in kinds:
        flat[bounds[kind.at][:, None] + np.arange(kind.rows.shape[1])] = kind.rows
    return flat, np.unique(bounds)  # places that no record took (a range without end) have no length


def _cut(flat: Bytes, bounds: NDArray[np.int64], most: int) -> Iterator[bytes]:
    begin = 0
    while begin < len(bounds) - 1:
        end = int(np.searchsorted(bounds, bounds[begin] + most, "right")) - 1
        if end <= begin:
            raise KernelError(f"one element alone is longer than {most} bytes")
        yield flat[bounds[begin] : bounds[end]].tobytes()
        begin = end


def after(keys: Bytes) -> Bytes:
    """Each key + 1, as big-endian numbers; all ones becomes zero."""
    return _carry(keys, 0xFF, 1)


def before(keys: Bytes) -> Bytes:
    """Each key - 1; zero becomes all ones."""
    return _carry(keys, 0x00, -1)


def _carry(keys: Bytes, full: int, step: int) -> Bytes:
    out = keys.copy()
    going = np.ones(len(keys), bool)
    for column in range(keys.shape[1] - 1, -1, -1):
        if not going.any():
            break
        out[going, column] += np.uint8(step % 256)
        going &= keys[:, column] == full
    return out
