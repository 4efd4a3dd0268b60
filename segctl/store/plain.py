"""A Loadable as plain values and back. What comes back is checked value by value: it may be loaded as root.

Arrays are base64 of their bytes (RFC 4648). Nothing here is evaluated: no YAML, no template, no pickle.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segctl.model.elements import Bytes, Elements
from segctl.model.generation import Home, Leaning, Loadable, Meaning, Side
from segctl.model.ranges import LAST_V4, LAST_V6, V6, Ranges
from segctl.store.errors import Damaged

_WIDEST = 256  # bytes of a key
_VERBS = ("goto", "jump")
Plain = dict[str, Any]


def to_plain(rules: Loadable) -> Plain:
    """As JSON has it."""
    return {
        "point": rules.point,
        "structure": rules.structure,
        "elements": [_elements(one) for one in rules.elements],
        "meanings": {
            str(number): [one.kind, one.name, one.place, list(one.ways)]
            for number, one in sorted(rules.meanings.items())
        },
    }


def side_plain(side: Side) -> Plain:
    """The same of a side."""
    return {
        "exceptions": side.exceptions,
        "ends": list(side.ends),
        "endpoints": {name: list(addresses) for name, addresses in side.endpoints.items()},
        "managers": _spans(side.managers),
        "homes": [
            [one.id, one.segment, list(one.interfaces), one.ours, _spans(one.addresses), one.out, one.into, one.inside]
            for one in side.homes
        ],
        "rails": [[_spans(part) for part in rail] for rail in side.rails],
        "services": {name: _spans(traffic) for name, traffic in side.services.items()},
        "host": side.host,
        "remedy": [[*(_spans(part) for part in parts), until] for *parts, until in side.remedy],
        "kept": {str(number_): [_spans(part) for part in parts] for number_, parts in side.kept.items()},
    }


_SIDE = {"exceptions", "ends", "endpoints", "managers", "homes", "rails", "services", "host", "remedy", "kept"}


def side_from(value: object, where: object) -> Side:
    """The same backwards; Damaged as `from_plain`."""
    try:
        found = _record(value, _SIDE)
        return Side(
            text(found["exceptions"]),
            tuple(number(end) for end in _list(found["ends"])),
            {text(name, 255): tuple(map(address, _list(some))) for name, some in _mapping(found["endpoints"]).items()},
            _addresses(found["managers"]),
            tuple(map(_home, _list(found["homes"]))),
            tuple(map(_rail, _list(found["rails"]))),
            {text(name, 255): _ranges(traffic) for name, traffic in _mapping(found["services"]).items()},
            _flag(found["host"]),
            tuple(map(_remedy, _list(found["remedy"]))),
            {_key(key): _rail(parts) for key, parts in _mapping(found["kept"]).items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{where} says nothing of a generation's side: {type(error).__name__}: {error}") from error


def _home(value: object) -> Home:
    id, segment, interfaces, ours, addresses, out, into, inside = _list(value)
    places = tuple(text(one, 15) for one in _list(interfaces))
    held = _addresses(addresses)
    says = Leaning(out), Leaning(into), _flag(inside)
    return Home(number(id, 0xFFFFFFFF), text(segment, 255), places, _flag(ours), held, *says)


def _rail(value: object) -> tuple[Ranges, Ranges, Ranges]:
    source, destination, traffic = _list(value)
    return _addresses(source), _addresses(destination), _ranges(traffic)


def _remedy(value: object) -> tuple[Ranges, Ranges, Ranges, int]:
    *parts, until = _list(value)
    return *_rail(parts), number(until)


def _spans(ranges: Ranges) -> list[list[int]]:
    return [list(span) for span in ranges.spans]


def _ranges(value: object) -> Ranges:
    return Ranges.of(_span(*_list(span)) for span in _list(value))


def _addresses(value: object) -> Ranges:
    found = _ranges(value)
    for first, last in found.spans:
        if address(first) < V6 <= address(last):
            raise ValueError(f"no addresses of one family: {first} to {last}")
    return found


def _span(first: object, last: object) -> tuple[int, int]:
    begin, end = number(first, LAST_V6), number(last, LAST_V6)
    if begin > end:
        raise ValueError(f"no range: {begin} to {end}")
    return begin, end


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def from_plain(value: object, where: object, side: Side) -> Loadable:
    """The same backwards, with its side. Damaged, naming `where`, for anything that isn't of this form."""
    try:
        return _loadable(value, side)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Damaged(f"{where} holds no rules of a point: {type(error).__name__}: {error}") from error


def text(value: object, most: int = 1 << 26) -> str:
    """A text of at most so many characters; ValueError for anything else."""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"no text of at most {most} characters")
    return value


def number(value: object, most: int = (1 << 63) - 1) -> int:
    """A whole number from 0; ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"no number from 0 to {most}: {value!r}")
    return value


def address(value: object) -> int:
    """A place on the address line where an address is (segctl.model.ranges); ValueError for anything else."""
    found = number(value, LAST_V6)
    if LAST_V4 < found < V6:
        raise ValueError(f"no address: {found}")
    return found


def _loadable(value: object, side: Side) -> Loadable:
    found = _record(value, {"point", "structure", "elements", "meanings"})
    meanings = {_key(key): _meaning(one) for key, one in _mapping(found["meanings"]).items()}
    elements = tuple(_read(one) for one in _list(found["elements"]))
    words = text(found["point"], 255), text(found["structure"])
    return Loadable(*words, elements, meanings, side)


def _key(value: str) -> int:
    """A number of 32 bits as we write it; int() takes more."""
    found = number(int(value), 0xFFFFFFFF) if len(value) < 11 else -1
    if str(found) != value:
        raise ValueError(f"no number of a connection: {value[:20]!r}")
    return found


def _meaning(value: object) -> Meaning:
    kind, name, place, ways = _list(value)
    return Meaning(text(kind, 255), text(name, 4096), text(place, 4096), tuple(text(way, 15) for way in _list(ways)))


def _elements(one: Elements) -> Plain:
    said: Plain = {"name": one.name, "count": len(one), "width": one.keys.shape[1], "keys": _packed(one.keys)}
    if one.ends is not None:
        said["ends"] = _packed(one.ends)
    if one.data is not None:
        said["data"] = _packed(one.data)
    if one.verdicts is not None:
        said["verdicts"] = [list(verdict) for verdict in one.verdicts]
    if one.until is not None:
        said["until"] = _packed(one.until.astype("<u8"))
    return said


def _read(value: object) -> Elements:
    found = _record(value, {"name", "count", "width", "keys"}, {"ends", "data", "verdicts", "until"})
    count, width = number(found["count"], 1 << 31), number(found["width"], _WIDEST)
    if not width:
        raise ValueError("an element without a key")
    until = None
    if "until" in found:
        until = np.frombuffer(_bytes(found["until"], 8 * count), "<u8").astype(np.uint64)
    verdicts = None
    if "verdicts" in found:
        verdicts = tuple(_verdict(one) for one in _list(found["verdicts"]))
        if len(verdicts) != count:
            raise ValueError("as many verdicts as elements")
    return Elements(
        text(found["name"], 255),
        _rows(found["keys"], count, width),
        _rows(found["ends"], count, width) if "ends" in found else None,
        _rows(found["data"], count, 4) if "data" in found else None,
        verdicts,
        until=until,
    )


def _verdict(value: object) -> tuple[str, str]:
    verb, chain = _list(value)
    if verb not in _VERBS:
        raise ValueError(f"no verdict: {verb!r}")
    return text(verb, 8), text(chain, 127)


def _packed(rows: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(rows).tobytes()).decode()


def _bytes(value: object, length: int) -> bytes:
    data = b64decode(text(value, 1 << 30), validate=True)
    if len(data) != length:
        raise ValueError(f"{len(data)} bytes where {length} belong")
    return data


def _rows(value: object, count: int, width: int) -> Bytes:
    return np.frombuffer(_bytes(value, count * width), np.uint8).reshape(count, width)


def _record(value: object, must: Set[str], may: Set[str] = frozenset()) -> Mapping[str, Any]:
    found = _mapping(value)
    if odd := (must - found.keys()) | (found.keys() - must - may):
        raise KeyError(", ".join(sorted(odd)))
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("no mapping")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
