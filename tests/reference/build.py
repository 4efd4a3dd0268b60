"""Short words for sites written in Python: what a site file would say, without `segctl.load`."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from segctl.model.flow import Guardrail, Management
from segctl.model.point import Interface, InterfaceAddress, Point, PointKind
from segctl.model.ranges import Ranges, parse_address, prefix
from segctl.model.segment import Endpoint, Segment
from segctl.model.selector import POINTS, QUARANTINE, WORLD, Block, Labelled, Labels, Named, Selectors, Within
from segctl.model.service import ALL_TRAFFIC, ICMP, ICMP6, SCTP, TCP, UDP, Service, traffic_range
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.model.strictness import Answer, Classification, Log, Mode, Profile, Tightening, Verdict, Wide

_LINES = count(1)


def here() -> Span:
    """A place that nothing else has."""
    return Span("site.yaml", next(_LINES))


def _profile(name: str, defaults: str, answer: str, wide: Wide, why: bool, cut: bool) -> Profile:
    """`defaults` are intra, ingress, egress: + allows, - denies. What decides nothing (log, holds) is one value."""
    intra, ingress, egress = (Verdict.ALLOW if sign == "+" else Verdict.DENY for sign in defaults)
    tightening = Tightening.CUT if cut else Tightening.KEEP
    return Profile(name, intra, ingress, egress, Answer(answer), Log.DENIES, wide, why, tightening,
                   Classification.ANY, quarantine=name == QUARANTINE)  # fmt: skip


PROFILES: dict[str, Profile] = {  # the law's table of strictness
    profile.name: profile
    for profile in (
        _profile("open", "+++", "drop", Wide.ALLOW, False, False),
        _profile("guarded", "+-+", "reject", Wide.WARN, False, True),
        _profile("strict", "+--", "drop", Wide.WARN, True, True),
        _profile("sealed", "---", "drop", Wide.ERROR, True, True),
        _profile("quarantine", "---", "drop", Wide.ERROR, True, True),
        _profile("outside", "-+-", "drop", Wide.ALLOW, False, False),
        _profile("point", "--+", "drop", Wide.WARN, False, True),
    )
}


def span_of(text: str) -> tuple[int, int]:
    """First and last address of an address, a CIDR (host bits are cleared) or a range."""
    if "-" in text:
        first, last = text.split("-")
        return parse_address(first), parse_address(last)
    if "/" in text:
        address, length = text.split("/")
        return prefix(parse_address(address), int(length))
    return parse_address(text), parse_address(text)


def block(text: str) -> Block:
    return Block(text, *span_of(text), here())


def selectors(*words: str) -> Selectors:
    """`web` is a name, `within:web` all within it, `app=shop` labels, what has a dot or a colon and a digit a block."""
    return tuple(_selector(word) for word in words)


def _selector(word: str) -> Block | Named | Within | Labelled:
    if word.startswith("within:"):
        return Within(word.removeprefix("within:"), here())
    if "=" in word:
        return Labelled(labels(**dict([word.split("=")])), here())
    return block(word) if "." in word or ":" in word else Named(word, here())


def labels(**pairs: str) -> Labels:
    return tuple(sorted((key, tuple(value.split("|"))) for key, value in pairs.items()))


_WITH_PLACES = {"tcp": ((4, TCP), (6, TCP)), "udp": ((4, UDP), (6, UDP)), "sctp": ((4, SCTP), (6, SCTP)),
                "icmp4": ((4, ICMP),), "icmp6": ((6, ICMP6),)}  # fmt: skip


def service(text: str) -> Service:
    """`tcp/22`, `tcp/22-25`, `tcp/any`, `icmp4/8`, `icmp6/128`, `proto/47`, `all`, or several joined by `+`."""
    return Service(text, Ranges.of(span for part in text.split("+") for span in _spans(part)), here())


def _spans(text: str) -> Iterable[tuple[int, int]]:
    if text == "all":
        return ALL_TRAFFIC
    kind, places = text.split("/")
    if kind == "proto":
        return [traffic_range(family, int(places)) for family in (4, 6)]
    if places == "any":
        return [traffic_range(*which) for which in _WITH_PLACES[kind]]
    first, _, last = places.partition("-")
    return [traffic_range(*which, int(first), int(last or first)) for which in _WITH_PLACES[kind]]


def services(*texts: str) -> tuple[Service, ...]:
    return tuple(service(text) for text in texts)


def segment(name: str, profile: str, *members: str, within: str | None = None, mode: Mode | None = None,
            labels: dict[str, str] | None = None) -> Segment:  # fmt: skip
    """A segment, also a built-in one by its name; it enforces if no mode is said (`world`: none)."""
    built_in = name in (WORLD, POINTS, QUARANTINE)
    own_mode = mode or (None if name == WORLD else Mode())
    return Segment(name, here(), PROFILES[profile], own_mode, selectors(*members), within, labels=labels or {},
                   built_in=built_in, may_be_empty=not members)  # fmt: skip


def endpoint(name: str, *addresses: str, **carried: str) -> Endpoint:
    return Endpoint(name, tuple(parse_address(address) for address in addresses), here(), carried)


def guardrail(name: str, source: str, destination: str, *texts: str) -> Guardrail:
    return Guardrail(name, here(), selectors(source), selectors(destination), services(*texts))


def management(name: str, source: str, *texts: str) -> Management:
    return Management(name, here(), selectors(source), services(*texts))


def interface(name: str, segments: str, addresses: str = "", links: str = "") -> Interface:
    """Segments, addresses (`10.0.0.1/28`) and links apart by blanks."""
    pairs = (address.split("/") for address in addresses.split())
    own = tuple(InterfaceAddress(parse_address(address), int(length)) for address, length in pairs)
    return Interface(name, here(), tuple(segments.split()), own, tuple(links.split()))


def gateway(name: str, *interfaces: Interface, ha: str | None = None) -> Point:
    return Point(name, here(), PointKind.GATEWAY, {each.name: each for each in interfaces}, ha=ha)


def host(name: str, endpoint: str) -> Point:
    return Point(name, here(), PointKind.HOST, endpoint=endpoint)


def site(segments: Iterable[Segment], default_mode: Mode | None = None, **parts: Any) -> Site:
    """A site of these segments and the built-in ones that are not among them; `parts` are Site's other fields."""
    mode = default_mode or Mode()
    held: dict[str, Segment] = {
        WORLD: segment(WORLD, "outside"),
        POINTS: segment(POINTS, "point", mode=mode),
        QUARANTINE: segment(QUARANTINE, "quarantine", mode=mode),
    }
    held |= {each.name: each for each in segments}
    return Site("random", here(), PROFILES, held, default_mode=mode, **parts)
