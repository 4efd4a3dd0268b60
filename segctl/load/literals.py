"""Service literals (tcp/443, icmp/echo-request, proto/47) to places on the traffic line. Each raises `Wrong`."""

import re
from collections.abc import Mapping

from segctl.load.findings import Wrong
from segctl.load.values import shorten
from segctl.model.ranges import Ranges
from segctl.model.service import FAMILIES, ICMP, ICMP6, LAST_PORT, WITH_PORTS, traffic_range

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,5})\Z")
_PROTOCOLS = {name: number for number, name in WITH_PORTS.items()}
_ICMP = {"icmp4": (4, ICMP), "icmp6": (6, ICMP6)}
_KINDS = ("tcp", "udp", "sctp", "icmp", "icmp4", "icmp6", "proto")
_WRITTEN = {6: "tcp/any", 17: "udp/any", 132: "sctp/any", 1: "icmp4/any", 58: "icmp6/any"}
_HEADERS = {0: "hop-by-hop options", 43: "routing", 44: "fragment", 60: "destination options"}

IcmpTypes = Mapping[str, Mapping[str, int]]
"""Name of an ICMP type: its number as icmp4 and icmp6, in the families that have it."""


def read_literal(text: str, icmp_types: IcmpTypes) -> Ranges:
    """The traffic of one literal; the part before the slash is a protocol."""
    kind, _, rest = text.partition("/")
    if kind in _PROTOCOLS:
        return _ports(text, _PROTOCOLS[kind], rest)
    if kind in _ICMP:
        return _icmp_type(text, kind, rest, icmp_types)
    if kind == "icmp":
        return _icmp_name(text, rest, icmp_types)
    if kind == "proto":
        return _protocol(text, rest)
    if rest in _PROTOCOLS:
        raise Wrong(
            "service", f"'{shorten(text)}' is no service", f"the protocol comes first: '{rest}/{shorten(kind)}'"
        )
    if kind.lower() in _KINDS:
        raise Wrong(
            "service", f"'{shorten(text)}' is no service", f"write it in small letters: '{shorten(text.lower())}'"
        )
    raise Wrong("service", f"'{shorten(text)}': '{shorten(kind)}' is no protocol", f"it is one of {', '.join(_KINDS)}")


def _ports(text: str, protocol: int, rest: str) -> Ranges:
    if rest == "any":
        return Ranges.of(traffic_range(family, protocol) for family in FAMILIES)
    word = WITH_PORTS[protocol]
    if "," in rest:
        each = ", ".join(f"{word}/{shorten(port.strip())}" for port in rest.split(",")[:3])
        raise Wrong("port", f"'{shorten(text)}': several ports in one text", f"write a list: [{each}]")
    first_text, dash, last_text = rest.partition("-")
    if dash and not (first_text and last_text):
        lacking = "last" if first_text else "first"
        raise Wrong(
            "port", f"'{shorten(text)}': the range has no {lacking} port", f"write it whole, as '{word}/1024-65535'"
        )
    first = _port(text, first_text)
    last = _port(text, last_text) if dash else first
    if first > last:
        raise Wrong("port", f"'{text}' ends before it begins", f"write '{WITH_PORTS[protocol]}/{last}-{first}'")
    return Ranges(tuple([traffic_range(family, protocol, first, last) for family in FAMILIES]))


def _port(text: str, port: str) -> int:
    if not _NUMBER.match(port):
        help = "a port is a number from 1 to 65535, or 'any' for all" if port else "give a port, or 'any' for all"
        raise Wrong("port", f"'{shorten(text)}': '{shorten(port)}' is no port", help)
    number = int(port)
    if not 1 <= number <= LAST_PORT:
        raise Wrong("port", f"'{text}': there is no port {number}", "ports are 1 to 65535")
    return number


def _protocol(text: str, rest: str) -> Ranges:
    if not _NUMBER.match(rest) or int(rest) > 255:
        raise Wrong(
            "protocol", f"'{shorten(text)}': '{shorten(rest)}' is no protocol number", "protocol numbers are 0 to 255"
        )
    number = int(rest)
    if number in _WRITTEN:
        raise Wrong("protocol", f"'{text}' has a name of its own", f"write '{_WRITTEN[number]}'")
    if number in _HEADERS:
        raise Wrong("protocol", f"'{text}' is an IPv6 header ({_HEADERS[number]}), no protocol of a connection",
                    "name the protocol that follows it")  # fmt: skip
    return Ranges.of(traffic_range(family, number) for family in FAMILIES)


def _icmp_type(text: str, kind: str, rest: str, types: IcmpTypes) -> Ranges:
    family, protocol = _ICMP[kind]
    if rest == "any":
        return Ranges((traffic_range(family, protocol),))
    if _NUMBER.match(rest):
        number = int(rest)
        if number > 255:
            raise Wrong("icmp", f"'{text}': there is no ICMP type {number}", "types are 0 to 255")
        return Ranges((traffic_range(family, protocol, number, number),))
    numbers = _named(text, rest, types)
    if kind not in numbers:
        raise Wrong("icmp", f"'{text}': IPv{family} has no such ICMP type", f"write 'icmp/{rest}'")
    return Ranges((traffic_range(family, protocol, numbers[kind], numbers[kind]),))


def _icmp_name(text: str, rest: str, types: IcmpTypes) -> Ranges:
    if rest == "any":
        return Ranges.of(traffic_range(*both) for both in _ICMP.values())
    if _NUMBER.match(rest):
        raise Wrong("icmp", f"'{text}': the families number their types differently",
                    f"write 'icmp4/{rest}' or 'icmp6/{rest}', or 'icmp/NAME' for both")  # fmt: skip
    numbers = _named(text, rest, types)
    spans = (traffic_range(*_ICMP[kind], number, number) for kind, number in numbers.items())
    return Ranges.of(spans)


def _named(text: str, name: str, types: IcmpTypes) -> Mapping[str, int]:
    found = types.get(name)
    if found is None:
        near = _near(name, types)
        raise Wrong("icmp", f"'{shorten(text)}': '{shorten(name)}' is no ICMP type",
                    f"did you mean '{near}'?" if near else f"the types are {', '.join(types)}")  # fmt: skip
    return found


def _near(name: str, types: IcmpTypes) -> str | None:
    import difflib  # only a typo needs it

    if begun := sorted(known for known in types if name and known.startswith(name)):
        return begun[0] if f"{name}-request" not in types else f"{name}-request"
    found = difflib.get_close_matches(name, types, n=1)
    return found[0] if found else None
