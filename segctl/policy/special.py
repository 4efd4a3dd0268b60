"""Addresses that belong to no segment, not to `world` and not to `any`."""

from collections.abc import Iterator

from segctl.model.ranges import Ranges, family, parse_address, prefix
from segctl.model.site import Site

_SHORTEST_WITHOUT_BROADCAST = 31  # RFC 3021: a /31 has no broadcast address, and a /32 has no network


def _block(text: str) -> tuple[int, int]:
    address, _, length = text.partition("/")
    return prefix(parse_address(address), int(length))


LINK_LOCAL = Ranges.of([_block("fe80::/10")])
LOOPBACK = Ranges.of([_block("127.0.0.0/8"), _block("::1/128")])
ALWAYS_SPECIAL = Ranges.of(
    _block(text)
    for text in (
        "0.0.0.0/32",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "::1/128",
        "fe80::/10",
        "ff00::/8",
        "::ffff:0:0/96",
    )
)


def special_addresses(site: Site) -> Ranges:
    """The fixed ones, and the broadcast address of each declared IPv4 interface network of /30 or shorter."""
    return ALWAYS_SPECIAL | Ranges.of((last, last) for _, last in _broadcasting(site))


def special_at_host(site: Site, own: Ranges) -> Ranges:
    """Those that a host with these addresses can meet on its own links: of broadcasts those of its own networks."""
    near = (span for span in _broadcasting(site) if own.meets(Ranges.span(*span)))
    return ALWAYS_SPECIAL | Ranges.of((last, last) for _, last in near)


def _broadcasting(site: Site) -> Iterator[tuple[int, int]]:
    """The declared networks that have a broadcast address: their last."""
    for point in site.gateways():
        for interface in point.interfaces.values():
            for address in interface.addresses:
                if family(address.address) == 4 and address.length < _SHORTEST_WITHOUT_BROADCAST:
                    yield address.network()
