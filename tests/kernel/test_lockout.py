"""Before anything is loaded: whoever manages the point now gets in under the new rules, or apply names him."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from segctl.apply import CannotApply
from segctl.runner import Netns
from tests.kernel.applied import Place

pytestmark = pytest.mark.kernel
SITE = """
segments:
  a: {{strictness: strict, members: [10.96.1.0/24, "fd96:1::/64"]}}
  b: {{strictness: strict, members: [10.96.2.0/24, "fd96:2::/64"]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {{segments: [{one}], addresses: [10.96.1.1/24, "fd96:1::1/64"]}}
      eth2: {{segments: [{two}], addresses: [10.96.2.1/24, "fd96:2::1/64"]}}
management:
  - {{from: {who}, services: [{services}]}}
"""


def site(who: str = "a", services: str = "tcp/22", one: str = "a", two: str = "b") -> str:
    return SITE.format(who=who, services=services, one=one, two=two)


@dataclass
class Managed(Place):
    """A gateway whose machines `a` and `b` open sessions to it."""

    runner: Netns
    machines: dict[str, Netns]

    @contextmanager
    def session(self, who: str, address: str = "10.96.1.1", port: int = 22) -> Iterator[None]:
        """A TCP connection to a server of the gateway's, for as long as the block lasts."""
        version = socket.AF_INET6 if ":" in address else socket.AF_INET
        with ExitStack() as opened:
            with self.runner.inside():
                server = opened.enter_context(socket.socket(version))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            server.listen()
            with self.machines[who].inside():
                client = opened.enter_context(socket.socket(version))
            client.settimeout(5)
            client.connect((address, port))
            opened.enter_context(server.accept()[0])
            yield

    def refuses(self, text: str, says: str) -> None:
        before = self.held(), self.tables()
        with pytest.raises(CannotApply, match=says) as refused:
            self.apply(text)
        assert refused.value.exit_code == 3 and "management" in refused.value.help
        assert (self.held(), self.tables()) == before


@pytest.fixture(scope="module")
def shared() -> Iterator[Managed]:
    """The gateway has eth1 to a and eth2 to b."""
    names = {name: f"segt{os.getpid()}-lock-{name}" for name in ("gw", "a", "b")}
    for name in names.values():
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for at, name in enumerate(("a", "b"), 1):
            lines = [
                f"link add eth{at} type veth peer name eth0 netns {names[name]}",
                f"link set eth{at} up",
                f"address add 10.96.{at}.1/24 dev eth{at}",
                f"address add fd96:{at}::1/64 dev eth{at} nodad",
            ]
            _batch(names["gw"], [*lines, "link set lo up"])
            lines = [
                "link set eth0 up",
                f"address add 10.96.{at}.7/24 dev eth0",
                f"address add fd96:{at}::7/64 dev eth0 nodad",
                f"route add default via 10.96.{at}.1",
                f"route add default via fd96:{at}::1",
            ]
            _batch(names[name], lines)
        yield Managed(Netns(names["gw"]), {name: Netns(names[name]) for name in ("a", "b")})
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "delete", name], check=True)


def _batch(name: str, lines: list[str]) -> None:
    subprocess.run(["ip", "-n", name, "-batch", "-"], input="\n".join(lines), text=True, check=True)


@pytest.fixture
def place(shared: Managed) -> Iterator[Managed]:
    yield shared
    shared.nft("flush ruleset")


def test_who_is_declared_stays(place: Managed) -> None:
    with place.session("a"), place.session("a", "fd96:1::1"):
        assert place.apply(site()).generation


def test_who_is_not_is_named(place: Managed) -> None:
    with place.session("b", "10.96.2.1"):
        place.refuses(site(), r"10\.96\.2\.7 port \d+ to 10\.96\.2\.1 port 22: ")
    with place.session("b", "fd96:2::1"):
        place.refuses(site(), r"fd96:2::7 port \d+ to fd96:2::1 port 22: ")
    assert place.apply(site()).generation  # nobody is there any more


def test_all_of_them_are_named(place: Managed) -> None:
    with place.session("b", "10.96.2.1"), place.session("b", "10.96.1.1"), place.session("a", "fd96:1::1"):
        place.refuses(
            site(), r"to 10\.96\.2\.1 port 22: .*; .*to 10\.96\.1\.1 port 22: |1\.1 port 22: .*; .*2\.1 port 22: "
        )


def test_behind_another_interface_than_the_site_says(place: Managed) -> None:
    with place.session("a"):
        place.refuses(site(one="b", two="a"), "it comes by eth1, behind which 10.96.1.7 doesn't live")


def test_by_an_interface_that_the_site_does_not_list(place: Managed) -> None:
    text = site(who="[a, b]").replace("      eth2:", "      eth9:")
    with place.session("b", "10.96.2.1"):
        place.refuses(text, "it comes by eth2, which the site doesn't list")


def test_a_management_service_of_another_port(place: Managed) -> None:
    with place.session("b", "10.96.2.1", 2222):
        assert place.apply(site()).generation  # no session of management
        place.nft("flush ruleset")
        place.refuses(site(services="tcp/22, tcp/2222"), "port 2222")


def test_the_session_that_asks_whatever_its_port(place: Managed, monkeypatch: pytest.MonkeyPatch) -> None:
    """An sshd that listens elsewhere (sshd(8), SSH_CONNECTION)."""
    monkeypatch.setenv("SSH_CONNECTION", "10.96.2.7 50000 10.96.2.1 2200")
    with place.session("b", "10.96.2.1", 2200):
        place.refuses(site(), "port 2200")


def test_from_the_point_itself(place: Managed) -> None:
    place.machines["gw"] = place.runner
    with place.session("gw", "127.0.0.1"):
        assert place.apply(site()).generation


def test_a_tightening_is_refused_as_well(place: Managed) -> None:
    """Not the first generation alone."""
    place.apply(site(who="b"))
    with place.session("b", "10.96.2.1"):
        place.refuses(site(), "10.96.2.7")
        assert place.apply(site(who="[a, b]")).generation
