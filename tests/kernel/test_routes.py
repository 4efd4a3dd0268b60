"""Routes as our own words ask for them, against `ip route get`."""

import json

import pytest

from segctl.kernel.routes import interfaces_towards
from segctl.model.ranges import parse_address, show_address
from segctl.runner import Netns
from tests.conftest import MakeNamespace

pytestmark = pytest.mark.kernel
LINES = """
link add d1 type veth peer name p1
link add d2 type veth peer name p2
link set d1 up
link set p1 up
link set d2 up
link set p2 up
address add 10.1.0.1/24 dev d1
address add fd01::1/64 dev d1 nodad
address add 10.2.0.1/24 dev d2
address add fd02::1/64 dev d2 nodad
route add default via 10.1.0.254
route add 10.3.0.0/16 via 10.2.0.9
route add unreachable 10.4.0.0/16
route add blackhole 10.5.0.0/16
route add fd03::/64 via fd02::9
"""
ADDRESSES = [
    "10.1.0.1", "10.1.0.7", "10.2.0.1", "10.2.0.255", "10.3.9.9", "10.4.0.1", "10.5.0.1", "198.51.100.1", "127.0.0.1",
    "127.9.9.9", "0.0.0.0", "255.255.255.255", "224.0.0.1", "fd01::1", "fd01::9", "fd02::1", "fd03::9", "fd09::1",
    "::1", "2001:db8::1", "fe80::1", "ff02::1",
]  # fmt: skip


@pytest.fixture
def place(namespace: MakeNamespace) -> Netns:
    made = Netns(namespace())
    assert not made.run(["ip", "-batch", "-"], stdin=LINES).code
    return made


def by_ip(place: Netns, address: str) -> str | None:
    done = place.run(["ip", "-j", "-6" if ":" in address else "-4", "route", "get", address])
    if done.code:
        return None
    (route,) = json.loads(done.stdout)
    return "" if route.get("type") == "local" or route.get("dev") == "lo" else route.get("dev")


def test_as_ip_says(place: Netns) -> None:
    found = interfaces_towards(place, map(parse_address, ADDRESSES))
    said = {address: by_ip(place, address) for address in ADDRESSES}
    assert {show_address(one): where for one, where in found.items()} == said
    assert set(said.values()) >= {"", "d1", "d2", None}


def test_many_at_once(place: Netns) -> None:
    """More than one message holds, and more than one buffer; each once."""
    many = [parse_address("10.1.0.0") + at % 100_000 for at in range(200_000)]
    found = interfaces_towards(place, many)
    assert len(found) == 100_000 and found[many[5]] == "d1" and found[parse_address("10.2.0.5")] == "d2"
