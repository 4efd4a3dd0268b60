"""The lines of `conntrack -L -o extended`, as conntrack 1.4.7 wrote them."""

import pytest

from segctl.kernel.conntrack import Connection, Direction, parse
from segctl.kernel.errors import NotUnderstood
from segctl.model.ranges import parse_address

A, B, N = (parse_address(text) for text in ("10.0.1.1", "10.0.2.1", "192.0.2.9"))
C, D = parse_address("fd00::1"), parse_address("fd00:0:0:2::1")

LINES = [
    (
        "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.1.1 dst=10.0.2.1 sport=37044 dport=5432 "
        "src=10.0.2.1 dst=10.0.1.1 sport=5432 dport=37044 [ASSURED] mark=257 use=1",
        Connection(6, Direction(A, B, 37044, 5432), Direction(B, A, 5432, 37044), 257, "ESTABLISHED", True, True),
    ),
    (
        "ipv6     10 udp      17 29 src=fd00::1 dst=fd00:0:0:2::1 sport=60330 dport=53 [UNREPLIED] "
        "src=fd00:0:0:2::1 dst=fd00::1 sport=53 dport=60330 mark=258 use=1",
        Connection(17, Direction(C, D, 60330, 53), Direction(D, C, 53, 60330), 258, "", False, False),
    ),
    (
        "ipv4     2 icmp     1 29 src=10.0.1.1 dst=10.0.2.1 type=8 code=0 id=77 "
        "src=10.0.2.1 dst=10.0.1.1 type=0 code=0 id=77 mark=0 use=1",
        Connection(1, Direction(A, B, icmp=(8, 0, 77)), Direction(B, A, icmp=(0, 0, 77))),
    ),
    (
        "ipv4     2 gre      47 29 src=10.0.1.1 dst=10.0.2.1 srckey=0x0 dstkey=0x0 [UNREPLIED] "
        "src=10.0.2.1 dst=10.0.1.1 srckey=0x0 dstkey=0x0 mark=260 use=1",
        Connection(47, Direction(A, B), Direction(B, A), 260, "", False),
    ),
    (
        "ipv4     2 unknown  50 599 src=10.0.1.1 dst=10.0.2.1 [UNREPLIED] "
        "src=10.0.2.1 dst=10.0.1.1 mark=0 zone=3 use=1",
        Connection(50, Direction(A, B), Direction(B, A), 0, "", False, False, 3),
    ),
    (  # source translated; counters (nf_conntrack_acct); offloaded, so no timeout and no state
        "ipv4     2 tcp      6 src=10.0.1.1 dst=10.0.2.1 sport=1 dport=2 packets=5 bytes=400 "
        "src=10.0.2.1 dst=192.0.2.9 sport=2 dport=9 packets=3 bytes=200 [OFFLOAD] mark=1 secctx=null use=2",
        Connection(6, Direction(A, B, 1, 2), Direction(B, N, 2, 9), 1),
    ),
]


@pytest.mark.parametrize(("line", "meant"), LINES)
def test_lines(line: str, meant: Connection) -> None:
    assert parse(line) == meant


def test_words_of_a_connection() -> None:
    connection = parse(LINES[1][0])
    assert (connection.family, connection.src, connection.dst, connection.dport) == (6, C, D, 53)
    assert str(connection) == "fd00::1 port 60330 to fd00:0:0:2::1 port 53, protocol 17"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ipv4",
        "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.1.1 dst=10.0.2.1 sport=1 dport=2",  # one direction
        LINES[0][0].replace("dst=10.0.2.1 ", ""),
        LINES[0][0].replace("10.0.2.1", "10.0.2.1000"),
        LINES[0][0].replace("mark=257", "mark=many"),
        LINES[2][0].replace("code=0 ", ""),
    ],
)
def test_a_line_that_we_cannot_read_is_said(line: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(line)
