"""Conditions about connections, and what conntrack says of a packet."""

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from tests.unit.listing_iptables.conditions import FAR, NEAR, OWN4
from tests.unit.listing_iptables.facts import Facts, packed

CONNECTIONS = [
    *"""
-m state --state NEW
-m state --state RELATED,ESTABLISHED
-m state ! --state INVALID
-m conntrack --ctstate NEW
-m conntrack ! --ctstate NEW
-m conntrack --ctstate INVALID,UNTRACKED
-m conntrack ! --ctstate NEW,RELATED,ESTABLISHED
-m conntrack --ctstate DNAT
-m conntrack ! --ctstate DNAT
-m conntrack --ctstate ESTABLISHED,DNAT
-m conntrack ! --ctstate ESTABLISHED,DNAT
-m conntrack ! --ctstate SNAT
-m conntrack --ctstate INVALID --ctdir REPLY
-m conntrack --ctstate NEW,ESTABLISHED --ctdir REPLY
-m conntrack ! --ctstate NEW --ctproto 17
-m conntrack --ctstate UNTRACKED,DNAT --ctorigdstport 5000
-m conntrack --ctdir ORIGINAL
-m conntrack --ctdir REPLY
-m conntrack --ctproto 17
-m conntrack ! --ctproto 17
-m conntrack --ctorigsrc 10.9.0.2
-m conntrack ! --ctorigsrc 10.9.0.0/31
-m conntrack --ctorigdst 10.9.0.1
-m conntrack --ctreplsrc 10.9.0.2
-m conntrack ! --ctrepldst 10.9.0.1
-m conntrack --ctorigdstport 5000
-m conntrack --ctorigdstport 1:1000
-m conntrack ! --ctorigsrcport 4000:5000
-m conntrack --ctreplsrcport 5001
-m conntrack --ctrepldstport 4001
-m conntrack --ctstatus NONE
-m conntrack ! --ctstatus NONE
-m conntrack --ctstatus CONFIRMED
-m conntrack ! --ctstatus CONFIRMED
-m conntrack --ctstatus SEEN_REPLY,EXPECTED
-m conntrack ! --ctstatus SEEN_REPLY,ASSURED
-m conntrack --ctstate NEW --ctexpire 1:1000
-m connmark --mark 0x0
-m connmark ! --mark 0x0
-m connmark --mark 0x5/0xf
-m connmark ! --mark 0x5/0xf
""".strip().splitlines(),
]


def udp(source: str, sport: int, dport: int) -> bytes:
    return bytes(Ether(src=FAR, dst=NEAR) / IP(src=source, dst=OWN4) / UDP(sport=sport, dport=dport))


def connection(
    state: int, ends: tuple[str, int, str, int], *, reply: bool = False, status: int = 0, port: int = 0
) -> Facts:
    """What conntrack says of a packet: `ends` of the original direction, `port` the one that DNAT put in its place."""
    source, sport, destination, dport = ends
    return {
        "ct state": state, "ct direction": int(reply), "ct status": status, "ct mark": 0, "ct original protocol": 17,
        "ct original ip saddr": packed(source), "ct original ip daddr": packed(destination),
        "ct reply ip saddr": packed(destination), "ct reply ip daddr": packed(source),
        "ct original proto-src": sport, "ct original proto-dst": dport,
        "ct reply proto-src": port or dport, "ct reply proto-dst": sport,
    }  # fmt: skip
