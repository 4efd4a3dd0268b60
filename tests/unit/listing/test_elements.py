"""Constants by type; elements as the kernel packs them; elements that overlap."""

import sys
from typing import Any

import numpy as np
import pytest

from segctl.listing import packed
from segctl.listing.elements import in_order
from segctl.listing.overlaps import ambiguous
from segctl.listing.rule import Element, Ending, Span, Unreadable, Verdict, name_span
from segctl.listing.values import NotUnderstood, Values, seconds
from segctl.listing.words import HOST_ORDER, WIDTHS, WORDS
from segctl.model.elements import Elements


@pytest.mark.parametrize(
    ("kind", "said", "span"),
    [
        ("ipv4_addr", "1.2.3.4", 0x01020304),
        ("ipv4_addr", "10.0.0.0/8", (0x0A000000, 0x0AFFFFFF)),
        ("ipv4_addr", "10.0.0.1-10.0.0.9", (0x0A000001, 0x0A000009)),
        ("ipv4_addr", {"prefix": {"addr": "10.0.0.0", "len": 8}}, (0x0A000000, 0x0AFFFFFF)),
        ("ipv4_addr", {"range": ["10.0.0.1", "10.0.0.9"]}, (0x0A000001, 0x0A000009)),
        ("ipv4_addr", {"prefix": {"addr": "0.0.0.0", "len": 0}}, (0, 0xFFFFFFFF)),
        ("ipv6_addr", "::ffff:1.2.3.4", 0xFFFF01020304),
        ("ipv6_addr", "fe80::/10", (0xFE80 << 112, 0xFEBF << 112 | (1 << 112) - 1)),
        ("ipv6_addr", "fe80::1-fe80::5", ((0xFE80 << 112) + 1, (0xFE80 << 112) + 5)),
        ("ether_addr", "00:11:22:33:44:55", 0x001122334455),
        ("mark", "0x00000001-0x00000005", (1, 5)),
        ("mark", "0x00010000/16", (0x10000, 0x1FFFF)),
        ("mark", 7, 7),
        ("classid", "1:2", 0x10002),
        ("classid", "ffff:0", 0xFFFF0000),
        ("classid", ":a", 0xA),
        ("classid", "none", 0),
        ("classid", "root", 0xFFFFFFFF),
        ("classid", "1:0-1:ffff", (0x10000, 0x1FFFF)),
        ("ifname", "eth0", int.from_bytes(b"eth0".ljust(16, b"\0"), "big")),
        ("ifname", "a-b", int.from_bytes(b"a-b".ljust(16, b"\0"), "big")),
        ("ifname", "eth*", name_span("eth*")),
        ("inet_service", "80-90", (80, 90)),
        ("inet_service", "ssh", 22),
        ("inet_proto", "tcp", 6),
        ("inet_proto", "ipv6-icmp", 58),
        ("inet_proto", "200", 200),
        ("inet_proto", "tcp-udp", (6, 17)),
        ("icmp_type", "echo-reply-echo-request", (0, 8)),
        ("icmpv6_type", "nd-neighbor-solicit", 135),
        ("ct_state", ["established", "related"], 6),
        ("ct_state", {"|": ["new", {"|": ["invalid", "untracked"]}]}, 73),
        ("tcp_flag", 18, 18),
        ("ct_label", 3, 8),
        ("ct_label", "127", 1 << 127),
        ("time", 30, 30_000),
        ("time", "1h2m3s", 3_723_000),
        ("boolean", True, 1),
        ("dscp", "af41", 34),
        ("ether_type", "0x9000", 0x9000),
        ("iface_index", "lo", 1),
        ("iface_index", "77", 77),
        ("integer", "0x10", 16),
        ("ipv4_addr", "*", (0, 0xFFFFFFFF)),
    ],
)
def test_constants(kind: str, said: Any, span: int | Span) -> None:
    assert Values({}).span(kind, said) == ((span, span) if isinstance(span, int) else span)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ipv4_addr", "1.2.3"), ("ipv4_addr", "::1"), ("ipv4_addr", "1.2.3.4-x"), ("mark", "x"), ("mark", None),
        ("mark", ["new"]), ("ct_state", ["frob"]), ("inet_service", "no-such-service"), ("classid", "x:y"),
        ("mark", {"frob": 1}), ("mark", 1.5), ("integer", {"prefix": {"addr": 0, "len": 3}}), ("mark", ""),
        ("ifname", {"prefix": {"addr": "", "len": 24}}),  # what nft 1.0.6 makes of `le0*` beside `le1`
        ("inet_proto", "-"), ("tcp_flag", "0x16 [invalid type]"),
    ],
)  # fmt: skip
def test_constants_that_are_none(kind: str, said: Any) -> None:
    with pytest.raises(NotUnderstood):
        Values({}).span(kind, said)


@pytest.mark.parametrize(
    ("text", "taken"), [("59m59s816ms", 3599.816), ("1d", 86400.0), ("2w1h", 1213200.0), ("5ms", 0.005), ("x", None)]
)
def test_times(text: str, taken: float | None) -> None:
    assert seconds(text) == (taken if taken is None else pytest.approx(taken))


def test_types_are_whole() -> None:
    assert WIDTHS.keys() >= HOST_ORDER
    assert WORDS.keys() - WIDTHS.keys() == set()
    wide = {(kind, word) for kind, words in WORDS.items() for word in words if words[word] >> WIDTHS[kind]}
    assert wide == {("inet_proto", "mptcp")}


LITTLE = sys.byteorder == "little"


def rows(*texts: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Bytes in hex, one row each."""
    return np.array([list(bytes.fromhex(text)) for text in texts], np.uint8)


@pytest.mark.skipif(not LITTLE, reason="the rows are written as a little-endian machine has them")
@pytest.mark.parametrize(
    ("held", "parts", "answers", "found"),
    [
        (Elements("s", rows("01020304")), ("ipv4_addr",), None, [((0x01020304,) * 2,)]),
        (Elements("s", rows("07000000")), ("mark",), None, [((7, 7),)]),
        (Elements("s", rows("02000100")), ("classid",), None, [((0x10002,) * 2,)]),
        (Elements("s", rows("00000001"), rows("00000005")), ("mark",), None, [((1, 5),)]),
        (Elements("s", rows("0016")), ("inet_service",), None, [((22, 22),)]),
        (Elements("s", rows("06")), ("inet_proto",), None, [((6, 6),)]),
        (Elements("s", rows("001122334455")), ("ether_addr",), None, [((0x001122334455,) * 2,)]),
        (
            Elements("s", rows("0a000001" "06000000" "00160000")),
            ("ipv4_addr", "inet_proto", "inet_service"),
            None,
            [((0x0A000001,) * 2, (6, 6), (22, 22))],
        ),
        (
            Elements("s", rows("65746830" + "00" * 12 + "07000000"), timeouts=np.array([1500], np.uint64)),
            ("ifname", "mark"),
            None,
            [((int.from_bytes(b"eth0".ljust(16, b"\0"), "big"),) * 2, (7, 7))],
        ),
        (
            Elements("s", rows("fd" + "00" * 14 + "01"), rows("fd" + "00" * 14 + "ff"), rows("05000000")),
            ("ipv6_addr",),
            "mark",
            [((0xFD << 120 | 1, 0xFD << 120 | 255),)],
        ),
        (Elements("s", rows("01000000"), data=rows("00160000")), ("mark",), "inet_service", [((1, 1),)]),
        (Elements("s", rows("01000000"), data=rows("0016")), ("mark",), "inet_service", [((1, 1),)]),
    ],
)  # fmt: skip
def test_packed(held: Elements, parts: tuple[str, ...], answers: str | None, found: list[tuple[Span, ...]]) -> None:
    got = packed.elements(held, parts, answers)
    assert [one.key for one in got] == found
    assert [one.expires for one in got] == [1.5 if held.timeouts is not None else None]
    assert [one.value for one in got] == [{"mark": 5, "inet_service": 22}.get(answers or "")]


def test_packed_verdicts_in_order() -> None:
    held = Elements("m", rows("09000000", "01000000"), verdicts=(("jump", "x"), ("drop", "")))
    assert packed.elements(held, ("mark",), "verdict") == (
        Element(((1, 1),), Verdict(Ending.DROP)),
        Element(((9, 9),), Verdict(Ending.JUMP, "x")),
    )


@pytest.mark.parametrize(
    ("held", "parts", "answers"),
    [
        (Elements("s", rows("01020304")), ("integer",), None),
        (Elements("s", rows("01020304")), ("ipv6_addr",), None),
        (Elements("s", rows("01020304")), ("ipv4_addr",), "mark"),
        (Elements("s", rows("01020304"), data=rows("01020304")), ("ipv4_addr",), None),
        (Elements("s", rows("01020304"), data=rows("01020304")), ("ipv4_addr",), "ipv6_addr"),
        (Elements("s", rows("01020304"), data=rows("01020304")), ("ipv4_addr",), "ipv4_addr . mark"),
        (Elements("s", rows("01020304"), verdicts=(("drop", ""),)), ("ipv4_addr",), None),
    ],
)
def test_packed_otherwise_than_declared(held: Elements, parts: tuple[str, ...], answers: str | None) -> None:
    with pytest.raises(Unreadable):
        packed.elements(held, parts, answers)


def rects(*said: tuple[int, int, int, int, int]) -> tuple[Element, ...]:
    """Elements of two parts: first and last of each, and the answer."""
    return in_order(Element(((a, b), (c, d)), value) for a, b, c, d, value in said)


@pytest.mark.parametrize(
    ("elements", "answer"),
    [
        ((), False),
        (rects((1, 1, 1, 1, 1), (1, 1, 2, 2, 2)), False),
        (rects((0, 9, 0, 9, 1), (3, 4, 3, 4, 2)), True),
        (rects((0, 9, 0, 9, 1), (3, 4, 3, 4, 1)), False),
        (rects((0, 9, 0, 4, 1), (0, 9, 5, 9, 2)), False),
        (rects((0, 4, 0, 9, 1), (5, 9, 0, 9, 2)), False),
        (rects((0, 5, 0, 9, 1), (5, 9, 9, 9, 2)), True),
        (rects((0, 5, 0, 3, 1), (3, 9, 2, 6, 1), (7, 9, 6, 9, 2)), True),
        (rects((0, 5, 0, 3, 1), (3, 9, 5, 6, 2), (7, 9, 7, 9, 3)), False),
        (rects(*((at, at + 1, at * 2, at * 2 + 1, at) for at in range(3000))), False),
        (rects((0, 255, 0, 255, 2), (3, 4, 3, 4, 1)), False),  # the first is the catch-all
    ],
)
def test_overlaps(elements: tuple[Element, ...], answer: bool) -> None:
    assert ambiguous(elements, ((0, 255), (0, 255))) == answer
