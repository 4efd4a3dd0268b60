"""The law's steps with packets: guardrails, quarantine, selective modes, and what ends by itself."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.packets.net import Change, Net
from tests.packets.talk import Udp, mark_of, missing, opened, spoken

pytestmark = pytest.mark.packets
FAMILIES = pytest.mark.parametrize("version", [4, 6])
Asked = tuple[str, str, str, int, bool]
"""From, to, over what, port, whether it passes."""

GUARDS: list[Asked] = [
    ("l2", "r2", "tcp", 3389, False),  # any-port would allow it
    ("l2", "r2", "tcp", 3390, True),
    ("l2", "r2", "udp", 3389, True),
    ("l3", "r3", "tcp", 3389, False),  # all would
    ("other-1", "plain-1", "tcp", 3389, False),  # the defaults would
    ("seen-1", "plain-1", "tcp", 3389, False),  # one end observes: a guardrail holds
    ("other-1", "plain-1", "udp", 6005, False),
    ("other-1", "plain-1", "udp", 6011, True),
    ("seen2-1", "plain-1", "udp", 6005, True),  # not from there: observed
]
QUARANTINED: list[Asked] = [
    ("l1", "ill-1", "tcp", 443, True),  # for remediation
    ("l1", "ill-1", "udp", 443, False),
    ("l2", "ill-1", "tcp", 443, False),
    ("plain-1", "ill-1", "tcp", 81, False),
    ("ill-1", "plain-1", "tcp", 81, False),
    ("ill-1", "seen-1", "tcp", 81, False),
    ("seen-1", "ill-1", "tcp", 81, False),
]
SELECTIVE: list[Asked] = [
    ("seen-1", "partly-1", "tcp", 445, False),
    ("seen-1", "partly-1", "tcp", 8005, False),
    ("seen-1", "partly-1", "echo", 0, False),
    ("seen-1", "partly-1", "tcp", 446, True),
    ("seen-1", "partly-1", "udp", 445, True),
    ("seen-1", "partly-1", "raw", 50, True),
    ("world-1", "partly-1", "tcp", 445, False),
    ("world-1", "partly-1", "tcp", 446, True),
    ("partly-1", "seen-1", "tcp", 445, True),  # from it, all is observed
    ("l1", "partly-1", "tcp", 446, False),  # l1's own end refuses, and enforces
]
DEFAULTS: list[Asked] = [
    ("plain-1", "other-1", "tcp", 81, True),
    ("plain-1", "polite-1", "tcp", 81, False),
    ("polite-1", "plain-1", "tcp", 81, True),
    ("twin-1", "twin-3", "tcp", 81, True),
    ("twin-1", "plain-1", "tcp", 81, False),
    ("world-1", "plain-1", "tcp", 81, False),  # the world refuses to go out
    ("plain-1", "world-1", "tcp", 81, True),
    ("plain-1", "l1", "udp", 81, False),
    ("plain-1", "seen-1", "udp", 81, True),  # the only end that refuses observes
]


@FAMILIES
@pytest.mark.parametrize(
    "rows", [GUARDS, QUARANTINED, SELECTIVE, DEFAULTS], ids=["guardrails", "quarantine", "selective", "defaults"]
)
def test_steps_of_the_law(net: Net, rows: list[Asked], version: int) -> None:
    """As often in one family as in the other."""
    net.wake()
    for passes in (True, False):
        wanted = [asked for asked in rows if asked[4] is passes]
        rest = {asked: spoken(asked[2], net[asked[0]], net[asked[1]], version, asked[3]) for asked in wanted}
        while rest:  # at once those that need a port of a machine of their own
            some = {asked[1:4]: (asked, talk) for asked, talk in rest.items()}
            talks = [talk for _, talk in some.values()]
            try:
                came = {id(talk) for talk in opened(talks, 1 if passes else 0.1)}
                assert [asked for asked, talk in some.values() if (id(talk) in came) is not passes] == []
                assert not passes or missing(talks, True) == []
            finally:
                for talk in talks:
                    talk.close()
            for asked, _ in some.values():
                del rest[asked]


def _soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_flow_ends_by_itself(net: Net) -> None:
    """Live connections end with it, and what something else allows goes on: the defaults, or a flow without an end."""
    until = _soon(3)
    brief = "".join(
        f"\n  - {{name: {name}, from: {ends[0]}, to: {ends[1]}, services: [{what}], until: {until}, why: 'a while'}}"
        for name, ends, what in (
            ("a-port", ("l2", "r1"), "udp/5000"),
            ("a-list", ("l2", "r1"), "udp/5001-5003"),
            ("a-allowed", ("plain", "other"), "udp/5000"),
            ("a-allowed-list", ("plain", "other"), "udp/5001-5003"),
            ("a-double", ("l1", "r1"), "udp/443"),
            ("a-double-list", ("l1", "r1"), "udp/7000-7010"),
            ("a-wide", ("[{labels: {side: a}}, gw1]", "[{labels: {side: b}}, gw1]"), "udp/5001-5003"),
            ("a-wide-double", ("[{labels: {side: a}}, gw1]", "[{labels: {side: b}}, gw1]"), "udp/443"),
        )
    )
    change: Change = ("flows:", f"flows:{brief}")
    net.wake(change)
    ends_ = [("l2", "r1", 5000), ("l2", "r1", 5002), ("a1", "b1", 5002)]
    goes_on = [("plain-1", "other-1", 5000), ("plain-1", "other-1", 5002)]
    goes_on += [("l1", "r1", 443), ("l1", "r1", 7005), ("a1", "b1", 443)]
    ending = [Udp(net[one], net[other], version, port) for one, other, port in ends_ for version in (4, 6)]
    staying = [Udp(net[one], net[other], version, port) for one, other, port in goes_on for version in (4, 6)]
    try:
        assert len(opened([*ending, *staying])) == len([*ending, *staying])
        assert missing([*ending, *staying], True) == []
        left = datetime.fromisoformat(until).timestamp() - time.time()
        time.sleep(max(0.0, left) + 1.1)
        assert len(missing(ending, False, 0.2)) == len(ending)
        assert len(missing(ending, True, 0.2)) == len(ending)
        for back in (False, True):
            assert [(talk.ends, getattr(talk, "port", 0)) for talk in missing(staying, back)] == []
        assert mark_of(staying[4], net.connections()) == net.number("flow", "port", "eth1", "eth2")
        assert mark_of(staying[0], net.connections()) == net.number("default", "default", "eth3", "eth4")
    finally:
        for talk in (*ending, *staying):
            talk.close()
