"""What connections ask for, in words: `tcp 22, 80-90`, `icmp 8`, `anything but tcp`."""

from collections.abc import Iterable, Iterator

from segctl.draft.result import Opening, Spans
from segctl.model.service import ICMP, ICMP6

_NAMES = {
    1: "icmp", 2: "igmp", 4: "ipip", 6: "tcp", 17: "udp", 33: "dccp", 41: "ipv6", 47: "gre", 50: "esp", 51: "ah",
    58: "icmpv6", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp", 136: "udplite",
}  # fmt: skip
"""IANA's protocol numbers, those that rules name."""
_LAST = 255
_FEW = 8


def say_opening(one: Opening) -> str:
    """One opening, as a rule would say it."""
    words = say_protocols(one.protocols)
    if one.ports is not None:
        icmp = one.protocols in (((ICMP, ICMP),), ((ICMP6, ICMP6),))
        words += f" {', '.join(_types(one.ports) if icmp else _numbers(one.ports))}"
    if one.sources is not None:
        words += f" from port {', '.join(_numbers(one.sources))}"
    return words + "".join(f", {name} {', '.join(_numbers(spans))}" for name, spans in one.also)


def say_openings(some: Iterable[Opening]) -> str:
    """All of them; of many the first ones."""
    said = [say_opening(one) for one in some]
    more = len(said) - _FEW
    return "; ".join(said[:_FEW]) + (f"; and {more} more" if more > 0 else "")


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
