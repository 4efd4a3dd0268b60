"""Which uses of packet marks our rules do no harm to, and which they break: shown with packets, under rules of ours.

A gateway between two links, on which a network behind `far` can only be reached by a table of routes that `ip rule`
asks for packets with a mark: a packet that lost it too early is lost.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from segctl.apply import Proving, Wish, apply
from segctl.apply.result import Level
from segctl.apply.surroundings import concerns
from segctl.compile import loadable
from segctl.kernel import conntrack
from segctl.kernel.bench import FAR, NEAR, Bench, behind, bench
from segctl.kernel.frames import body, udp
from segctl.kernel.scratch import in_scratch
from segctl.model.ranges import parse_address
from segctl.policy import Policy
from segctl.runner import Runner
from tests.sites import AT, policy

pytestmark = pytest.mark.kernel

SITE = """
segments:
  a: {strictness: strict, members: [192.0.2.0/24]}
  b: {strictness: strict, members: [198.51.100.0/24, 203.0.113.0/24]}
points:
  gw:
    kind: gateway
    interfaces:
      near: {segments: [a], addresses: [192.0.2.1/24]}
      far: {segments: [b], addresses: [198.51.100.1/24]}
flows:
  - {name: asked, from: a, to: b, services: [udp/7], why: "a test"}
  - {name: own, from: points, to: b, services: [udp/7], why: "a test"}
"""
LAW = policy(SITE)
WIDER = policy(SITE + '  - {name: more, from: a, to: b, services: [udp/8], why: "a test"}\n')
TARGET = parse_address("203.0.113.9")
MARK = 5
ROUTES = ("ip route add 203.0.113.0/24 via 198.51.100.2 dev far table 99", f"ip rule add fwmark {MARK} lookup 99")
MARKING = """table inet other {
 chain marks { type filter hook prerouting priority mangle; iifname "near" meta mark set 5
 }
}
"""
ASKING = """table inet other {
 chain asks { type filter hook postrouting priority mangle; meta mark 5 counter
 }
}
"""
SO_MARK = 36


def ran(runner: Runner, line: str, stdin: str | None = None) -> str:
    done = runner.run(line.split(), stdin=stdin)
    assert not done.code, done.stderr
    return done.stdout


@contextmanager
def gateway(runner: Runner, *rules: str) -> Iterator[Bench]:
    """Routes by marks, ours, live, and other people's rules."""
    with bench(runner) as made:
        for line in ROUTES:
            ran(runner, line)
        loaded(runner, LAW)  # `apply` refuses what some of them do
        for text in rules:
            ran(runner, "nft -f -", text)
        yield made


def loaded(runner: Runner, law: Policy) -> None:
    """A generation is live, which lets the bench's own echo requests in: also where `apply` would refuse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segctl.apply.steps.refuse", lambda found, where: None)
        patch.setattr("segctl.apply.steps.would_cut", lambda *words: ())  # what is tidied up needs no mark
        slot = apply(runner, law, loadable(law, "gw", AT), AT, Wish(proving=Proving.LEFT_OUT)).slot
    ran(runner, "nft -f -", f"insert rule inet {slot} input icmp type echo-request accept\n")
    ran(runner, "nft -f -", f"insert rule inet {slot} output icmp type echo-reply accept\n")


def asked(port: int = 7) -> bytes:
    return udp(behind(NEAR), TARGET, 4000, port)


def answer(port: int = 7) -> bytes:
    return udp(TARGET, behind(NEAR), port, 4000)


def alone(work: Callable[[Runner], None]) -> None:
    in_scratch(work)


def test_without_the_mark_there_is_no_way() -> None:
    """The control: else the others would show nothing."""

    def work(runner: Runner) -> None:
        with gateway(runner) as made:
            assert not made.crosses(asked())

    alone(work)


def test_a_mark_that_is_set_on_prerouting_for_a_route_is_not_lost() -> None:
    """The first packet, which is decided, and those after it, which pass as live; answers come back."""

    def work(runner: Runner) -> None:
        with gateway(runner, MARKING) as made:
            assert [made.crosses(asked()) for _ in range(3)] == [True] * 3
            assert made.crosses(answer(), FAR)
            assert made.crosses(asked())
            assert not made.crosses(asked(9)), "ours decide all the same"
            assert not [one for one in concerns(runner, LAW, "gw") if one.level is Level.REFUSES]

    alone(work)


def test_a_mark_of_a_socket_is_not_lost_for_its_route() -> None:
    """SO_MARK of a program on the gateway itself, as of a tunnel's."""

    def work(runner: Runner) -> None:
        with gateway(runner) as made, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
            with pytest.raises(OSError, match="unreachable"):
                ours.sendto(b"", ("203.0.113.9", 7))
            ours.setsockopt(socket.SOL_SOCKET, SO_MARK, MARK)
            for _ in range(3):
                ours.sendto(b"", ("203.0.113.9", 7))
            seen = [body(packet)[1] for packet in made.send(None)[FAR]]
            assert sum(int.from_bytes(one[2:4], "big") == 7 for one in seen) == 3

    alone(work)


def test_who_asks_for_a_mark_behind_our_rules_misses_it() -> None:
    """Why that refuses: packets that are decided have none there; those of a live connection have."""

    def work(runner: Runner) -> None:
        with gateway(runner, MARKING, ASKING) as made:
            assert made.crosses(asked())
            assert "counter packets 0 " in ran(runner, "nft list chain inet other asks")
            assert made.crosses(answer(), FAR)
            assert made.crosses(asked())
            assert "counter packets 1 " in ran(runner, "nft list chain inet other asks")
            refusing = [one.what for one in concerns(runner, LAW, "gw") if one.level is Level.REFUSES]
            assert len(refusing) == 1 and "chain asks, reads packet marks" in refusing[0]

    alone(work)


@pytest.mark.parametrize("meddled", [False, True])
def test_who_sets_a_connections_mark_can_keep_alive_what_ended(meddled: bool) -> None:
    """Why that refuses: with a number that is live, a connection passes that the new generation denies."""

    def work(runner: Runner) -> None:
        with gateway(runner, MARKING) as made:
            loaded(runner, WIDER)
            for port in (7, 8):
                assert made.crosses(asked(port))
                assert made.crosses(answer(port), FAR)
            number = next(one.mark for one in conntrack.entries(runner) if one.dport == 7)
            theirs = MARKING.replace("other", "more").replace("meta mark set 5", f"udp dport 8 ct mark set {number}")
            if meddled:
                ran(runner, "nft -f -", theirs)
            loaded(runner, LAW)
            assert made.crosses(asked(8)) == meddled
            refusing = [one.what for one in concerns(runner, LAW, "gw") if one.level is Level.REFUSES]
            assert any("sets connection marks" in what for what in refusing) == meddled

    alone(work)
