"""A site as a lab: who stands where, with which addresses, and who has no place."""

from typing import Any

import pytest

from segctl.lab.layout import layout
from segctl.lab.topology import Layout
from segctl.model.ranges import V6, parse_address, show_address
from segctl.model.segment import Endpoint
from segctl.model.site import Site
from tests.reference import build
from tests.unit.lab.sites import branches, flow, policy_of, shop


def placed(made: Layout) -> dict[str, tuple[str, str, str]]:
    """Host to its segment, its LAN and its addresses as text."""
    return {
        host.name: (
            host.segment,
            host.lan,
            " ".join(f"{show_address(a.address)}/{a.length}" for a in host.nic.addresses),
        )
        for host in made.hosts
    }


def one_gateway(segments: str, address: str, *wanted: str, endpoints: tuple[Endpoint, ...] = (), **parts: Any) -> Site:
    """A gateway with one interface, `lan`; each of `wanted` is a segment's name and members."""
    made = [build.segment(name, "guarded", *members) for name, *members in (text.split() for text in wanted)]
    gateway = build.gateway("gw", build.interface("lan", segments, address))
    return build.site(made, endpoints={e.name: e for e in endpoints}, points={"gw": gateway}, **parts)


def test_shop() -> None:
    assert placed(layout(policy_of(shop()))) == {
        "world-1": ("world", "lan0", "203.0.113.1/24 2001:db8::1/128"),  # no IPv6 on its link: still a host with one
        "web2": ("web", "lan1", "10.0.1.12/24 fd00:1::12/64"),  # nothing tells it from the rest of its segment
        "web1": ("web", "lan1", "10.0.1.11/24 fd00:1::11/64"),  # named in a flow: a class of its own
        "db-1": ("db", "lan2", "10.0.2.2/24 fd00:2::2/64"),  # not .0, not the gateway's .1
        "db-2": ("db", "lan2", "10.0.2.3/24 fd00:2::3/64"),
        "vault1": ("vault", "lan2", "10.0.2.70/24 fd00:2::70/64"),  # all that the segment has
        "far-1": ("far", "lan3", "10.20.0.1/32 fd00:20::1/128"),  # on no network of the link
        "far-2": ("far", "lan3", "10.20.0.2/32 fd00:20::2/128"),
    }


def test_shop_says_what_has_no_host() -> None:
    assert layout(policy_of(shop())).notes == ("segment 'nowhere' is on no interface: no host",)


def test_branches_share_the_transit_network_and_nobody_else_lives_there() -> None:
    made = layout(policy_of(branches()))
    assert [[(link.gateway, link.interface.name) for link in lan.links] for lan in made.lans] == [
        [("gw1", "wan")],
        [("gw1", "office")],
        [("gw1", "transit"), ("gw2", "transit")],
        [("gw2", "plant")],
    ]
    assert {name: where[1] for name, where in placed(made).items()} == {
        "world-1": "lan0", "office-1": "lan1", "office-2": "lan1", "plant-1": "lan3", "plant-2": "lan3",
    }  # fmt: skip


def test_the_same_site_gives_the_same_lab_also_in_another_order_of_calls() -> None:
    first = layout(policy_of(shop()))
    layout(policy_of(branches()))
    assert layout(policy_of(shop())).nodes == first.nodes


def test_namespaces_are_named_by_lab_and_node_and_gateways_keep_their_interfaces() -> None:
    made = layout(policy_of(branches()), "my.lab-1")
    assert made.namespaces[:3] == ("sg-my_lab_1-_switch", "sg-my_lab_1-gw1", "sg-my_lab_1-gw2")
    assert [nic.name for nic in made.gateways[0].nics] == ["wan", "office", "transit"]
    assert len({nic.mac for node in made.nodes for nic in node.nics}) == 10


@pytest.mark.parametrize(
    ("most", "want"),
    [
        (1, ["a1"]),
        (2, ["a1", "a2"]),
        (3, ["a1", "a2", "a3"]),
        (9, ["a1", "a2", "a3"]),  # three are there
    ],
)
def test_as_many_hosts_as_asked_for(most: int, want: list[str]) -> None:
    endpoints = tuple(build.endpoint(f"a{n}", f"10.0.0.{n + 10}") for n in (1, 2, 3))
    site = one_gateway("a", "10.0.0.1/24", "a a1 a2 a3", endpoints=endpoints)
    made = layout(policy_of(site), hosts_per_segment=most)
    assert [host.name for host in made.hosts] == want
    assert any("--hosts-per-segment" in note for note in made.notes) == (most < 3)


def test_each_class_has_a_host_before_an_endpoint_has() -> None:
    endpoints = (build.endpoint("a1", "10.0.0.11"), build.endpoint("a2", "10.0.0.12"))
    site = one_gateway(
        "a b", "10.0.0.1/24", "a 10.0.0.0/25", "b 10.0.0.128/25", endpoints=endpoints,
        flows=(flow("part", "10.0.0.64/26", "b", "tcp/1"),),
    )  # fmt: skip
    hosts = placed(layout(policy_of(site), hosts_per_segment=2))
    assert hosts["a1"][2] == "10.0.0.11/24"
    assert hosts["a-1"][2] == "10.0.0.64/24"  # 10.0.0.64/26 is a class: the flow tells it from the rest
    assert "a2" not in hosts


def test_a_segment_behind_two_interfaces_has_hosts_behind_both() -> None:
    gateway = build.gateway(
        "gw", build.interface("one", "a", "10.0.1.1/24"), build.interface("two", "a", "10.0.2.1/24"),
        build.interface("three", "a", "10.9.9.1/24"),
    )  # fmt: skip
    site = build.site([build.segment("a", "guarded", "10.0.0.0/16")], points={"gw": gateway})
    lans = [host.lan for host in layout(policy_of(site)).hosts]
    assert lans == ["lan0", "lan0", "lan1", "lan1"]  # 10.9.9.0/24 has no address of `a`


def test_an_endpoint_on_two_networks_stands_on_both() -> None:
    gateway = build.gateway(
        "gw", build.interface("one", "a", "10.0.1.1/24"), build.interface("two", "b", "10.0.2.1/24")
    )
    segments = (build.segment("a", "guarded", "10.0.1.0/24"), build.segment("b", "guarded", "10.0.2.0/24"))
    endpoints = {"both": build.endpoint("both", "10.0.1.7", "10.0.2.7")}
    hosts = placed(layout(policy_of(build.site(segments, endpoints=endpoints, points={"gw": gateway}))))
    assert hosts["both"] == ("a", "lan0", "10.0.1.7/24")
    assert hosts["both.2"] == ("b", "lan1", "10.0.2.7/24")


def test_an_endpoint_keeps_its_name_though_a_host_would_like_it() -> None:
    site = one_gateway(
        "a", "10.0.0.1/24", "a 10.0.0.0/24", endpoints=(build.endpoint("a-1", "10.0.0.9"),),
        flows=(flow("part", "10.0.0.64/26", "a", "tcp/1"),),
    )  # fmt: skip
    assert {name: where[2] for name, where in placed(layout(policy_of(site))).items()} == {
        "a-1": "10.0.0.9/24",
        "a-1.2": "10.0.0.64/24",
    }


def test_a_quarantined_host_stands_where_its_segment_lives() -> None:
    made = [
        build.segment("a", "guarded", "10.0.0.0/24"),
        build.segment("quarantine", "quarantine", "sick"),
    ]
    gateway = build.gateway("gw", build.interface("lan", "a", "10.0.0.1/24"))
    endpoints = {"sick": build.endpoint("sick", "10.0.0.13")}
    site = build.site(made, endpoints=endpoints, points={"gw": gateway})
    host = next(host for host in layout(policy_of(site)).hosts if host.name == "sick")
    assert (host.segment, host.home, host.lan) == ("quarantine", "a", "lan0")


@pytest.mark.parametrize(
    ("network", "want"),
    [
        ("203.0.113.2/24", ("203.0.113.1/24", "2001:db8::1/128")),
        ("203.0.113.2/31", ("203.0.113.3/31", "2001:db8::1/128")),  # RFC 3021: both are hosts
        ("203.0.113.2/32", ("203.0.113.1/32", "2001:db8::1/128")),  # no room: from the documentation networks
        ("2001:db8:7::1/64", ("203.0.113.1/32", "2001:db8:7::2/64")),
        ("", ("203.0.113.1/32", "2001:db8::1/128")),
    ],
)
def test_the_world_has_an_address_of_each_family(network: str, want: tuple[str, str]) -> None:
    made = layout(policy_of(one_gateway("world", network)))
    assert placed(made)["world-1"][2] == " ".join(want)


def test_the_world_never_has_an_address_of_a_segment() -> None:
    site = one_gateway("world a", "10.0.0.1/24", "a 10.0.0.0/24 203.0.113.0/24 2001:db8::/32")
    world = next(host for host in layout(policy_of(site)).hosts if host.segment == "world")
    assert [show_address(a) for a in world.addresses] == ["198.51.100.1", "2000::1"]


@pytest.mark.parametrize("name", ["lo", "a-name-of-16-char", "a/b", "all"])
def test_no_interface_can_be_called_so(name: str) -> None:
    site = build.site([], points={"gw": build.gateway("gw", build.interface(name, "world"))})
    with pytest.raises(ValueError, match="no name of an interface"):
        layout(policy_of(site))


def test_link_local_networks_make_no_neighbours() -> None:
    gateways = [build.gateway(name, build.interface("eth0", "world", "fe80::1/64")) for name in ("g1", "g2")]
    site = build.site([], points={each.name: each for each in gateways})
    assert len(layout(policy_of(site)).lans) == 2
    assert parse_address("fe80::1") > V6
