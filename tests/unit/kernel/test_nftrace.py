"""The kernel's trace messages, read and put together by packet; and the rules that ask for them."""

import errno
import struct

import pytest

from segctl.kernel.errors import NoPrivilege, NotUnderstood
from segctl.kernel.nftrace_events import Event, Headers, NoTracing, cannot_trace, events
from segctl.kernel.nftrace_gather import Gatherer, Ours, Seen
from segctl.kernel.nftrace_packet import packet_of
from segctl.kernel.nftrace_rules import BORN, TOLD, Layout, bits_told, messages
from segctl.kernel.wire import attribute, text
from segctl.load.packets import parse_sought
from segctl.model.packet import Way
from segctl.model.ranges import parse_address

IPV4 = bytes.fromhex("4500001d6eb940004011ce147f0000017f000001")
UDP = bytes.fromhex("b00200090009fe1c78")


def message(*parts: bytes, kind: int = 0xA11, family: int = 1) -> bytes:
    body = bytes((family, 0, 0, 0)) + b"".join(parts)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body + bytes(-len(body) % 4)


def be32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack(">I", value & 0xFFFFFFFF))


PLACE = text(1, "t") + text(2, "c") + be32(6, 7)
HANDLE = attribute(3, struct.pack(">Q", 9))


def verdict(code: int, chain: bytes = b"") -> bytes:
    return attribute(5 | 0x8000, be32(1, code), chain)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ((HANDLE, verdict(-1)), (9, "continue", False)),
        ((HANDLE, verdict(-3, text(2, "u"))), (9, "jump u", False)),
        ((HANDLE, verdict(-5)), (9, "return", False)),
        ((HANDLE, verdict(0)), (9, "drop", False)),
        ((HANDLE, verdict(3 << 16 | 3)), (9, "queue", False)),
        ((HANDLE, verdict(0x0D << 16)), (9, "drop", False)),  # with an errno: NF_DROP_ERR
        ((verdict(-1),), (None, "continue", False)),  # the end of a chain
        ((be32(16, 1),), (None, "accept", True)),
        ((be32(16, 0),), (None, "drop", True)),
    ],
)
def test_a_message(parts: tuple[bytes, ...], wanted: tuple[int | None, str, bool]) -> None:
    other = message(text(1, "t"), kind=0xA00)  # a table was made: none of ours
    (event,) = events(message(PLACE, *parts, be32(14, 5)) + other)
    assert (event.handle, event.verdict, event.policy) == wanted
    assert (event.packet, event.family, event.table, event.chain, event.mark) == (7, "inet", "t", "c", 5)
    assert event.headers is None


def test_headers() -> None:
    (event,) = events(
        message(PLACE, HANDLE, verdict(-1), attribute(8, IPV4), attribute(9, UDP), be32(10, 3), be32(12, 4), family=2)
    )
    assert event.family == "ip"
    assert event.headers == Headers(IPV4, UDP, b"", 3, 4, 0, 0)


@pytest.mark.parametrize("broken", [message(PLACE, HANDLE), message(text(1, "t"), verdict(1)), message(PLACE)[:-4]])
def test_a_message_that_lacks_something_is_never_left_out(broken: bytes) -> None:
    with pytest.raises(NotUnderstood):
        list(events(broken))


def event(packet: int, table: str, chain: str, handle: int | None, word: str = "continue", head: bytes = b"") -> Event:
    headers = Headers(IPV4, head, b"", 2, 0, 1, 0) if head else None
    return Event(packet, "inet", table, chain, handle, word, handle is None and word in ("accept", "drop"), 0, headers)


def gathered(*heard: Event) -> list[Seen]:
    gatherer = Gatherer(Ours("mine", {30: ("ct state", 8), 31: ("ct mark", 1), 32: ("ct mark", 4)}))
    return [seen for one in heard for seen in gatherer.hear(one)] + gatherer.left()


START, END = event(1, "mine", "first", 1, head=UDP), event(1, "mine", "last_input", None, "accept")


def test_a_packets_way() -> None:
    told = [event(1, "mine", "told", at) for at in (30, 32)]
    rules = [event(1, "t", "c", 5), event(1, "t", "c", None, "accept")]
    (seen,) = gathered(START, *told, event(1, "mine", "way_input", None, "accept"), *rules, END)
    assert (seen.events, seen.way, seen.through, seen.ending) == (rules, Way.INPUT, True, "accept")
    assert (seen.told, seen.known) == ({"ct state": 8, "ct mark": 4}, True)


def test_two_packets_with_one_number_are_two() -> None:
    """The first was lost to routing; the second lies at the same place in memory."""
    first, second = gathered(START, event(1, "t", "c", 5), START, event(1, "t", "c", 6), END)
    assert ([one.handle for one in first.events], first.ending) == ([5], "")
    assert ([one.handle for one in second.events], second.ending) == ([6], "accept")


def test_packets_in_between_are_told_apart() -> None:
    other = event(2, "mine", "first", 1, head=b"\1\2\3\4")
    answer = event(3, "t", "c", 5, head=b"\5\6\7\x08")  # of somebody else's tracing
    first, second = gathered(START, other, answer, event(2, "t", "c", 5, "drop"), event(1, "t", "c", 6), END)
    assert (first.first.transport, [one.handle for one in first.events], first.ending) == (b"\1\2\3\4", [5], "drop")
    assert ([one.handle for one in second.events], second.ending) == ([6], "accept")


def test_a_packet_that_was_copied_is_the_same() -> None:
    """A tap or joined fragments give it another number."""
    (seen,) = gathered(START, event(9, "t", "c", 5, head=UDP), event(9, "t", "c", 6, "drop"))
    assert [one.handle for one in seen.events] == [5, 6]


def test_without_our_words_the_packet_is_as_it_was_sought() -> None:
    sought = parse_sought("in a 127.0.0.1 -> any udp any -> 9 established reply ct-mark 3")
    (seen,) = gathered(START, event(1, "t", "c", 6, "drop"))
    packet = packet_of(seen, sought, {2: "a"})
    assert (packet.iif, packet.oif, packet.way, packet.head, packet.tail) == ("a", "", Way.INPUT, 0xB002, 9)
    assert (packet.state, packet.direction, packet.connection_mark) == ("established", "reply", 3)
    assert packet.source == parse_address("127.0.0.1")
    (seen,) = gathered(START, event(1, "mine", "told", 30), event(1, "mine", "told", 31), END)
    packet = packet_of(seen, sought, {2: "a"}, ["@nh,64,8", "@th,64,8", "@th,300,8"])
    assert (packet.state, packet.direction, packet.connection_mark) == ("new", "original", 1)
    assert (packet.fields["@nh,64,8"], packet.fields["@th,64,8"], packet.fields["ip ttl"]) == (64, 0x78, 64)
    assert "@th,300,8" not in packet.fields


@pytest.mark.parametrize(
    "words", ["in a out b any -> 10.0.0.1 tcp any -> 2", "in a ::5 -> any icmp 128", "out b ::5 -> any proto 47"]
)
def test_the_table_that_traces_changes_nothing(words: str) -> None:
    """Its chains accept (as no policy is said), and of verdicts its rules know `goto` alone, to its own chains."""
    sought, layout = parse_sought(words), Layout(("ct state", "ct mark", "meta priority"), True, True)
    made = messages("mine", sought, layout)
    assert {one.kind for one in made} == {0xA00, 0xA03, 0xA06}
    assert not any(attribute(5, bytes(4))[:4] in one.body for one in made if one.kind == 0xA03)
    for one in made:
        assert b"reject" not in one.body and b"masq" not in one.body
        for code in (0, 1, 3, -3, -5):  # drop, accept, queue, jump, return
            assert attribute(2 | 0x8000, be32(1, code)) not in one.body
    assert len(bits_told(layout, sought, TOLD)) == 37
    assert len(bits_told(layout, sought, BORN)) == (32 if sought.way is Way.OUTPUT else 0)


def test_what_a_refusal_means() -> None:
    assert isinstance(cannot_trace("here", errno.EPERM), NoPrivilege)
    for code in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOENT, errno.EPROTONOSUPPORT):
        error = cannot_trace("this host", code)
        assert isinstance(error, NoTracing) and error.exit_code == 3
        assert f"the kernel of this host can't trace packets as prove --live needs it ({errno.errorcode[code]})" == str(
            error
        )
        assert "Linux 5.12" in error.help
