"""`ipset save`: kinds that this kernel lacks, nomatch and timeouts worked in, what is not understood; the others are in
tests/kernel/test_listing_iptables.py.
"""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segctl.listing import ipset
from segctl.listing.ipset_boxes import Box, disjoint
from segctl.listing.rule import Element, Set, Span, Unreadable
from tests.unit.listing_iptables.facts import packed
from tests.unit.listing_iptables.meaning import holds


def one(text: str) -> Set:
    return ipset.parse(text)["x"]


PARTS = [
    ("hash:ip", ("ipv4_addr",)),
    ("hash:ip family inet6", ("ipv6_addr",)),
    ("hash:net,net", ("ipv4_addr", "ipv4_addr")),
    ("hash:net,port,net", ("ipv4_addr", "inet_proto", "inet_service", "ipv4_addr")),
    ("hash:mac", ("ether_addr",)),
    ("hash:ip,mac", ("ipv4_addr", "ether_addr")),
    ("hash:ip,mark", ("ipv4_addr", "mark")),
    ("hash:net,iface", ("ipv4_addr", "ifname")),
    ("bitmap:port range 1-9", ("inet_service",)),
    ("list:set size 8", (ipset.MEMBERS,)),
    ("iphash --hashsize 1024 --probes 8 --resize 50", ("ipv4_addr",)),
]


@pytest.mark.parametrize(("kind", "parts"), PARTS)
def test_parts(kind: str, parts: tuple[str, ...]) -> None:
    found = one(f"create x {kind}\n")
    assert found == Set("x", parts, None, ())


ELEMENTS = [
    ("hash:mac", "00:11:22:33:44:ff", ((0x0011223344FF, 0x0011223344FF),)),
    ("hash:ip,mark", "10.0.0.1,0x1f", ((0x0A000001,) * 2, (0x1F,) * 2)),
    ("hash:net,net", "10.0.0.0/8,10.1.0.0/16", ((0x0A000000, 0x0AFFFFFF), (0x0A010000, 0x0A01FFFF))),
    ("hash:ip,port", "10.0.0.1,80", ((0x0A000001,) * 2, (6, 6), (80, 80))),
    ("hash:ip,port", "10.0.0.1,udp:53-60", ((0x0A000001,) * 2, (17, 17), (53, 60))),
    ("hash:ip,port", "10.0.0.1,icmp:echo-request", ((0x0A000001,) * 2, (1, 1), (0x800, 0x800))),
    ("hash:ip", "10.0.0.1-10.0.0.9", ((0x0A000001, 0x0A000009),)),
    ("hash:ip netmask 24", "10.0.0.7", ((0x0A000000, 0x0A0000FF),)),
    ("bitmap:port range 0-99", "80", ((80, 80),)),
    ("hash:net,iface", "0.0.0.0/0,lo", ((0, 0xFFFFFFFF), (int.from_bytes(b"lo".ljust(16, b"\0")),) * 2)),
]


@pytest.mark.parametrize(("kind", "text", "key"), ELEMENTS)
def test_elements(kind: str, text: str, key: tuple[tuple[int, int], ...]) -> None:
    assert one(f"create x {kind}\nadd x {text}\n").elements == (Element(key),)


def test_neighbours_become_one() -> None:
    found = one("create x hash:ip\n" + "".join(f"add x 10.0.0.{at}\n" for at in (3, 1, 2, 9)))
    assert [element.key[0][1] & 0xFF for element in found.elements] == [3, 9]


def test_timeouts() -> None:
    text = "create x hash:net timeout 60\nadd x 10.0.0.0/8 timeout 0\nadd x 10.1.0.0/16 timeout 9\nadd x 11.0.0.0/8\n"
    found = one(text)
    assert [(element.key[0], element.expires) for element in found.elements] == [
        ((0x0A000000, 0x0AFFFFFF), None),
        ((0x0B000000, 0x0BFFFFFF), 60.0),
    ]
    assert found.fault is None


def test_a_nomatch_that_ends_is_a_fault() -> None:
    text = "create x hash:net timeout 60\nadd x 10.0.0.0/8 timeout 0\nadd x 10.1.0.0/16 timeout 9 nomatch\n"
    found = one(text)
    assert not holds(found, (packed("10.1.0.1"),)) and holds(found, (packed("10.2.0.1"),))
    assert found.fault and "nomatch" in found.fault
    assert one(text.replace("timeout 0", "timeout 9")).fault is None  # both end at once


def test_names_of_members() -> None:
    found = ipset.parse("create a hash:ip\ncreate x list:set timeout 5\nadd x a timeout 3\n")["x"]
    assert [(ipset.set_name(element.key[0][0]), element.expires) for element in found.elements] == [("a", 3.0)]


FAULTS = [
    "create x hash:odd,type\nadd x something\n",
    "create x bitmap:ip,mac range 10.0.0.0/24\nadd x 10.0.0.1,00:11:22:33:44:55\n",
    "create x hash:ip,mark markmask 0xff00\nadd x 10.0.0.1,0x100\n",
    "create x hash:ip bitmask 255.0.0.255\nadd x 10.0.0.1\n",
    "create x hash:net,iface\nadd x 10.0.0.0/8,physdev:br0\n",
    "create x hash:ip\nadd x host.example\n",
    "create x hash:ip\nadd x 10.0.0.1,tcp:80\n",
    "create x hash:ip\nadd x 10.0.0.1 someday 5\n",
    "create x hash:ip,port\nadd x 10.0.0.1,tcp:9-5\n",
]


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_not_modelled_is_a_fault(text: str) -> None:
    assert one(text).fault


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("create x hash:ip\nflush x\n", 2),
        ("add x 10.0.0.1\n", 1),
        ("Name: x\nType: hash:ip\n", 1),
        ("create x\n", 1),
        ('create x hash:ip comment\nadd x 10.0.0.1 comment "open\n', 2),
    ],
)
def test_what_is_no_save_is_refused_by_line(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as error:
        ipset.parse(text)
    assert error.value.line == line


def test_comments_and_counters_are_nothing() -> None:
    found = one(
        '# saved\n\ncreate x hash:ip counters comment skbinfo -exist\nadd x 10.0.0.1 packets 5 comment "a # b"\n'
    )
    assert found.elements == (Element(((0x0A000001, 0x0A000001),)),) and not found.fault


def covers(spans: tuple[Span, ...], point: tuple[int, int]) -> bool:
    return all(low <= at <= high for at, (low, high) in zip(point, spans, strict=True))


SPANS = st.tuples(st.integers(0, 15), st.integers(0, 15)).map(lambda ends: (min(ends), max(ends)))
BOXES = st.builds(
    Box, st.tuples(SPANS, SPANS), st.tuples(st.integers(-3, 0)), st.booleans(), st.sampled_from([inf, 5.0, 9.0])
)


@given(st.lists(BOXES, max_size=7))
def test_disjoint_elements_mean_what_the_ordered_ones_did(boxes: list[Box]) -> None:
    """By asking each point, at each time, the elements that still live, in their order."""
    boxes = [box._replace(order=(*box.order, at)) for at, box in enumerate(boxes)]
    found = disjoint(boxes)
    again = False
    for point in ((x, y) for x in range(16) for y in range(16)):
        here = [
            box for box in boxes if all(low <= at <= high for at, (low, high) in zip(point, box.spans, strict=True))
        ]
        said = []
        for now in (0.0, 5.0, 9.0):
            living = sorted((box for box in here if box.expires > now), key=lambda box: box.order)
            said.append(bool(living) and living[0].positive)
        hits = [element for element in found.elements if covers(element.key, point)]
        assert len(hits) == said[0]
        again |= any(later and not before for before, later in pairwise(said))
        if hits and not found.returns:
            lives = hits[0].expires
            assert [lives is None or lives > now for now in (0.0, 5.0, 9.0)] == said
    assert found.returns or not again
