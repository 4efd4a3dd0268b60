"""Sites of any size, and a conntrack table that is full."""

import socket
import struct
from functools import cache
from pathlib import Path

from segctl.model.generation import Loadable
from segctl.policy import Policy
from segctl.runner import Netns
from tests.kernel.applied import compiled

EMPTY = """
segments:
  a: {strictness: strict, members: [], may_be_empty: true}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {segments: [a], addresses: [10.96.1.1/24, "fd96:1::1/64"]}
"""


@cache
def large(elements: int, name: str) -> tuple[Policy, Loadable]:
    """A gateway with two segments of single addresses that don't touch; each is two elements, in and out."""
    first, second = (", ".join(map(_address, range(start, elements, 4))) for start in (0, 2))
    return compiled(f"""
segments:
  a: {{strictness: strict, members: [{first}]}}
  b: {{strictness: strict, members: [{second}]}}
points:
  gw:
    kind: gateway
    interfaces:
      eth1: {{segments: [a], addresses: [192.0.2.1/30]}}
      eth2: {{segments: [b], addresses: [192.0.2.5/30]}}
flows:
  - {{name: {name}, from: a, to: b, services: [udp/81], why: "a test"}}
""")


def _address(at: int) -> str:
    return f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}"


def fill(runner: Netns) -> tuple[int, int]:
    """Open connections to ourselves until no more is tracked; how many are, and how many may be."""
    assert not runner.run(["ip", "link", "set", "lo", "up"]).code
    with runner.inside():
        opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    most = int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())
    body = struct.pack("!HHHH", 1000, 9, 8, 0)
    with opened:
        for at in range(most + 1000):
            ends = bytes([127, 0, 0, 1]), bytes([127, 1 + (at >> 16), at >> 8 & 255, at & 255])
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, socket.IPPROTO_UDP, 0, *ends)
            opened.sendto(head + body, (".".join(map(str, ends[1])), 0))
    with runner.inside():
        return int(Path("/proc/sys/net/netfilter/nf_conntrack_count").read_text()), most
