"""What holds of the lab of any site, and of the way of any packet in it."""

from collections import Counter
from random import Random

import pytest

from segctl.lab.layout import layout
from segctl.lab.routes import link_local
from segctl.lab.topology import Gateway, Layout, Node, Route
from segctl.model.ranges import family, prefix
from segctl.policy import Policy, examine
from tests.strategies import random_site
from tests.unit.lab.sites import AT, branches, policy_of, shop

TRIED = 300


def random_policies() -> list[Policy]:
    policies = []
    for seed in range(TRIED):
        examined = examine(random_site(Random(seed)), AT)
        if examined.policy is not None and examined.policy.site.gateways():
            policies.append(examined.policy)
    return policies


def test_random_sites() -> None:
    policies = random_policies()
    assert len(policies) > TRIED // 10
    for policy in policies:
        made = layout(policy)
        addresses = Counter(a for host in made.hosts for a in host.addresses)
        assert set(addresses.values()) <= {1}
        assert not [a for a in addresses if a in policy.special or a in policy.own["points"]]
        for host in made.hosts:
            assert policy.segment_of(host.addresses[0]) == host.segment
            assert policy.home_of(host.addresses[0]) == host.home
            assert next(lan for lan in made.lans if lan.name == host.lan).lists(host.home)
        most = Counter((host.segment, host.home, host.lan) for host in made.hosts)
        assert max(most.values(), default=0) <= 3
        assert len(set(made.namespaces)) == len(made.namespaces)
        assert layout(policy) == made


@pytest.mark.parametrize("site", [shop(), branches()], ids=["shop", "branches"])
def test_every_packet_finds_its_way_and_comes_back_by_the_same_gateways(site: object) -> None:
    made = layout(policy_of(site))  # type: ignore[arg-type]
    for host in made.hosts:
        for other in made.hosts:
            for source in host.addresses:
                for target in other.addresses:
                    if family(source) == family(target) and host != other:
                        assert way(made, host, target) == way(made, other, source)[::-1]


def way(made: Layout, node: Node, target: int) -> list[str]:
    """The gateways between a node and an address, by nothing but the routes: a slow second kernel."""
    passed: list[str] = []
    while target not in {a.address for nic in node.nics for a in nic.addresses}:
        route = best(node, target)
        lan = next(nic.lan for nic in node.nics if nic.name == route.nic)
        node = neighbour(made, lan, target if route.via is None else route.via)
        if isinstance(node, Gateway):
            passed.append(node.name)
        assert len(passed) < 5, "a loop"
    return passed


def best(node: Node, target: int) -> Route:
    """The longest prefix, those that the kernel makes by itself included."""
    own = [Route(nic.name, (a.network()[0], a.length)) for nic in node.nics for a in nic.addresses]
    fitting = [
        route
        for route in (*node.routes, *own)
        if family(route.network[0]) == family(target) and prefix(target, route.network[1])[0] == route.network[0]
    ]
    assert fitting, f"{node.name} has no route"
    return max(fitting, key=lambda route: route.network[1])


def neighbour(made: Layout, lan: str, address: int) -> Node:
    """Who answers for an address on a LAN."""
    for node in made.nodes:
        for nic in node.nics:
            if nic.lan == lan and address in {link_local(nic.mac), *(a.address for a in nic.addresses)}:
                return node
    raise AssertionError("nobody there")
