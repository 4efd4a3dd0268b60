"""Two sites for the lab's tests, and the policy of a site."""

from datetime import UTC, datetime

from segctl.model.flow import Flow
from segctl.model.site import Site
from segctl.policy import Policy, examine
from tests.reference import build

AT = datetime(2026, 6, 1, tzinfo=UTC)


def policy_of(site: Site) -> Policy:
    """Its policy; a site that examine refuses is a mistake in the test."""
    examined = examine(site, AT)
    assert examined.policy is not None, [str(finding) for finding in examined.findings]
    return examined.policy


def flow(name: str, source: str, destination: str, *services: str) -> Flow:
    return Flow(
        name, build.here(), build.selectors(source), build.selectors(destination), build.services(*services), why="test"
    )


def shop() -> Site:
    """One gateway: two segments behind one interface (one of them within the other), an endpoint or two, the world.

    The world's interface has no IPv6; the guests' segment has addresses on its link's network and beyond it;
    `far` has none on its link's network; `nowhere` is on no interface.
    """
    gateway = build.gateway(
        "gw1",
        build.interface("eth0", "world", "203.0.113.2/24"),
        build.interface("eth1", "web", "10.0.1.1/24 fd00:1::1/64"),
        build.interface("eth2", "db vault", "10.0.2.1/24 fd00:2::1/64"),
        build.interface("eth3", "far", "10.0.9.1/28"),
    )
    segments = (
        build.segment("web", "guarded", "10.0.1.0/24", "fd00:1::/64"),
        build.segment("db", "strict", "10.0.2.0/24", "fd00:2::/64"),
        build.segment("vault", "sealed", "vault1", within="db"),
        build.segment("far", "guarded", "10.20.0.0/16", "fd00:20::/64"),
        build.segment("nowhere", "guarded", "10.99.0.0/24"),
    )
    endpoints = {
        each.name: each
        for each in (
            build.endpoint("web1", "10.0.1.11", "fd00:1::11", tier="web"),
            build.endpoint("web2", "10.0.1.12", "fd00:1::12", tier="web"),
            build.endpoint("vault1", "10.0.2.70", "fd00:2::70", tier="vault"),
        )
    }
    flows = (
        flow("orders", "web", "db", "tcp/5432"),
        flow("public", "world", "web", "tcp/443", "udp/443"),
        flow("batch", "web1", "db", "tcp/9000-9010"),
    )
    return build.site(segments, endpoints=endpoints, flows=flows, points={"gw1": gateway})


def branches() -> Site:
    """Two gateways with a transit network between them (v4 only), one of them with the world.

    10.1.0.0/24 office ── gw1 ── 192.168.0.0/29 transit ── gw2 ── 10.2.0.0/24 plant (v4 and v6)
                           └── world
    """
    gw1 = build.gateway(
        "gw1",
        build.interface("wan", "world", "198.51.100.2/30"),
        build.interface("office", "office", "10.1.0.1/24 fd01::1/64"),
        build.interface("transit", "plant", "192.168.0.1/29"),
    )
    gw2 = build.gateway(
        "gw2",
        build.interface("transit", "world office", "192.168.0.2/29"),
        build.interface("plant", "plant", "10.2.0.1/24 fd02::1/64"),
    )
    segments = (
        build.segment("office", "guarded", "10.1.0.0/24", "fd01::/64"),
        build.segment("plant", "guarded", "10.2.0.0/24", "fd02::/64"),
    )
    return build.site(segments, flows=(flow("mail", "office", "plant", "tcp/25"),), points={"gw1": gw1, "gw2": gw2})
