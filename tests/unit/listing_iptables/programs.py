"""Random tables of chains that lead to each other."""

import random

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from tests.unit.listing_iptables.conditions import frames4
from tests.unit.listing_iptables.facts import number


def program(seed: int, frames: int) -> str:
    """Chains that lead to each other in all ways that iptables has; behind them each frame, by its id, is counted."""
    chance = random.Random(seed)
    asked = ["", "-s 10.9.0.2 ", "! -s 10.9.0.0/29 ", "-p tcp ", "! -p udp ", "-p tcp -m tcp --dport 22 ", "-p icmp "]
    asked += ["-p udp -m udp ! --dport 53 ", "-m mark --mark 0x0 ", "-m ttl --ttl-lt 64 ", "-d 224.0.0.0/4 "]
    names = ["PREROUTING", "a", "b", "c", "d"]
    lines = [f":PREROUTING {chance.choice(['ACCEPT', 'DROP'])}", *(f":{name} -" for name in names[1:])]
    for at, name in enumerate(names):
        for _ in range(chance.randint(3, 7)):
            ends = ["-j ACCEPT", "-j DROP", "-j RETURN", ""]
            ends += [f"{way} {chain}" for chain in names[at + 1 :] for way in ("-j", "-g")]
            lines.append(f"-A {name} {chance.choice(asked)}{chance.choice(ends)}")
    counters = [f'-A PREROUTING -m u32 --u32 "4>>16={at}"' for at in range(frames)]
    return "\n".join(["*raw", *lines, ":OUTPUT DROP", "COMMIT", "*mangle", *counters, "COMMIT", ""])


def numbered() -> list[bytes]:
    """The frames without fragments (those are looked at elsewhere), each with its place as the IP header's id."""
    whole = [Ether(frame) for frame in frames4() if not number(frame[20:22]) & 0x3FFF]
    for at, frame in enumerate(whole):
        frame[IP].id = at
        del frame[IP].chksum
    return [bytes(frame) for frame in whole]
