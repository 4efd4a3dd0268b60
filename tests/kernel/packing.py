"""A sleeping table with every shape of set and map that we write, its elements in nft's words, and how we pack them."""

import sys
from typing import Any

import numpy as np

from segctl.model.elements import Elements

HOST = "<" if sys.byteorder == "little" else ">"

STRUCTURE = """
table inet t { flags dormant;
 map src4 { type ipv4_addr : classid; flags interval; size 65536; }
 map dst4 { type ipv4_addr : mark; flags interval; }
 map src6 { type ipv6_addr : classid; flags interval; }
 map dst6 { type ipv6_addr : mark; flags interval; }
 set plain4 { type ipv4_addr; flags interval; }
 set behind { typeof iifname . meta priority; }
 map flows { typeof meta priority . meta mark . meta l4proto . th dport : ct mark; counter; size 1048576; }
 map icmp4 { typeof meta priority . meta mark . icmp type : ct mark; counter; }
 map anyport { typeof meta priority . meta mark . meta l4proto : ct mark; counter; }
 map portlists { typeof meta priority . meta mark . meta l4proto : verdict; }
 map defaults { typeof meta priority . meta mark : verdict; }
 map masked { typeof meta priority . meta mark . meta l4proto . th dport : meta mark; counter; size 16; }
 map answers { typeof iifname . oifname . meta mark : ct mark; }
 set live { typeof iifname . oifname . ct mark; flags timeout; size 65536; }
 set ports { type ipv4_addr . inet_service; flags interval; }
 set gen { type mark; }
 chain pl1 { }
 chain allow_intra { }
 chain deny_and_log_it { }
}
"""
# The same, said to nft in its own words: name, elements as text, and as we pack them.
TEXT = """
add element inet t src4 { 0.0.0.0/8 : 0:9, 10.0.0.0/24 : 0:1, 10.0.1.0/24 : 0:2, 10.0.5.5 : 0:3,
                          10.0.5.7-10.0.5.9 : 0:4, 255.255.255.0/24 : 0:ffff }
add element inet t dst4 { 10.0.0.1 : 0x10001, 10.0.0.2 : 0x10002, 10.0.0.3 : 0x1, 255.255.255.255 : 0x7 }
add element inet t src6 { ::/128 : 0:1, fd00::/64 : 0:2, fd00:0:0:1::/64 : 0:3, fd00:0:0:2::5 : 0:4, ffff::/16 : 0:5 }
add element inet t dst6 { ::1 : 0x1, ::2 : 0x2, ff00::/8 : 0xffffffff }
add element inet t plain4 { 10.0.0.0/8, 12.0.0.0-255.255.255.255 }
add element inet t behind { "gs1" . 0:1, "a-name-of-15byt" . 1:f }
add element inet t flows { 0:1 . 0x2 . tcp . 5432 : 0x101, 1:1 . 0x20002 . udp . 53 : 0x102 }
add element inet t icmp4 { 0:1 . 0x2 . echo-request : 0x103 }
add element inet t anyport { 0:2 . 0x3 . gre : 0x104 }
add element inet t portlists { 0:1 . 0x4 . tcp : jump pl1, 0:1 . 0x5 . udp : goto deny_and_log_it }
add element inet t defaults { 0:1 . 0x1 : goto allow_intra, 0:3 . 0x1 : drop, 0:4 . 0x1 : accept, 0:5 . 0x1 : return,
                              0:6 . 0x1 : continue }
add element inet t masked { 0:1 . 0x20000 . tcp . 22 : 0x9 }
add element inet t answers { "gs1" . "gs2" . 0x101 : 0x102 }
add element inet t live { "gs1" . "gs2" . 0x101, "gs2" . "gs1" . 0x101 timeout 1h }
add element inet t ports { 10.0.0.0/8 . 80-90, 10.1.2.3 . 22 }
add element inet t gen { 0x7 }
"""


def be(*values: int, width: int = 4) -> np.ndarray[Any, np.dtype[np.uint8]]:
    joined = b"".join(value.to_bytes(width, "big") for value in values)
    return np.frombuffer(joined, np.uint8).reshape(-1, width)


def host(*values: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array(values, f"{HOST}u4").view(np.uint8).reshape(-1, 4)


def flow_keys(rows: list[tuple[int, int, int, int]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Class, class, protocol, port of each row, as the kernel compares them."""
    columns = np.array(rows, np.uint64).reshape(-1, 4)
    protocol = np.zeros((len(columns), 4), np.uint8)
    protocol[:, 0] = columns[:, 2]
    port = np.zeros((len(columns), 4), np.uint8)
    port[:, :2] = columns[:, 3].astype(">u2").view(np.uint8).reshape(-1, 2)
    marks = [columns[:, at].astype(f"{HOST}u4").view(np.uint8).reshape(-1, 4) for at in (0, 1)]
    return np.concatenate((*marks, protocol, port), axis=1)


def same(one: Elements, other: Elements) -> bool:
    """Equal but for the order, and for milliseconds."""
    return _plain(one) == _plain(other)


def _plain(elements: Elements) -> list[tuple[object, ...]]:
    count = len(elements)
    columns = [
        [bytes(row) for row in elements.keys],
        [None] * count if elements.ends is None else [bytes(row) for row in elements.ends],
        [None] * count if elements.data is None else [bytes(row) for row in elements.data],
        elements.verdicts or [None] * count,
        [0] * count if elements.timeouts is None else [round(int(left) / 60_000) for left in elements.timeouts],
    ]
    return sorted(zip(*columns, strict=True), key=lambda row: row[0])
