"""The expressions of nft's text to those of libnftables-json(5): fields, operations, maps, concatenations."""

import re
from typing import Any

from segctl.listing.fields import TYPES
from segctl.listing.nft_constants import constant, held
from segctl.listing.nft_tokens import Cursor, NotSo

Said = Any
"""An expression as JSON has it."""

_BARE = frozenset(
    {
        "mark", "iif", "iifname", "iiftype", "oif", "oifname", "oiftype", "skuid", "skgid", "nftrace", "rtclassid",
        "ibrname", "obrname", "pkttype", "cpu", "iifgroup", "oifgroup", "cgroup",
    }
)  # fmt: skip
"""Keys of `meta` that nft takes and writes without it."""

_HEADERS = frozenset(field.split()[0] for field in TYPES) - {"meta", "ct", "rt", "fib", "socket", "osf", "exthdr"}
_EXTENSIONS = frozenset({"hbh", "dst", "frag", "rt", "rt0", "rt2", "srh", "mh"})
_DIRECTIONS = ("original", "reply")
_FIB = frozenset({"saddr", "daddr", "mark", "iif", "oif"})
_OPTIONS = frozenset({"tcp", "ip", "dccp"})


def starts_field(cursor: Cursor) -> bool:
    """Whether a field of a packet, and no constant of the same name (`meta protocol ip`), stands here."""
    mark = cursor.at
    try:
        _field(cursor)
    except NotSo:
        return False
    else:
        return True
    finally:
        cursor.at = mark


def value(cursor: Cursor) -> Said:
    """What is assigned or translated to: an expression or a constant. Raises NotSo."""
    if cursor.sees("(") or starts_field(cursor):
        return expression(cursor)
    return constant(cursor)


def expression(cursor: Cursor) -> Said:
    """A concatenation of operations on fields, perhaps with a map behind. Raises NotSo."""
    parts = [operation(cursor)]
    while cursor.take("."):
        parts.append(operation(cursor))
    said = parts[0] if len(parts) == 1 else {"concat": parts}
    if cursor.take("map"):
        return {"map": {"key": said, "data": held(cursor)}}
    return said


_LEVELS = (("|",), ("^",), ("&",), ("<<", ">>"))  # as in C: what binds less comes first
_WRITTEN = {"or": "|", "xor": "^", "and": "&", "lshift": "<<", "rshift": ">>"}


def operation(cursor: Cursor, level: int = 0) -> Said:
    """Fields and bit operations with constants on them. Raises NotSo."""
    if level == len(_LEVELS):
        return _primary(cursor)
    left = operation(cursor, level + 1)
    while not cursor.now.quoted and _WRITTEN.get(cursor.now.text, cursor.now.text) in _LEVELS[level]:
        operator = cursor.next().text
        left = {_WRITTEN.get(operator, operator): [left, _operand(cursor)]}
    return left


def _operand(cursor: Cursor) -> Said:
    if cursor.take("("):
        said = constant(cursor)
        cursor.expect(")")
        return said
    if starts_field(cursor):
        return _field(cursor)
    return constant(cursor, alone=True)


def _primary(cursor: Cursor) -> Said:
    if cursor.take("("):
        said = expression(cursor)
        cursor.expect(")")
        return said
    return _field(cursor)


def _field(cursor: Cursor) -> Said:
    if cursor.now.quoted:
        raise NotSo("a string is no field")
    first = cursor.word()
    if first.startswith("@"):
        return {"payload": _raw(cursor, first)}
    if first == "meta":
        return {"meta": {"key": _known("meta", cursor.word())}}
    if first in _BARE:
        return {"meta": {"key": first}}
    special = _SPECIAL.get(first)
    if special is not None:
        said = special(cursor)
        if said is not None:
            return said
    if first in _OPTIONS and cursor.take("option"):
        return {f"{first} option": _option(cursor)}
    if first in _EXTENSIONS:
        return {"exthdr": {"name": first, "field": _extension_field(cursor, first)}}
    if first in _HEADERS:
        name = cursor.word()
        if first == "arp" and cursor.sees_any(("ip", "ether")) and name in ("saddr", "daddr"):
            name = f"{name} {cursor.word()}"
        _known(first, name)
        return {"payload": {"protocol": first, "field": name}}
    raise NotSo(first)


def _known(of: str, name: str) -> str:
    if f"{of} {name}" not in TYPES:
        raise NotSo(f"{of} {name}")
    return name


def _raw(cursor: Cursor, first: str) -> Said:
    """`@th,16,16`, or of TCP options `@77,8,8`."""
    cursor.expect(",")
    offset = int(_digits(cursor))
    cursor.expect(",")
    base = first[1:]
    if not base.isdecimal() and base not in ("ll", "nh", "th", "ih"):
        raise NotSo(first)
    return {"base": int(base) if base.isdecimal() else base, "offset": offset, "len": int(_digits(cursor))}


def _digits(cursor: Cursor) -> str:
    said = cursor.word()
    if not said.isdecimal():
        raise NotSo(said)
    return said


def _ct(cursor: Cursor) -> Said:
    direction = cursor.word() if cursor.sees_any(_DIRECTIONS) else None
    family = cursor.word() if cursor.sees_any(("ip", "ip6")) else None
    key = cursor.word()
    address = key in ("saddr", "daddr")
    if not address and f"ct {key}" not in TYPES:
        raise NotSo(f"ct {key}")
    about = {"key": f"{family} {key}" if family else key}
    return {"ct": about | {"dir": direction} if direction else about}


def _exthdr(cursor: Cursor) -> Said:
    return {"exthdr": {"name": cursor.word()}}


def _extension_field(cursor: Cursor, name: str) -> str:
    field = cursor.word()
    if cursor.take("["):
        field += f"[{_digits(cursor)}]"
        cursor.expect("]")
        return field
    return _known(name, field)


def _rt(cursor: Cursor) -> Said | None:
    """The route of the packet; None for IPv6's routing header, which has the same name."""
    family = cursor.word() if cursor.sees_any(("ip", "ip6")) else None
    if not cursor.sees_any(("classid", "nexthop", "mtu", "ipsec")):
        return None
    about = {"key": cursor.word()}
    return {"rt": about | {"family": family} if family else about}


def _fib(cursor: Cursor) -> Said:
    flags = []
    while True:
        flag = cursor.word()
        if flag not in _FIB:
            raise NotSo(flag)
        flags.append(flag)
        if not cursor.take("."):
            break
    result = cursor.word()
    if result not in ("oif", "oifname", "type"):
        raise NotSo(result)
    return {"fib": {"result": result, "flags": flags}}


def _socket(cursor: Cursor) -> Said:
    key = cursor.word()
    if key == "cgroupv2" and cursor.take("level"):
        return {"socket": {"key": f"cgroupv2 level {_digits(cursor)}"}}
    return {"socket": {"key": _known("socket", key)}}


def _osf(cursor: Cursor) -> Said:
    about = {"ttl": cursor.word()} if cursor.take("ttl") else {}
    return {"osf": {"key": cursor.word(), **about}}


def _option(cursor: Cursor) -> Said:
    if cursor.now.text.startswith("@"):
        return _raw(cursor, cursor.word())
    name = cursor.word()
    if name.isdecimal():
        return {"base": int(name), "offset": 0, "len": 8}
    if cursor.sees_any(_OPTION_FIELDS):
        return {"name": name, "field": cursor.word()}
    return {"name": name}


_OPTION_FIELDS = frozenset(
    {
        "kind", "length", "size", "count", "left", "right", "tsval", "tsecr", "subtype", "type", "ptr", "value",
        "addr",
    }
)  # fmt: skip


def _sctp(cursor: Cursor) -> Said | None:
    if not cursor.take("chunk"):
        return None
    name = cursor.word()
    constant_follows = cursor.now.quoted or cursor.sees_any(("exists", "missing", "\n"))
    return {"sctp chunk": {"name": name} if constant_follows else {"name": name, "field": cursor.word()}}


def _numgen(cursor: Cursor) -> Said:
    about: dict[str, Said] = {"mode": cursor.word(), "mod": 0, "offset": 0}
    _modulus(cursor, about)
    return {"numgen": about}


def _jhash(cursor: Cursor) -> Said:
    about: dict[str, Said] = {"mod": 0, "expr": expression(cursor)}
    _modulus(cursor, about)
    return {"jhash": about}


def _symhash(cursor: Cursor) -> Said:
    about: dict[str, Said] = {"mod": 0}
    _modulus(cursor, about)
    return {"symhash": about}


_NUMBER = re.compile(r"0x[0-9a-f]+|[1-9][0-9]*|0")


def _modulus(cursor: Cursor, about: dict[str, Said]) -> None:
    cursor.expect("mod")
    about["mod"] = int(_digits(cursor))
    while cursor.sees_any(("offset", "seed")):
        key = cursor.word()
        said = cursor.word()
        if not _NUMBER.fullmatch(said):
            raise NotSo(said)
        about[key] = int(said, 0)


_SPECIAL: dict[str, Any] = {
    "ct": _ct,
    "exthdr": _exthdr,
    "rt": _rt,
    "fib": _fib,
    "socket": _socket,
    "osf": _osf,
    "sctp": _sctp,
    "numgen": _numgen,
    "jhash": _jhash,
    "symhash": _symhash,
}
