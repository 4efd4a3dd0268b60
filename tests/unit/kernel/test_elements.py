"""Encoder against decoder without a kernel, and the encoder's bytes against those that nft 1.0.6 sends (strace)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.kernel import nfset as nf
from segctl.kernel.elements_in import decode
from segctl.kernel.elements_out import after, before, lists
from segctl.kernel.errors import NotUnderstood
from segctl.kernel.nfset import SetInfo
from segctl.kernel.wire import NESTED, attribute, text
from segctl.model.elements import Bytes, Elements

GEN = SetInfo("gen", 0, 4)
ADDRESSES = SetInfo("a", nf.SET_INTERVAL, 4)
MAP = SetInfo("m", nf.SET_INTERVAL | nf.SET_MAP, 4, 4)
VERDICTS = SetInfo("v", nf.SET_MAP, 4, None, True)
PORTS = SetInfo("p", nf.SET_INTERVAL | nf.SET_CONCAT, 8)
LIVE = SetInfo("l", nf.SET_TIMEOUT, 4)


def raw(*rows: str) -> Bytes:
    return np.array([list(bytes.fromhex(row)) for row in rows], np.uint8)


# As nft says `10.0.5.5 : 3, 255.255.255.0/24 : 9` (without its empty range before the first element).
FROM_NFT = """
1c000180 0c000180 08000100 0a000505 0c000280 08000100 03000000
18000180 08000300 00000001 0c000180 08000100 0a000506
28000180 0c000180 08000100 ffffff00 0c000280 08000100 09000000 0a000600 010401000000 0000
"""
# ... and `1 : goto c`, `10.0.0.0/8 . 80-90`.
GOTO = "28000180 0c000180 08000100 01000000 18000280 14000280 08000100 fffffffc 06000200 63000000"
RANGED = "24000180 10000180 0c000100 0a000000 00500000 10000a80 0c000100 0affffff 005a0000"


@pytest.mark.parametrize(
    ("info", "elements", "sent"),
    [
        (MAP, Elements("m", raw("0a000505", "ffffff00"), raw("0a000505", "ffffffff"), raw("03000000", "09000000")),
         FROM_NFT),
        (VERDICTS, Elements("v", raw("01000000"), verdicts=(("goto", "c"),)), GOTO),
        (PORTS, Elements("p", raw("0a00000000500000"), raw("0affffff005a0000")), RANGED),
    ],
)  # fmt: skip
def test_as_nft_sends_it(info: SetInfo, elements: Elements, sent: str) -> None:
    """Recorded on a little-endian machine."""
    assert b"".join(lists(info, elements, 60_000)) == bytes.fromhex(sent)


@pytest.mark.parametrize(
    ("key", "following"),
    [("00000000", "00000001"), ("000000ff", "00000100"), ("0affffff", "0b000000"), ("ffffffff", "00000000")],
)
def test_after_and_before(key: str, following: str) -> None:
    assert after(raw(key)).tolist() == raw(following).tolist()
    assert before(raw(following)).tolist() == raw(key).tolist()


VALUES = st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=50)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2)), unique_by=lambda row: row[0], max_size=50))
def test_verdicts_round_trip(rows: list[tuple[int, int]]) -> None:
    choice = (("goto", "somewhere"), ("jump", "x"), ("drop", ""))
    keys = np.array([value for value, _ in rows], ">u4").view(np.uint8).reshape(-1, 4)
    meant = Elements("v", keys, verdicts=tuple(choice[which] for _, which in rows))
    read, star = decode(VERDICTS, list(lists(VERDICTS, meant, 300)))
    assert star is None
    assert dict(zip(map(bytes, read.keys), read.verdicts or (), strict=True)) == dict(
        zip(map(bytes, meant.keys), meant.verdicts or (), strict=True)
    )
    assert [bytes(key) for key in read.keys] == sorted(bytes(key) for key in keys)


@given(VALUES, st.integers(100, 4_000))
def test_ranges_round_trip_in_any_cut_of_messages(cuts: list[int], most: int) -> None:
    firsts = sorted(cuts)
    lasts = [*(first - 1 for first in firsts[1:]), 2**32 - 1][: len(firsts)]
    keys, ends = (np.array(side, ">u4").view(np.uint8).reshape(-1, 4) for side in (firsts, lasts))
    sent = list(lists(ADDRESSES, Elements("a", keys[::-1], ends[::-1]), most))
    assert all(len(one) <= most for one in sent)
    read, _ = decode(ADDRESSES, sent)
    assert read.ends is not None
    assert (read.keys.tolist(), read.ends.tolist()) == (keys.tolist(), ends.tolist())


def element(*parts: bytes) -> bytes:
    return attribute(nf.LIST_ELEM | NESTED, *parts)


def key(value: bytes) -> bytes:
    return attribute(nf.KEY | NESTED, attribute(nf.VALUE, value))


def expression(name: str) -> bytes:
    return attribute(nf.EXPR | NESTED, text(1, name), attribute(2 | NESTED, attribute(1, bytes(8))))


ONE = key(b"\0\0\0\1")


@pytest.mark.parametrize(
    "record",
    [
        element(ONE, expression("limit")),
        element(ONE, attribute(nf.EXPRESSIONS | NESTED, expression("counter"), expression("quota"))),
        element(ONE, attribute(nf.OBJREF, b"named\0")),
        element(ONE, attribute(12, b"news")),
        element(key(b"\0\1")),
        element(attribute(nf.FLAGS, bytes(4))),
        element(ONE)[:-2],
        element(b"\xff\0\1\0" + bytes(12)),
        element(ONE) + b"\x08",
        b"\0\0\0\0",
    ],
)
def test_what_we_do_not_know_is_never_skipped(record: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decode(GEN, [element(key(b"\0\0\0\7")), record])


def test_a_map_without_an_answer_and_a_verdict_without_a_name() -> None:
    with pytest.raises(NotUnderstood, match="without an answer"):
        decode(MAP, [element(ONE)])
    code = attribute(nf.CODE, (-2).to_bytes(4, "big", signed=True))
    with pytest.raises(NotUnderstood, match="the verdict -2"):
        decode(VERDICTS, [element(ONE, attribute(nf.DATA | NESTED, attribute(nf.VERDICT | NESTED, code)))])


def test_what_remains_of_a_timeout() -> None:
    timed = attribute(nf.TIMEOUT, (60_000).to_bytes(8, "big")) + attribute(nf.EXPIRATION, (4_321).to_bytes(8, "big"))
    read, _ = decode(LIVE, [element(key(b"\0\0\0\2"), timed), element(ONE)])
    assert read.timeouts is not None and read.timeouts.tolist() == [0, 4_321]
    assert decode(LIVE, [element(ONE)])[0].timeouts is None
    ending, _ = decode(LIVE, [element(ONE, attribute(nf.EXPIRATION, bytes(8)))])
    assert ending.timeouts is not None and ending.timeouts.tolist() == [1]  # 0 would be for ever


def test_a_range_goes_on_until_whatever_follows() -> None:
    """Starts that follow each other, an end and a start at one key, an end before the first, no end at all."""
    end = attribute(nf.FLAGS, nf.INTERVAL_END.to_bytes(4, "big"))
    records = [element(key(bytes([0, 0, 0, at]))) for at in (5, 9, 20)]
    records += [element(end, key(bytes([0, 0, 0, at]))) for at in (0, 9, 15)]
    read, _ = decode(ADDRESSES, records[::-1])
    assert read.ends is not None
    assert [(row[3], last.tolist()) for row, last in zip(read.keys.tolist(), read.ends, strict=True)] == [
        (5, [0, 0, 0, 8]), (9, [0, 0, 0, 14]), (20, [255] * 4)
    ]  # fmt: skip
