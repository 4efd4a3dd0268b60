"""From the fields that rules load to the axes of a packet.

| axis | values |
|---|---|
| iif, oif | interface names as numbers (listing), 0 where there is none |
| saddr, daddr | addresses of the family that is looked at |
| proto | the last header's protocol (`meta l4proto`) |
| head, tail | first and second 16 bits of the transport header: ports, or ICMP type and code, and checksum |
| flags | the TCP flags byte |
| state, direction | of the connection: the listing's bits, 0 original, 1 reply |
| ct mark, meta mark, meta priority | registers, each as groups of bits |

Any other field is an axis of its own under its own name: whatever it says is possible.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from segctl.listing.fields import NEEDS
from segctl.listing.rule import STATES
from segctl.model.service import ICMP, ICMP6, TCP
from segctl.prove.space import Spans
from segctl.prove.values import Of

IIF, OIF, SADDR, DADDR, PROTO, HEAD, TAIL, FLAGS = "iif", "oif", "saddr", "daddr", "proto", "head", "tail", "flags"
STATE, DIRECTION = "state", "direction"
STRANGER = "other0"
"""The name of an interface that neither rules nor site name."""
REGISTERS = ("meta mark", "meta priority", "ct mark")
ADDRESS_BITS = {4: 32, 6: 128}
WIDTHS = {IIF: 128, OIF: 128, PROTO: 8, HEAD: 16, TAIL: 16, FLAGS: 8, STATE: 7, DIRECTION: 1}
STATE_VALUES = tuple(STATES.values())
_NFPROTO = {4: 2, 6: 10}  # NFPROTO_IPV4, NFPROTO_IPV6
_ETHERTYPE = {4: 0x0800, 6: 0x86DD}
_ADDRESSES = {"ip saddr": (4, SADDR), "ip daddr": (4, DADDR), "ip6 saddr": (6, SADDR), "ip6 daddr": (6, DADDR)}
_INTERFACES = {"meta iifname": IIF, "meta iif": IIF, "meta oifname": OIF, "meta oif": OIF}
_PORTED = ("tcp", "udp", "udplite", "sctp", "dccp", "th")


class Seen(StrEnum):
    """What of a packet is known where a chain hangs."""

    IIF = "iif"
    OIF = "oif"
    CONNECTION = "connection"  # conntrack has looked at it
    ROUTED = "routed"  # a router has taken one off its life


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a field's value comes from: `of` an axis or register, or a constant.

    `needs`: on other axes the values that a packet must have, or the rule doesn't match. `connection`: one that no
    connection was found for doesn't have the field.
    """

    of: Of | int
    needs: tuple[tuple[str, Spans], ...] = ()
    connection: bool = False


@lru_cache(maxsize=4096)
def read(field: str, bits: int, family: int) -> Reading | None:
    """How a field is read of packets of a family; None if they have no such field, so that no rule matches by it."""
    if field in REGISTERS:
        return Reading(Of(field, (1 << 32) - 1), connection=field == "ct mark")
    if field == "meta nfproto":
        return Reading(_NFPROTO[family])
    if field == "meta protocol":
        return Reading(_ETHERTYPE[family])
    if field in _INTERFACES:
        return Reading(_whole(_INTERFACES[field]))
    if field in _ADDRESSES:
        wanted, axis = _ADDRESSES[field]
        return Reading(Of(axis, (1 << ADDRESS_BITS[family]) - 1)) if wanted == family else None
    if field == "meta l4proto" or (field == "ip protocol" and family == 4):
        return Reading(_whole(PROTO))
    if field == "ct state":
        return Reading(_whole(STATE))
    if field == "ct direction":
        return Reading(_whole(DIRECTION), connection=True)
    return _header(field, bits, family)


def _whole(axis: str) -> Of:
    return Of(axis, (1 << WIDTHS[axis]) - 1)


def _header(field: str, bits: int, family: int) -> Reading | None:
    """Fields of the transport header, and any other."""
    _, nfproto, l4proto = NEEDS.get(field, (bits, None, None))
    if nfproto is not None and nfproto != _NFPROTO[family]:
        return None
    needs: tuple[tuple[str, Spans], ...] = ((PROTO, ((l4proto, l4proto),)),) if l4proto is not None else ()
    layer, _, name = field.partition(" ")
    if layer in _PORTED and name == "sport":
        return Reading(_whole(HEAD), needs)
    if layer in _PORTED and name == "dport":
        return Reading(_whole(TAIL), needs)
    if layer in ("icmp", "icmpv6") and name == "type":
        return Reading(Of(HEAD, 0xFF00, 0, 8), ((PROTO, ((_icmp(layer),) * 2,)),))
    if layer in ("icmp", "icmpv6") and name == "code":
        return Reading(Of(HEAD, 0xFF), ((PROTO, ((_icmp(layer),) * 2,)),))
    if field == "tcp flags":
        return Reading(_whole(FLAGS), ((PROTO, ((TCP, TCP),)),))
    if (held := holder(field)) is not None:
        needs = (*needs, (held, ((1, 1),)))
    return Reading(Of(field, (1 << bits) - 1), needs, connection=layer == "ct")


def holder(field: str) -> str | None:
    """The field that says whether a packet has the header or option that this one is in; None if it always has."""
    words = field.split()
    if words[1:2] == ["option"] and len(words) > 3:
        return " ".join(words[:3])
    held = f"exthdr {words[0]}"
    return held if held in NEEDS and field in NEEDS else None


def _icmp(layer: str) -> int:
    return ICMP if layer == "icmp" else ICMP6
