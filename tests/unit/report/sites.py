"""Sites built by hand for tests of graphs and pictures: no file is read."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from segctl.model.flow import Flow, Guardrail, Management
from segctl.model.point import Interface, InterfaceAddress, Point, PointKind
from segctl.model.ranges import Ranges, parse_address, prefix
from segctl.model.segment import Endpoint, Segment
from segctl.model.selector import POINTS, QUARANTINE, WORLD, Block, Named, Selector, Selectors
from segctl.model.service import ICMP, TCP, Service, traffic_range
from segctl.model.site import Site
from segctl.model.span import Span
from segctl.model.strictness import (
    ENFORCE,
    OBSERVE,
    Answer,
    Classification,
    Log,
    Mode,
    ModeKind,
    Profile,
    Tightening,
    Verdict,
    Wide,
)
from segctl.policy import Policy
from segctl.policy.partition import partition
from segctl.policy.policy import make_policy

AT = datetime(2026, 12, 1, tzinfo=UTC)
SPAN = Span("segctl.yaml", 1)
ALLOW, DENY = Verdict.ALLOW, Verdict.DENY


def profile(name: str, intra: Verdict, ingress: Verdict, egress: Verdict, *, quarantine: bool = False) -> Profile:
    rest = (Answer.DROP, Log.DENIES, Wide.WARN, False, Tightening.CUT, Classification.ANY, quarantine)
    return Profile(name, intra, ingress, egress, *rest)


PROFILES = {
    made.name: made
    for made in (
        profile("open", ALLOW, ALLOW, ALLOW),
        profile("guarded", ALLOW, DENY, ALLOW),
        profile("strict", ALLOW, DENY, DENY),
        profile("sealed", DENY, DENY, DENY),
        profile("quarantine", DENY, DENY, DENY, quarantine=True),
        profile("outside", DENY, ALLOW, DENY),
        profile("point", DENY, DENY, ALLOW),
        profile("lab", DENY, DENY, ALLOW),
    )
}
SERVICES = {
    name: Service(name, Ranges.of(traffic_range(family, TCP, port, port) for family in (4, 6)), SPAN)
    for name, port in {"ssh": 22, "https": 443, "postgres": 5432, "smb": 445, "rdp": 3389, "redis": 6379}.items()
} | {"ping": Service("ping", Ranges.of([traffic_range(4, ICMP, 8, 8)]), SPAN)}


def mode(text: str) -> Mode:
    """`enforce`, `observe`, or services to enforce, apart by blanks."""
    if text in ("enforce", "observe"):
        return ENFORCE if text == "enforce" else OBSERVE
    names = tuple(text.split())
    return Mode(ModeKind.SELECTIVE, Ranges.of(s for name in names for s in SERVICES[name].traffic), names)


def block(text: str) -> Block:
    base, _, length = text.partition("/")
    address = parse_address(base)
    bits = int(length) if length else (128 if ":" in base else 32)
    return Block(text, *prefix(address, bits), SPAN)


def select(text: str) -> Selectors:
    """Names and blocks apart by blanks."""

    def one(word: str) -> Selector:
        return block(word) if word[0].isdigit() or ":" in word else Named(word, SPAN)

    return tuple(map(one, text.split()))


def segment(name: str, strictness: str, members: str = "", says: str = "enforce", **more: object) -> Segment:
    return Segment(name, SPAN, PROFILES[strictness], mode(says), select(members), **more)  # type: ignore[arg-type]


def flow(name: str, source: str, target: str, services: str, **more: object) -> Flow:
    used = tuple(SERVICES[word] for word in services.split())
    return Flow(name, SPAN, select(source), select(target), used, **more)  # type: ignore[arg-type]


def guardrail(name: str, source: str, target: str, services: str = "", **more: object) -> Guardrail:
    used = tuple(SERVICES[word] for word in services.split())
    return Guardrail(name, SPAN, select(source), select(target), used, **more)  # type: ignore[arg-type]


def gateway(name: str, interfaces: Mapping[str, tuple[str, str]]) -> Point:
    """Interface to (segments, address), the first apart by blanks."""
    made = {}
    for number, (link, (segments, text)) in enumerate(interfaces.items()):
        address, _, length = text.partition("/")
        own = (InterfaceAddress(parse_address(address), int(length)),)
        made[link] = Interface(link, Span("segctl.yaml", 90 + number), tuple(segments.split()), own)
    return Point(name, SPAN, PointKind.GATEWAY, made)


def site(
    segments: Iterable[Segment],
    *,
    endpoints: Mapping[str, str] | None = None,
    flows: Iterable[Flow] = (),
    guardrails: Iterable[Guardrail] = (),
    management: Iterable[Management] = (),
    points: Iterable[Point] = (),
    name: str = "shop",
) -> Site:
    built_in = (
        Segment(WORLD, SPAN, PROFILES["outside"], None, built_in=True),
        Segment(POINTS, SPAN, PROFILES["point"], ENFORCE, built_in=True),
        Segment(QUARANTINE, SPAN, PROFILES["quarantine"], ENFORCE, built_in=True),
    )
    given = {made.name: made for made in segments}
    hosts = {
        host: Endpoint(host, tuple(parse_address(word) for word in text.split()), SPAN)
        for host, text in (endpoints or {}).items()
    }
    return Site(
        name,
        SPAN,
        PROFILES,
        {made.name: made for made in built_in} | given,
        hosts,
        SERVICES,
        tuple(flows),
        tuple(guardrails),
        management=tuple(management),
        points={point.name: point for point in points},
    )


def policy(made: Site) -> Policy:
    return make_policy(made, partition(made)[0])


def shop() -> Site:
    """Three tiers, two of them behind one interface, one within another, one that observes, a guardrail."""
    admin = (SERVICES["ssh"], SERVICES["ping"])
    return site(
        [
            segment("web", "guarded", "10.0.1.0/24 fd00:1::/64", owner='the "web" <team>'),
            segment("db", "strict", "10.0.2.0/24", classification=Classification.CONFIDENTIAL, owner="dba"),
            segment("vault", "sealed", "vault1", within="db"),
            segment("end", "strict", "10.0.9.0/28", owner="ops"),
            segment("guests", "guarded", "10.0.66.0/24", "smb rdp"),
            segment("cameras", "lab", "10.0.77.0/24", "observe"),
            segment("spare", "open", may_be_empty=True),
        ],
        endpoints={"vault1": "10.0.2.70", "web1": "10.0.1.11 fd00:1::11"},
        flows=[
            flow("orders", "web", "db", "postgres", why="the shop <script>alert(1)</script> reads & writes"),
            flow("cache", "web1", "db", "redis"),
            flow("public", "world", "web", "https", why="the shop is public"),
            flow("operators", "end", "web db vault", "ssh ping"),
            flow("repair", "end", "any", "ssh", remediation=True),
            flow("old", "guests", "db", "postgres", until=datetime(2026, 1, 1, tzinfo=UTC)),
            flow("trial", "web", "db", "rdp", until=datetime(2026, 1, 1, tzinfo=UTC)),
        ],
        guardrails=[
            guardrail("pci-1-4", "guests", "db", why="PCI DSS 1.4"),
            guardrail("sideways", "guests", "any", "smb rdp"),
        ],
        management=[Management("management end", SPAN, select("end"), admin)],
        points=[
            gateway(
                "gw1",
                {
                    "eth0": ("world", "203.0.113.2/24"),
                    "eth1": ("web", "10.0.1.1/24"),
                    "eth2": ("db vault", "10.0.2.1/24"),
                    "eth3": ("end", "10.0.9.1/28"),
                    "eth4": ("guests cameras", "10.0.66.1/24"),
                },
            )
        ],
    )
