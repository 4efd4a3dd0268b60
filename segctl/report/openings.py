"""What connections ask for, in words: `tcp 22, 80-90`, `icmp 8`, `anything but tcp`."""

from collections.abc import Iterable, Iterator

from segctl.draft.result import Opening, Spans
from segctl.model.ranges import Ranges
from segctl.model.service import ICMP, ICMP6, LAST_PORT

_NAMES = {
    1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah",
    58: "icmpv6", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udplite",
}  # fmt: skip
"""IANA's protocol numbers, those that rules name."""
_LAST = 255
_FEW = 8


def say_opening(one: Opening) -> str:
    """One opening, as a rule would say it."""
    return _what(one) + (f" if {_condition(one)}" if one.also else "")


def say_openings(some: Iterable[Opening]) -> Iterator[str]:
    """A line for all of those under the same conditions; of many the first ones."""
    conditions: dict[str, dict[str, Opening]] = {}
    for one in some:
        conditions.setdefault(_what(one), {})[_condition(one)] = one
    together: dict[tuple[str, ...], dict[str, Opening]] = {}
    for what, asked in conditions.items():
        together.setdefault(() if "" in asked else tuple(asked), {})[what] = next(iter(asked.values()))
    always = list(together.get((), {}).values())
    for when in sorted(together):
        found = together[when]
        yield _several(["anything"] if _everything([*found.values(), *always]) else list(found), when)


def _everything(some: list[Opening]) -> bool:
    """Whether these are all that there is to ask for, whatever each one's conditions."""
    ports: dict[int, list[tuple[int, int]]] = {}
    for one in some:
        if one.sources is None:
            for first, last in one.protocols:
                for number in range(first, last + 1):
                    ports.setdefault(number, []).extend(one.ports or ((0, LAST_PORT),))
    whole = Ranges.span(0, LAST_PORT)
    return len(ports) > _LAST and all(Ranges.of(spans) == whole for spans in ports.values())


def _several(said: list[str], asked: tuple[str, ...]) -> str:
    more = len(said) - _FEW
    words = "; ".join(said[:_FEW]) + (f"; and {more} more" if more > 0 else "")
    if not asked:
        return words
    several = [f"({one})" if len(asked) > 1 and " and " in one else one for one in asked[:_FEW]]
    others = len(asked) - _FEW
    return f"{words} if {' or '.join(several)}" + (f" or {others} more" if others > 0 else "")


def _what(one: Opening) -> str:
    words = say_protocols(one.protocols)
    if one.ports is not None:
        icmp = one.protocols in (((ICMP, ICMP),), ((ICMP6, ICMP6),))
        words += f" {', '.join(_types(one.ports) if icmp else _numbers(one.ports))}"
    if one.sources is not None:
        words += f" from port {', '.join(_numbers(one.sources))}"
    return words


def _condition(one: Opening) -> str:
    """A field of a header that a packet may lack says by itself that it has it."""
    layers = {name.split()[0] for name, _ in one.also}
    said = [(name, spans) for name, spans in one.also if name.removeprefix("exthdr ") not in layers]
    return " and ".join(_asked(name, spans) for name, spans in said)


def _asked(name: str, spans: Spans) -> str:
    """One field's values, in nft's words."""
    if (said := _YES_NO.get((name.split()[0] if name.startswith("exthdr") else name, spans))) is not None:
        return said.format(name.removeprefix("exthdr "))
    if name.startswith("fib ") and name.endswith(" type"):
        types = [_FIB[number] for number in range(len(_FIB)) if any(a <= number <= b for a, b in spans)]
        return f"{name} {', '.join(types)}"
    if spans[0][0] == 1 and len(spans) == 1 and name.startswith("fib "):
        return f"{name} found"
    return f"{name} {', '.join(_numbers(spans))}"


_FIB = ("unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit")
"""RTN_* (linux/rtnetlink.h), by nft's names."""
_YES_NO: dict[tuple[str, Spans], str] = {
    ("exthdr", ((0, 0),)): "no {} header",
    ("exthdr", ((1, 1),)): "{} header",
    ("ct status dnat", ((1, 1),)): "its destination was translated",
    ("ct status dnat", ((0, 0),)): "its destination wasn't translated",
    ("ct status snat", ((1, 1),)): "its source was translated",
    ("ct status snat", ((0, 0),)): "its source wasn't translated",
}


def say_protocols(spans: Spans) -> str:
    """By name; of nearly all those that are left out."""
    numbers = {number for first, last in spans for number in range(first, last + 1)}
    missing = [number for number in range(_LAST + 1) if number not in numbers]
    if not missing:
        return "anything"
    if len(missing) <= _FEW:
        return f"anything but {', '.join(map(_name, missing))}"
    if len(numbers) <= _FEW:
        return "/".join(map(_name, sorted(numbers)))
    return f"protocols {', '.join(_numbers(spans))}"


def _name(number: int) -> str:
    return _NAMES.get(number, f"protocol {number}")


def _numbers(spans: Spans) -> Iterator[str]:
    return (f"{first}" if first == last else f"{first}-{last}" for first, last in spans)


def _types(spans: Spans) -> Iterator[str]:
    """ICMP types, with the code where not all of a type are meant."""
    for first, last in spans:
        if first & 0xFF == 0 and last & 0xFF == 0xFF:
            one, other = first >> 8, last >> 8
            yield f"{one}" if one == other else f"{one}-{other}"
        else:
            yield f"{first >> 8}/{first & 0xFF}" + ("" if first == last else f"-{last >> 8}/{last & 0xFF}")
