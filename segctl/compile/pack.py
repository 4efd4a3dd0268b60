"""Elements as the bytes that the kernel keeps (segctl.model.elements says in which form)."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from segctl.compile.ruleset import Field, NamedMap, Ruleset
from segctl.model.elements import Bytes, Elements
from segctl.model.moment import milliseconds
from segctl.model.ranges import V6

_IFNAMSIZ = 16
_IN_HOST_ORDER = (Field.SOURCE, Field.TARGET, Field.BASE, Field.NUMBER)
_ONE_BYTE = (Field.FAMILY, Field.PROTOCOL, Field.ICMP4, Field.ICMP6)


def pack(rules: Ruleset) -> Iterator[Elements]:
    """All maps of a ruleset that have elements; those that end say when."""
    return (pack_map(made) for made in rules.maps if made.elements)


def pack_map(made: NamedMap) -> Elements:
    """One map's elements."""
    count = len(made.elements)
    ends = None
    if made.interval:
        keys = _addresses([int(element.key[0]) for element in made.elements])
        ends = _addresses([int(element.key[1]) for element in made.elements])
    else:
        columns = zip(*(element.key for element in made.elements), strict=True)
        keys = np.hstack([_column(field, list(part)) for field, part in zip(made.fields, columns, strict=True)])
        if len(made.fields) == 1 and made.fields[0] in _ONE_BYTE:
            keys = keys[:, :1]  # only what stands beside others is padded
    data = verdicts = until = None
    if made.answers is Field.VERDICT:
        verdicts = tuple(element.value for element in made.elements if isinstance(element.value, tuple))
    elif made.answers is not None:
        data = _column(made.answers, [element.value for element in made.elements])
    if made.timed:
        until = np.fromiter((_ends(element.until) for element in made.elements), np.uint64, count)
    return Elements(made.name.text, keys, ends, data, verdicts, until=until)


def _ends(until: datetime | None) -> int:
    """Milliseconds since 1970; 0 is never."""
    return 0 if until is None else max(1, milliseconds(until))


def _column(field: Field, values: list[object]) -> Bytes:
    """(n, width) bytes of one field of a key, padded to 4."""
    if field in _IN_HOST_ORDER:
        return _bytes(np.array(values, dtype=np.uint32), 4)
    if field is Field.PORT:
        padded = np.zeros((len(values), 4), dtype=np.uint8)
        padded[:, :2] = _bytes(np.array(values, dtype=">u2"), 2)
        return padded
    if field in _ONE_BYTE:
        padded = np.zeros((len(values), 4), dtype=np.uint8)
        padded[:, 0] = np.array(values, dtype=np.uint8)
        return padded
    names = b"".join(str(value).encode().ljust(_IFNAMSIZ, b"\0") for value in values)
    return np.frombuffer(names, dtype=np.uint8).reshape(len(values), _IFNAMSIZ)


def _bytes(values: "np.ndarray[tuple[int], np.dtype[np.unsignedinteger]]", width: int) -> Bytes:
    return np.frombuffer(values.tobytes(), dtype=np.uint8).reshape(len(values), width)


def _addresses(values: list[int]) -> Bytes:
    """Addresses of one family in network order: 4 or 16 bytes each."""
    width = 16 if values[0] >= V6 else 4
    packed = b"".join((value - V6 if value >= V6 else value).to_bytes(width, "big") for value in values)
    return np.frombuffer(packed, dtype=np.uint8).reshape(len(values), width)
