"""Traffic as the language's services."""

from collections.abc import Mapping
from dataclasses import dataclass

from segctl.draft.rules.verdict import Verdict
from segctl.model.ranges import Ranges
from segctl.model.service import ICMP, ICMP6, LAST_PORT, WITH_PORTS, of_family, traffic_range

ALL = "all"
_NO_PROTOCOL = {0, 43, 44, 60}  # headers of IPv6: no protocol of a connection, and no literal
_ICMP_OF = {4: ICMP, 6: ICMP6}
_MANY = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A pair's services; with ALL, `but` are those that a guardrail takes out."""

    services: tuple[str, ...]
    but: tuple[str, ...] = ()


def said(met: Mapping[int, Verdict], rejects: bool) -> Said:
    """What passes in the families that a pair has. `rejects`: the rest is answered, which no guardrail does."""
    if all(one.traffic == of_family(family) for family, one in met.items()):
        return Said((ALL,))
    if not rejects and all(_nearly_all(one.traffic, family) for family, one in met.items()):
        return Said((ALL,), _literals({family: of_family(family) - one.traffic for family, one in met.items()}))
    return Said(_literals({family: one.traffic for family, one in met.items()}))


def _nearly_all(some: Ranges, family: int) -> bool:
    return sum(not Ranges.span(*traffic_range(family, number)) - some for number in range(256)) > _MANY


def _literals(some: Mapping[int, Ranges]) -> tuple[str, ...]:
    """In order of protocols; families differ in ICMP alone (segments.py sees to it)."""
    out: dict[str, None] = {}
    for family, traffic in some.items():
        for number in range(256):
            whole = Ranges.span(*traffic_range(family, number))
            here = traffic & whole
            if here:
                out |= dict.fromkeys(_of_protocol(family, number, here, here == whole))
    return tuple(out)


def _of_protocol(family: int, number: int, here: Ranges, every: bool) -> list[str]:
    if number == _ICMP_OF[family]:
        if every:
            return [f"icmp{family}/any"]
        kinds = [(first & LAST_PORT, last & LAST_PORT) for first, last in here]
        return [f"icmp{family}/{kind}" for first, last in kinds for kind in range(first, min(last, 255) + 1)]
    if number in WITH_PORTS:
        if every:
            return [f"{WITH_PORTS[number]}/any"]
        ports = [(max(first & LAST_PORT, 1), last & LAST_PORT) for first, last in here]
        return [f"{WITH_PORTS[number]}/{_span(first, last)}" for first, last in ports if last]
    if number in _NO_PROTOCOL or number in (ICMP, ICMP6):
        return []  # ICMP of the other family is none
    return [f"proto/{number}"]


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
