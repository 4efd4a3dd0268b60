"""Tables of our own for the length of an experiment; the prover never sees them.

`PREPARE` stands instead of the rules while connections are made: all passes, and each connection gets the mark that its
packets carry (TCP's sequence number, else the first four bytes of the payload). `HELP` stands beside the rules: by the
channel that a packet carries (IP id, flow label) it is misrouted, untracked, or comes with somebody's marks.
"""

from tests.mutation.places import MISROUTE
from tests.mutation.shots import FOREIGN, UNTRACK

MARKS = (0x1, 0x7, 0x10, 0x00010001, 0x00020001, 0x00080001, 0x00090001, 0xFFFFFFFF)
MASTER = 47_003  # a connection to this port may have others expected by it, which are then related
_PREPARE, _HELP = "sgld_prepare", "sgld_help"
_FACES = 32  # more than any gateway here has
_LATE = 2_147_483_000
_EARLY = -350  # before conntrack (-200) and raw (-300)
_FIRST = -2_147_483_000

PREPARE = f"""
table inet {_PREPARE} {{
 ct helper some {{
  type "tftp" protocol udp
 }}
 ct helper more {{
  type "ftp" protocol tcp
 }}
 chain early {{
  type filter hook output priority {_EARLY}; policy accept;
  tcp flags & rst == rst drop
  icmp type {{ destination-unreachable }} drop
  icmpv6 type {{ destination-unreachable }} drop
 }}
 chain carried {{
  udp dport {MASTER} ct helper set "some"
  tcp dport {MASTER} ct helper set "more"
  meta l4proto tcp ct mark set @th,32,32
  meta l4proto {{ udp, icmp, ipv6-icmp }} ct mark set @th,64,32
  meta l4proto != {{ tcp, udp, icmp, ipv6-icmp }} ct mark set @th,32,32
 }}
 chain forwarded {{
  type filter hook forward priority 0; policy accept;
  ct state established,new jump carried
 }}
 chain input {{
  type filter hook input priority 0; policy accept;
  ct state established,new jump carried
 }}
 chain output {{
  type filter hook output priority 0; policy accept;
  ct state established,new jump carried
 }}
}}
"""


def _rules(family: str, field: str) -> str:
    last = FOREIGN + len(MARKS) - 1
    elements = ", ".join(f"{FOREIGN + at:#x} : {mark:#x}" for at, mark in enumerate(MARKS))
    classes = ", ".join(f"{FOREIGN + at:#x} : {mark >> 16:x}:{mark & 0xFFFF:x}" for at, mark in enumerate(MARKS))
    return f"""
  {family} {field} {UNTRACK:#x} notrack
  {family} {field} {FOREIGN:#x}-{last:#x} meta mark set {family} {field} map {{ {elements} }}
  {family} {field} {FOREIGN:#x}-{last:#x} meta priority set {family} {field} map {{ {classes} }}
"""


def _ways(family: str, field: str) -> str:
    """After all others: somebody's marks must not route a packet elsewhere than it asks for."""
    ways = ", ".join(f"{MISROUTE + at:#x} : {MISROUTE + at:#x}" for at in range(_FACES))
    return f"  meta mark set {family} {field} map {{ {ways} }}\n"


HELP = f"""
table inet {_HELP} {{
 chain entry {{
  type filter hook prerouting priority {_EARLY}; policy accept;
{_rules("ip", "id")}{_rules("ip6", "flowlabel")}
 }}
 chain way {{
  type filter hook prerouting priority {_LATE}; policy accept;
{_ways("ip", "id")}{_ways("ip6", "flowlabel")} }}
 chain own {{
  type filter hook output priority {_EARLY}; policy accept;
  ip id {UNTRACK:#x} notrack
  ip6 flowlabel {UNTRACK:#x} notrack
 }}
 chain routed {{
  type filter hook forward priority {_FIRST}; policy accept;
  ip id {MISROUTE:#x}-{MISROUTE + 0xFF:#x} meta mark set 0
  ip6 flowlabel {MISROUTE:#x}-{MISROUTE + 0xFF:#x} meta mark set 0
 }}
}}
"""
NO_PREPARE = f"add table inet {_PREPARE}\ndelete table inet {_PREPARE}\n"
NO_HELP = f"add table inet {_HELP}\ndelete table inet {_HELP}\n"
