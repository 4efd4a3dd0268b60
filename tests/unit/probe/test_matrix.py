"""Which cells and which services are tried."""

from collections import Counter
from pathlib import Path

import pytest

from segctl.load import read_site
from segctl.model.decision import Effect
from segctl.model.point import InterfaceAddress
from segctl.model.ranges import Ranges, family, parse_address
from segctl.model.service import ALL_TRAFFIC, show_traffic, traffic_range
from segctl.policy import Policy, examine
from segctl.probe import Cell, Node, Stage, cells_of, just, services_of
from segctl.probe.matrix import chosen, pairs_of
from segctl.probe.services import edges
from segctl.runner import Here
from tests.packets.small import NOW, SITE


def node(name: str, *addresses: str, lan: str = "", point: str | None = None) -> Node:
    own = tuple(InterfaceAddress(parse_address(a), 64 if ":" in a else 24) for a in addresses)
    return Node(name, Here(), own, point, gateway=point is not None, lan=lan)


HOSTS = (
    node("web1", "10.91.1.10", "fd91:1::10"),
    node("web2", "10.91.1.11", "fd91:1::11"),
    node("web3", "10.91.1.12"),
    node("db1", "10.91.2.10", "fd91:2::10"),
    node("world1", "198.51.100.10"),
)
GATEWAY = node("gw", "10.91.1.1", "fd91:1::1", "10.91.2.1", point="gw")


def policy(folder: Path, text: str = SITE) -> Policy:
    (folder / "segctl.yaml").write_text(text)
    examined = examine(read_site(folder), NOW)
    assert examined.policy, examined.findings
    return examined.policy


def test_the_pairs(tmp_path: Path) -> None:
    pairs = list(pairs_of(policy(tmp_path), Stage((*HOSTS, GATEWAY)), most=1))
    named = Counter((source.node, destination.node, family(source.address)) for source, destination in pairs)
    assert named == Counter({
        ("web1", "db1", 4): 1, ("web1", "db1", 6): 1, ("db1", "web1", 4): 1, ("db1", "web1", 6): 1,
        ("web1", "world1", 4): 1, ("world1", "web1", 4): 1, ("db1", "world1", 4): 1, ("world1", "db1", 4): 1,
        ("web1", "web2", 4): 1, ("web1", "web2", 6): 1,  # within a segment, with a second machine
        ("web1", "gw", 4): 2, ("web1", "gw", 6): 1, ("db1", "gw", 4): 2, ("db1", "gw", 6): 1, ("world1", "gw", 4): 2,
        ("gw", "web1", 4): 1, ("gw", "web1", 6): 1, ("gw", "db1", 4): 1, ("gw", "db1", 6): 1, ("gw", "world1", 4): 1,
    })  # fmt: skip
    speaks = {destination.node: source.address for source, destination in pairs if source.node == "gw"}
    assert speaks["db1"] == parse_address("fd91:1::1") or speaks["db1"] == parse_address("10.91.2.1")
    towards = {(d.node, family(d.address)): s.address for s, d in pairs if s.node == "gw"}
    assert towards["db1", 4] == parse_address("10.91.2.1")  # the address on that link, not the first


def test_machines_that_the_site_tells_apart_are_tried_apart(tmp_path: Path) -> None:
    text = SITE.replace("from: web, to: db", 'from: web, except: ["10.91.1.12"], to: db')
    ends = chosen(policy(tmp_path, text), HOSTS, most=3)
    assert [end.node for end in ends if end.segment == "web" and family(end.address) == 4] == ["web1", "web3"]
    assert [end.node for end in chosen(policy(tmp_path, text), HOSTS, most=1) if end.segment == "web"] == [
        "web1",
        "web1",
    ]


def test_a_segment_is_tried_from_each_lan(tmp_path: Path) -> None:
    hosts = (
        node("w1", "10.91.1.10", lan="lan0"),
        node("w2", "10.91.1.11", lan="lan0"),
        node("w3", "10.91.1.12", lan="lan1"),
    )
    assert [end.node for end in chosen(policy(tmp_path), hosts, most=3)] == ["w1", "w3"]


def test_cells_carry_what_the_law_expects(tmp_path: Path) -> None:
    known = policy(tmp_path)
    cells = cells_of(known, Stage((*HOSTS, GATEWAY)), services_of(known.site), NOW)
    by: dict[tuple[str, str, str, int], Cell] = {
        (c.source.node, c.destination.node, show_traffic(c.traffic), c.family): c for c in cells
    }
    assert by["web1", "db1", "tcp/5432", 4].expected.effect is Effect.PASS
    assert by["web1", "db1", "tcp/5431", 4].expected.effect is Effect.DROP
    assert by["db1", "web1", "tcp/81", 6].expected.effect is Effect.REJECT
    assert by["web1", "web2", "tcp/81", 6].expected.uncovered
    assert by["web1", "gw", "udp/6969", 6].destination.segment == "points"
    assert len(cells) == len({(c.source, c.destination, c.traffic) for c in cells})


def test_services_with_their_neighbours_and_strangers(tmp_path: Path) -> None:
    asked = services_of(policy(tmp_path).site, (4,))
    assert {show_traffic(place) for place in asked.traffic} == {
        "tcp/5431", "tcp/5432", "tcp/5433", "udp/5352", "udp/5353", "udp/5354", "tcp/21", "tcp/22", "tcp/23",
        "icmp4/8", "tcp/81", "tcp/31337", "udp/6969",
    }  # fmt: skip
    assert not asked.left_out


@pytest.mark.parametrize(
    ("ranges", "tried", "left_out"),
    [
        ([traffic_range(4, 6, 8000, 8010)], {"tcp/7999", "tcp/8000", "tcp/8010", "tcp/8011"}, 0),
        ([traffic_range(4, 17)], {"udp/1", "udp/65535"}, 0),  # the whole of udp has no neighbour, and no port 0
        ([traffic_range(4, 6, 1, 1)], {"tcp/1", "tcp/2"}, 0),
        ([traffic_range(4, 47)], {"proto/47"}, 0),
        ([traffic_range(4, 132, 9, 9)], {"sctp/8", "sctp/9", "sctp/10"}, 0),
        ([traffic_range(6, 6, 80, 80)], set(), 0),  # the other family's
        ([traffic_range(4, 1, 8, 8)], set(), 0),  # echo is tried always
        ([traffic_range(4, 1, 13, 13)], set(), 1),
        ([traffic_range(4, 1)], set(), 0),
        (list(ALL_TRAFFIC), {"tcp/1", "tcp/65535", "udp/1", "udp/65535", "proto/47"}, 0),
    ],
)
def test_edges(ranges: list[tuple[int, int]], tried: set[str], left_out: int) -> None:
    places, rest = edges(4, Ranges.of(ranges))
    assert {show_traffic(place) for place in places} == tried and len(rest) == left_out


def test_an_ipv6_header_is_no_protocol() -> None:
    assert edges(6, Ranges.of([traffic_range(6, 51)])) == (set(), {"protocol 51 (IPv6): a header, no payload"})
    assert just([("ah", Ranges.of([traffic_range(6, 51)]))]).left_out == (
        "ah: protocol 51 (IPv6): a header, no payload",
    )


def test_two_machines_of_one_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        Stage((HOSTS[0], HOSTS[0]))
