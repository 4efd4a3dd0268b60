"""What random sites are drawn from: a small dense universe, and one statement, selector or profile at a time.

Two blocks of 64 addresses (10.0.0.0/26 and fd00::/122) hold nearly everything, so that everything collides; some
blocks lie at the borders of the special addresses.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Point
from segctl.model.ranges import V6, show_address
from segctl.model.segment import Endpoint, Segment, Waiver
from segctl.model.selector import BUILT_IN, Block, Labelled, Named, SegmentsLabelled, Selector, Selectors, Within
from segctl.model.service import Service
from segctl.model.strictness import Answer, Mode, ModeKind, Profile, Tightening, Verdict, Wide
from tests.reference import build

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

V4_BASE, V6_BASE = build.span_of("10.0.0.0")[0], build.span_of("fd00::")[0]
DENSE = [*range(V4_BASE, V4_BASE + 64), *range(V6_BASE, V6_BASE + 64)]
BORDERS = [  # both sides of each end of each kind of special address
    address
    for text in ("0.0.0.0", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255", "::", "::1",
                 "fe80::/10", "ff00::/8", "::ffff:0:0/96")
    for end in build.span_of(text)
    for address in (end - 1, end, end + 1)
    if 0 <= address < 1 << 32 or V6 <= address < V6 + (1 << 128)
]  # fmt: skip
GROUPS = [  # where essentials and lookalikes live
    build.span_of(text)[0]
    for text in ("224.0.0.5", "224.0.0.6", "224.0.0.18", "224.0.0.251", "224.0.0.99", "127.0.0.53", "169.254.169.254",
                 "fe80::7", "fe80::8", "ff02::5", "ff02::6", "ff02::12", "ff02::fb", "ff02::1:2", "ff02::1", "ff0e::7",
                 "::ffff:10.0.0.5", "192.0.2.7", "2001:db8::7", "10.0.0.255", "10.0.0.63", "10.0.0.64")
]  # fmt: skip
SERVICES = ("tcp/22", "tcp/80", "tcp/80-90", "tcp/85-443", "tcp/any", "udp/53", "udp/67-68", "udp/any", "sctp/80",
            "icmp4/8", "icmp6/128", "icmp4/8+icmp6/128", "icmp6/any", "proto/47", "proto/89", "tcp/22+udp/53+proto/47",
            "all")  # fmt: skip
ESSENTIAL = ("udp/67", "udp/68", "udp/546", "udp/547", "udp/3784", "udp/5353", "proto/2", "proto/89", "proto/112",
             *(f"icmp6/{kind}" for kind in (130, 131, 132, 133, 134, 135, 136, 137, 143)))  # fmt: skip
LINKS = ("vrrp", "ospf", "igmp", "bfd", "mdns", "dhcp-server", "dhcp-relay")
WAIVERS = tuple(Waiver(code, "random", build.here()) for code in ("wide", "classification"))
NAMES = ("a", "b", "c", "d", "e", "f")


@dataclass
class Draft:
    """What of a site is drawn so far."""

    rng: Random
    segments: dict[str, Segment] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability


def random_profile(rng: Random, name: str) -> Profile:
    """One of a site's own: with intra: deny it denies ingress or egress too."""
    intra, ingress, egress = (rng.choice(tuple(Verdict)) for _ in range(3))
    if intra is Verdict.DENY and ingress is egress is Verdict.ALLOW:
        ingress = Verdict.DENY
    return replace(build.PROFILES["open"], name=name, intra=intra, ingress=ingress, egress=egress,
                   answer=rng.choice(tuple(Answer)), wide=rng.choice(tuple(Wide)), why_required=rng.random() < 0.5,
                   tightening=rng.choice(tuple(Tightening)), quarantine=rng.random() < 0.1)  # fmt: skip


def random_mode(rng: Random) -> Mode:
    kind = rng.choices(tuple(ModeKind), (5, 3, 3))[0]
    if kind is not ModeKind.SELECTIVE:
        return Mode(kind)
    names = tuple(rng.sample(SERVICES, rng.randint(1, 2)))
    return Mode(kind, build.service("+".join(names)).traffic, names)


def random_labels(rng: Random, keys: Iterable[str]) -> dict[str, str]:
    return {key: rng.choice(("x", "y")) for key in keys if rng.random() < 0.6}


def block_of(first: int, last: int) -> Block:
    text = show_address(first) if first == last else f"{show_address(first)}-{show_address(last)}"
    return Block(text, first, last, build.here())


def random_selector(draft: Draft) -> Selector:
    """Any kind; blocks have borders in the dense universe, rarely at the special addresses."""
    rng = draft.rng
    kind = rng.choice(("segment",) * 5 + ("any", "world", "built-in", "endpoint", "point", "block", "block", "labels",
                                          "within", "within", "segments"))  # fmt: skip
    own = [name for name in draft.segments if name not in BUILT_IN]
    if kind == "block":
        start = rng.choice(DENSE if draft.chance(0.8) else BORDERS)
        last = start + rng.choice((0, 1, 7, 15, 40))
        return block_of(start, last if (last < 1 << 32 or start >= V6) and last < V6 + (1 << 128) else start)
    if kind == "labels":
        return Labelled(build.labels(**{rng.choice(("app", "tier")): rng.choice(("x", "y", "x|y"))}), build.here())
    if kind == "within":
        return Within(rng.choice(own), build.here())
    if kind == "segments":
        return SegmentsLabelled(build.labels(env=rng.choice(("x", "y", "x|y"))), build.here())
    names = {"segment": own, "built-in": list(BUILT_IN), "endpoint": list(draft.endpoints),
             "point": list(draft.points) or own}.get(kind, [kind])  # fmt: skip
    return Named(rng.choice(names), build.here())


def random_selectors(draft: Draft) -> Selectors:
    return tuple(random_selector(draft) for _ in range(draft.rng.choice((1, 1, 1, 2, 3))))


def random_services(draft: Draft) -> tuple[Service, ...]:
    return build.services(*draft.rng.sample(SERVICES, draft.rng.choice((1, 1, 2))))


def random_flow(draft: Draft, name: str) -> Flow:
    rng = draft.rng
    near = (None, None, None, AT - timedelta(days=1), AT, AT + timedelta(microseconds=1))
    since, until = rng.choice(near), rng.choice(near)
    if since is not None and until is not None and since >= until:
        since = None
    return Flow(
        name, build.here(), random_selectors(draft), random_selectors(draft), random_services(draft),
        random_selectors(draft) if draft.chance(0.25) else (), random_selectors(draft) if draft.chance(0.25) else (),
        why="random", since=since, until=until, remediation=draft.chance(0.2), may_be_empty=True, waive=WAIVERS,
    )  # fmt: skip


def random_guardrail(draft: Draft, name: str) -> Guardrail:
    services = random_services(draft) if draft.chance(0.6) else ()
    return Guardrail(name, build.here(), random_selectors(draft), random_selectors(draft), services, may_be_empty=True)


def random_management(draft: Draft, name: str) -> Management:
    """Mostly from a segment that an interface lists, as the law demands."""
    listed = [name for point in draft.points.values() for there in point.interfaces.values() for name in there.segments]
    known = listed and draft.chance(0.7)
    source = (Named(draft.rng.choice(listed), build.here()),) if known else random_selectors(draft)
    return Management(name, build.here(), source, random_services(draft))
