"""The reference against answers worked out by hand, each with the sentence of the law that gives it."""

from datetime import UTC, datetime, timedelta

import pytest

from segctl.model.flow import Flow
from segctl.model.ranges import parse_address
from segctl.model.site import Site
from segctl.model.strictness import OBSERVE, Mode, ModeKind
from tests.reference import build
from tests.reference.law import Question, rule

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def flow(name: str, source: str, destination: str, *services: str, without: str = "", not_to: str = "",
         since: datetime | None = None, until: datetime | None = None, remediation: bool = False) -> Flow:  # fmt: skip
    return Flow(
        name, build.here(), build.selectors(*source.split()), build.selectors(*destination.split()),
        build.services(*services), build.selectors(*without.split()), build.selectors(*not_to.split()), why="tested",
        since=since, until=until, remediation=remediation,
    )  # fmt: skip


def selective(*services: str) -> Mode:
    return Mode(ModeKind.SELECTIVE, build.service("+".join(services)).traffic, services)


SHOP = build.site(
    [
        build.segment("web", "guarded", "10.0.1.0/24", "fd00:1::/64"),
        build.segment("db", "strict", "10.0.2.0/24", "fd00:2::/64"),
        build.segment("vault", "sealed", "vault1", "10.0.2.64/28", within="db"),
        build.segment("lab", "open", "10.0.3.0/24", mode=OBSERVE),
        build.segment("test", "strict", "10.0.4.0/24", mode=OBSERVE),
        build.segment("guests", "guarded", "10.0.66.0/24", mode=selective("tcp/445")),
        build.segment("admin", "strict", "10.0.9.0/28"),
        build.segment("ill", "quarantine", "10.0.13.0/24"),
        build.segment("lost", "open", "10.0.77.0/24"),
        build.segment("lost-too", "guarded", "10.0.78.0/24", mode=OBSERVE),
        build.segment("quarantine", "quarantine", "10.0.1.66", "10.0.2.70", "192.0.2.66"),
    ],
    endpoints={
        "web1": build.endpoint("web1", "10.0.1.11", "fd00:1::11", app="shop"),
        "vault1": build.endpoint("vault1", "10.0.2.10", app="shop"),
        "admin1": build.endpoint("admin1", "10.0.9.7"),
        "host1": build.endpoint("host1", "10.0.2.20"),
    },
    flows=(
        flow("orders", "web", "db", "tcp/5432"),
        flow("orders-all", "web", "within:db", "tcp/5433", without="web1"),
        flow("app", "app=shop", "lab", "udp/53"),
        flow("old", "web", "db", "tcp/1", until=AT),
        flow("new", "web", "db", "tcp/2", since=AT),
        flow("soon", "web", "db", "tcp/3", since=AT + timedelta(seconds=1)),
        flow("repair", "admin", "any", "tcp/22", remediation=True),
        flow("not-vault", "admin", "any", "tcp/23", not_to="db"),
        flow("smb", "guests", "db vault", "tcp/445"),
        flow("public", "world", "web", "tcp/443"),
        flow("bypass", "any", "127.0.0.0/8 10.0.1.255 gw1", "tcp/9"),
    ),
    guardrails=(
        build.guardrail("no-smb", "guests", "db", "tcp/445"),
        build.guardrail("no-guests", "guests", "admin"),
        build.guardrail("no-web-repair", "any", "web", "tcp/22"),
    ),
    management=(build.management("admin-ssh", "admin", "tcp/22"),),
    points={
        "gw1": build.gateway(
            "gw1",
            build.interface("eth0", "world", "203.0.113.2/24 2001:db8::2/64", "vrrp bfd"),
            build.interface("eth1", "web lab", "10.0.1.1/24 fd00:1::1/64"),
            build.interface("eth2", "db vault", "10.0.2.1/24"),
            build.interface("eth3", "admin ill test guests", "10.0.9.1/31"),
        ),
        "host1-host": build.host("host1-host", "host1"),
    },
)
BARE = build.site(
    [
        build.segment("web", "strict", "10.0.1.0/24", mode=selective("tcp/22")),
        build.segment("lab", "sealed", "10.0.3.0/24", mode=OBSERVE),
    ],
    default_mode=OBSERVE,
)

# (site, source, destination, service) are the question; the answer is "verdict step effect …", with what else is set
TABLE = [
    # "0a. essentials → allow"; "loopback, neighbour and router discovery and MLD on its own links"
    (SHOP, "127.0.0.1", "127.0.0.53", "udp/53", "allow 0a pass"),
    (SHOP, "10.0.1.1", "203.0.113.2", "tcp/1", "allow 0a pass"),
    (SHOP, "10.0.2.20", "10.0.2.20", "tcp/1", "allow 0a pass"),
    (SHOP, "fd00:1::11", "fd00:1::1", "icmp6/135", "allow 0a pass"),
    (SHOP, "fd00:1::11", "ff02::1:ff00:1", "icmp6/135", "allow 0a pass"),
    (SHOP, "fe80::1", "ff02::16", "icmp6/143", "allow 0a pass"),
    (SHOP, "0.0.0.0", "255.255.255.255", "udp/67", "allow 0a pass"),
    (SHOP, "203.0.113.3", "224.0.0.18", "proto/112", "allow 0a pass"),
    (SHOP, "203.0.113.3", "203.0.113.2", "udp/3784", "allow 0a pass"),
    # ... and what is not: a packet between two neighbours, another interface's net, a link that isn't listed
    (SHOP, "203.0.113.3", "203.0.113.4", "udp/3784", "deny 4 pass uncovered refusing=world"),
    (SHOP, "10.0.1.7", "224.0.0.18", "proto/112", "deny 0b drop"),
    (SHOP, "fd00:1::11", "fd00:1::12", "icmp6/135", "allow 4 pass uncovered"),
    (BARE, "127.0.0.1", "127.0.0.1", "udp/53", "deny 0b pass observed"),
    # "0b. a special address at either end, and not an essential → deny"; "drop"
    (SHOP, "10.0.1.7", "10.0.2.255", "tcp/5432", "deny 0b drop"),
    (SHOP, "::ffff:10.0.1.7", "fd00:2::1", "tcp/5432", "deny 0b drop"),
    (SHOP, "169.254.169.254", "10.0.1.7", "tcp/80", "deny 0b drop"),
    # "(a block is taken without them)"
    (SHOP, "10.0.2.7", "127.0.0.1", "tcp/9", "deny 0b drop"),
    # "special addresses … are would-denies where both ends observe"; world takes the other end's mode
    (SHOP, "10.0.3.7", "224.0.0.9", "udp/9", "deny 0b pass observed"),
    # "(`{enforce: …}` counts as observing here)"
    (SHOP, "10.0.66.7", "224.0.0.9", "tcp/445", "deny 0b pass observed"),
    # "0d. from a management source to a point's own address (for a host point: its endpoint's)"
    (SHOP, "10.0.9.7", "10.0.1.1", "tcp/22", "allow 0d pass by=admin-ssh"),
    (SHOP, "10.0.9.7", "10.0.2.20", "tcp/22", "allow 0d pass by=admin-ssh"),
    # "A gateway's addresses are points, wherever their prefix lies"; with one of them a pair is covered
    (SHOP, "10.0.1.7", "10.0.1.1", "tcp/22", "deny 6 drop refusing=points"),
    # "An endpoint means all its addresses", a gateway's name its own addresses
    (SHOP, "10.0.3.7", "10.0.1.1", "tcp/9", "allow 3 pass by=bypass"),
    # "1. a guardrail matches → deny"; "it means both": db and the vault within it
    (SHOP, "10.0.66.7", "10.0.2.7", "tcp/445", "deny 1 drop by=no-smb"),
    (SHOP, "10.0.66.7", "10.0.2.66", "tcp/445", "deny 1 drop by=no-smb"),
    (SHOP, "10.0.66.7", "10.0.2.70", "tcp/445", "deny 1 drop by=no-smb"),
    # "no services: all"; guardrails "hold whatever the mode", but uncovered "passes whatever the verdict"
    (SHOP, "10.0.66.7", "10.0.9.7", "tcp/99", "deny 1 pass uncovered by=no-guests"),
    # "2. … a segment whose profile has quarantine: true, and no active flow marked remediation matches → deny"
    (SHOP, "10.0.13.7", "10.0.1.7", "tcp/80", "deny 2 drop"),
    (SHOP, "10.0.3.7", "10.0.13.7", "tcp/22", "deny 2 drop"),
    (SHOP, "10.0.9.7", "10.0.2.70", "tcp/22", "allow 3 pass by=repair"),
    # a guardrail before it (step 1): `any` means quarantine too, `web` "what that segment's own members claim"
    (SHOP, "10.0.9.7", "10.0.1.66", "tcp/22", "deny 1 drop by=no-web-repair"),
    (SHOP, "192.0.2.66", "10.0.1.7", "tcp/443", "deny 2 drop"),
    # "3. an active flow … matches"; "a segment's name means the addresses that are in it … without those within it"
    (SHOP, "10.0.1.7", "10.0.2.7", "tcp/5432", "allow 3 pass by=orders"),
    (SHOP, "fd00:1::7", "fd00:2::7", "tcp/5432", "allow 3 pass by=orders"),
    (SHOP, "10.0.1.7", "10.0.2.66", "tcp/5432", "deny 6 drop refusing=vault"),
    (SHOP, "10.0.1.7", "10.0.2.10", "tcp/5432", "deny 6 drop refusing=vault"),
    # "{within: corp} means it and all within it"; `except`
    (SHOP, "10.0.1.7", "10.0.2.66", "tcp/5433", "allow 3 pass by=orders-all"),
    (SHOP, "10.0.1.11", "10.0.2.66", "tcp/5433", "deny 6 drop refusing=vault"),
    # "in except and not_to … it means both"
    (SHOP, "10.0.9.7", "10.0.1.7", "tcp/23", "allow 3 pass by=not-vault"),
    (SHOP, "10.0.9.7", "10.0.2.66", "tcp/23", "deny 6 drop refusing=admin,vault"),
    # "active: since ≤ time < until"
    (SHOP, "10.0.1.7", "10.0.2.7", "tcp/1", "deny 6 drop refusing=db"),
    (SHOP, "10.0.1.7", "10.0.2.7", "tcp/2", "allow 3 pass by=new"),
    (SHOP, "10.0.1.7", "10.0.2.7", "tcp/3", "deny 6 drop refusing=db"),
    # "4. same segment → the segment's intra"; no gateway covers two addresses of one segment, a host point does
    (SHOP, "10.0.1.7", "10.0.1.8", "tcp/1", "allow 4 pass uncovered"),
    (SHOP, "10.0.2.65", "10.0.2.10", "tcp/1", "deny 4 pass uncovered refusing=vault"),
    (SHOP, "10.0.2.7", "10.0.2.20", "tcp/1", "allow 4 pass"),
    (BARE, "10.0.3.1", "10.0.3.2", "tcp/1", "deny 4 pass observed refusing=lab"),
    # "Traffic between a segment and one within it is between two segments."
    (SHOP, "10.0.2.7", "10.0.2.66", "tcp/1", "deny 6 pass uncovered refusing=db,vault"),
    (SHOP, "10.0.2.20", "10.0.2.66", "tcp/1", "deny 6 drop refusing=db,vault"),
    # "5. the source's egress and the destination's ingress are both allow → allow"; one interface lists both: uncovered
    (SHOP, "10.0.1.7", "10.0.3.7", "tcp/1", "allow 5 pass uncovered"),
    (SHOP, "10.0.1.7", "192.0.2.7", "tcp/1", "allow 5 pass"),
    # "6. otherwise deny"; "the destination's answer if it refuses, else the source's"
    (SHOP, "192.0.2.7", "10.0.1.7", "tcp/1", "deny 6 reject refusing=world,web"),
    (SHOP, "10.0.2.7", "192.0.2.7", "tcp/1", "deny 6 drop refusing=db"),
    # "If every refusing end … observes, its effect is pass, logged as would deny"; world takes the other end's mode
    (SHOP, "10.0.4.7", "192.0.2.7", "tcp/1", "deny 6 pass observed refusing=test"),
    (SHOP, "192.0.2.7", "10.0.4.7", "tcp/1", "deny 6 pass observed refusing=world,test"),
    (SHOP, "10.0.4.7", "10.0.2.7", "tcp/1", "deny 6 drop refusing=test,db"),
    # "With {enforce: [services]} a segment enforces for a new connection *to* it … on one of these"
    (SHOP, "192.0.2.7", "10.0.66.7", "tcp/445", "deny 6 reject refusing=world,guests"),
    (SHOP, "192.0.2.7", "10.0.66.7", "tcp/446", "deny 6 pass observed refusing=world,guests"),
    (BARE, "10.0.1.7", "192.0.2.7", "tcp/22", "deny 6 pass observed refusing=web"),
    # "and where there is none (with itself …) defaults' mode"; "A site without points …: coverage is left out"
    (BARE, "192.0.2.7", "192.0.2.8", "tcp/1", "deny 4 pass observed refusing=world"),
    # "A segment on no interface of any gateway …: its packets to and from other segments die at each (effect drop)"
    (SHOP, "10.0.77.7", "192.0.2.7", "tcp/1", "allow 5 drop unbound"),
    (SHOP, "10.0.77.7", "10.0.1.1", "tcp/9", "allow 3 drop unbound by=bypass"),
    (SHOP, "10.0.77.7", "10.0.77.8", "tcp/9", "allow 4 pass uncovered"),
    # ... "a segment on no interface … would-denies where both ends observe"
    (SHOP, "10.0.78.7", "192.0.2.7", "tcp/1", "allow 5 pass unbound"),
    (SHOP, "192.0.2.7", "10.0.78.7", "tcp/1", "deny 6 pass observed unbound refusing=world,lost-too"),
    (SHOP, "10.0.78.7", "10.0.1.7", "tcp/1", "deny 6 drop unbound refusing=web"),
]


def answer(site: Site, source: str, destination: str, service: str) -> str:
    """The ruling in the words of the table."""
    ends = parse_address(source), parse_address(destination)
    places = build.service(service).traffic.spans
    ruling = rule(site, Question(*ends, places[-1 if ":" in source else 0][0], AT))
    decided = ruling.decided
    words = [decided.verdict.value, decided.step.value, ruling.effect.value]
    words += [word for word in ("observed", "uncovered", "unbound") if getattr(ruling, word)]
    words += [f"refusing={','.join(decided.refusing)}"] if decided.refusing else []
    words += [f"by={decided.by}"] if decided.by else []
    return " ".join(words)


@pytest.mark.parametrize(("site", "source", "destination", "service", "want"), TABLE)
def test_rule(site: Site, source: str, destination: str, service: str, want: str) -> None:
    assert answer(site, source, destination, service) == want
