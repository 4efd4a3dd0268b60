"""From hosts to segments: names, addresses, aliases, groups and networks."""

import pytest

from segctl.draft.etc_hosts import read_etc_hosts
from segctl.draft.gateway import legs
from segctl.draft.hosts import Form, Host, Inventory
from segctl.draft.names import Names, valid
from segctl.draft.networks import network_name, network_of, own_address, show_network
from segctl.draft.segments import Proposal, propose
from segctl.load.scalars import read_name
from segctl.model.ranges import parse_address, show_address


def host(name: str, addresses: str, groups: str = "", **labels: str) -> Host:
    return Host(name, tuple(addresses.split()), 1, groups=tuple(groups.split()), labels=labels)


def proposal(*hosts: Host, by: str = "group", form: Form = Form.ANSIBLE, **parents: tuple[str, ...]) -> Proposal:
    return propose(Inventory(form, "f", hosts, by, parents=parents))


def brief(found: Proposal) -> dict[str, str]:
    """Each segment's hosts."""
    return {one.name: " ".join(one.hosts) for one in found.segments}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web1", "web1"),
        ("web 1", "web-1"),
        ("Büro-Drucker", "Buro-Drucker"),
        ("10.0.0.1", "host-10.0.0.1"),
        ("", "host"),
        ("日本", "host"),
        ("_x", "host-_x"),
        ("a\nb: {}", "a-b"),
        ("x" * 63, "x" * 63),
        ("x" * 64, "x" * 56 + "-7ce100"),
    ],
)
def test_valid_names(text: str, name: str) -> None:
    assert valid(text, "host") == name
    assert read_name(name) == name


def test_a_name_is_taken_once() -> None:
    names = Names()
    wanted = ["web", "web", "we b", "we-b", "any", "world", "web-2", "x" * 63, "x" * 63]
    found = [names.take(text, "host") for text in wanted]
    assert found == ["web", "web-2", "we-b", "we-b-2", "any-host", "world-host", "web-2-2", "x" * 63, "x" * 61 + "-2"]


@pytest.mark.parametrize(
    ("lines", "endpoints", "said"),
    [
        ("10.0.0.1 a\nfd00::1 a", {"a": "10.0.0.1 fd00::1"}, ""),
        ("10.0.0.1 a\n10.0.0.2 A", {"a": "10.0.0.1 10.0.0.2"}, ""),  # one name, as in DNS
        ("10.0.0.1 a\n10.0.0.1 b", {"a": "10.0.0.1"}, "'b' (line 2) has its address: taken for an alias"),
        ("10.0.0.1 a\n10.0.0.1 b\n10.0.0.2 b", {"a": "10.0.0.1", "b": "10.0.0.2"}, "taken for an alias"),
        ("10.0.0.1 a\n127.0.0.1 b", {"a": "10.0.0.1"}, "'b' is left out: '127.0.0.1' is loopback"),
        ("10.0.0.1 a\nfe80::1%eth0 b", {"a": "10.0.0.1"}, "'b' is left out: 'fe80::1' is link-local"),
        ("10.0.0.1 a\nff02::1 b", {"a": "10.0.0.1"}, "'b' is left out: 'ff02::1' is multicast"),
        ("10.0.0.1 a\n::ffff:10.0.0.2 b", {"a": "10.0.0.1"}, "is an IPv4-mapped IPv6 address"),
        ("10.0.0.1 a\n127.0.0.1 a", {"a": "10.0.0.1"}, "'a' is left out: '127.0.0.1' is loopback"),
        ("10.0.0.1 1st", {"host-1st": "10.0.0.1"}, "its own name '1st' is none for a site"),
        ("10.0.0.1 a\n10.0.1.1 a", {"a": "10.0.0.1 10.0.1.1"}, "it has a foot in each of 10.0.0.0/24, 10.0.1.0/24"),
    ],
)
def test_endpoints(lines: str, endpoints: dict[str, str], said: str) -> None:
    found = propose(read_etc_hosts(lines, "f"))
    assert {one.name: " ".join(map(show_address, one.addresses)) for one in found.entries} == endpoints
    doubts = [*(doubt for one in found.entries for doubt in one.doubts), *(one.text for one in found.left_out)]
    doubts += found.spread.values()
    assert any(said in doubt for doubt in doubts) if said else not doubts


def test_groups_become_segments_and_further_ones_labels() -> None:
    found = proposal(host("a", "10.0.0.1", "web prod"), host("b", "10.0.1.1", "db prod"), host("c", "10.0.2.1"),
                     web=("prod",), db=("prod",))  # fmt: skip
    assert brief(found) == {"web": "a", "db": "b", "unsorted": "c"}
    assert found.segments[0].label == ("group", "web")
    assert found.segments[0].labels == {"in-prod": "member"}
    assert found.segments[2].endpoints == ("c",)
    assert [one.labels for one in found.entries] == [
        {"group": "web", "in-prod": "member"}, {"group": "db", "in-prod": "member"}, {},
    ]  # fmt: skip


def test_one_address_in_two_groups_is_said() -> None:
    found = proposal(host("a", "10.0.0.1", "web"), host("b", "10.0.0.1", "db"))
    assert brief(found) == {"web": "a"}
    assert found.entries[0].doubts == ("'b' (line 1) has its address, and there in db: taken for an alias",)


def test_a_segment_never_takes_an_endpoints_name() -> None:
    found = proposal(host("web", "10.0.0.1", "web"), host("any", "10.0.1.1", "any"))
    assert brief(found) == {"web-2": "web", "any-segment": "any-host"}
    assert found.segments[0].doubts == ("in f it is called 'web'",)


def test_groups_that_share_a_network_are_said() -> None:
    found = proposal(host("a", "10.0.0.1", "web"), host("b", "10.0.0.2", "db"), host("c", "10.0.1.2", "ops"))
    assert [bool(one.shares) for one in found.segments] == [True, True, False]
    assert [one.alone for one in found.segments] == [False, False, True]
    (first, second) = legs(found.segments, frozenset({parse_address("10.0.0.254")}))
    assert (first.segments, first.addresses) == (("web", "db"), ("10.0.0.253/24",))
    assert (second.segments, second.addresses) == (("ops",), ("10.0.1.254/24",))


def test_a_column_that_tells_every_host_apart_groups_nothing() -> None:
    hosts = [host(f"h{number}", f"10.0.{number % 2}.{number}", f"tag{number}") for number in range(2, 40)]
    found = proposal(*hosts, form=Form.CSV, by="segment")
    assert list(brief(found)) == ["net-10.0.0", "net-10.0.1"]
    assert "tells nearly every host apart" in found.doubts[0].text


@pytest.mark.parametrize(
    ("hosts", "segments"),
    [
        (["10.0.0.1", "10.0.0.2", "10.0.1.1"], {"net-10.0.0": "h0 h1", "net-10.0.1": "h2"}),
        (["10.0.0.1 fd00::1", "10.0.0.2"], {"net-10.0.0": "h0 h1"}),  # both families of one network
        (["10.0.0.1 fd00::1", "10.0.1.1 fd00::2"],  # one IPv6 network beside two others: nobody's
         {"net-10.0.0": "h0", "net-fd00": "h0 h1", "net-10.0.1": "h1"}),
        (["10.0.0.1 10.0.1.1"], {"net-10.0.0": "h0", "net-10.0.1": "h0"}),
        (["10.0.0.1", "140.82.112.3"], {"net-10.0.0": "h0", "net-140.82.112": "h1"}),
    ],
)  # fmt: skip
def test_networks_become_segments(hosts: list[str], segments: dict[str, str]) -> None:
    found = proposal(*(host(f"h{number}", addresses) for number, addresses in enumerate(hosts)), by="")
    assert brief(found) == segments


def test_public_networks_are_only_an_example_beside_others() -> None:
    assert [one.asleep for one in proposal(host("a", "10.0.0.1"), host("b", "140.82.112.3")).segments] == [False, True]
    (only,) = proposal(host("b", "140.82.112.3")).segments
    assert not only.asleep
    assert "public addresses" in only.doubts[0]


@pytest.mark.parametrize(
    ("address", "network", "name", "own"),
    [
        ("10.0.1.7", "10.0.1.0/24", "net-10.0.1", "10.0.1.254/24"),
        ("fd00:1::7", "fd00:1::/64", "net-fd00-1", "fd00:1::1/64"),
        ("fd00:0:0:1::", "fd00:0:0:1::/64", "net-fd00-0-0-1", "fd00:0:0:1::1/64"),
    ],
)
def test_networks(address: str, network: str, name: str, own: str) -> None:
    found = network_of(parse_address(address))
    assert (show_network(found), network_name(found), own_address(found, set())) == (network, name, own)


def test_a_full_network_has_no_address_left() -> None:
    network = network_of(parse_address("10.0.1.1"))
    assert own_address(network, set(range(network[0], network[1] + 1))) is None
