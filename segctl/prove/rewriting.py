"""Header fields that rules rewrite: what is followed of a packet afterwards."""

_HEADERS = ("ip ", "ip6 ", "tcp ", "udp ", "th ", "@", "ether ", "icmp ", "icmpv6 ", "sctp ", "exthdr ")
_PLAIN = ("ip dscp", "ip ecn", "ip ttl", "ip6 dscp", "ip6 ecn", "ip6 hoplimit", "ip6 flowlabel")
_HARMLESS = (*_PLAIN, "tcp option", "ether ")


def rewrites(name: str) -> bool:
    """Whether it is a header's field."""
    return name.startswith(_HEADERS)


def harmless(name: str) -> bool:
    """Whether it may be rewritten and the packet remains what the intent speaks of."""
    return name.startswith(_HARMLESS)


def plain(name: str) -> bool:
    """Whether every packet of the family has it, so that it is rewritten for certain."""
    return name.startswith(_PLAIN)


def touches(name: str, field: str) -> bool:
    """Whether what a field reads may be otherwise once another was rewritten: bytes by their place always may."""
    if field.startswith(("meta ", "ct ")) and field not in ("meta l4proto", "meta length"):
        return False
    if not harmless(name):
        return True
    return harmless(field) or field.startswith("@") or field.endswith("checksum")
