"""Traffic as the language's services."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from segctl.draft.rules.verdict import Verdict
from segctl.model.ranges import Ranges
from segctl.model.service import ICMP, ICMP6, LAST_PORT, WITH_PORTS, of_family, traffic_range

ALL = "all"
DROP, REJECT = "drop", "reject"
Services = tuple[str, ...]
_NO_PROTOCOL = {0, 43, 44, 60}  # headers of IPv6: no protocol of a connection, and no literal
_ICMP_OF = {4: ICMP, 6: ICMP6}
_MANY = 100
OTHERS = "other-protocols"
"""A service of the draft: every protocol that has neither ports nor a name of its own."""
OTHERS_ARE = tuple(f"proto/{n}" for n in range(256) if n not in {*_NO_PROTOCOL, *WITH_PORTS, ICMP, ICMP6})


@dataclass(frozen=True, slots=True)
class Said:
    """What of a pair's traffic a flow lets through, and what a guardrail takes out."""

    flow: Services
    guardrail: Services = ()


def said(met: Mapping[int, Verdict], answer: str) -> Said:
    """A pair's. `answer`: what the rest hears by itself; a guardrail always drops."""
    return _said(tuple(met.items()), answer)


@lru_cache(maxsize=4096)
def _said(met: tuple[tuple[int, Verdict], ...], answer: str) -> Said:
    """Of thousands of pairs, most are let through the same."""
    passed = {family: one.passed for family, one in met}
    dropped = {family: one.dropped for family, one in met}
    rejected = any(one.rejected for _, one in met)
    if _all(passed):
        return Said((ALL,))
    if all(_nearly_all(some, family) for family, some in passed.items()) and not rejected:
        rest = {family: of_family(family) - some for family, some in passed.items()}
        if all(_sayable(some, family) for family, some in rest.items()):  # else the flow would let through too much
            return Said((ALL,), _literals(rest))
    rail: Services = ()
    if answer == REJECT and any(dropped.values()):
        rail = (ALL,) if _all(dropped) else _literals(dropped)
    return Said(_literals(passed), rail)


def _all(some: Mapping[int, Ranges]) -> bool:
    return all(traffic == of_family(family) for family, traffic in some.items())


def _sayable(some: Ranges, family: int) -> bool:
    """Whether literals say all of it: no port 0 by itself, no protocol that has none."""
    for number in range(256):
        whole = Ranges.span(*traffic_range(family, number))
        here = some & whole
        if not here or (here == whole and number == _ICMP_OF[family]):
            continue
        if number in _NO_PROTOCOL or (number in (ICMP, ICMP6) and number != _ICMP_OF[family]):
            return False
        if number in WITH_PORTS and here != whole and here.first() & LAST_PORT == 0:
            return False
    return True


def _nearly_all(some: Ranges, family: int) -> bool:
    return sum(not Ranges.span(*traffic_range(family, number)) - some for number in range(256)) > _MANY


def _literals(some: Mapping[int, Ranges]) -> Services:
    """In order of protocols; families differ in ICMP alone (segments.py sees to it)."""
    out: dict[str, None] = {}
    for family, traffic in some.items():
        for number in range(256):
            whole = Ranges.span(*traffic_range(family, number))
            here = traffic & whole
            if here:
                out |= dict.fromkeys(_of_protocol(family, number, here, here == whole))
    if out.keys() >= set(OTHERS_ARE):
        return (*(one for one in out if one not in OTHERS_ARE), OTHERS)
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
